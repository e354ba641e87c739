# postgresql.log. Generated from the declaration of its rows (record!); a test compares it.

module PostgreSQL;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it began.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Who has logged in, or wants to.
		user: string &log &optional;
		## To which database.
		database: string &log &optional;
		## What the client calls itself.
		application_name: string &log &optional;
		## What the client sent: startup, ssl_request, simple_query or terminate.
		frontend: string &log &optional;
		## The query.
		frontend_arg: string &log &optional;
		## What the server answered: auth_request, auth_ok, ssl_reply, error.
		backend: string &log &optional;
		## How it wants to authenticate, what it says to TLS, the parts of errors and notices.
		backend_arg: string &log &optional;
		## Whether it succeeded.
		success: bool &log &optional;
		## Rows of the result.
		rows: count &log &optional;
	};

	## A row of postgresql.log is about to be written.
	global log_postgresql: event(rec: Info);
}

redef record connection += {
	postgresql: PostgreSQL::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(PostgreSQL::LOG, [$columns=Info, $ev=log_postgresql, $path="postgresql", $policy=log_policy]);
	}
