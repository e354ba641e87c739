# tunnel.log. Generated from the declaration of its rows (record!); a test compares it.

module Tunnel;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was.
		ts: time &log;
		## The outer connection's identifier, or the tunnel's own where IP carries it.
		uid: string &log &optional;
		## The connection's ends.
		id: conn_id &log;
		## What carries it.
		tunnel_type: Tunnel::Type &log;
		## DISCOVER, CLOSE (its connection ended) or EXPIRE (unused for `Tunnel::expiration_interval`).
		action: Tunnel::Action &log;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(Tunnel::LOG, [$columns=Info, $path="tunnel", $policy=log_policy]);
	}
