# Connections of TLS whose client names no server (SNI), to servers that next to nobody talks to: programs that are made to call
# one address, more often than not.

@load base/frameworks/notice
@load base/protocols/ssl
@load base/utils/site

module SSL;

export {
	redef enum Notice::Type += {
		## A client that names no server talks to one that few others do.
		No_Server_Name,
	};

	## Servers that are looked at.
	option no_server_name_hosts = REMOTE_HOSTS;

	## A server is rare while no more clients than these have been seen to talk to it within a day.
	option no_server_name_max_clients = 2;

	## So long after the start nothing is noticed, as all servers are new then.
	option no_server_name_learn_for = 1hr;

	## Clients of servers.
	global clients_of_servers: table[addr] of set[addr] &create_expire=1day;
}

global no_server_name_since: time = double_to_time(0.0);

event ssl_established(c: connection) &priority=2
	{
	local server = c$id$resp_h;
	if ( ! c?$ssl || ! addr_matches_host(server, no_server_name_hosts) )
		return;
	if ( no_server_name_since == double_to_time(0.0) )
		no_server_name_since = network_time();
	if ( server !in clients_of_servers )
		clients_of_servers[server] = set();
	# More are not needed to know that it is not rare.
	if ( |clients_of_servers[server]| <= no_server_name_max_clients )
		add clients_of_servers[server][c$id$orig_h];
	if ( c$ssl?$server_name || ( c$ssl?$resumed && c$ssl$resumed ) )
		return;
	if ( |clients_of_servers[server]| > no_server_name_max_clients ||
	     network_time() - no_server_name_since < no_server_name_learn_for )
		return;
	NOTICE([$note=No_Server_Name, $conn=c, $identifier=cat(c$id$orig_h, server, c$id$resp_p),
	        $msg=fmt("%s talks TLS to %s, a rare server, and does not name it", c$id$orig_h, server)]);
	}
