# Helpers for numbers.

# The first number in a text, or 0.
function extract_count(s: string, get_first: bool &default=T): count
	{
	local extract_num_pattern = /[0-9]+/;
	if ( get_first )
		{
		local first = match_pattern(s, extract_num_pattern);
		return first$matched ? to_count(first$str) : 0;
		}
	local last = find_last(s, extract_num_pattern);
	local parts = find_all_ordered(s, extract_num_pattern);
	if ( |parts| == 0 || last == "" )
		return 0;
	return to_count(parts[|parts| - 1]);
	}
