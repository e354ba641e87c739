# Signs of ransomware on shares: one client gives many files other names, or writes many that were there before, in a
# short time; and a name that such programs give. Not one of Zeek's scripts.

@load base/protocols/smb
@load base/frameworks/sumstats

module SMBRansomware;

export {
	redef enum Notice::Type += {
		## A client gives many files of a server other names within a short time.
		Mass_Rename,
		## A client writes to many files of a server that had content, within a short time.
		Mass_Overwrite,
		## A file gets a name that ransomware gives.
		Suspicious_Name,
	};

	## So many files, within the window, of one client and server. Names that only move to another folder do not count.
	option rename_threshold: double = 50.0;
	## The same of files that are written to.
	option overwrite_threshold: double = 200.0;
	const window = 1min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 1hr &redef;

	## What names that ransomware gives end with.
	option extensions: set[string] = {
		"wncry", "wnry", "wcry", "wannacry", "locky", "zepto", "odin", "cerber", "cerber3", "crypt", "crypted", "encrypted",
		"enc", "locked", "lockbit", "ryk", "conti", "babyk", "akira", "blackcat", "hive", "play", "clop", "crylock", "phobos",
		"dharma", "onion", "thor", "ecc", "ezz", "micro", "vvv", "xtbl", "zzzzz", "aesir", "fun", "gws", "btc",
	};

	## Clients that may: backups, say.
	option ignore_clients: set[subnet] = {};
}

# The end of a name behind its last dot, in small letters; nothing where there is none.
function extension(name: string): string
	{
	local parts = split_string(to_lower(name), /\./);
	return |parts| > 1 && /\\/ !in parts[|parts| - 1] ? parts[|parts| - 1] : "";
	}

function look_at_name(c: connection, name: string)
	{
	local ends = extension(name);
	if ( ends != "" && ends in extensions )
		NOTICE([$note=Suspicious_Name, $conn=c, $msg=fmt("%s is a name that ransomware gives", name), $sub=ends,
			$identifier=cat(c$id$orig_h, c$id$resp_h, ends)]);
	}

event smb2_file_rename(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, dst_filename: string)
	{
	if ( c$id$orig_h in ignore_clients )
		return;
	look_at_name(c, dst_filename);
	local f = c$smb_state$current_file;
	# Who moves a folder renames nothing in it.
	if ( f?$prev_name && extension(f$prev_name) != extension(dst_filename) )
		SumStats::observe("smb.renames", [$host=c$id$orig_h, $str=cat(c$id$resp_h)], [$str=f$prev_name]);
	}

event smb2_create_request(c: connection, hdr: SMB2::Header, request: SMB2::CreateRequest)
	{
	if ( c$id$orig_h !in ignore_clients )
		look_at_name(c, request$filename);
	}

event smb2_write_request(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, offset: count, length: count)
	{
	if ( c$id$orig_h in ignore_clients || offset > 0 )
		return;
	local f = c$smb_state$current_file;
	if ( f?$name && f$size > 0 )
		SumStats::observe("smb.overwrites", [$host=c$id$orig_h, $str=cat(c$id$resp_h)], [$str=f$name]);
	}

function watch(stream: string, note: Notice::Type, what: string, threshold: function(): double)
	{
	local again = Notice::reminder(remind);
	local files = SumStats::Reducer($stream=stream, $apply=set(SumStats::UNIQUE), $unique_max=10000);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(files),
		$threshold_for=function[threshold](key: SumStats::Key): double { return threshold(); },
		$threshold_crossed=function[again, stream, note, what](key: SumStats::Key, result: SumStats::Result)
			{
			local last = SumStats::origin();
			local n = result[stream]$unique;
			NOTICE([$note=note, $uid=last$uid, $id=last$id, $src=key$host, $dst=to_addr(key$str), $n=n,
				$msg=fmt("%s %s %d files of %s", key$host, what, n, key$str),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);
	}

event zeek_init() &priority=-3
	{
	watch("smb.renames", Mass_Rename, "renames", function(): double { return rename_threshold; });
	watch("smb.overwrites", Mass_Overwrite, "writes to", function(): double { return overwrite_threshold; });
	}
