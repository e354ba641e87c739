# ntp.log. Generated from the declaration of its rows (record!); a test compares it.

module NTP;

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
		## The protocol's version.
		version: count &log &default=0;
		## The mode: 3 of clients, 4 of servers (RFC 5905 §7.3).
		mode: count &log &default=0;
		## How many servers away from a clock.
		stratum: count &log;
		## The longest time between messages.
		poll: interval &log;
		## How exact the sender's clock is.
		precision: interval &log;
		## To the clock and back.
		root_delay: interval &log;
		## How far off that may be.
		root_disp: interval &log;
		## Of stratum 0 a code, of 1 the clock's name, of others the address of the server before.
		ref_id: string &log;
		## When the sender's clock was last set.
		ref_time: time &log;
		## When the request was sent.
		org_time: time &log;
		## When the server got it.
		rec_time: time &log;
		## When this was sent.
		xmt_time: time &log;
		## Extension fields.
		num_exts: count &log &default=0;
	};

	## A row of ntp.log is about to be written.
	global log_ntp: event(rec: Info);
}

redef record connection += {
	ntp: NTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(NTP::LOG, [$columns=Info, $ev=log_ntp, $path="ntp", $policy=log_policy]);
	}
