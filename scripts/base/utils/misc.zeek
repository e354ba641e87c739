# Small helpers that Zeek keeps in files of their own.

@load base/utils/addrs
@load base/utils/site

# conn-ids
function id_string(id: conn_id): string
	{
	return fmt("%s:%d > %s:%d", id$orig_h, id$orig_p, id$resp_h, id$resp_p);
	}

function reverse_id_string(id: conn_id): string
	{
	return fmt("%s:%d < %s:%d", id$orig_h, id$orig_p, id$resp_h, id$resp_p);
	}

function directed_id_string(id: conn_id, is_orig: bool): string
	{
	return is_orig ? id_string(id) : reverse_id_string(id);
	}

# directions-and-hosts
function addr_matches_host(ip: addr, h: Host): bool
	{
	if ( h == NO_HOSTS )
		return F;
	return h == ALL_HOSTS
		|| (h == LOCAL_HOSTS && Site::is_local_addr(ip))
		|| (h == REMOTE_HOSTS && ! Site::is_local_addr(ip));
	}

function id_matches_direction(id: conn_id, d: Direction): bool
	{
	if ( d == NO_DIRECTION )
		return F;
	local o_local = Site::is_local_addr(id$orig_h);
	local r_local = Site::is_local_addr(id$resp_h);
	if ( d == BIDIRECTIONAL )
		return (o_local && ! r_local) || (! o_local && r_local);
	return d == OUTBOUND ? (o_local && ! r_local) : (! o_local && r_local);
	}

# patterns
function set_to_regex(ss: set[string], pat: string): pattern
	{
	local parts: vector of string = vector();
	for ( s in ss )
		parts += convert_for_pattern(s);
	sort(parts, strcmp);
	local alternatives = join_string_vec(parts, "|");
	return string_to_pattern(subst_string(pat, "~~", alternatives), F);
	}

# paths
const absolute_path_pat = /(\/|[A-Za-z]:[\\\/]).*/;

function extract_path(input: string): string
	{
	# What stands in quotes may have spaces.
	local quoted = split_string_all(input, /\"(\/|[A-Za-z]:[\\\/])[^\"]*\"/);
	if ( |quoted| >= 3 )
		return sub(sub(quoted[1], /^\"/, ""), /\"$/, "");
	local dir_pattern = /(\/|[A-Za-z]:[\\\/])([^\"\ ]|(\\\ ))*/;
	local parts = split_string_all(input, dir_pattern);
	return |parts| < 3 ? "" : parts[1];
	}

function build_path(dir: string, file_name: string): string
	{
	if ( absolute_path_pat == file_name || dir == "" )
		return file_name;
	return cat(dir, ends_with(dir, "/") ? "" : "/", file_name);
	}

function build_path_compressed(dir: string, file_name: string): string
	{
	return compress_path(build_path(dir, file_name));
	}

# thresholds
type TrackCount: record {
	n: count &default=0;
	index: count &default=0;
};

function default_track_count(a: addr): TrackCount
	{
	local x: TrackCount;
	return x;
	}

const default_notice_thresholds: vector of count = { 30, 100, 1000, 10000, 100000, 1000000, 10000000 } &redef;

function check_threshold(v: vector of count, tracker: TrackCount): bool
	{
	if ( tracker$index < |v| && tracker$n >= v[tracker$index] )
		{
		++tracker$index;
		return T;
		}
	return F;
	}

# email
function extract_email_addrs_vec(str: string): string_vec
	{
	local addrs: vector of string = vector();
	local raw_addrs = find_all_ordered(str, /(^|[<,:[:blank:]])[^<,:[:blank:]@]+"@"[^>,;[:blank:]]+([>,;[:blank:]]|$)/);
	for ( _, raw in raw_addrs )
		addrs += gsub(raw, /[<>,:;[:blank:]]/, "");
	return addrs;
	}

function extract_first_email_addr(str: string): string
	{
	local addrs = extract_email_addrs_vec(str);
	return |addrs| > 0 ? addrs[0] : "";
	}

# urls
const url_regex = /^([a-zA-Z\-]{3,5})(:\/\/[^\/?#"'\r\n><]*)([^?#"'\r\n><]*)([^[:blank:]\r\n"'><]*|\??[^"'\r\n><]*)/;

function find_all_urls(s: string): string_set
	{
	return find_all(s, url_regex);
	}

function find_all_urls_without_scheme(s: string): string_set
	{
	local urls = find_all_urls(s);
	local out: string_set = set();
	for ( url in urls )
		add out[sub(url, /^([a-zA-Z\-]{3,5})(:\/\/)/, "")];
	return out;
	}

# Takes a URI apart: what comes before "://", the host and its port, the path
# with its last component, and the parameters behind a question mark.
function decompose_uri(uri: string): URI
	{
	local u = URI($netlocation="", $path="/");
	local rest = uri;
	local at = find_str(rest, "?");
	if ( at >= 0 )
		{
		u$params = table();
		for ( _, pair in split_string(rest[at + 1:], /&/) )
			{
			local eq = find_str(pair, "=");
			if ( eq >= 0 )
				u$params[pair[:eq]] = pair[eq + 1:];
			}
		rest = rest[:at];
		}

	at = find_str(rest, "://");
	if ( at >= 0 )
		{
		u$scheme = rest[:at];
		rest = rest[at + 3:];
		}

	at = find_str(rest, "/");
	if ( at >= 0 )
		{
		u$path = rest[at:];
		rest = rest[:at];
		}
	local slash = rfind_str(u$path, "/");
	local name = u$path[slash + 1:];
	if ( name != "" )
		{
		u$file_name = name;
		u$file_base = name;
		local dot = rfind_str(name, ".");
		if ( dot >= 0 )
			{
			u$file_base = name[:dot];
			u$file_ext = name[dot + 1:];
			}
		}

	u$netlocation = rest;
	local colon = rfind_str(rest, ":");
	if ( colon >= 0 && rest[colon + 1:] == /[0-9]+/ )
		{
		u$netlocation = rest[:colon];
		u$portnum = to_count(rest[colon + 1:]);
		}
	return u;
	}

# A file name that says which connection its content came over.
function generate_extraction_filename(prefix: string, c: connection, suffix: string): string
	{
	local name = fmt("%s:%d-%s:%d", addr_to_uri(c$id$orig_h), c$id$orig_p,
	                 addr_to_uri(c$id$resp_h), c$id$resp_p);
	if ( prefix != "" )
		name = prefix + "_" + name;
	return suffix == "" ? name : name + "_" + suffix;
	}
