# ssl.log. Generated from the declaration of its rows (record!); a test compares it.

module SSL;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was seen to be TLS.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The version that the server chose.
		version: string &log &optional;
		## The cipher suite that the server chose.
		cipher: string &log &optional;
		## The group, mostly a curve, of the keys.
		curve: string &log &optional;
		## The server's name, as the client asked for it.
		server_name: string &log &optional;
		## Whether the keys are those of an earlier connection.
		resumed: bool &log &default=F;
		## The last alert that was not encrypted.
		last_alert: string &log &optional;
		## The protocol within, as the server chose it (ALPN).
		next_protocol: string &log &optional;
		## Whether both sides came to encrypt.
		established: bool &log &default=F;
		## What came in which order, a letter for each, a client's in upper case: `C` and `s` are hellos, `x`
		## certificates, `k` and `G` keys, `I` a change to them, `l` an alert, `^` the responder being the client.
		ssl_history: string &log &default="";
		## The SHA-256 of the server's certificates.
		cert_chain_fps: vector of string &log &optional;
		## Those of the client's.
		client_cert_chain_fps: vector of string &log &optional;
		## Whether the server's certificate is for the name that the client asked for.
		sni_matches_cert: bool &log &optional;
	};

	## A row of ssl.log is about to be written.
	global log_ssl: event(rec: Info);
}

redef record connection += {
	ssl: SSL::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SSL::LOG, [$columns=Info, $ev=log_ssl, $path="ssl", $policy=log_policy]);
	}
