# Chains of servers' certificates, checked up to an authority as OpenSSL does, at the time of the packet. Authorities are those
# of SSL::root_certs, or the system's where that is empty.

@load base/frameworks/notice
@load base/files/x509
@load base/protocols/ssl/finishing

module SSL;

export {
	redef enum Notice::Type += {
		## A server's chain is not good.
		Invalid_Server_Cert,
	};

	redef record Info += {
		## What came of checking the server's chain, in OpenSSL's words: `ok` is good.
		validation_status: string &log &optional;
		## The same as OpenSSL's number.
		validation_code: int &optional;
		## The chain up to an authority, if it is good and ssl_store_valid_chain says so.
		valid_chain: vector of opaque of x509 &optional;
	};

	## What came of checking chains that were seen lately.
	global recently_validated_certs: table[string] of X509::Result = table() &read_expire=5mins &redef;

	## Remember what is between servers and authorities, for servers that do not send it.
	global ssl_cache_intermediate_ca: bool = T &redef;

	## Keep good chains with their connections.
	global ssl_store_valid_chain: bool = F &redef;
}

# What leads from an issuer, by the digest of its name, to an authority.
global intermediate_cache: table[string] of vector of opaque of x509;

const SHA256 = 4;

function remember_between(chain: vector of opaque of x509)
	{
	local issuer = x509_subject_name_hash(chain[1], SHA256);
	if ( issuer in intermediate_cache )
		return;
	local between: vector of opaque of x509;
	for ( i in chain )
		if ( 0 < i && i < |chain| - 1 )
			between += chain[i];
	intermediate_cache[issuer] = between;
	}

function cache_validate(chain: vector of opaque of x509): X509::Result
	{
	local ids: vector of string;
	for ( i in chain )
		ids += sha1_hash(x509_get_certificate_string(chain[i]));
	local id = join_string_vec(ids, ".");
	if ( id in recently_validated_certs )
		return recently_validated_certs[id];
	local result = x509_verify(chain, root_certs);
	if ( ssl_store_valid_chain || ! result?$chain_certs )
		recently_validated_certs[id] = result;
	else
		recently_validated_certs[id] = X509::Result($result=result$result, $result_string=result$result_string);
	if ( ssl_cache_intermediate_ca && result$result_string == "ok" && result?$chain_certs && |result$chain_certs| > 2 )
		remember_between(result$chain_certs);
	return result;
	}

function note_result(c: connection, result: X509::Result)
	{
	c$ssl$validation_status = result$result_string;
	c$ssl$validation_code = result$result;
	if ( ssl_store_valid_chain && result?$chain_certs )
		c$ssl$valid_chain = result$chain_certs;
	}

hook ssl_finishing(c: connection) &priority=20
	{
	if ( ! c?$ssl || ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	local first = c$ssl$cert_chain[0];
	local chain: vector of opaque of x509;
	local result: X509::Result;

	# What led to an authority before comes first.
	local issuer = x509_issuer_name_hash(first$x509$handle, SHA256);
	if ( ssl_cache_intermediate_ca && issuer in intermediate_cache )
		{
		chain += first$x509$handle;
		for ( _, between in intermediate_cache[issuer] )
			chain += between;
		result = cache_validate(chain);
		if ( result$result_string == "ok" )
			{
			note_result(c, result);
			return;
			}
		}

	chain = vector();
	for ( _, cert in c$ssl$cert_chain )
		if ( cert?$x509 )
			chain += cert$x509$handle;
	result = cache_validate(chain);
	note_result(c, result);
	if ( result$result_string == "ok" )
		return;
	NOTICE([$note=Invalid_Server_Cert, $conn=c, $fuid=first$fuid, $sub=first$x509$certificate$subject,
	        $msg=fmt("SSL certificate validation failed with (%s)", result$result_string),
	        $identifier=cat(c$id$resp_h, c$id$resp_p, first$x509$fingerprint, result$result)]);
	}
