# OCSP responses that servers staple, checked up to an authority, at the time of the packet.

@load base/frameworks/notice
@load base/files/x509

module SSL;

export {
	redef enum Notice::Type += {
		## A stapled response is not good, or says that the certificate is not.
		Invalid_Ocsp_Response,
	};

	redef record Info += {
		## What came of checking the response: `good` is good.
		ocsp_status: string &log &optional;
		## The response, in DER.
		ocsp_response: string &optional;
	};
}

# What came of checking responses that were seen lately.
global recently_ocsp_validated: table[string] of string = table() &read_expire=5mins;

event ssl_stapled_ocsp(c: connection, is_client: bool, response: string) &priority=3
	{
	if ( c?$ssl )
		c$ssl$ocsp_response = response;
	}

event ssl_established(c: connection) &priority=3
	{
	if ( ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 || ! c$ssl?$ocsp_response )
		return;
	local chain: vector of opaque of x509;
	local id = sha256_hash(c$ssl$ocsp_response);
	for ( _, cert in c$ssl$cert_chain )
		if ( cert?$x509 )
			{
			chain += cert$x509$handle;
			id += "," + cert$x509$fingerprint;
			}
	if ( id in recently_ocsp_validated )
		{
		c$ssl$ocsp_status = recently_ocsp_validated[id];
		return;
		}
	local status = x509_ocsp_verify(chain, c$ssl$ocsp_response, root_certs)$result_string;
	c$ssl$ocsp_status = status;
	recently_ocsp_validated[id] = status;
	if ( status != "good" )
		NOTICE([$note=Invalid_Ocsp_Response, $conn=c, $sub=c$ssl$cert_chain[0]$x509$certificate$subject,
		        $msg=fmt("OCSP response validation failed with (%s)", status),
		        $identifier=cat(c$id$resp_h, c$id$resp_p, status)]);
	}
