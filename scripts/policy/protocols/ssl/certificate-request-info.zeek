# The authorities by which a server wants the certificate of a client to be signed, in ssl.log.

@load base/protocols/ssl

module SSL;

export {
	redef record SSL::Info += {
		requested_client_certificate_authorities: vector of string &log &optional;
	};
}

event ssl_certificate_request(c: connection, is_client: bool, certificate_types: index_vec, supported_signature_algorithms: signature_and_hashalgorithm_vec, certificate_authorities: string_vec)
	{
	if ( is_client || ! c?$ssl )
		return;
	local names: vector of string;
	for ( _, name in certificate_authorities )
		names += parse_distinguished_name(name);
	c$ssl$requested_client_certificate_authorities = names;
	}
