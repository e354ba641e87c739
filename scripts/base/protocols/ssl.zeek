# TLS. This sensor does not parse it yet: what is here lets scripts about it load.

module SSL;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		version_num: count &optional;
		version: string &log &optional;
		cipher: string &log &optional;
		curve: string &log &optional;
		server_name: string &log &optional;
		session_id: string &optional;
		resumed: bool &log &default=F;
		last_alert: string &log &optional;
		next_protocol: string &log &optional;
		established: bool &log &default=F;
		ssl_history: string &log &default="";
		cert_chain: vector of Files::Info &optional;
		cert_chain_fps: vector of string &log &optional;
		client_cert_chain: vector of Files::Info &optional;
		client_cert_chain_fps: vector of string &log &optional;
		sni_matches_cert: bool &log &optional;

		cert_chain_fuids: vector of string &optional &deprecated="Zeek 5 took it away; see cert_chain_fps";
		client_cert_chain_fuids: vector of string &optional &deprecated="Zeek 5 took it away; see client_cert_chain_fps";
		subject: string &optional &deprecated="Zeek 5 took it away; see cert_chain";
		issuer: string &optional &deprecated="Zeek 5 took it away; see cert_chain";
		client_subject: string &optional &deprecated="Zeek 5 took it away; see client_cert_chain";
		client_issuer: string &optional &deprecated="Zeek 5 took it away; see client_cert_chain";
	};

	type SignatureAndHashAlgorithm: record {
		HashAlgorithm: count;
		SignatureAlgorithm: count;
	};

	## Certificates of authorities, by subject.
	const root_certs: table[string] of string = {} &redef;

	option disable_analyzer_after_detection = T;

	global log_ssl: event(rec: Info);
	global ssl_finishing: hook(c: connection);

	# Names of what is a number on the wire. There are no names before there is a parser.
	const version_strings: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const cipher_desc: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const extensions: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const ec_curves: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const ec_point_formats: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const alert_levels: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const alert_descriptions: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const hash_algorithms: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
	const signature_algorithms: table[count] of string = {} &default=function(n: count): string { return fmt("unknown-%d", n); };
}

module GLOBAL;

type signature_and_hashalgorithm_vec: vector of SSL::SignatureAndHashAlgorithm;

global ssl_client_hello: event(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec);
global ssl_server_hello: event(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count);
global ssl_extension: event(c: connection, is_client: bool, code: count, val: string);
global ssl_extension_elliptic_curves: event(c: connection, is_client: bool, curves: index_vec);
global ssl_extension_ec_point_formats: event(c: connection, is_client: bool, point_formats: index_vec);
global ssl_extension_signature_algorithm: event(c: connection, is_client: bool, signature_algorithms: signature_and_hashalgorithm_vec);
global ssl_extension_key_share: event(c: connection, is_client: bool, curves: index_vec);
global ssl_extension_application_layer_protocol_negotiation: event(c: connection, is_client: bool, protocols: string_vec);
global ssl_extension_server_name: event(c: connection, is_client: bool, names: string_vec);
global ssl_extension_supported_versions: event(c: connection, is_client: bool, versions: index_vec);
global ssl_dh_server_params: event(c: connection, p: string, q: string, Ys: string);
global ssl_ecdh_server_params: event(c: connection, curve: count, point: string);
global ssl_established: event(c: connection);
global ssl_alert: event(c: connection, is_client: bool, level: count, desc: count);
global ssl_session_ticket_handshake: event(c: connection, ticket_lifetime_hint: count, ticket: string);
global ssl_heartbeat: event(c: connection, is_client: bool, length: count, heartbeat_type: count, payload_length: count, payload: string);
global ssl_encrypted_data: event(c: connection, is_client: bool, record_version: count, content_type: count, length: count);
global ssl_plaintext_data: event(c: connection, is_client: bool, record_version: count, content_type: count, length: count);
global ssl_handshake_message: event(c: connection, is_client: bool, msg_type: count, length: count);
global ssl_change_cipher_spec: event(c: connection, is_client: bool);
global ssl_stapled_ocsp: event(c: connection, is_client: bool, response: string);

redef record connection += {
	ssl: SSL::Info &optional;
};

event zeek_init() &priority=6
	{
	Log::create_stream(SSL::LOG, [$columns=SSL::Info, $ev=SSL::log_ssl, $path="ssl", $policy=SSL::log_policy]);
	}
