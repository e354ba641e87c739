# cip_identity.log. Generated from the declaration of its rows (record!); a test compares it.

module ENIP;

export {
	redef enum Log::ID += { LOG_CIP_IDENTITY };

	global log_policy_cip_identity: Log::PolicyHook;

	type CIP_Identity_Item_Log: record {
		## When it was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The version of EtherNet/IP.
		encapsulation_version: count &log &default=0;
		## Where it listens.
		socket_address: addr &log &optional;
		## Likewise.
		socket_port: count &log &default=0;
		## Who made it, by a number that ODVA has given.
		vendor_id: count &log &default=0;
		## What kind of device it is.
		device_type_id: count &log &default=0;
		## Its name.
		device_type_name: string &log;
		## Which of the vendor's.
		product_code: count &log &default=0;
		## Its version.
		revision: string &log;
		## How it is.
		device_status: string &log;
		## Its own number.
		serial_number: string &log;
		## Its name.
		product_name: string &log;
		## What it does.
		device_state: string &log;
	};

	## A row of cip_identity.log is about to be written.
	global log_cip_identity: event(rec: CIP_Identity_Item_Log);
}

event zeek_init() &priority=5
	{
	Log::create_stream(ENIP::LOG_CIP_IDENTITY, [$columns=CIP_Identity_Item_Log, $ev=log_cip_identity, $path="cip_identity", $policy=log_policy_cip_identity]);
	}
