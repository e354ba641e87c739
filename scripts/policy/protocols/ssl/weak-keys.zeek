# Keys, versions and cipher suites of servers that are too weak.

@load base/frameworks/notice
@load base/files/x509

module SSL;

export {
	redef enum Notice::Type += {
		## A certificate's key, or one of Diffie-Hellman, is too short.
		Weak_Key,
		## A version below tls_minimum_version.
		Old_Version,
		## A cipher suite that unsafe_ciphers_regex names.
		Weak_Cipher,
	};

	## Servers that are looked at.
	option notify_weak_keys = LOCAL_HOSTS;

	## In bits.
	option notify_minimal_key_length = 2048;

	## Notice keys of Diffie-Hellman that are shorter than the certificate's.
	option notify_dh_length_shorter_cert_length = T;

	option tls_minimum_version = TLSv10;

	option unsafe_ciphers_regex = /(_NULL_)|(_EXPORT_)|(_anon_)|(_ANON_)|(_DES_)|(_RC4_)|(_3DES_)|(_RC2_)/;
}

event ssl_established(c: connection) &priority=3
	{
	if ( ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	if ( ! addr_matches_host(c$id$resp_h, notify_weak_keys) )
		return;
	local first = c$ssl$cert_chain[0];
	local cert = first$x509$certificate;
	if ( ! cert?$key_type || ! cert?$key_length || cert$key_type !in set("dsa", "rsa") || cert$key_length >= notify_minimal_key_length )
		return;
	NOTICE([$note=Weak_Key, $conn=c, $suppress_for=1day, $fuid=first$fuid,
	        $msg=fmt("Host uses weak certificate with %d bit key", cert$key_length),
	        $identifier=cat(c$id$resp_h, c$id$resp_p, cert$key_length)]);
	}

event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count) &priority=3
	{
	if ( ! addr_matches_host(c$id$resp_h, notify_weak_keys) )
		return;
	if ( version < tls_minimum_version )
		NOTICE([$note=Old_Version, $conn=c, $suppress_for=1day,
		        $msg=fmt("Host uses protocol version %s which is lower than the safe minimum %s", version_strings[version],
		                 version_strings[tls_minimum_version]),
		        $identifier=cat(c$id$resp_h, c$id$resp_p)]);
	if ( unsafe_ciphers_regex in cipher_desc[cipher] )
		NOTICE([$note=Weak_Cipher, $conn=c, $suppress_for=1day,
		        $msg=fmt("Host established connection using unsafe ciper suite %s", cipher_desc[cipher]),
		        $identifier=cat(c$id$resp_h, c$id$resp_p, cipher)]);
	}

event ssl_dh_server_params(c: connection, p: string, q: string, Ys: string) &priority=3
	{
	if ( ! addr_matches_host(c$id$resp_h, notify_weak_keys) )
		return;
	local bits = |Ys| * 8;
	if ( bits < notify_minimal_key_length )
		NOTICE([$note=Weak_Key, $conn=c, $suppress_for=1day,
		        $msg=fmt("Host uses weak DH parameters with %d key bits", bits),
		        $identifier=cat(c$id$resp_h, c$id$resp_p, bits)]);
	if ( ! notify_dh_length_shorter_cert_length || ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	local cert = c$ssl$cert_chain[0]$x509$certificate;
	if ( cert?$key_type && cert?$key_length && cert$key_type in set("dsa", "rsa") && cert$key_length > bits )
		NOTICE([$note=Weak_Key, $conn=c, $suppress_for=1day,
		        $msg=fmt("DH key length of %d bits is smaller certificate key length of %d bits", bits, cert$key_length),
		        $identifier=cat(c$id$resp_h, c$id$resp_p, bits)]);
	}
