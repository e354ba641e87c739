# weird.log: oddities of traffic. Which are logged, and how often, is decided natively.

module Weird;

export {
	redef enum Log::ID += { LOG };

	redef enum Notice::Type += {
		## Something odd that deserves a notice.
		Activity,
	};

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log &optional;
		id: conn_id &log &optional;
		conn: connection &optional;
		name: string &log;
		addl: string &log &optional;
		notice: bool &log &default=F;
		peer: string &log &optional &default=peer_description;
		source: string &log &optional;
		identifier: string &optional;
	};

	## A row of weird.log is about to be written.
	global log_weird: event(rec: Info);

	## Logs an oddity that a script noticed; the same of one connection once.
	global weird: function(w: Weird::Info);
	## Raises the event of an oddity of a connection.
	global raise: function(name: string, c: connection, addl: string, source: string);
}

global told: set[string, string] &create_expire=10min;
const max_told = 100000 &redef;

event zeek_init() &priority=5
	{
	Log::create_stream(Weird::LOG, [$columns=Info, $ev=log_weird, $path="weird", $policy=log_policy]);
	}

function weird(w: Weird::Info)
	{
	local about = w?$identifier ? w$identifier : ( w?$uid ? w$uid : "" );
	if ( [w$name, about] in told || |told| >= max_told )
		return;
	add told[w$name, about];
	Log::write(Weird::LOG, w);
	}

function raise(name: string, c: connection, addl: string, source: string)
	{
	event conn_weird(name, c, addl, source);
	}

module Reporter;

export {
	## Tells of something odd on a connection.
	global conn_weird: function(name: string, c: connection, addl: string &default="", source: string &default=""): bool;
}

function conn_weird(name: string, c: connection, addl: string, source: string): bool
	{
	local w = Weird::Info($ts=network_time(), $uid=c$uid, $id=c$id, $name=name);
	if ( addl != "" )
		w$addl = addl;
	if ( source != "" )
		w$source = source;
	Weird::weird(w);
	Weird::raise(name, c, addl, source);
	return T;
	}
