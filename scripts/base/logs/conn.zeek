# conn.log. Generated from the declaration of its rows (record!); a test compares it.

module Conn;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## The time of the first packet.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The transport protocol.
		proto: transport_proto &log;
		## Confirmed application protocols, separated by commas.
		service: string &log &optional;
		## Seconds from the first packet to the last that mattered.
		duration: interval &log &optional;
		## Payload bytes the originator sent; of TCP judged by sequence numbers.
		orig_bytes: count &log &optional;
		## Payload bytes the responder sent.
		resp_bytes: count &log &optional;
		## How the connection went: S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH.
		conn_state: string &log &optional;
		## Whether the originator is in `Site::local_nets`.
		local_orig: bool &log &optional;
		## Whether the responder is in `Site::local_nets`.
		local_resp: bool &log &optional;
		## Bytes that were acknowledged but never seen: loss on the way to the sensor.
		missed_bytes: count &log &default=0;
		## What happened, in order, a letter each; upper case the originator: `S` SYN, `H` SYN-ACK,
		## `A` ACK, `D` data, `F` FIN, `R` RST, `C` bad checksum, `G` gap, `T` retransmission,
		## `W` zero window, `I` and `Q` flags that contradict each other, `^` roles swapped,
		## `X` analysis stopped at a limit. `C G T W` again at the 10th, 100th … time.
		history: string &log &optional;
		## Packets the originator sent.
		orig_pkts: count &log &optional;
		## IP bytes the originator sent, as IP headers say.
		orig_ip_bytes: count &log &optional;
		## Packets the responder sent.
		resp_pkts: count &log &optional;
		## IP bytes the responder sent.
		resp_ip_bytes: count &log &optional;
		## The tunnels the connection was seen in.
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
