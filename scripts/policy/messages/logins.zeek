# Logins that programs tell of: counted as those that are seen on the wire.

@load base/frameworks/messages
@load frameworks/auth-bruteforcing/main

module Messages;

export {
	## The addresses of hosts, by the names that their messages give them. Of one that is not here, logins are counted as
	## at 0.0.0.0.
	option addresses: table[string] of addr = {};

	## A program has told of a login.
	global login: function(m: Info, service: string, client: addr, user: string, success: bool);
}

function login(m: Info, service: string, client: addr, user: string, success: bool)
	{
	local server = 0.0.0.0;
	if ( m?$host )
		{
		if ( m$host in addresses )
			server = addresses[m$host];
		else if ( is_valid_ip(m$host) )
			server = to_addr(m$host);
		}
	AuthBruteforcing::attempted([$protocol=service, $client=cat(client), $server=server, $user=user, $success=success]);
	}
