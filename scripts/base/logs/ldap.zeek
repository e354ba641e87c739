# ldap.log. Generated from the declaration of its rows (record!); a test compares it.

module LDAP;

export {
	redef enum Log::ID += { LDAP_LOG };

	global log_policy: Log::PolicyHook;

	type MessageInfo: record {
		## When the first of both was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The number that both have.
		message_id: int &log &optional;
		## The version of the protocol, of those who say who they are.
		version: int &log &optional;
		## What was asked for.
		opcode: string &log &optional;
		## What came of it.
		result: string &log &optional;
		## What else the server said.
		diagnostic_message: string &log &optional;
		## What it is about: a name, another message, an extension.
		object: string &log &optional;
		## A mechanism, a password.
		argument: string &log &optional;
	};

	## A row of ldap.log is about to be written.
	global log_ldap: event(rec: MessageInfo);
}

event zeek_init() &priority=5
	{
	Log::create_stream(LDAP::LDAP_LOG, [$columns=MessageInfo, $ev=log_ldap, $path="ldap", $policy=log_policy]);
	}
