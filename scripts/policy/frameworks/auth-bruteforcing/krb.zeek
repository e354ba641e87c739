# Logins by Kerberos: a ticket for tickets is given to who knows the password, and refused to who does not.

@load ./main
@load base/protocols/krb

module AuthBruteforcing;

export {
	## Errors that a wrong password makes, and a user that there is none of, that is locked, or whose password has
	## expired (RFC 4120 §7.5.9).
	option krb_refused: set[count] = { 6, 18, 23, 24 };
}

redef record connection += {
	# Over UDP a client asks again and again from the same port: whom it asks for.
	krb_auth_user: string &optional;
};

event krb_as_request(c: connection, msg: KRB::KDC_Request)
	{
	if ( msg?$client_name )
		c$krb_auth_user = msg$client_name;
	}

event krb_as_response(c: connection, msg: KRB::KDC_Response)
	{
	login(c, "Kerberos", msg$client_name, T);
	}

event krb_error(c: connection, msg: KRB::Error_Msg)
	{
	if ( msg$error_code !in krb_refused || ! c?$krb_auth_user )
		return;
	login(c, "Kerberos", c$krb_auth_user, F);
	delete c$krb_auth_user;
	}
