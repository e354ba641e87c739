# dpd.log. Generated from the declaration of its rows (record!); a test compares it.

module DPD;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The transport protocol.
		proto: transport_proto &log;
		## The analyzer that gave up.
		analyzer: string &log;
		## Which rule was broken, and in brackets what broke it.
		failure_reason: string &log;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(DPD::LOG, [$columns=Info, $path="dpd", $policy=log_policy]);
	}
