# bacnet_property.log. Generated from the declaration of its rows (record!); a test compares it.

module Bacnet;

export {
	redef enum Log::ID += { LOG_BACNET_PROPERTY };

	global log_policy_bacnet_property: Log::PolicyHook;

	type BACnet_Property: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether the client sent it.
		is_orig: bool &log &default=F;
		## read-property-request, read-property-ack or write-property-request.
		pdu_service: string &log;
		## What kind of object.
		object_type: string &log;
		## Which of these.
		instance_number: count &log &default=0;
		## The property.
		property: string &log;
		## Of an array the place.
		array_index: count &log &optional;
		## The first value.
		value: string &log &optional;
	};

	## A row of bacnet_property.log is about to be written.
	global log_bacnet_property: event(rec: BACnet_Property);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Bacnet::LOG_BACNET_PROPERTY, [$columns=BACnet_Property, $ev=log_bacnet_property, $path="bacnet_property", $policy=log_policy_bacnet_property]);
	}
