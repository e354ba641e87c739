# bacnet_discovery.log. Generated from the declaration of its rows (record!); a test compares it.

module Bacnet;

export {
	redef enum Log::ID += { LOG_BACNET_DISCOVERY };

	global log_policy_bacnet_discovery: Log::PolicyHook;

	type BACnet_Discovery: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## who-is, i-am, who-has or i-have.
		pdu_service: string &log;
		## What kind of object.
		object_type: string &log &optional;
		## Which of these.
		instance_number: count &log &optional;
		## Who made it, by a number that ASHRAE has given.
		vendor: string &log &optional;
		## Devices that are asked, by their numbers.
		range: string &log &optional;
		## The object's name.
		object_name: string &log &optional;
	};

	## A row of bacnet_discovery.log is about to be written.
	global log_bacnet_discovery: event(rec: BACnet_Discovery);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Bacnet::LOG_BACNET_DISCOVERY, [$columns=BACnet_Discovery, $ev=log_bacnet_discovery, $path="bacnet_discovery", $policy=log_policy_bacnet_discovery]);
	}
