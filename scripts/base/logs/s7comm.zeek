# s7comm.log. Generated from the declaration of its rows (record!); a test compares it.

module S7COMM;

export {
	redef enum Log::ID += { LOG_S7COMM };

	global log_policy_s7comm: Log::PolicyHook;

	type S7COMM: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## What kind it is.
		rosctr_code: count &log &default=0;
		## The kind's name.
		rosctr_name: string &log;
		## The number that a request and its answer have.
		pdu_reference: count &log &default=0;
		## What is asked for.
		function_code: string &log &optional;
		## Its name; of user data with whether it is asked for or answered.
		function_name: string &log &optional;
		## What of a group of functions, or a service of the controller.
		subfunction_code: string &log &optional;
		## Its name.
		subfunction_name: string &log &optional;
		## What kind of error.
		error_class: string &log &optional;
		## Which.
		error_code: string &log &optional;
		## The block that is loaded up or down. Not one of CISA's.
		block: string &log &optional;
	};

	## A row of s7comm.log is about to be written.
	global log_s7comm: event(rec: S7COMM);
}

event zeek_init() &priority=5
	{
	Log::create_stream(S7COMM::LOG_S7COMM, [$columns=S7COMM, $ev=log_s7comm, $path="s7comm", $policy=log_policy_s7comm]);
	}
