# Helpers for strings.

# Whether the text holds a byte that is not printable ASCII.
function is_string_binary(s: string): bool
	{
	return /[^\x20-\x7e\x0a\x0d\x09]/ in s;
	}

# A set's members in one text.
function join_string_set_sorted(ss: set[string], j: string): string
	{
	local v: vector of string = vector();
	for ( s in ss )
		v += s;
	sort(v, strcmp);
	return join_string_vec(v, j);
	}

# The text with every match of the pattern escaped by a backslash.
function string_escape(s: string, chars: string): string
	{
	s = subst_string(s, "\\", "\\\\");
	for ( c in chars )
		s = subst_string(s, c, cat("\\", c));
	return s;
	}

# The text cut to so many bytes, with an ellipsis where it was cut.
function cut_tail(s: string, tail_len: count): string
	{
	if ( tail_len > |s| )
		tail_len = |s|;
	return sub_bytes(s, 1, int_to_count(|s| - tail_len));
	}
