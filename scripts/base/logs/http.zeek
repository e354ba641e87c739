# http.log. Generated from the declaration of its rows (record!); a test compares it.

module HTTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first of the two began.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Which transaction of the connection this is, from 1.
		trans_depth: count &log;
		## What is to be done: `GET`, `POST` and so on.
		method: string &log &optional;
		## The Host header.
		host: string &log &optional;
		## The target of the request, percent-decoded.
		uri: string &log &optional;
		## The Referer header.
		referrer: string &log &optional;
		## The reply's HTTP version.
		version: string &log &optional;
		## The User-Agent header.
		user_agent: string &log &optional;
		## The Origin header.
		origin: string &log &optional;
		## Bytes of the request's body, content coding removed.
		request_body_len: count &log &default=0;
		## Bytes of the reply's body, content coding removed.
		response_body_len: count &log &default=0;
		## The reply's status code.
		status_code: count &log &optional;
		## The words behind it.
		status_msg: string &log &optional;
		## The last 1xx status before the reply.
		info_code: count &log &optional;
		## The words behind it.
		info_msg: string &log &optional;
		## What was noticed about the transaction; for detections to fill in.
		tags: set[HTTP::Tags] &log;
		## The user of a Basic authorization (RFC 7617).
		username: string &log &optional;
		## Its password, with `HTTP::default_capture_password`.
		password: string &log &optional;
		## Headers by which proxies show, as `NAME -> value`.
		proxied: set[string] &log &optional;
		## The files in the request.
		orig_fuids: vector of string &log &optional;
		## The names that its headers give.
		orig_filenames: vector of string &log &optional;
		## Their types, by content.
		orig_mime_types: vector of string &log &optional;
		## The files in the reply.
		resp_fuids: vector of string &log &optional;
		## The names that its headers give.
		resp_filenames: vector of string &log &optional;
		## Their types, by content.
		resp_mime_types: vector of string &log &optional;
	};

	## A row of http.log is about to be written.
	global log_http: event(rec: Info);
}

redef record connection += {
	http: HTTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(HTTP::LOG, [$columns=Info, $ev=log_http, $path="http", $policy=log_policy]);
	}
