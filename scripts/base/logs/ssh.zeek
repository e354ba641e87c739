# ssh.log. Generated from the declaration of its rows (record!); a test compares it.

module SSH;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was seen to be SSH.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The protocol's version, 1 or 2; 0 where the two sides speak none in common.
		version: count &log &optional;
		## Whether the login succeeded, judged by the sizes of packets.
		auth_success: bool &log &optional;
		## Logins that were tried; one that needs two steps counts twice.
		auth_attempts: count &log &default=0;
		## `INBOUND` or `OUTBOUND`, where one end is in `Site::local_nets`.
		direction: Direction &log &optional;
		## The client's identification string.
		client: string &log &optional;
		## The server's identification string.
		server: string &log &optional;
		## The cipher.
		cipher_alg: string &log &optional;
		## What authenticates messages.
		mac_alg: string &log &optional;
		## What compresses them.
		compression_alg: string &log &optional;
		## How keys were exchanged.
		kex_alg: string &log &optional;
		## The kind of the server's key.
		host_key_alg: string &log &optional;
		## The MD5 of the server's key.
		host_key: string &log &optional;
	};

	## A row of ssh.log is about to be written.
	global log_ssh: event(rec: Info);
}

redef record connection += {
	ssh: SSH::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SSH::LOG, [$columns=Info, $ev=log_ssh, $path="ssh", $policy=log_policy]);
	}
