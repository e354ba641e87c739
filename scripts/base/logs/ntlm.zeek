# ntlm.log. Generated from the declaration of its rows (record!); a test compares it.

module NTLM;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it began.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The user.
		username: string &log &optional;
		## The client's name.
		hostname: string &log &optional;
		## The user's domain.
		domainname: string &log &optional;
		## The server's NetBIOS name.
		server_nb_computer_name: string &log &optional;
		## The server's name in the DNS.
		server_dns_computer_name: string &log &optional;
		## The server's forest.
		server_tree_name: string &log &optional;
		## Whether the user was let in, where a negotiation around it says so.
		success: bool &log &optional;
	};
}

redef record connection += {
	ntlm: NTLM::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(NTLM::LOG, [$columns=Info, $path="ntlm", $policy=log_policy]);
	}
