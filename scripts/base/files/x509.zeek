# What certificates say, in the records of their files and connections: for scripts that look for it there. It costs a
# handler for each certificate, so that it is loaded where a script names `cert_chain` or `$x509`.

@load base/protocols/ssl
@load base/protocols/x509

module X509;

event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate) &priority=5
	{
	f$info$x509 = X509::Info($ts=f$info$ts, $fingerprint=sha256_hash(cert_ref), $certificate=cert, $handle=cert_ref,
	                         $host_cert=f$info$mime_type == "application/x-x509-user-cert", $client_cert=f$is_orig);
	}

event x509_extension(f: fa_file, ext: X509::Extension) &priority=5
	{
	if ( f$info?$x509 )
		f$info$x509$extensions += ext;
	}

event x509_ext_basic_constraints(f: fa_file, ext: X509::BasicConstraints) &priority=5
	{
	if ( f$info?$x509 )
		f$info$x509$basic_constraints = ext;
	}

event x509_ext_subject_alternative_name(f: fa_file, ext: X509::SubjectAlternativeName) &priority=5
	{
	if ( f$info?$x509 )
		f$info$x509$san = ext;
	}

# The chains of the connection that carries it.
event file_sniff(f: fa_file, meta: fa_metadata) &priority=5
	{
	if ( ! meta?$mime_type || meta$mime_type !in set("application/x-x509-user-cert", "application/x-x509-ca-cert") )
		return;
	for ( id, c in f$conns )
		{
		if ( ! c?$ssl )
			next;
		if ( ! c$ssl?$cert_chain )
			{
			c$ssl$cert_chain = vector();
			c$ssl$client_cert_chain = vector();
			}
		if ( f$is_orig )
			c$ssl$client_cert_chain += f$info;
		else
			c$ssl$cert_chain += f$info;
		}
	}
