# DHCP servers that nobody has put there, and what they tell clients to use: routers, and settings of proxies (WPAD).

module UnauthorizedDHCP;

export {
	redef enum Notice::Type += {
		## A server offers addresses that is not one of servers.
		ServerOffer,
		## It gives them.
		ServerAck,
		## A server tells clients to use a router that is not one of routers.
		ServerRoutersInOffer,
		## A server tells clients where to find the settings of their proxy, and that is not one of proxy_settings:
		## whoever answers there sees what they do.
		ProxySettings,
	};

	## Servers that there are. Where none are named the first that is seen is taken for one.
	option servers: set[addr] = {};

	## Routers that there are; likewise.
	option routers: set[addr] = {};

	## URLs of proxies' settings that may be told (option 252).
	option proxy_settings: set[string] = {};
}

# Those that are taken for right where none are named.
global first_servers: set[addr];
global first_routers: set[addr];

# Whether a host is none of those that are known, and nothing was seen before either that could be right.
function unknown(host: addr, named: set[addr], first: set[addr]): bool
	{
	if ( |named| > 0 )
		return host !in named;
	if ( |first| == 0 )
		add first[host];
	return host !in first;
	}

event dhcp_message(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
	{
	# OFFER and ACK.
	if ( msg$m_type != 2 && msg$m_type != 5 )
		return;
	local server = options?$serv_addr ? options$serv_addr : (is_orig ? c$id$orig_h : c$id$resp_h);
	if ( unknown(server, servers, first_servers) )
		NOTICE([$note=msg$m_type == 2 ? ServerOffer : ServerAck, $conn=c, $src=server, $identifier=cat(server),
			$msg=fmt("%s gives addresses, and is not known as a DHCP server", server),
			$sub=fmt("%s to %s", msg$yiaddr, msg$chaddr)]);
	if ( options?$routers )
		for ( i in options$routers )
			if ( unknown(options$routers[i], routers, first_routers) )
				NOTICE([$note=ServerRoutersInOffer, $conn=c, $src=server, $identifier=cat(server, options$routers[i]),
					$msg=fmt("%s tells clients to use the router %s, which is not known", server, options$routers[i]),
					$sub=msg$chaddr]);
	if ( options?$auto_proxy_config && options$auto_proxy_config !in proxy_settings )
		NOTICE([$note=ProxySettings, $conn=c, $src=server, $identifier=cat(server, options$auto_proxy_config),
			$msg=fmt("%s tells clients to take the settings of their proxy from %s", server, options$auto_proxy_config),
			$sub=msg$chaddr]);
	}
