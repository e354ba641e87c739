# Logins by LDAP: a bind, and its answer.

@load ./main
@load base/protocols/ldap

module AuthBruteforcing;

redef record connection += {
	# Who binds, by the numbers of messages.
	ldap_auth_users: table[int] of string &optional;
};

# Binds of a connection that may wait for answers.
const max_ldap_binds = 100;

event LDAP::bind_request(c: connection, message_id: int, version: int, name: string, auth_type: LDAP::BindAuthType, auth_info: string)
	{
	# Nobody in particular.
	if ( name == "" || auth_type != LDAP::BindAuthType_BIND_AUTH_SIMPLE )
		return;
	if ( ! c?$ldap_auth_users || |c$ldap_auth_users| >= max_ldap_binds )
		c$ldap_auth_users = table();
	c$ldap_auth_users[message_id] = name;
	}

event LDAP::message(c: connection, message_id: int, opcode: LDAP::ProtocolOpcode, result: LDAP::ResultCode, matched_dn: string,
                    diagnostic_message: string, object: string, argument: string)
	{
	if ( opcode != LDAP::ProtocolOpcode_BIND_RESPONSE || ! c?$ldap_auth_users || message_id !in c$ldap_auth_users )
		return;
	local user = c$ldap_auth_users[message_id];
	delete c$ldap_auth_users[message_id];
	if ( result == LDAP::ResultCode_SUCCESS )
		login(c, "LDAP", user, T);
	else if ( result == LDAP::ResultCode_INVALID_CREDENTIALS )
		login(c, "LDAP", user, F);
	}
