# Certificates whose rows in x509.log are about to be written, for scripts that add columns: in the hook X509::log_policy
# `X509::of_row` finds what f$info$x509 has.

@load base/files/x509

module X509;

export {
	## By fingerprint.
	global of_row: table[string] of X509::Info = table() &create_expire=1min;
}

event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate) &priority=4
	{
	if ( f?$info && f$info?$x509 )
		of_row[f$info$x509$fingerprint] = f$info$x509;
	}
