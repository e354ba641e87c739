# cip.log. Generated from the declaration of its rows (record!); a test compares it.

module ENIP;

export {
	redef enum Log::ID += { LOG_CIP };

	global log_policy_cip: Log::PolicyHook;

	type CIP_Header: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## Its number, over a connection of CIP.
		cip_sequence_count: count &log &optional;
		## Request or response.
		direction: string &log;
		## What is to be done.
		cip_service_code: string &log;
		## Its name.
		cip_service: string &log;
		## What came of it.
		cip_status_code: string &log &optional;
		## Its name.
		cip_status: string &log &optional;
		## More of that.
		cip_extended_status_code: string &log &optional;
		## The class that it is for.
		class_id: string &log &optional;
		## Its name.
		class_name: string &log &optional;
		## Which of the class.
		instance_id: string &log &optional;
		## What of that.
		attribute_id: string &log &optional;
	};

	## A row of cip.log is about to be written.
	global log_cip: event(rec: CIP_Header);
}

event zeek_init() &priority=5
	{
	Log::create_stream(ENIP::LOG_CIP, [$columns=CIP_Header, $ev=log_cip, $path="cip", $policy=log_policy_cip]);
	}
