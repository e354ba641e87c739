# syslog.log. Generated from the declaration of its rows (record!); a test compares it.

module Syslog;

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
		## The transport protocol.
		proto: transport_proto &log;
		## What kind of program sent it (RFC 5424 §6.2.1); `UNSPECIFIED` where it does not say.
		facility: string &log;
		## How bad it is, from `EMERG` to `DEBUG`; `UNSPECIFIED` where it does not say.
		severity: string &log;
		## What it says.
		message: string &log;
	};
}

redef record connection += {
	syslog: Syslog::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Syslog::LOG, [$columns=Info, $path="syslog", $policy=log_policy]);
	}
