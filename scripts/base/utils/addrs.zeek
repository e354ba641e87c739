# Helpers for addresses in text.

const ipv4_addr_regex = /([[:digit:]]{1,3}\.){3}[[:digit:]]{1,3}/;
const ipv6_8hex_regex = /([0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}/;
const ipv6_compressed_hex_regex = /(([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4})*)?)::(([0-9A-Fa-f]{1,4}(:[0-9A-Fa-f]{1,4})*)?)/;
const ipv6_addr_regex = ipv6_8hex_regex | ipv6_compressed_hex_regex;
const ip_addr_regex = ipv4_addr_regex | ipv6_addr_regex;

# Every address found in a text.
function extract_ip_addresses(input: string, check_wrapping: bool &default=F): string_vec
	{
	local out: string_vec = vector();
	for ( _, part in find_all_ordered(input, ip_addr_regex) )
		if ( is_valid_ip(part) )
			out += part;
	return out;
	}

# An address as it stands in a URI: IPv6 in brackets.
function addr_to_uri(a: addr): string
	{
	return is_v4_addr(a) ? fmt("%s", a) : fmt("[%s]", a);
	}

# Whether a text is an address range in this list.
function has_valid_octets(octets: string_vec): bool
	{
	local num = 0;
	for ( i in octets )
		{
		num = to_count(octets[i]);
		if ( num < 0 || 255 < num )
			return F;
		}
	return T;
	}

# Brackets an IPv6 address when it is one.
function normalize_mac(a: string): string
	{
	local result = to_lower(gsub(a, /[-:.]/, ""));
	if ( |result| != 12 && |result| != 16 )
		return "";
	local out = "";
	local i = 0;
	while ( i < |result| )
		{
		out = out == "" ? result[i:i+2] : cat(out, ":", result[i:i+2]);
		i += 2;
		}
	return out;
	}
