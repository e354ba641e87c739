# Basic authentication in clear text by privileged users, and unusual methods.

@load ./real-client

module HTTPMethods;

export {
	redef enum Notice::Type += {
		## The password of a privileged user crossed the network in clear text.
		Privileged_Basic_Auth,
		Interesting_HTTP_Method_Success,
		Interesting_HTTP_Method_Fail,
	};

	redef enum HTTP::Tags += {
		HTTP_BAD_METHOD_OK,
		HTTP_BAD_METHOD_FAIL,
	};

	## Names of users whose password must not be seen.
	option privileged_users: pattern = /^(root|admin|administrator|superuser|sysadmin|operator)$/i;

	option unusual_methods: set[string] = {
		"DELETE", "TRACE", "CONNECT", "PROPPATCH", "MKCOL", "SEARCH", "COPY", "MOVE", "LOCK", "UNLOCK", "POLL",
		"REPORT", "SUBSCRIBE", "BMOVE",
	};
	## A method that fails is a notice, too.
	option notice_failures = F;
	## Clients that may use a method at a server.
	option allowed: table[addr, string] of set[subnet] = {};
}

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{
	if ( ! is_orig || ! c?$http || ! c$http?$username || privileged_users != c$http$username )
		return;
	local client = RealClient::of_conn(c);
	local user = c$http$username;
	NOTICE([$note=Privileged_Basic_Auth, $conn=c, $src=client, $sub=user,
		$msg=fmt("Basic authentication of %s in clear text", user), $identifier=cat(client, c$id$resp_h, user)]);
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( ! c?$http )
		return;
	local h = c$http;
	if ( ! h?$method || h$method !in unusual_methods || code < 200 )
		return;
	local ok = code < 300;
	if ( ok )
		add h$tags[HTTP_BAD_METHOD_OK];
	else
		add h$tags[HTTP_BAD_METHOD_FAIL];
	if ( ! ok && ! notice_failures )
		return;
	local client = RealClient::of_conn(c);
	local server = c$id$resp_h;
	if ( [server, h$method] in allowed && client in allowed[server, h$method] )
		return;
	local host = h?$host ? h$host : "";
	NOTICE([$note=ok ? Interesting_HTTP_Method_Success : Interesting_HTTP_Method_Fail, $conn=c, $src=client,
		$msg=fmt(ok ? "%s successfully used method %s on %s host %s" : "%s failed to use method %s on %s host %s",
			client, h$method, server, host),
		$sub=h?$uri ? h$uri : "", $identifier=cat(host, h$method, client)]);
	}
