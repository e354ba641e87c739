# Guessing passwords, whatever the protocol. Its script tells of each login who tried it and what came of it; what is
# counted and told is the same for all.

@load base/frameworks/notice
@load base/frameworks/sumstats
@load detect/blocks

module AuthBruteforcing;

export {
	redef enum Notice::Type += {
		## A client's logins fail again and again.
		Password_Guessing,
		## Somebody who was guessing passwords has logged in, or somebody has as a user whose password was being guessed.
		Login_After_Guessing,
		## Logins of one user fail from many clients.
		User_Guessed_By_Many,
		## A client's logins fail for many users: a few passwords are tried with each.
		Password_Spraying,
		## Clients of a block of addresses take turns.
		Block_Guessing,
	};

	## A login that a protocol's script tells of.
	type Attempt: record {
		## The protocol, as notices name it.
		protocol: string;
		## Who tries: an address, or what else names a client, as the hardware address of a station.
		client: string;
		## Where.
		server: addr;
		## As whom, where that is known.
		user: string &default="";
		success: bool;
		## The connection that it was tried over.
		uid: string &optional;
		id: conn_id &optional;
	};

	## Tells of a login, from within an event of its connection.
	global attempted: function(a: Attempt);

	## Tells of a login of a connection's client at its server.
	global login: function(c: connection, protocol: string, user: string, success: bool);

	## Called before a login is counted; with a break it is not.
	global count_attempt: hook(a: Attempt);

	## Somebody has logged in.
	global logged_in: hook(a: Attempt);

	## So many failed logins of a client, by a protocol, are guesses.
	option guesses: double = 20.0;
	## So many for these protocols.
	option guesses_of: table[string] of double = {};
	## So many clients whose logins of one user fail.
	option clients_of_user: double = 5.0;
	## So many users whose logins fail for one client.
	option users_of_client: double = 8.0;
	## So many failed logins from a block of addresses (Blocks::v4, Blocks::v6), of at least two of them.
	option guesses_of_block: double = 40.0;
	## All of them within so much time, back from each failure.
	const guessing_window = 15min &redef;
	## While it goes on, a notice is raised again after this much time.
	const guessing_remind = 1hr &redef;
	## For so long after the last guess a login is a notice.
	const guessers_remembered = 1hr &redef;
	## Clients, and users, that are remembered. Of those beyond, which are a weird, a login is no notice.
	const max_guessers = 100000 &redef;
	## Logins from there, and to there, are not counted.
	option trusted_clients: set[subnet] = {};
	option unwatched_servers: set[subnet] = {};
}

# Who was guessing, by protocol and client, and who was being guessed, by protocol, server and user.
global guessing: set[string, string] &write_expire=guessers_remembered;
global guessed: set[string, addr, string] &write_expire=guessers_remembered;

# What is counted: the protocol and who, with a space between them.
function key_of(protocol: string, who: string): SumStats::Key
	{
	return SumStats::Key($str=fmt("%s %s", protocol, who));
	}

function protocol_of(key: SumStats::Key): string
	{
	return split_string1(key$str, / /)[0];
	}

function who_of(key: SumStats::Key): string
	{
	return split_string1(key$str, / /)[1];
	}

# Texts from the wire are told up to this.
const max_text = 128;

function cut_text(text: string): string
	{
	return |text| > max_text ? sub_bytes(text, 1, max_text) : text;
	}

function is_address(who: string): bool
	{
	return is_valid_ip(who);
	}

function remember_guesser(protocol: string, who: string)
	{
	if ( [protocol, who] in guessing || |guessing| < max_guessers )
		add guessing[protocol, who];
	else
		Reporter::net_weird("too_many_clients_guess_passwords", who);
	}

function remember_user(protocol: string, server: addr, user: string)
	{
	if ( [protocol, server, user] in guessed || |guessed| < max_guessers )
		add guessed[protocol, server, user];
	else
		Reporter::net_weird("too_many_clients_guess_passwords", user);
	}

function login(c: connection, protocol: string, user: string, success: bool)
	{
	attempted(Attempt($protocol=protocol, $client=cat(c$id$orig_h), $server=c$id$resp_h, $user=user, $success=success,
	                  $uid=c$uid, $id=c$id));
	}

function failed_login(a: Attempt)
	{
	local where_and_who = fmt("%s%s", a$server, a$user == "" ? "" : cat(" as ", a$user));
	if ( [a$protocol, a$client] in guessing )
		remember_guesser(a$protocol, a$client);
	SumStats::observe("auth.client", key_of(a$protocol, a$client), [$str=where_and_who]);
	if ( a$user != "" )
		{
		if ( [a$protocol, a$server, a$user] in guessed )
			remember_user(a$protocol, a$server, a$user);
		SumStats::observe("auth.user", SumStats::Key($host=a$server, $str=fmt("%s %s", a$protocol, a$user)),
		                  [$str=a$client]);
		SumStats::observe("auth.spray", key_of(a$protocol, a$client), [$str=a$user]);
		}
	if ( is_address(a$client) )
		{
		local client = to_addr(a$client);
		SumStats::observe("auth.block", key_of(a$protocol, cat(Blocks::net_of(client, F))), [$str=a$client]);
		}
	}

function attempted(a: Attempt)
	{
	a$user = cut_text(a$user);
	a$client = cut_text(a$client);
	if ( a$server in unwatched_servers || ( is_address(a$client) && to_addr(a$client) in trusted_clients ) )
		return;
	if ( ! hook count_attempt(a) )
		return;
	if ( ! a$success )
		{
		failed_login(a);
		return;
		}
	hook logged_in(a);
	local by_guesser = [a$protocol, a$client] in guessing;
	if ( ! by_guesser && ( a$user == "" || [a$protocol, a$server, a$user] !in guessed ) )
		return;
	local n = Notice::Info($note=Login_After_Guessing,
		$msg=fmt("%s logged in to %s over %s%s after %s", a$client, a$server, a$protocol,
		         a$user == "" ? "" : cat(" as ", a$user),
		         by_guesser ? "guessing passwords" : "that user's password was guessed"),
		$sub=a$user, $dst=a$server, $identifier=cat(a$protocol, a$client, a$server, a$user));
	if ( is_address(a$client) )
		n$src = to_addr(a$client);
	if ( a?$uid )
		n$uid = a$uid;
	if ( a?$id )
		n$id = a$id;
	NOTICE(n);
	}

# Values that were sampled, without those that are the same.
function samples(result: SumStats::ResultVal): string
	{
	local some: set[string];
	for ( i in result$samples )
		if ( result$samples[i]?$str )
			add some[result$samples[i]$str];
	local texts: vector of string;
	for ( text in some )
		texts += text;
	sort(texts, strcmp);
	return join_string_vec(texts, ", ");
	}

# The connection of a login that is told of by something else than an event of its connection.
global apart_uid = "";
global apart_id: conn_id;

# A notice with the connection that made it one.
function tell(n: Notice::Info)
	{
	local from = SumStats::origin();
	if ( ! from?$uid && apart_uid != "" )
		{
		n$uid = apart_uid;
		n$id = apart_id;
		}
	if ( from?$uid )
		n$uid = from$uid;
	if ( from?$id )
		n$id = from$id;
	n$suppress_for = Notice::reminder(guessing_remind);
	NOTICE(n);
	}

event zeek_init()
	{
	local again = Notice::reminder(guessing_remind);
	local client = SumStats::Reducer($stream="auth.client", $apply=set(SumStats::SUM, SumStats::SAMPLE), $num_samples=5);
	SumStats::create([$name="auth.client", $epoch=guessing_window, $window=guessing_window, $remind=again,
		$reducers=set(client),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{
			local protocol = protocol_of(key);
			local most = protocol in guesses_of ? guesses_of[protocol] : guesses;
			return result["auth.client"]$num / most;
			},
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["auth.client"];
			local who = who_of(key);
			remember_guesser(protocol_of(key), who);
			local n = Notice::Info($note=Password_Guessing, $n=r$num, $identifier=key$str,
				$msg=fmt("%s appears to be guessing %s passwords (%d failed logins)", who, protocol_of(key), r$num),
				$sub=fmt("at %s", samples(r)));
			if ( is_address(who) )
				n$src = to_addr(who);
			tell(n);
			}]);

	local user = SumStats::Reducer($stream="auth.user", $apply=set(SumStats::UNIQUE, SumStats::SAMPLE), $num_samples=5);
	SumStats::create([$name="auth.user", $epoch=guessing_window, $window=guessing_window, $remind=again,
		$reducers=set(user),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{ return result["auth.user"]$unique / clients_of_user; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["auth.user"];
			remember_user(protocol_of(key), key$host, who_of(key));
			tell(Notice::Info($note=User_Guessed_By_Many, $dst=key$host, $n=r$unique, $identifier=cat(key$host, key$str),
				$msg=fmt("%d clients guess the %s password of %s at %s", r$unique, protocol_of(key), who_of(key), key$host),
				$sub=fmt("from %s", samples(r))));
			}]);

	local spray = SumStats::Reducer($stream="auth.spray", $apply=set(SumStats::UNIQUE, SumStats::SAMPLE), $num_samples=5);
	SumStats::create([$name="auth.spray", $epoch=guessing_window, $window=guessing_window, $remind=again,
		$reducers=set(spray),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{ return result["auth.spray"]$unique / users_of_client; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["auth.spray"];
			local who = who_of(key);
			remember_guesser(protocol_of(key), who);
			local n = Notice::Info($note=Password_Spraying, $n=r$unique, $identifier=key$str,
				$msg=fmt("%s tries %s passwords with %d users", who, protocol_of(key), r$unique),
				$sub=fmt("as %s", samples(r)));
			if ( is_address(who) )
				n$src = to_addr(who);
			tell(n);
			}]);

	local block = SumStats::Reducer($stream="auth.block",
	                                $apply=set(SumStats::SUM, SumStats::UNIQUE, SumStats::SAMPLE), $num_samples=5);
	SumStats::create([$name="auth.block", $epoch=guessing_window, $window=guessing_window, $remind=again,
		$reducers=set(block),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["auth.block"];
			return r$unique < 2 ? 0.0 : r$num / guesses_of_block;
			},
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local r = result["auth.block"];
			tell(Notice::Info($note=Block_Guessing, $src_net=to_subnet(who_of(key)), $n=r$num, $identifier=key$str,
				$msg=fmt("%d addresses of %s guess %s passwords (%d failed logins)", r$unique, who_of(key),
				         protocol_of(key), r$num),
				$sub=fmt("from %s", samples(r))));
			}]);
	}
