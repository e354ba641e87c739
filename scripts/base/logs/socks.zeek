# socks.log. Generated from the declaration of its rows (record!); a test compares it.

module SOCKS;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the client first asked for something, or logged in.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## 4 or 5.
		version: count &log;
		## Who has logged in.
		user: string &log &optional;
		## The password, with `SOCKS::default_capture_password`.
		password: string &log &optional;
		## What the proxy has answered.
		status: string &log &optional;
		request: SOCKS::Address &log &optional;
		## The port that the client asked for.
		request_p: port &log &optional;
		bound: SOCKS::Address &log &optional;
		## The port that the proxy has for it.
		bound_p: port &log &optional;
	};

	## A row of socks.log is about to be written.
	global log_socks: event(rec: Info);
}

redef record connection += {
	socks: SOCKS::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SOCKS::LOG, [$columns=Info, $ev=log_socks, $path="socks", $policy=log_policy]);
	}
