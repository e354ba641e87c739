# Digests of tickets in kerberos.log: a ticket that is shown is known by that from where it was given.

@load base/protocols/krb

module KRB;

redef record Info += {
	## SHA-1 of the ticket that was shown.
	auth_ticket: string &log &optional;
	## SHA-1 of the ticket that was given.
	new_ticket: string &log &optional;
};

event krb_ap_request(c: connection, ticket: KRB::Ticket, opts: KRB::AP_Options)
	{
	if ( ! c?$krb )
		return;
	# Where it is shown to be given another, a request for that follows.
	c$krb$request_type = "AP";
	if ( ticket?$ciphertext )
		c$krb$auth_ticket = sha1_hash(ticket$ciphertext);
	}

function given(c: connection, ticket: KRB::Ticket)
	{
	if ( c?$krb && ticket?$ciphertext )
		c$krb$new_ticket = sha1_hash(ticket$ciphertext);
	}

event krb_as_response(c: connection, msg: KRB::KDC_Response)
	{
	given(c, msg$ticket);
	}

event krb_tgs_response(c: connection, msg: KRB::KDC_Response)
	{
	given(c, msg$ticket);
	}
