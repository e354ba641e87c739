# Perfect forward secrecy: whether who gets to know a server's key later can read what was said before. As Mozilla logs it.

@load base/protocols/ssl

module PerfectForwardSecrecy;

export {
	## Servers that are looked at.
	option cert_tracking = ALL_HOSTS;

	redef record SSL::Info += {
		## Keys are those of this connection alone: by Diffie-Hellman, on a curve or not. TLS 1.3 has no others.
		pfs: bool &log &optional;
	};
}

event ssl_established(c: connection) &priority=3
	{
	if ( ! c?$ssl || ! c$ssl?$cipher || ! addr_matches_host(c$id$resp_h, cert_tracking) )
		return;
	c$ssl$pfs = /DHE_/ in c$ssl$cipher || ( c$ssl?$version && /^TLSv13/ in c$ssl$version );
	}
