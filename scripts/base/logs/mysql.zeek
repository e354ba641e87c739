# mysql.log. Generated from the declaration of its rows (record!); a test compares it.

module MySQL;

export {
	redef enum Log::ID += { mysql::LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was sent.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## What it was, as in `MySQL::commands`, or `login`.
		cmd: string &log;
		## What it was given: the user who logs in, a query.
		arg: string &log;
		## Whether the server said that it succeeded.
		success: bool &log &optional;
		## How many rows it changed.
		rows: count &log &optional;
		## What the server said to it.
		response: string &log &optional;
	};

	## A row of mysql.log is about to be written.
	global log_mysql: event(rec: Info);
}

redef record connection += {
	mysql: MySQL::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(mysql::LOG, [$columns=Info, $ev=log_mysql, $path="mysql", $policy=log_policy]);
	}
