# tunnel.log: tunnels as they are found and as they end.

module Tunnel;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Action: enum {
		DISCOVER,
		CLOSE,
		EXPIRE,
	};

	type Info: record {
		ts: time &log;
		uid: string &log &optional;
		id: conn_id &log;
		tunnel_type: Tunnel::Type &log;
		action: Action &log;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(Tunnel::LOG, [$columns=Info, $path="tunnel", $policy=log_policy]);
	}
