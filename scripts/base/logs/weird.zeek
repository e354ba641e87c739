# weird.log. Generated from the declaration of its rows (record!); a test compares it.

module Weird;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was noticed.
		ts: time &log;
		## The connection it is about.
		uid: string &log &optional;
		## The connection's ends.
		id: conn_id &log &optional;
		## Zeek's name for it.
		name: string &log;
		## More about it.
		addl: string &log &optional;
		## Whether it was raised as a notice too.
		notice: bool &log &default=F;
		## The sensor that noticed.
		peer: string &log &default=peer_description;
		## The analyzer that noticed.
		source: string &log &optional;
	};

	## A row of weird.log is about to be written.
	global log_weird: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Weird::LOG, [$columns=Info, $ev=log_weird, $path="weird", $policy=log_policy]);
	}
