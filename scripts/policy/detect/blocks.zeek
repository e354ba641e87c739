# Blocks of addresses that are counted as one client: who has a whole network can take turns.

module Blocks;

export {
	## How long the prefixes of blocks are.
	option v4 = 24;
	option v6 = 64;
	## Who has many blocks of IPv6 can take turns with them: how long the prefixes of such sites are. Blocks are counted as
	## the members of a site, so that a single one is not told of twice.
	option v6_site = 48;

	## The block that an address is in, or the site.
	global net_of: function(a: addr, site: bool): subnet;

	## Sees to it that an option is no longer a prefix than addresses have bits: that would be an error with every
	## request. T if it is now, and has to be set anew. Whoever asks does that in zeek_init itself: options that other
	## functions set are no constants to workers, which then find out little of what handlers do.
	global limit: function(id: string, length: count, most: count): bool;
}

function net_of(a: addr, site: bool): subnet
	{
	return mask_addr(a, is_v4_addr(a) ? v4 : site ? v6_site : v6);
	}

global longest: table[string] of count = {};

function prefix(id: string, length: count): count
	{
	if ( length <= longest[id] )
		return length;
	Reporter::warning(fmt("%s: %d bits are too many, %d are taken", id, length, longest[id]));
	return longest[id];
	}

function limit(id: string, length: count, most: count): bool
	{
	longest[id] = most;
	Option::set_change_handler(id, prefix);
	return length > most;
	}

event zeek_init() &priority=-3
	{
	if ( limit("Blocks::v4", v4, 32) )
		Option::set("Blocks::v4", v4);
	if ( limit("Blocks::v6", v6, 128) )
		Option::set("Blocks::v6", v6);
	if ( limit("Blocks::v6_site", v6_site, 128) )
		Option::set("Blocks::v6_site", v6_site);
	}
