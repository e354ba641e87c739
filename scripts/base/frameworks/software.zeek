# The Software framework: which programs are seen in use, and in which version.

@load base/utils/misc
@load base/utils/numbers
@load base/frameworks/cluster

module Software;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	## Kinds of software, which scripts that find some extend.
	type Type: enum {
		UNKNOWN,
	};

	type Version: record {
		major: count &optional;
		minor: count &optional;
		minor2: count &optional;
		minor3: count &optional;
		## What follows the numbers, as in "beta42".
		addl: string &optional;
	} &log;

	type Info: record {
		ts: time &log &optional;
		host: addr &log;
		## Where it listens, if it is a server.
		host_p: port &log &optional;
		software_type: Type &log &default=UNKNOWN;
		name: string &log &optional;
		version: Version &log &optional;
		## The words it was found in.
		unparsed_version: string &log &optional;
		## It is logged also where it is known or its host is not tracked.
		force_log: bool &default=F;
	};

	## A name and a version, read from a program's own words.
	type Description: record {
		name: string;
		version: Version;
		unparsed_version: string;
	};

	## Hosts whose software is logged.
	option asset_tracking = LOCAL_HOSTS;

	## Tells of software; T where it is looked at.
	global found: function(id: conn_id, info: Info): bool;

	## -1, 0 or 1 as the first is older, the same or newer. What has no number is older than what has one.
	global cmp_versions: function(v1: Version, v2: Version): int;

	## Other names of programs, and what is logged instead.
	global alternate_names: table[string] of string {
		["Flash Player"] = "Flash",
	} &default=function(a: string): string { return a; };

	type SoftwareSet: table[string] of Info;

	## What was seen of each host in the last day.
	global tracked: table[addr] of SoftwareSet &create_expire=1day;

	global log_software: event(rec: Info);

	global version_change: event(old: Info, new: Info);

	## Software is about to be put into tracked.
	global register: event(info: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Software::LOG, [$columns=Info, $ev=log_software, $path="software", $policy=log_policy]);
	}

# Numbers of a version, taken apart at these.
const between_numbers = /[\-\._,\[\(\{ ]/;

# What stands between a name and its version.
const before_version = /[\/\-_]|( [\(v]+)/;

function numbers(text: string, v: Version)
	{
	local fields = split_string_n(text, between_numbers, F, 3);
	for ( at, digits in fields )
		{
		if ( digits == "" )
			next;
		switch ( at )
			{
			case 0: v$major = extract_count(digits); break;
			case 1: v$minor = extract_count(digits); break;
			case 2: v$minor2 = extract_count(digits); break;
			case 3: v$minor3 = extract_count(digits); break;
			}
		}
	}

# The word behind the numbers.
function addition(rest: string): string
	{
	if ( /^[[:blank:]]*\([a-zA-Z0-9\-\._[:blank:]]*\)/ in rest )
		return split_string_n(rest, /[\(\)]/, F, 2)[1];
	local words = split_string_n(rest, /[\-\._,;\[\]\(\)\{\} ]/, F, 3);
	for ( at, word in words )
		if ( at < 3 && word != "" )
			return strip(word);
	return strip(rest);
	}

# A name, then numbers with at least two signs, then anything.
function parse_plain(unparsed: string): Description
	{
	local v: Version;
	local name = "<parse error>";
	local text = unescape_URI(gsub(unparsed, /\\x/, "%"));
	local parts = split_string_n(text, /([\/\-_]|( [\(v]+))?[0-9\-\._, ]{2,}/, T, 1);
	if ( |parts| > 0 )
		{
		if ( /([\/\-_]|( [\(v]+))$/ in parts[0] )
			parts[0] = strip(sub(parts[0], before_version, ""));
		name = strip(/^\(/ in parts[0] ? sub(parts[0], /\(/, "") : parts[0]);
		}
	if ( |parts| > 1 )
		{
		local digits = strip(parts[1]);
		if ( /^[\/\-\._v\(]/ in digits )
			digits = strip(sub(digits, /^\(?[\/\-\._v\(]/, ""));
		if ( |parts| > 2 && parts[2] != "" && parts[2] != ")" )
			v$addl = addition(parts[2]);
		numbers(digits, v);
		}
	return [$name=alternate_names[name], $version=v, $unparsed_version=unparsed];
	}

# What browsers say of themselves is taken apart by the first of these that fits.
type Browser: record {
	# What has to be there.
	sign: pattern;
	# Its name; without one it is what stands before the version.
	name: string &optional;
	# Where its version is.
	version: pattern &optional;
};

const browsers: vector of Browser = {
	[$sign=/Opera [0-9\.]*$/, $name="Opera", $version=/Opera [0-9\.]*$/],
	[$sign=/ MSIE |Trident\//, $name="MSIE", $version=/MSIE [0-9]{1,2}\.*[0-9]*b?[0-9]*/],
	[$sign=/Edge\//, $name="Edge", $version=/Edge\/[0-9\.]*/],
	[$sign=/Version\/.*Safari\//, $name="Safari", $version=/Version\/[0-9\.]*/],
	[$sign=/(Firefox|Netscape|Thunderbird)\/[0-9\.]*/, $version=/(Firefox|Netscape|Thunderbird)\/[0-9\.]*/],
	[$sign=/Chrome\/.*Safari\//, $name="Chrome", $version=/Chrome\/[0-9\.]*/],
	[$sign=/^Opera\/.*Opera Mini\//, $name="Opera Mini", $version=/Version\/[0-9\.]*|Opera Mini\/[0-9\.]*/],
	[$sign=/^Opera\/.*Opera Mobi\//, $name="Opera Mobi", $version=/Version\/[0-9\.]*|Opera Mini\/[0-9\.]*/],
	[$sign=/^Opera\//, $name="Opera", $version=/Version\/[0-9\.]*/],
	[$sign=/Flash%20Player/, $name="Flash"],
	[$sign=/AdobeAIR\/[0-9\.]*/, $name="AdobeAIR", $version=/AdobeAIR\/[0-9\.]*/],
	[$sign=/AppleWebKit\/[0-9\.]*/, $name="Unspecified WebKit", $version=/AppleWebKit\/[0-9\.]*/],
	[$sign=/ Java\/[0-9]\./, $name="Java", $version=/Java\/[0-9\._]*/],
};

# Internet Explorer by its engine: it may call itself by an older version.
const trident: table[string] of count = { ["4"] = 8, ["5"] = 9, ["6"] = 10, ["7"] = 11 };

function parse_browser(unparsed: string): Description
	{
	local d = Description($name="<unknown browser>", $version=Version(), $unparsed_version=unparsed);
	for ( _, browser in browsers )
		{
		if ( browser$sign !in unparsed )
			next;
		if ( browser?$name )
			d$name = browser$name;
		local words = browser?$version
		              ? split_string_all(unparsed, browser$version)
		              : split_string_all(unparsed, /[\/ ]/);
		local at = browser?$version ? 1 : 2;
		if ( |words| > at )
			{
			local told = parse_plain(words[at]);
			d$version = told$version;
			if ( ! browser?$name )
				d$name = told$name;
			}
		if ( d$name == "MSIE" )
			{
			local engine = match_pattern(unparsed, /Trident\/[4-7]\.0/);
			if ( engine$matched )
				d$version = [$major=trident[engine$str[8]], $minor=0];
			}
		if ( d$name == "Safari" && |words| > at && / Mobile\/?.* Safari/ in unparsed )
			d$version$addl = "Mobile";
		return d;
		}
	return d;
	}

function parse(unparsed_version: string): Description
	{
	if ( /^(Mozilla|Opera)\/[0-9]+\./ in unparsed_version )
		return parse_browser(unparsed_version);
	if ( /A\/[0-9\.]*\/Google\/Pixel/ !in unparsed_version )
		return parse_plain(unparsed_version);

	local d = Description($name="Android (Google Pixel)", $version=Version(), $unparsed_version=unparsed_version);
	local words = split_string_all(unparsed_version, /\//);
	if ( |words| > 2 )
		{
		if ( "." in words[2] )
			d$version = parse_plain(words[2])$version;
		else
			d$version$major = extract_count(words[2]);
		}
	return d;
	}

# How two numbers of which there may be none compare.
function cmp_numbers(known1: bool, n1: count, known2: bool, n2: count): int
	{
	if ( known1 != known2 )
		return known1 ? 1 : -1;
	return ! known1 || n1 == n2 ? 0 : (n1 < n2 ? -1 : 1);
	}

function cmp_versions(v1: Version, v2: Version): int
	{
	local by_number: vector of int = {
		cmp_numbers(v1?$major, v1?$major ? v1$major : 0, v2?$major, v2?$major ? v2$major : 0),
		cmp_numbers(v1?$minor, v1?$minor ? v1$minor : 0, v2?$minor, v2?$minor ? v2$minor : 0),
		cmp_numbers(v1?$minor2, v1?$minor2 ? v1$minor2 : 0, v2?$minor2, v2?$minor2 ? v2$minor2 : 0),
		cmp_numbers(v1?$minor3, v1?$minor3 ? v1$minor3 : 0, v2?$minor3, v2?$minor3 ? v2$minor3 : 0),
	};
	for ( _, way in by_number )
		if ( way != 0 )
			return way;
	if ( v1?$addl && v2?$addl )
		return strcmp(v1$addl, v2$addl);
	return cmp_numbers(v1?$addl, 0, v2?$addl, 0);
	}

function software_endpoint_name(id: conn_id, host: addr): string
	{
	return fmt("%s %s", host, host == id$orig_h ? "client" : "server");
	}

# "a.b.c-x"
function software_fmt_version(v: Version): string
	{
	local text = v?$major ? cat(v$major) : "0";
	if ( v?$minor )
		text += fmt(".%d", v$minor);
	if ( v?$minor2 )
		text += fmt(".%d", v$minor2);
	if ( v?$minor3 )
		text += fmt(".%d", v$minor3);
	return v?$addl ? fmt("%s-%s", text, v$addl) : text;
	}

# "name a.b.c-x"
function software_fmt(i: Info): string
	{
	return fmt("%s %s", i$name, software_fmt_version(i$version));
	}

event Software::register(info: Info)
	{
	if ( info$host !in tracked )
		tracked[info$host] = SoftwareSet();
	local of_host = tracked[info$host];
	if ( info$name in of_host )
		{
		local old = of_host[info$name];
		if ( cmp_versions(old$version, info$version) != 0 )
			event Software::version_change(old, info);
		else if ( ! info$force_log )
			return;
		}
	of_host[info$name] = info;
	Log::write(Software::LOG, info);
	}

function found(id: conn_id, info: Info): bool
	{
	if ( ! info$force_log && ! addr_matches_host(info$host, asset_tracking) )
		return F;
	if ( ! info?$ts )
		info$ts = network_time();
	if ( info?$version ? ! info?$name : ! info?$unparsed_version )
		{
		Reporter::error(fmt("Software::found needs %s", info?$version ? "the name" : "a version, or the words that it is in"));
		return F;
		}
	if ( ! info?$version )
		{
		local d = parse(info$unparsed_version);
		info$name = d$name;
		info$version = d$version;
		}
	event Software::register(info);
	return T;
	}
