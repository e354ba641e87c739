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

module HTTP;

export {
	## The URL of a request, without and with its scheme.
	global build_url: function(rec: Info): string;
	global build_url_http: function(rec: Info): string;

	## A transaction in few words.
	global describe: function(rec: Info): string;
}

function build_url(rec: Info): string
	{
	local uri = rec?$uri ? rec$uri : "/<missed_request>";
	if ( "://" in uri )
		return uri;
	local host = rec?$host ? rec$host : addr_to_uri(rec$id$resp_h);
	local p = port_to_count(rec$id$resp_p);
	return p == 80 ? cat(host, uri) : fmt("%s:%d%s", host, p, uri);
	}

function build_url_http(rec: Info): string
	{
	return cat("http://", build_url(rec));
	}

function describe(rec: Info): string
	{
	return build_url_http(rec);
	}

redef record fa_file += {
	http: HTTP::Info &optional;
};
