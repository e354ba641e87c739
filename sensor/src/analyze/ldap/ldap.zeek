# LDAP: its logs, and what scripts find of it.

@load base/protocols/ldap/consts
@load base/logs/ldap
@load base/logs/ldap_search

module LDAP;

export {
	## What is not answered yet. It is known to who writes the logs, and not shown: `c$ldap` is never set.
	type State: record {
		messages: table[int] of MessageInfo &optional;
		searches: table[int] of SearchInfo &optional;
	};
}

redef record connection += {
	ldap: LDAP::State &optional;
};
