# s7comm_plus.log. Generated from the declaration of its rows (record!); a test compares it.

module S7COMM;

export {
	redef enum Log::ID += { LOG_S7COMM_PLUS };

	global log_policy_s7comm_plus: Log::PolicyHook;

	type S7COMM_PLUS: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## The protocol's version.
		version: count &log &default=0;
		## Request, answer or notification.
		opcode: string &log;
		## Its name.
		opcode_name: string &log;
		## What is asked for.
		function_code: string &log &optional;
		## Its name.
		function_name: string &log &optional;
	};

	## A row of s7comm_plus.log is about to be written.
	global log_s7comm_plus: event(rec: S7COMM_PLUS);
}

event zeek_init() &priority=5
	{
	Log::create_stream(S7COMM::LOG_S7COMM_PLUS, [$columns=S7COMM_PLUS, $ev=log_s7comm_plus, $path="s7comm_plus", $policy=log_policy_s7comm_plus]);
	}
