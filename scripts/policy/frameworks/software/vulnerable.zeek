# A notice where a program is seen in a version that is known to be vulnerable.

@load base/frameworks/notice
@load base/frameworks/software

module Software;

export {
	redef enum Notice::Type += {
		Vulnerable_Version,
	};

	type VulnerableVersionRange: record {
		## The first one; without it all older ones are.
		min: Software::Version &optional;
		## The last one.
		max: Software::Version;
	};

	## A DNS zone in which 1.ZONE, 2.ZONE, … have a TXT record each: a name, a tab, "min=1.2", a tab, "max=1.4".
	option vulnerable_versions_update_endpoint = "";

	## How often it is read.
	option vulnerable_versions_update_interval = 1hr;

	## Versions by the names of programs.
	const vulnerable_versions: table[string] of set[VulnerableVersionRange] = table() &redef;
}

# Those above and those of the zone.
global internal_vulnerable_versions: table[string] of set[VulnerableVersionRange] = table();

function decode_vulnerable_version_range(vuln_sw: string): VulnerableVersionRange
	{
	local versions = VulnerableVersionRange($max=Version($major=0));
	if ( /max=/ !in vuln_sw )
		{
		Reporter::warning(fmt("a range of vulnerable versions has no max=: %s", vuln_sw));
		return versions;
		}
	for ( _, field in split_string(vuln_sw, /\t/) )
		{
		local parts = split_string1(field, /=/);
		if ( |parts| != 2 )
			break;
		if ( parts[0] == "min" )
			versions$min = parse(parts[1])$version;
		else if ( parts[0] == "max" )
			versions$max = parse(parts[1])$version;
		}
	return versions;
	}

event grab_vulnerable_versions(i: count)
	{
	if ( vulnerable_versions_update_endpoint == "" )
		{
		# It may be set later.
		schedule vulnerable_versions_update_interval { grab_vulnerable_versions(1) };
		return;
		}
	when [i] ( local answer = lookup_hostname_txt(cat(i, ".", vulnerable_versions_update_endpoint)) )
		{
		local parts = split_string1(answer, /\t/);
		if ( |parts| != 2 )
			{
			# It was the last.
			schedule vulnerable_versions_update_interval { grab_vulnerable_versions(1) };
			return;
			}
		if ( parts[0] !in internal_vulnerable_versions )
			internal_vulnerable_versions[parts[0]] = set();
		add internal_vulnerable_versions[parts[0]][decode_vulnerable_version_range(parts[1])];
		event grab_vulnerable_versions(i + 1);
		}
	timeout 5secs
		{
		schedule 1min { grab_vulnerable_versions(1) };
		}
	}

function update_vulnerable_sw()
	{
	internal_vulnerable_versions = table();
	for ( name, ranges in vulnerable_versions )
		internal_vulnerable_versions[name] = copy(ranges);
	event grab_vulnerable_versions(1);
	}

event zeek_init() &priority=3
	{
	update_vulnerable_sw();
	}

event log_software(rec: Info)
	{
	if ( rec$name !in internal_vulnerable_versions )
		return;
	for ( bad in internal_vulnerable_versions[rec$name] )
		if ( cmp_versions(rec$version, bad$max) <= 0 && (! bad?$min || cmp_versions(rec$version, bad$min) >= 0) )
			NOTICE([$note=Vulnerable_Version, $src=rec$host, $sub=software_fmt(rec),
			        $msg=fmt("%s is running %s which is vulnerable.", rec$host, software_fmt(rec))]);
	}
