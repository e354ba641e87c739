# ldap_search.log. Generated from the declaration of its rows (record!); a test compares it.

module LDAP;

export {
	redef enum Log::ID += { LDAP_SEARCH_LOG };

	global log_policy_search: Log::PolicyHook;

	type SearchInfo: record {
		## When the first of its messages was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The number that they have.
		message_id: int &log &optional;
		## How far it went: `base`, `single`, `tree`.
		scope: string &log &optional;
		## Which aliases were followed.
		deref_aliases: string &log &optional;
		## Where it began.
		base_object: string &log &optional;
		## How much was found.
		result_count: count &log &optional;
		## What came of it.
		result: string &log &optional;
		## What else the server said.
		diagnostic_message: string &log &optional;
		## What was looked for.
		filter: string &log &optional;
		## What was to be told of it (`LDAP::default_log_search_attributes`).
		attributes: vector of string &log &optional;
	};

	## A row of ldap_search.log is about to be written.
	global log_ldap_search: event(rec: SearchInfo);
}

event zeek_init() &priority=5
	{
	Log::create_stream(LDAP::LDAP_SEARCH_LOG, [$columns=SearchInfo, $ev=log_ldap_search, $path="ldap_search", $policy=log_policy_search]);
	}
