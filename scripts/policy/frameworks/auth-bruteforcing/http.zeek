# Logins over HTTP, by its headers, to proxies, and by forms and JSON. What is counted of them there, and which notices
# come of it, is HTTP's own: clients may stand behind a proxy, and a password is for a place of a server.

@load ./main
@load detect/http-auth

module AuthBruteforcing;

hook http_logged_in(c: connection, client: addr, user: string)
	{
	hook logged_in(Attempt($protocol="HTTP", $client=cat(client), $server=c$id$resp_h, $user=user, $success=T,
	                       $uid=c$uid, $id=c$id));
	}
