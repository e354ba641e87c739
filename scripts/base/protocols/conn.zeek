# conn.log: one row for every connection, written when it is over.

module Conn;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		proto: transport_proto &log;
		service: string &log &optional;
		duration: interval &log &optional;
		orig_bytes: count &log &optional;
		resp_bytes: count &log &optional;
		conn_state: string &log &optional;
		local_orig: bool &log &optional;
		local_resp: bool &log &optional;
		missed_bytes: count &log &default=0;
		history: string &log &optional;
		orig_pkts: count &log &optional;
		orig_ip_bytes: count &log &optional;
		resp_pkts: count &log &optional;
		resp_ip_bytes: count &log &optional;
		tunnel_parents: set[string] &log &optional;
	};

	## A row of conn.log is about to be written.
	global log_conn: event(rec: Info);
}

redef record connection += {
	conn: Conn::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Conn::LOG, [$columns=Info, $ev=log_conn, $path="conn", $policy=log_policy]);
	}
