# snmp.log. Generated from the declaration of its rows (record!); a test compares it.

module SNMP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the first message was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## From the first message to the last.
		duration: interval &log &default=0secs;
		## The version: 1, 2c or 3.
		version: string &log;
		## The first community that was named, of versions 1 and 2c.
		community: string &log &optional;
		## Variables in requests for them, and for those behind them.
		get_requests: count &log &default=0;
		## Variables in requests for many.
		get_bulk_requests: count &log &default=0;
		## Variables in answers.
		get_responses: count &log &default=0;
		## Variables in requests to set them.
		set_requests: count &log &default=0;
		## How the agent describes its system.
		display_string: string &log &optional;
		## Since when it is up, as it says.
		up_since: time &log &optional;
	};

	## A row of snmp.log is about to be written.
	global log_snmp: event(rec: Info);
}

redef record connection += {
	snmp: SNMP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SNMP::LOG, [$columns=Info, $ev=log_snmp, $path="snmp", $policy=log_policy]);
	}
