# quic.log. Generated from the declaration of its rows (record!); a test compares it.

module QUIC;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When its first packet came.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The version of its first packet.
		version: string &log;
		## The identifier that the client's first packet was for, in hexadecimal digits; keys of both sides follow from it.
		client_initial_dcid: string &log &optional;
		## The identifier by which the client wants to be told.
		client_scid: string &log &optional;
		## That of the server.
		server_scid: string &log &optional;
		## The server's name, as the client asked for it.
		server_name: string &log &optional;
		## The protocol within that the client likes best (ALPN).
		client_protocol: string &log &optional;
		## What came in which order, a letter for each, the originator's in upper case: `I` an initial packet, `H` one of
		## the rest of the handshake, `Z` early data, `R` a retry, `C` a close, `S` a hello of TLS, `U` a version that is
		## not read.
		history: string &log &default="";
	};

	## A row of quic.log is about to be written.
	global log_quic: event(rec: Info);
}

redef record connection += {
	quic: QUIC::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(QUIC::LOG, [$columns=Info, $ev=log_quic, $path="quic", $policy=log_policy]);
	}
