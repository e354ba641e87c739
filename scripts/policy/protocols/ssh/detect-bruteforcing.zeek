# Guessing passwords over SSH: clients whose logins fail in many connections, and their logins after that.

@load base/protocols/ssh
@load base/frameworks/sumstats
@load base/frameworks/notice
@load base/frameworks/intel

module SSH;

export {
	redef enum Notice::Type += {
		## A client's logins failed in at least password_guesses_limit connections within guessing_timeout.
		Password_Guessing,
		## A client that was guessing passwords logged in. Zeek only names this notice.
		Login_By_Password_Guesser,
	};

	redef enum Intel::Where += {
		## The address of a client that logged in.
		SSH::SUCCESSFUL_LOGIN,
	};

	## So many connections with failed logins make a client one that guesses passwords.
	const password_guesses_limit: double = 30 &redef;
	## Within so much time; and for so long after its last failure a client's login is a notice.
	const guessing_timeout = 30 mins &redef;
	## Clients, and the servers at which their failures do not count.
	const ignore_guessers: table[subnet] of subnet &redef;
	## Clients that are remembered for guessing. Of those beyond, which are a weird, a login is no notice.
	const max_guessers = 100000 &redef;
}

global guessers: set[addr] &write_expire=guessing_timeout;

function remember(client: addr)
	{
	if ( client in guessers || |guessers| < max_guessers )
		# To add it anew keeps it for longer.
		add guessers[client];
	else
		Reporter::net_weird("too_many_clients_guess_passwords", cat(client));
	}

function is_ignored(id: conn_id): bool
	{
	return id$orig_h in ignore_guessers && id$resp_h in ignore_guessers[id$orig_h];
	}

event zeek_init()
	{
	local failures = SumStats::Reducer($stream="ssh.login.failure", $apply=set(SumStats::SUM, SumStats::SAMPLE),
	                                   $num_samples=5);
	SumStats::create([$name="detect-ssh-bruteforcing", $epoch=guessing_timeout, $reducers=set(failures),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["ssh.login.failure"]$sum; },
		$threshold=password_guesses_limit,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			local failed = result["ssh.login.failure"];
			local servers: vector of string = vector();
			for ( i in failed$samples )
				if ( failed$samples[i]?$str )
					servers += failed$samples[i]$str;
			remember(key$host);
			NOTICE([$note=Password_Guessing, $src=key$host, $identifier=cat(key$host),
			        $msg=fmt("%s appears to be guessing SSH passwords (seen in %d connections).", key$host,
			                 failed$num),
			        $sub=cat("Sampled servers:  ", join_string_vec(servers, ", "))]);
			}]);
	}

event ssh_auth_successful(c: connection, auth_method_none: bool)
	{
	Intel::seen([$host=c$id$orig_h, $conn=c, $where=SSH::SUCCESSFUL_LOGIN]);

	if ( c$id$orig_h in guessers && ! is_ignored(c$id) )
		NOTICE([$note=Login_By_Password_Guesser, $conn=c, $identifier=cat(c$id$orig_h, c$id$resp_h),
		        $msg=fmt("%s logged in to %s after guessing SSH passwords.", c$id$orig_h, c$id$resp_h)]);
	}

event ssh_auth_failed(c: connection)
	{
	if ( is_ignored(c$id) )
		return;
	if ( c$id$orig_h in guessers )
		remember(c$id$orig_h);
	SumStats::observe("ssh.login.failure", [$host=c$id$orig_h], [$str=cat(c$id$resp_h)]);
	}
