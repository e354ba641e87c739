# What hellos say, number by number, in ssl.log.

@load base/protocols/ssl

module SSL;

export {
	redef record SSL::Info += {
		server_version: count &log &optional;
		client_version: count &log &optional;
		client_ciphers: vector of count &log &optional;
		ssl_client_exts: vector of count &log &optional;
		ssl_server_exts: vector of count &log &optional;
		## So many seconds a ticket is good for, as the server says.
		ticket_lifetime_hint: count &log &optional;
		## In bits.
		dh_param_size: count &log &optional;
		point_formats: vector of count &log &optional;
		client_curves: vector of count &log &optional;
		## What the client would speak within (ALPN).
		orig_alpn: vector of string &log &optional;
		client_supported_versions: vector of count &log &optional;
		server_supported_version: count &log &optional;
		psk_key_exchange_modes: vector of count &log &optional;
		client_key_share_groups: vector of count &log &optional;
		server_key_share_group: count &log &optional;
		client_comp_methods: vector of count &log &optional;
		comp_method: count &optional;
		sigalgs: vector of count &log &optional;
		hashalgs: vector of count &log &optional;
	};
}

event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec)
	{
	c$ssl$client_version = version;
	c$ssl$client_ciphers = ciphers;
	c$ssl$client_comp_methods = comp_methods;
	}

event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count)
	{
	c$ssl$server_version = version;
	c$ssl$comp_method = comp_method;
	}

event ssl_session_ticket_handshake(c: connection, ticket_lifetime_hint: count, ticket: string)
	{
	c$ssl$ticket_lifetime_hint = ticket_lifetime_hint;
	}

event ssl_extension(c: connection, is_client: bool, code: count, val: string)
	{
	if ( is_client )
		{
		if ( ! c$ssl?$ssl_client_exts )
			c$ssl$ssl_client_exts = vector();
		c$ssl$ssl_client_exts += code;
		return;
		}
	if ( ! c$ssl?$ssl_server_exts )
		c$ssl$ssl_server_exts = vector();
	c$ssl$ssl_server_exts += code;
	}

event ssl_extension_ec_point_formats(c: connection, is_client: bool, point_formats: index_vec)
	{
	if ( is_client )
		c$ssl$point_formats = point_formats;
	}

event ssl_extension_elliptic_curves(c: connection, is_client: bool, curves: index_vec)
	{
	if ( is_client )
		c$ssl$client_curves = curves;
	}

event ssl_extension_application_layer_protocol_negotiation(c: connection, is_client: bool, protocols: string_vec)
	{
	if ( is_client )
		c$ssl$orig_alpn = protocols;
	}

event ssl_dh_server_params(c: connection, p: string, q: string, Ys: string)
	{
	c$ssl$dh_param_size = |Ys| * 8;
	}

event ssl_extension_supported_versions(c: connection, is_client: bool, versions: index_vec)
	{
	if ( is_client )
		c$ssl$client_supported_versions = versions;
	else
		c$ssl$server_supported_version = versions[0];
	}

event ssl_extension_psk_key_exchange_modes(c: connection, is_client: bool, modes: index_vec)
	{
	if ( is_client )
		c$ssl$psk_key_exchange_modes = modes;
	}

event ssl_extension_key_share(c: connection, is_client: bool, curves: index_vec)
	{
	if ( is_client )
		c$ssl$client_key_share_groups = curves;
	else
		c$ssl$server_key_share_group = curves[0];
	}

event ssl_extension_signature_algorithm(c: connection, is_client: bool, signature_algorithms: signature_and_hashalgorithm_vec)
	{
	if ( ! is_client )
		return;
	local signatures: vector of count;
	local hashes: vector of count;
	for ( _, pair in signature_algorithms )
		{
		signatures += pair$SignatureAlgorithm;
		hashes += pair$HashAlgorithm;
		}
	c$ssl$sigalgs = signatures;
	c$ssl$hashalgs = hashes;
	}
