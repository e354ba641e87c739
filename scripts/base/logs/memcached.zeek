# memcached.log. Generated from the declaration of its rows (record!); a test compares it.

module Memcached;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was sent.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Whether in binary.
		binary: bool &log &default=F;
		## What was asked for, as the text protocol names it.
		command: string &log;
		## The first key.
		key: string &log &optional;
		## How many keys there were.
		keys: count &log &default=0;
		## Bytes of the value that was brought.
		request_len: count &log &optional;
		## Whether the server did what it was asked, where it said.
		success: bool &log &optional;
		## What it said last: `STORED`, `END` and the like.
		status: string &log &optional;
		## How many values it told.
		values: count &log &optional;
		## Bytes of those.
		response_len: count &log &optional;
	};

	## A row of memcached.log is about to be written.
	global log_memcached: event(rec: Info);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Memcached::LOG, [$columns=Info, $ev=log_memcached, $path="memcached", $policy=log_policy]);
	}
