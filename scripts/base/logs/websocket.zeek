# websocket.log. Generated from the declaration of its rows (record!); a test compares it.

module WebSocket;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it became WebSocket.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The host that was asked.
		host: string &log &optional;
		## What was asked for.
		uri: string &log &optional;
		## What the client says that it is.
		user_agent: string &log &optional;
		## The protocol that the server chose.
		subprotocol: string &log &optional;
		## The protocols that the client offered.
		client_protocols: vector of string &log &optional;
		## The extensions that the server chose.
		server_extensions: vector of string &log &optional;
		## The extensions that the client offered.
		client_extensions: vector of string &log &optional;
	};

	## A row of websocket.log is about to be written.
	global log_websocket: event(rec: Info);
}

redef record connection += {
	websocket: WebSocket::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(WebSocket::LOG, [$columns=Info, $ev=log_websocket, $path="websocket", $policy=log_policy]);
	}
