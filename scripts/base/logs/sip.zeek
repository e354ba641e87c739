# sip.log. Generated from the declaration of its rows (record!); a test compares it.

module SIP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first of them came.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Which of the connection's it is; Zeek counts none.
		trans_depth: count &log;
		## The request's method.
		method: string &log &optional;
		## What it is about.
		uri: string &log &optional;
		## Its Date.
		date: string &log &optional;
		## Its From, without its tag.
		request_from: string &log &optional;
		## Its To.
		request_to: string &log &optional;
		## The reply's From, without its tag.
		response_from: string &log &optional;
		## Its To.
		response_to: string &log &optional;
		## The request's Reply-To.
		reply_to: string &log &optional;
		## Its Call-ID.
		call_id: string &log &optional;
		## Its CSeq.
		seq: string &log &optional;
		## Its Subject.
		subject: string &log &optional;
		## The way that it took.
		request_path: vector of string &log &optional;
		## The way that the reply took.
		response_path: vector of string &log &optional;
		## What the client says that it is.
		user_agent: string &log &optional;
		## The reply's status.
		status_code: count &log &optional;
		## In words.
		status_msg: string &log &optional;
		## Its Warning.
		warning: string &log &optional;
		## The request's Content-Length.
		request_body_len: count &log &optional;
		## The reply's.
		response_body_len: count &log &optional;
		## The reply's Content-Type.
		content_type: string &log &optional;
	};

	## A row of sip.log is about to be written.
	global log_sip: event(rec: Info);
}

redef record connection += {
	sip: SIP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SIP::LOG, [$columns=Info, $ev=log_sip, $path="sip", $policy=log_policy]);
	}
