# dnp3.log. Generated from the declaration of its rows (record!); a test compares it.

module DNP3;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the last message of the two was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## What was to be done.
		fc_request: string &log &optional;
		## What the answer is.
		fc_reply: string &log &optional;
		## How the outstation is (IEEE 1815 §4.2.2.6).
		iin: count &log &optional;
	};

	## A row of dnp3.log is about to be written.
	global log_dnp3: event(rec: Info);
}

redef record connection += {
	dnp3: DNP3::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(DNP3::LOG, [$columns=Info, $ev=log_dnp3, $path="dnp3", $policy=log_policy]);
	}
