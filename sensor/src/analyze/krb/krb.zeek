# Kerberos: what scripts may set and find, and kerberos.log.

@load base/protocols/krb/consts
@load base/frameworks/files
@load base/logs/kerberos

module KRB;

export {
	redef record KRB::Info += {
		## The number of the error.
		error_code: count &optional;
		## Whether its row was written. The sensor keeps this itself; it is here so that scripts that name it load.
		logged: bool &default=F;
		client_cert: Files::Info &optional;
		server_cert: Files::Info &optional;
	};
}

redef likely_server_ports += { 88/tcp, 88/udp };

event krb_error(c: connection, msg: KRB::Error_Msg) &priority=5
	{
	if ( c?$krb )
		c$krb$error_code = msg$error_code;
	}
