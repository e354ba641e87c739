# Servers of proxies' settings that browsers look for by themselves (WPAD): whoever answers there sees what they do.

module MozillaVerifyWPAD;

export {
	redef enum Notice::Type += {
		## A name server says where wpad is, and that is not one of servers.
		New_WPAD_In_DNS,
		## A server that is not one of them gives wpad.dat.
		New_WPAD_In_HTTP,
	};

	## Those that there are.
	option servers: set[addr] = {};
}

function found(c: connection, note: Notice::Type, server: addr, sub: string)
	{
	if ( server !in servers )
		NOTICE([$note=note, $conn=c, $identifier=cat(server), $msg=fmt("Unauthorized WPAD detected: %s", server), $sub=sub]);
	}

event dns_A_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr)
	{
	if ( /^wpad(\.|$)/ in ans$query )
		found(c, New_WPAD_In_DNS, a, ans$query);
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( code == 200 && c?$http && c$http?$uri && /\/wpad\.dat([?]|$)/ in to_lower(c$http$uri) )
		found(c, New_WPAD_In_HTTP, c$id$resp_h, c$http$uri);
	}
