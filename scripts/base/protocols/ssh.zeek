# SSH. This sensor does not parse it yet: what is here lets scripts about it load.

module SSH;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		version: count &log &optional;
		## Unset where it cannot be told.
		auth_success: bool &log &optional;
		auth_attempts: count &log &default=0;
		direction: Direction &log &optional;
		client: string &log &optional;
		server: string &log &optional;
		cipher_alg: string &log &optional;
		mac_alg: string &log &optional;
		compression_alg: string &log &optional;
		kex_alg: string &log &optional;
		host_key_alg: string &log &optional;
		host_key: string &log &optional;
	};

	type Algorithm_Prefs: record {
		client_to_server: vector of string &optional;
		server_to_client: vector of string &optional;
	};

	type Capabilities: record {
		kex_algorithms: string_vec;
		server_host_key_algorithms: string_vec;
		encryption_algorithms: Algorithm_Prefs;
		mac_algorithms: Algorithm_Prefs;
		compression_algorithms: Algorithm_Prefs;
		languages: Algorithm_Prefs &optional;
		is_server: bool;
	};

	option compression_algorithms = set("zlib", "zlib@openssh.com");
	option disable_analyzer_after_detection = T;

	global log_ssh: event(rec: Info);
}

module GLOBAL;

global ssh_server_version: event(c: connection, version: string);
global ssh_client_version: event(c: connection, version: string);
global ssh_auth_attempted: event(c: connection, authenticated: bool);
global ssh_auth_successful: event(c: connection, auth_method_none: bool);
global ssh_auth_failed: event(c: connection);
global ssh_auth_result: event(c: connection, result: bool, auth_attempts: count);
global ssh_capabilities: event(c: connection, cookie: string, capabilities: SSH::Capabilities);
global ssh_server_host_key: event(c: connection, hash: string);
global ssh_encrypted_packet: event(c: connection, orig: bool, len: count);

redef record connection += {
	ssh: SSH::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SSH::LOG, [$columns=SSH::Info, $ev=SSH::log_ssh, $path="ssh", $policy=SSH::log_policy]);
	}
