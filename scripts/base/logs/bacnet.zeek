# bacnet.log. Generated from the declaration of its rows (record!); a test compares it.

module Bacnet;

export {
	redef enum Log::ID += { LOG_BACNET };

	global log_policy_bacnet: Log::PolicyHook;

	type BACnet_Header: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## What it is for.
		bvlc_function: string &log;
		## What kind of message the application's is.
		pdu_type: string &log &optional;
		## What is to be done, or was.
		pdu_service: string &log &optional;
		## The number that a request and its answer have.
		invoke_id: count &log &optional;
		## What came of it, or went wrong.
		result_code: string &log &optional;
	};

	## A row of bacnet.log is about to be written.
	global log_bacnet: event(rec: BACnet_Header);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Bacnet::LOG_BACNET, [$columns=BACnet_Header, $ev=log_bacnet, $path="bacnet", $policy=log_policy_bacnet]);
	}
