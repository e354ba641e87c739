# HTTP: what scripts may set, and http.log.

@load base/frameworks/notice

module HTTP;

export {
	## What detections note about a transaction.
	type Tags: enum {
		EMPTY
	};

	## Headers, in upper case, that header_of_interest tells of; read after zeek_init. Unlike with http_header,
	## other headers cost nothing.
	global headers_of_interest: set[string] = {} &redef;

	## The names in "name=value" pairs, which stand between separators.
	global extract_keys: function(data: string, kv_splitter: pattern): string_vec;
}

function extract_keys(data: string, kv_splitter: pattern): string_vec
	{
	local names: vector of string = vector();
	for ( _, pair in split_string(data, kv_splitter) )
		{
		local parts = split_string1(pair, /=/);
		if ( |parts| > 1 )
			names += parts[0];
		}
	return names;
	}

@load base/logs/http

redef record fa_file += {
	http: HTTP::Info &optional;
};
