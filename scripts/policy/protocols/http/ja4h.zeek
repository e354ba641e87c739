# JA4H: fingerprints of HTTP clients by each request, in http.log, by FoxIO's description; what it may be used for is said by
# FoxIO's license 1.1.

@load base/protocols/http

module JA4;

export {
	redef record HTTP::Info += {
		## The client, by its method, version, and the names of its headers and cookies.
		ja4h: string &log &optional;
		## The version of the request.
		ja4h_version: string &default="00";
	};
}

event http_request(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string)
	{
	if ( c?$http )
		c$http$ja4h_version = gsub(version, /\./, "");
	}

function digest_of(texts: vector of string): string
	{
	return |texts| == 0 ? "000000000000" : sub_bytes(sha256_hash(join_string_vec(texts, ",")), 1, 12);
	}

# The first four letters of the language that is liked best, without hyphens.
function language(value: string): string
	{
	local first = gsub(to_lower(split_string1(split_string1(value, /,/)[0], /;/)[0]), /-/, "");
	return sub_bytes(first + "0000", 1, 4);
	}

event http_all_headers(c: connection, is_orig: bool, hlist: mime_header_list)
	{
	if ( ! is_orig || ! c?$http )
		return;
	local names: vector of string;
	local cookies: vector of string;
	local cookie_names: vector of string;
	local speaks = "0000";
	local has_referrer = F;
	for ( _, header in hlist )
		{
		switch ( header$name )
			{
			case "COOKIE":
				for ( _, cookie in split_string(header$value, /;[ \t]*/) )
					{
					cookies += strip(cookie);
					cookie_names += split_string1(strip(cookie), /=/)[0];
					}
				break;
			case "REFERER":
				has_referrer = T;
				break;
			case "ACCEPT-LANGUAGE":
				speaks = language(header$value);
				names += header$original_name;
				break;
			default:
				names += header$original_name;
				break;
			}
		}
	sort(cookies, strcmp);
	sort(cookie_names, strcmp);
	local method = c$http?$method ? to_lower(sub_bytes(c$http$method, 1, 2)) : "un";
	c$http$ja4h = fmt("%s%s%s%s%02d%s_%s_%s_%s", method, c$http$ja4h_version, |cookies| > 0 ? "c" : "n", has_referrer ? "r" : "n",
	                  |names| > 99 ? 99 : |names|, speaks, digest_of(names), digest_of(cookie_names), digest_of(cookies));
	}
