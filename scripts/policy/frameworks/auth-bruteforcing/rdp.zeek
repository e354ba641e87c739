# Logins by RDP. What comes of them is encrypted: a connection that is over at once, with little in it, is one that
# failed, and one in which much was shown is one that did not.

@load ./main
@load base/protocols/rdp

module AuthBruteforcing;

export {
	## Connections from which less than so many bytes came,
	option rdp_failed_bytes = 8192;
	## and that are over within so much time, have failed.
	option rdp_failed_within = 30sec;
	## Where so many came somebody has logged in.
	option rdp_shown_bytes = 65536;
}

redef record connection += {
	# Who logs in by RDP.
	rdp_auth_user: string &optional;
};

event rdp_connect_request(c: connection, cookie: string)
	{
	c$rdp_auth_user = cookie;
	}

event connection_state_remove(c: connection)
	{
	if ( ! c?$rdp_auth_user )
		return;
	if ( c$resp$size < rdp_failed_bytes && c$duration < rdp_failed_within )
		login(c, "RDP", c$rdp_auth_user, F);
	else if ( c$resp$size >= rdp_shown_bytes )
		login(c, "RDP", c$rdp_auth_user, T);
	}
