# Promises of certificate transparency (RFC 6962), in certificates, the handshake, and stapled OCSP responses: whether a log that
# is known has signed them, in ssl.log.

@load base/protocols/ssl/ct-list
@load base/protocols/ssl/finishing
@load policy/protocols/ssl/validate-certs

# The key of the issuer is a part of what is signed, and the issuer may be known from elsewhere.
redef SSL::ssl_store_valid_chain = T;

module SSL;

export {
	## Where a promise stood.
	type SctSource: enum {
		## In the server's certificate.
		SCT_X509_EXT,
		## In an extension of the server's hello.
		SCT_TLS_EXT,
		## In a stapled OCSP response.
		SCT_OCSP_EXT,
	};

	## A signed certificate timestamp.
	type SctInfo: record {
		## 0 is the first.
		version: count;
		## Which log has made it.
		logid: string;
		## Milliseconds since 1970.
		timestamp: count;
		## As TLS 1.2 numbers them.
		sig_alg: count;
		## As TLS 1.2 numbers them.
		hash_alg: count;
		signature: string;
		source: SctSource;
		## A known log has signed it, for this certificate.
		valid: bool &optional;
	};

	redef record Info += {
		## So many promises are good.
		valid_scts: count &optional;
		## So many are not: of a log that is known.
		invalid_scts: count &optional;
		## So many logs have made those that are good.
		valid_ct_logs: count &log &optional;
		## So many have run these.
		valid_ct_operators: count &log &optional;
		## Who has.
		valid_ct_operators_list: set[string] &optional;
		ct_proofs: vector of SctInfo &default=vector();
	};
}

# What came of promises that were checked lately.
global recently_validated_scts: table[string] of bool = table() &read_expire=5mins &redef;

const BY_SHA256 = 4;

event ssl_extension_signed_certificate_timestamp(c: connection, is_client: bool, version: count, logid: string, timestamp: count, signature_and_hashalgorithm: SSL::SignatureAndHashAlgorithm, signature: string) &priority=5
	{
	if ( c?$ssl )
		c$ssl$ct_proofs += SctInfo($version=version, $logid=logid, $timestamp=timestamp,
		                           $sig_alg=signature_and_hashalgorithm$SignatureAlgorithm,
		                           $hash_alg=signature_and_hashalgorithm$HashAlgorithm, $signature=signature,
		                           $source=SCT_TLS_EXT);
	}

event x509_ocsp_ext_signed_certificate_timestamp(f: fa_file, version: count, logid: string, timestamp: count, hash_algorithm: count, signature_algorithm: count, signature: string) &priority=5
	{
	if ( f$source != "SSL" || ! f?$info || ! f$info?$mime_type || ! f?$conns || |f$conns| != 1 )
		return;
	local source = SCT_X509_EXT;
	if ( f$info$mime_type == "application/ocsp-response" )
		source = SCT_OCSP_EXT;
	else if ( f$info$mime_type != "application/x-x509-user-cert" )
		return;
	for ( _, c in f$conns )
		if ( c?$ssl )
			c$ssl$ct_proofs += SctInfo($version=version, $logid=logid, $timestamp=timestamp, $sig_alg=signature_algorithm,
			                           $hash_alg=hash_algorithm, $signature=signature, $source=source);
	}

# Certificates that may have signed the first: by the digests of their keys, likely ones first.
function keys_of_issuers(c: connection): vector of string
	{
	local keys: vector of string;
	local issuer = x509_issuer_name_hash(c$ssl$cert_chain[0]$x509$handle, BY_SHA256);
	if ( issuer in intermediate_cache && |intermediate_cache[issuer]| > 0 )
		keys += x509_spki_hash(intermediate_cache[issuer][0], BY_SHA256);
	if ( c$ssl?$valid_chain && |c$ssl$valid_chain| > 1 )
		keys += x509_spki_hash(c$ssl$valid_chain[1], BY_SHA256);
	for ( i, cert in c$ssl$cert_chain )
		if ( i > 0 && cert?$x509 && cert$x509?$handle )
			keys += x509_spki_hash(cert$x509$handle, BY_SHA256);
	return keys;
	}

function is_kept(c: connection, proof: SctInfo, keys: vector of string): bool
	{
	local cert = c$ssl$cert_chain[0]$x509$handle;
	local log_key = ct_logs[proof$logid]$key;
	if ( proof$source != SCT_X509_EXT )
		return sct_verify(cert, proof$logid, log_key, proof$signature, proof$timestamp, proof$hash_alg);
	for ( _, key in keys )
		if ( sct_verify(cert, proof$logid, log_key, proof$signature, proof$timestamp, proof$hash_alg, key) )
			return T;
	return F;
	}

# Behind the check of the chain.
hook ssl_finishing(c: connection) &priority=19
	{
	if ( ! c?$ssl || ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	local keys: vector of string;
	if ( |c$ssl$ct_proofs| > 0 )
		keys = keys_of_issuers(c);
	local good = 0;
	local bad = 0;
	local logs: set[string];
	local operators: set[string];
	for ( _, proof in c$ssl$ct_proofs )
		{
		if ( proof$logid !in ct_logs )
			{
			proof$valid = F;
			next;
			}
		local id = sha1_hash(cat(c$ssl$cert_chain[0]$x509$fingerprint, proof$logid, proof$timestamp, proof$hash_alg,
		                         proof$signature, proof$source, join_string_vec(keys, "")));
		if ( id !in recently_validated_scts )
			recently_validated_scts[id] = is_kept(c, proof, keys);
		proof$valid = recently_validated_scts[id];
		if ( ! proof$valid )
			{
			++bad;
			next;
			}
		++good;
		add logs[proof$logid];
		add operators[ct_logs[proof$logid]$operator];
		}
	c$ssl$valid_scts = good;
	c$ssl$invalid_scts = bad;
	c$ssl$valid_ct_logs = |logs|;
	c$ssl$valid_ct_operators = |operators|;
	c$ssl$valid_ct_operators_list = operators;
	}
