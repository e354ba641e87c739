# modbus.log. Generated from the declaration of its rows (record!); a test compares it.

module Modbus;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The transaction's number.
		tid: count &log &optional;
		## The unit behind the server.
		unit: count &log &optional;
		## The function.
		func: string &log &optional;
		## REQ of clients, RESP of servers.
		pdu_type: string &log &optional;
		## Why it is refused.
		exception: string &log &optional;
	};

	## A row of modbus.log is about to be written.
	global log_modbus: event(rec: Info);
}

redef record connection += {
	modbus: Modbus::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Modbus::LOG, [$columns=Info, $ev=log_modbus, $path="modbus", $policy=log_policy]);
	}
