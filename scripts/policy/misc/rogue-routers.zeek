# Routers that nobody has put there: who answers neighbours with router advertisements (RFC 4861) reads what they send.

@load base/frameworks/notice

module UnauthorizedRouter;

export {
	redef enum Notice::Type += {
		## A host offers itself as a router, and is none of routers.
		Router_Advertisement,
		## It tells hosts to use name servers that are not known.
		Name_Servers,
		## It takes the place of a router that is known: it says in its name that it is none any more.
		Router_Withdrawn,
	};

	## Routers that there are, by the address on their link. Where none are named the first that is seen is taken for one.
	option routers: set[addr] = {};

	## Name servers that routers may name. Where none are named those of routers that are known are taken.
	option name_servers: set[addr] = {};

	## So many of each are taken for right.
	const max_first = 64 &redef;
}

global first_routers: set[addr];
global first_servers: set[addr];

# RDNSS (RFC 8106).
const rdnss = 25;

# Name servers that an advertisement names, in the option's body.
function servers_of(body: string): vector of addr
	{
	local servers: vector of addr;
	local at = 6;
	while ( at + 16 <= |body| )
		{
		servers += counts_to_addr(vector(bytestring_to_count(body[at:at + 4]), bytestring_to_count(body[at + 4:at + 8]),
			bytestring_to_count(body[at + 8:at + 12]), bytestring_to_count(body[at + 12:at + 16])));
		at += 16;
		}
	return servers;
	}

function is_router(router: addr): bool
	{
	if ( |routers| > 0 )
		return router in routers;
	if ( |first_routers| == 0 )
		add first_routers[router];
	return router in first_routers;
	}

event icmp_router_advertisement(c: connection, info: icmp_info, cur_hop_limit: count, managed: bool, other: bool,
                                home_agent: bool, pref: count, proxy: bool, rsv: count, router_lifetime: interval,
                                reachable_time: interval, retrans_timer: interval, options: icmp6_nd_options)
	{
	local router = c$id$orig_h;
	local known = is_router(router);
	local named: vector of string;
	local unknown_servers: vector of string;
	for ( i in options )
		{
		local o = options[i];
		if ( o?$prefix )
			named += cat(o$prefix$prefix, "/", o$prefix$prefix_len);
		if ( o$otype != rdnss || ! o?$payload )
			next;
		local servers = servers_of(o$payload);
		for ( j in servers )
			{
			if ( |name_servers| == 0 && known && |first_servers| < max_first )
				add first_servers[servers[j]];
			if ( servers[j] !in name_servers && servers[j] !in first_servers )
				unknown_servers += cat(servers[j]);
			}
		}
	if ( ! known )
		NOTICE([$note=Router_Advertisement, $conn=c, $src=router, $identifier=cat(router),
			$msg=fmt("%s offers itself as a router, and is not known as one", router),
			$sub=join_string_vec(named, ", ")]);
	else if ( router_lifetime == 0sec )
		NOTICE([$note=Router_Withdrawn, $conn=c, $src=router, $identifier=cat(router),
			$msg=fmt("%s says that it is no router any more", router), $sub=join_string_vec(named, ", ")]);
	if ( |unknown_servers| > 0 )
		NOTICE([$note=Name_Servers, $conn=c, $src=router, $identifier=cat(router, unknown_servers),
			$msg=fmt("%s tells hosts to ask name servers that are not known", router),
			$sub=join_string_vec(unknown_servers, ", ")]);
	}
