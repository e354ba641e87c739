# OpenSSH: users that there are not, logins that fail and that succeed, and the connections that they came by.

@load base/frameworks/messages
@load base/frameworks/notice
@load base/frameworks/sumstats
@load messages/logins

module Messages;

export {
	redef enum Notice::Type += {
		## A client has tried several users that there are not.
		SSH_Invalid_Users,
		## A client that had tried several users that there are not has logged in.
		SSH_Login_After_Invalid_Users,
	};

	## So many distinct users that there are not …
	option invalid_users: double = 3.0;
	## … within so much time are a notice,
	const invalid_users_window = 3min &redef;
	## which is told again after this much time while it goes on.
	const invalid_users_remind = 1hr &redef;
	## For so long after it a login is a notice.
	const invalid_users_remembered = 1hr &redef;
	## Clients that are remembered.
	const max_clients = 100000 &redef;

	## A user that there is not.
	global sshd_invalid_user: event(m: Info, user: string, client: addr);
	## A password, key or answer was refused.
	global sshd_failed: event(m: Info, method: string, user: string, client: addr, from_port: port);
	global sshd_accepted: event(m: Info, method: string, user: string, client: addr, from_port: port);
	## A user may not log in.
	global sshd_not_allowed: event(m: Info, user: string, client: addr);
	## The server gave up after too many attempts.
	global sshd_too_many: event(m: Info, user: string, client: addr, from_port: port);
}

# Connections to SSH, so that a login is told with the one that it came by.
global ssh_connections: table[addr, port] of string &create_expire=1day;
global tried_invalid_users: set[addr] &write_expire=invalid_users_remembered;

event ssh_client_version(c: connection, version: string)
	{
	if ( |ssh_connections| < max_clients )
		ssh_connections[c$id$orig_h, c$id$orig_p] = c$uid;
	}

function find_connection(m: Info, client: addr, from_port: port)
	{
	if ( [client, from_port] in ssh_connections )
		m$uid = ssh_connections[client, from_port];
	}

event sshd_invalid_user(m: Info, user: string, client: addr)
	{
	SumStats::observe("sshd.invalid_users", [$host=client], [$str=user]);
	}

event sshd_failed(m: Info, method: string, user: string, client: addr, from_port: port)
	{
	find_connection(m, client, from_port);
	# Keys are offered one after the other.
	if ( method != "publickey" )
		login(m, "SSH", client, user, F);
	}

event sshd_accepted(m: Info, method: string, user: string, client: addr, from_port: port)
	{
	find_connection(m, client, from_port);
	login(m, "SSH", client, user, T);
	if ( client in tried_invalid_users )
		NOTICE([$note=SSH_Login_After_Invalid_Users, $src=client,
		        $msg=fmt("%s, which had tried users that there are not, logged in as %s by %s", client, user, method),
		        $sub=m$text, $identifier=cat(client, user)]);
	}

event sshd_too_many(m: Info, user: string, client: addr, from_port: port)
	{
	find_connection(m, client, from_port);
	}

event zeek_init()
	{
	local sshd = Filter($programs=set("sshd", "sshd-session"));
	on(/^Invalid user (?<user>.*) from (?<client>[0-9a-fA-F.:]+)( port [0-9]+)?$/, sshd_invalid_user, sshd);
	on(/^Failed (?<method>[a-z-]+)(\/[a-z]+)? for (invalid user )?(?<user>.*) from (?<client>[0-9a-fA-F.:]+) port (?<from_port>[0-9]+)/,
	   sshd_failed, sshd);
	on(/^Accepted (?<method>[a-z-]+)(\/[a-z]+)? for (?<user>.*) from (?<client>[0-9a-fA-F.:]+) port (?<from_port>[0-9]+)/,
	   sshd_accepted, sshd);
	on(/^User (?<user>.*) from (?<client>[0-9a-fA-F.:]+) not allowed because /, sshd_not_allowed, sshd);
	on(/^(error: )?maximum authentication attempts exceeded for (invalid user )?(?<user>.*) from (?<client>[0-9a-fA-F.:]+) port (?<from_port>[0-9]+)/,
	   sshd_too_many, sshd);

	local r = SumStats::Reducer($stream="sshd.invalid_users", $apply=set(SumStats::UNIQUE));
	SumStats::create([$name="sshd.invalid_users", $epoch=invalid_users_window, $window=invalid_users_window,
		$remind=invalid_users_remind, $reducers=set(r),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{ return result["sshd.invalid_users"]$unique / invalid_users; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local users: vector of string = vector();
			for ( tried in result["sshd.invalid_users"]$unique_vals )
				if ( |users| < 10 )
					users += tried$str;
			sort(users, strcmp);
			if ( key$host in tried_invalid_users || |tried_invalid_users| < max_clients )
				add tried_invalid_users[key$host];
			NOTICE([$note=SSH_Invalid_Users, $src=key$host, $n=result["sshd.invalid_users"]$unique,
			        $msg=fmt("%s tried %d users that there are not, as %s", key$host,
			                 result["sshd.invalid_users"]$unique, join_string_vec(users, ", ")),
			        $identifier=cat(key$host)]);
			}]);
	}
