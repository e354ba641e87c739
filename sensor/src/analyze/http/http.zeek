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
}

@load base/logs/http

redef record fa_file += {
	http: HTTP::Info &optional;
};
