# Guessing passwords over HTTP: many 401 to requests with a username.

@load ./real-client

module AuthBruteforcing;

export {
	redef enum Notice::Type += {
		HTTP_AuthBruteforcing_Attacker,
		HTTP_AuthBruteforcing_Victim,
		## Many clients guess the password of one user.
		HTTP_AuthBruteforcing_User,
		## A client that was guessing got in.
		HTTP_AuthBruteforcing_Success,
	};

	redef enum HTTP::Tags += {
		HTTP_AUTH_ERROR,
		HTTP_AUTH_SUCCESS,
	};

	## So many failed logins within the window, of one client or at one server.
	option threshold: double = 10.0;
	## So many clients that fail for one user.
	option user_threshold: double = 10.0;
	const window = 2min &redef;

	## Clients by the address that connected or that a proxy named.
	option ignore_clients: set[subnet] = {};
	option ignore_servers: set[subnet] = {};

	## For how long a login of a client that was guessing is a notice.
	const remember = 1hr &redef;
}

# Clients that crossed the threshold. Who comes when there are too many is a weird, and his login no notice.
global guessing: set[addr] &create_expire=remember;
const max_guessing = 100000 &redef;

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	# 1xx and redirects say nothing about the password.
	if ( ! c?$http || ! c$http?$username || ( code != 401 && ( code < 200 || code >= 300 ) ) )
		return;
	local client = RealClient::of_conn(c);
	local server = c$id$resp_h;
	if ( code != 401 )
		{
		add c$http$tags[HTTP_AUTH_SUCCESS];
		if ( client in guessing )
			NOTICE([$note=HTTP_AuthBruteforcing_Success, $conn=c, $src=client, $sub=c$http$username,
				$msg=fmt("%s logged in as %s after guessing passwords", client, c$http$username),
				$identifier=cat(client, c$http$username)]);
		return;
		}
	add c$http$tags[HTTP_AUTH_ERROR];
	if ( client in ignore_clients || c$id$orig_h in ignore_clients || server in ignore_servers )
		return;
	SumStats::observe("http.auth_errors.attacker", [$host=client], [$num=1]);
	SumStats::observe("http.auth_errors.victim", [$host=server], [$num=1]);
	SumStats::observe("http.auth_errors.user", [$host=server, $str=c$http$username], [$str=cat(client)]);
	}

function failures(result: SumStats::Result, stream: string): string
	{
	return fmt("%.0f auth failed in %.1f mins", result[stream]$sum, window / 1min);
	}

event zeek_init() &priority=-3
	{
	local attacker = SumStats::Reducer($stream="http.auth_errors.attacker", $apply=set(SumStats::SUM));
	SumStats::create([$name="http.auth_errors.attacker", $epoch=window, $window=window, $reducers=set(attacker),
		$threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			if ( |guessing| < max_guessing )
				add guessing[key$host];
			else
				Reporter::net_weird("too_many_clients_guess_passwords", cat(key$host));
			NOTICE([$note=HTTP_AuthBruteforcing_Attacker, $src=key$host,
				$n=double_to_count(result["http.auth_errors.attacker"]$sum),
				$msg=fmt("HTTP auth bruteforcing from attacker %s", key$host),
				$sub=failures(result, "http.auth_errors.attacker")]);
			}]);

	local victim = SumStats::Reducer($stream="http.auth_errors.victim", $apply=set(SumStats::SUM));
	SumStats::create([$name="http.auth_errors.victim", $epoch=window, $window=window, $reducers=set(victim),
		$threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			NOTICE([$note=HTTP_AuthBruteforcing_Victim, $src=key$host,
				$n=double_to_count(result["http.auth_errors.victim"]$sum),
				$msg=fmt("HTTP auth bruteforcing to victim %s", key$host),
				$sub=failures(result, "http.auth_errors.victim")]);
			}]);

	local user = SumStats::Reducer($stream="http.auth_errors.user", $apply=set(SumStats::UNIQUE));
	SumStats::create([$name="http.auth_errors.user", $epoch=window, $window=window, $reducers=set(user),
		$threshold_for(key: SumStats::Key) = { return user_threshold; },
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			NOTICE([$note=HTTP_AuthBruteforcing_User, $dst=key$host, $n=result["http.auth_errors.user"]$unique,
				$msg=fmt("%d clients guess the password of user %s at %s", result["http.auth_errors.user"]$unique,
					key$str, key$host),
				$sub=fmt("within %.1f mins", window / 1min), $identifier=cat(key$host, key$str)]);
			}]);
	}
