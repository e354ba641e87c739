# Blocks of addresses that are counted as one client: who has a whole network can take turns.

module Blocks;

export {
	## How long the prefixes of blocks are.
	option v4 = 24;
	option v6 = 48;

	## Sees to it that an option is no longer a prefix than addresses have bits: that would be an error with every
	## request.
	global limit: function(id: string, length: count, most: count);
}

global longest: table[string] of count = {};

function prefix(id: string, length: count): count
	{
	if ( length <= longest[id] )
		return length;
	Reporter::warning(fmt("%s: %d bits are too many, %d are taken", id, length, longest[id]));
	return longest[id];
	}

function limit(id: string, length: count, most: count)
	{
	longest[id] = most;
	Option::set_change_handler(id, prefix);
	if ( length > most )
		Option::set(id, length);
	}

event zeek_init() &priority=-3
	{
	limit("Blocks::v4", v4, 32);
	limit("Blocks::v6", v6, 128);
	}
