# sudo and su: who became whom, who may not, and passwords that were wrong.

@load base/frameworks/messages
@load base/frameworks/notice
@load base/frameworks/sumstats

module Messages;

export {
	redef enum Notice::Type += {
		## Somebody ran sudo who may not.
		Sudo_Not_Allowed,
		## Somebody's passwords for sudo or su are wrong again and again.
		Sudo_Wrong_Passwords,
	};

	## So many wrong passwords of a user on a host …
	option sudo_failures: double = 6.0;
	## … within so much time are a notice.
	const sudo_window = 15min &redef;

	global sudo_command: event(m: Info, user: string, as_user: string, command: string);
	global sudo_not_allowed: event(m: Info, user: string, why: string, as_user: string, command: string);
	global sudo_wrong: event(m: Info, user: string, tries: count);
	global pam_failure: event(m: Info, service: string, user: string);
}

function who(m: Info, user: string): string
	{
	return m?$host ? fmt("%s@%s", user, m$host) : user;
	}

event sudo_not_allowed(m: Info, user: string, why: string, as_user: string, command: string)
	{
	NOTICE([$note=Sudo_Not_Allowed, $msg=fmt("%s may not run %s as %s: %s", who(m, user), command, as_user, why),
	        $sub=m$text, $identifier=who(m, user)]);
	}

event sudo_wrong(m: Info, user: string, tries: count)
	{
	SumStats::observe("sudo.wrong", [$str=who(m, user)], [$num=tries]);
	}

event pam_failure(m: Info, service: string, user: string)
	{
	# sudo tells of its own at the end.
	if ( service != "sudo" )
		SumStats::observe("sudo.wrong", [$str=who(m, user)], [$num=1]);
	}

event zeek_init()
	{
	local sudo = Filter($programs=set("sudo"));
	on(/^ *(?<user>[^ ]+) : TTY=[^;]* ; PWD=[^;]* ; USER=(?<as_user>[^ ;]+) ; .*COMMAND=(?<command>.*)$/, sudo_command, sudo);
	on(/^ *(?<user>[^ ]+) : (?<why>user NOT in sudoers|command not allowed|user NOT authorized on host) ; .*USER=(?<as_user>[^ ;]+) ; .*COMMAND=(?<command>.*)$/,
	   sudo_not_allowed, sudo);
	on(/^ *(?<user>[^ ]+) : (?<tries>[0-9]+) incorrect password attempts? ; /, sudo_wrong, sudo);
	on(/^pam_unix\((?<service>su|sudo|login|su-l):auth\): authentication failure; .*ruser=[^ ]* rhost=[^ ]* +user=(?<user>[^ ]+)/,
	   pam_failure);

	local r = SumStats::Reducer($stream="sudo.wrong", $apply=set(SumStats::SUM));
	SumStats::create([$name="sudo.wrong", $epoch=sudo_window, $window=sudo_window, $remind=sudo_window, $reducers=set(r),
		$threshold_val(key: SumStats::Key, result: SumStats::Result) = { return result["sudo.wrong"]$sum / sudo_failures; },
		$threshold=1.0,
		$threshold_crossed(key: SumStats::Key, result: SumStats::Result) =
			{
			NOTICE([$note=Sudo_Wrong_Passwords, $n=double_to_count(result["sudo.wrong"]$sum),
			        $msg=fmt("%s gave %.0f wrong passwords", key$str, result["sudo.wrong"]$sum), $identifier=key$str]);
			}]);
	}
