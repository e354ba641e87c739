# Names and digests of certificates.

@load base/frameworks/intel
@load policy/frameworks/intel/seen/where-locations

event x509_ext_subject_alternative_name(f: fa_file, ext: X509::SubjectAlternativeName)
	{
	if ( ! ext?$dns )
		return;
	for ( i in ext$dns )
		Intel::seen([$indicator=ext$dns[i], $indicator_type=Intel::DOMAIN, $f=f, $where=X509::IN_CERT]);
	}

event x509_certificate(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate)
	{
	if ( cert?$cn )
		Intel::seen([$indicator=cert$cn, $indicator_type=Intel::DOMAIN, $f=f, $where=X509::IN_CERT]);
	if ( /emailAddress=/ in cert$subject )
		Intel::seen([$indicator=sub(sub(cert$subject, /^.*emailAddress=/, ""), /,.*$/, ""), $indicator_type=Intel::EMAIL,
		             $f=f, $where=X509::IN_CERT]);
	}
