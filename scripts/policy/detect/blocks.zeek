# Blocks of addresses that are counted as one client: who has a whole network can take turns.

module Blocks;

export {
	## How long the prefixes of blocks are.
	option v4 = 24;
	option v6 = 48;

	## Sees to it that an option is no longer a prefix than addresses have bits: that would be an error with every
	## request. T if it is now, and has to be set anew. Whoever asks does that in zeek_init itself: options that other
	## functions set are no constants to workers, which then find out little of what handlers do.
	global limit: function(id: string, length: count, most: count): bool;
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
	}
