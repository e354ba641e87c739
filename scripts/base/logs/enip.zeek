# enip.log. Generated from the declaration of its rows (record!); a test compares it.

module ENIP;

export {
	redef enum Log::ID += { LOG_ENIP };

	global log_policy_enip: Log::PolicyHook;

	type ENIP_Header: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## What is to be done.
		enip_command_code: string &log;
		## Its name.
		enip_command: string &log;
		## Bytes that follow its header.
		length: count &log &default=0;
		## The session's number.
		session_handle: string &log;
		## What came of it.
		enip_status: string &log;
		## What the sender knows it by.
		sender_context: string &log;
		## Options, of which there are none so far.
		options: string &log;
	};

	## A row of enip.log is about to be written.
	global log_enip: event(rec: ENIP_Header);
}

event zeek_init() &priority=5
	{
	Log::create_stream(ENIP::LOG_ENIP, [$columns=ENIP_Header, $ev=log_enip, $path="enip", $policy=log_policy_enip]);
	}
