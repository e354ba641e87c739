# Certificates of servers that are not good yet, not good any more, or not good for long.

@load base/frameworks/notice
@load base/files/x509

module SSL;

export {
	redef enum Notice::Type += {
		## The time of a certificate is over.
		Certificate_Expired,
		## The time of a certificate is over within notify_when_cert_expiring_in.
		Certificate_Expires_Soon,
		## The time of a certificate has not come.
		Certificate_Not_Valid_Yet,
	};

	## Servers whose certificates are looked at.
	option notify_certs_expiration = LOCAL_HOSTS;

	option notify_when_cert_expiring_in = 30days;
}

event ssl_established(c: connection) &priority=3
	{
	if ( ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	if ( ! addr_matches_host(c$id$resp_h, notify_certs_expiration) )
		return;
	local first = c$ssl$cert_chain[0];
	local cert = first$x509$certificate;
	local note = Certificate_Expires_Soon;
	local msg = fmt("Certificate %s is going to expire at %T", cert$subject, cert$not_valid_after);
	if ( cert$not_valid_before > network_time() )
		{
		note = Certificate_Not_Valid_Yet;
		msg = fmt("Certificate %s isn't valid until %T", cert$subject, cert$not_valid_before);
		}
	else if ( cert$not_valid_after < network_time() )
		{
		note = Certificate_Expired;
		msg = fmt("Certificate %s expired at %T", cert$subject, cert$not_valid_after);
		}
	else if ( cert$not_valid_after - notify_when_cert_expiring_in >= network_time() )
		return;
	NOTICE([$note=note, $conn=c, $suppress_for=1day, $msg=msg, $fuid=first$fuid,
	        $identifier=cat(c$id$resp_h, c$id$resp_p, first$x509$fingerprint)]);
	}
