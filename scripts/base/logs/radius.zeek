# radius.log. Generated from the declaration of its rows (record!); a test compares it.

module RADIUS;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first message was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Who logs in (User-Name).
		username: string &log &optional;
		## The station's hardware address (Calling-Station-Id); empty where it says something else.
		mac: string &log &optional;
		## The address that the station is offered (Framed-IP-Address).
		framed_addr: addr &log &optional;
		## Where a tunnel begins (Tunnel-Client-Endpoint).
		tunnel_client: string &log &optional;
		## How it is connected (Connect-Info).
		connect_info: string &log &optional;
		## What the server has to say with a challenge (Reply-Message).
		reply_msg: string &log &optional;
		## success, failed, or unknown.
		result: string &log &optional;
		## From the first message to the answer.
		ttl: interval &log &optional;
	};

	## A row of radius.log is about to be written.
	global log_radius: event(rec: Info);
}

redef record connection += {
	radius: RADIUS::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(RADIUS::LOG, [$columns=Info, $ev=log_radius, $path="radius", $policy=log_policy]);
	}
