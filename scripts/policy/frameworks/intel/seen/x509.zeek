# Names and digests of certificates.

@load base/frameworks/intel
@load policy/frameworks/intel/seen/where-locations

module Intel;

export {
	## Look for the names of hosts that certificates are for.
	option enable_x509_ext_subject_alternative_name = T;
}

event x509_ext_subject_alternative_name(f: fa_file, ext: X509::SubjectAlternativeName)
	{
	if ( ! enable_x509_ext_subject_alternative_name || ! ext?$dns )
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
	local der = x509_get_certificate_string(cert_ref);
	for ( digest in set(sha1_hash(der), sha256_hash(der)) )
		Intel::seen([$indicator=digest, $indicator_type=Intel::CERT_HASH, $f=f, $where=X509::IN_CERT]);
	}
