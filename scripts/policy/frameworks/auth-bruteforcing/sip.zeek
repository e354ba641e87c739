# Registrations over SIP. The first answer to who sends no credentials is no refusal.

@load ./main
@load base/protocols/sip

module AuthBruteforcing;

redef record SIP::Info += {
	auth_user: string &optional;
};

event sip_header(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( is_orig && c?$sip && ( name == "AUTHORIZATION" || name == "PROXY-AUTHORIZATION" ) )
		{
		local named = find_last(value, /username *= *\"[^\"]*\"/);
		c$sip$auth_user = sub(sub(named, /^[^\"]*\"/, ""), /\"$/, "");
		}
	}

event sip_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( ! c?$sip || ! c$sip?$auth_user || code < 200 )
		return;
	if ( code == 200 )
		login(c, "SIP", c$sip$auth_user, T);
	else if ( code == 401 || code == 403 || code == 407 )
		login(c, "SIP", c$sip$auth_user, F);
	}
