# Certificates themselves, in Base64, in x509.log.

@load base/files/x509-rows

module X509;

export {
	redef record X509::Info += {
		cert: string &log &optional;
	};
}

hook X509::log_policy(rec: X509::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( rec$fingerprint in of_row )
		rec$cert = encode_base64(x509_get_certificate_string(of_row[rec$fingerprint]$handle));
	}
