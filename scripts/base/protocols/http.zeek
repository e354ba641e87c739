# http.log: one row for every request with its reply.

@load base/frameworks/notice

module HTTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	## What detections note about a transaction.
	type Tags: enum {
		EMPTY
	};

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		trans_depth: count &log;
		method: string &log &optional;
		host: string &log &optional;
		uri: string &log &optional;
		referrer: string &log &optional;
		version: string &log &optional;
		user_agent: string &log &optional;
		origin: string &log &optional;
		request_body_len: count &log &default=0;
		response_body_len: count &log &default=0;
		status_code: count &log &optional;
		status_msg: string &log &optional;
		info_code: count &log &optional;
		info_msg: string &log &optional;
		tags: set[Tags] &log;
		username: string &log &optional;
		password: string &log &optional;
		proxied: set[string] &log &optional;
		orig_fuids: vector of string &log &optional;
		orig_filenames: vector of string &log &optional;
		orig_mime_types: vector of string &log &optional;
		resp_fuids: vector of string &log &optional;
		resp_filenames: vector of string &log &optional;
		resp_mime_types: vector of string &log &optional;
	};

	## Headers, in upper case, that header_of_interest tells of; read after zeek_init. Unlike with http_header,
	## other headers cost nothing.
	global headers_of_interest: set[string] = {} &redef;

	## A row of http.log is about to be written.
	global log_http: event(rec: Info);
}

redef record connection += {
	http: HTTP::Info &optional;
};

redef record fa_file += {
	http: HTTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(HTTP::LOG, [$columns=Info, $ev=log_http, $path="http", $policy=log_policy]);
	}
