# known_services.log: a row a day for each server, its port and the protocols that it speaks there.

@load base/utils/misc

module Known;

export {
	redef enum Log::ID += { SERVICES_LOG };

	global log_policy_services: Log::PolicyHook;

	type ServicesInfo: record {
		ts: time &log;
		host: addr &log;
		port_num: port &log;
		port_proto: transport_proto &log;
		## The protocols.
		service: set[string] &log;
	};

	## Zeek's place for stores between nodes. There is one count here, whatever the number of workers.
	const use_service_store = F &redef;

	## Servers that are logged.
	option service_tracking = LOCAL_HOSTS;

	## Whether a server of UDP that never answers is one.
	option service_udp_requests = T;

	type AddrPortServTriplet: record {
		host: addr;
		p: port;
		serv: string;
	};

	## How long after a protocol was confirmed a connection is looked at: others may follow.
	option protocol_confirmation_timeout = 5min;

	## What was logged, in the last day.
	global services: table[addr, port] of set[string] &create_expire=1day;

	global log_known_services: event(rec: ServicesInfo);
}

redef record connection += {
	# It was looked at.
	known_services_done: bool &default=F;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Known::SERVICES_LOG, [$columns=ServicesInfo, $ev=log_known_services, $path="known_services", $policy=log_policy_services]);
	}

# Whether all of it was logged already.
function known(info: ServicesInfo): bool
	{
	if ( [info$host, info$port_num] !in services )
		return F;
	local there = services[info$host, info$port_num];
	for ( s in info$service )
		if ( s !in there )
			return F;
	return T;
	}

event service_info_commit(info: ServicesInfo)
	{
	if ( known(info) )
		return;
	if ( [info$host, info$port_num] !in services )
		services[info$host, info$port_num] = set();
	for ( s in info$service )
		add services[info$host, info$port_num][s];
	Log::write(Known::SERVICES_LOG, info);
	}

function known_services_done(c: connection)
	{
	local id = c$id;
	c$known_services_done = T;
	if ( ! addr_matches_host(id$resp_h, service_tracking) )
		return;
	# Transfers, and questions that nobody answered, are no servers.
	if ( |c$service| == 1 && ("ftp-data" in c$service || ("DNS" in c$service && c$resp$size == 0)) )
		return;

	local info = ServicesInfo($ts=network_time(), $host=id$resp_h, $port_num=id$resp_p,
	                          $port_proto=get_port_transport_proto(id$resp_p), $service=set());
	# Those that were given up are not spoken.
	for ( s in c$service )
		if ( s[0] != "-" )
			add info$service[s];

	# What is not known by its content may be by that of another connection.
	if ( |info$service| == 0 )
		schedule protocol_confirmation_timeout { service_info_commit(info) };
	else
		event service_info_commit(info);
	}

event service_confirmed(c: connection)
	{
	if ( ! c$known_services_done )
		known_services_done(c);
	}

event analyzer_confirmation_info(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo) &priority=-5
	{
	if ( info?$c && ! info$c$known_services_done )
		schedule protocol_confirmation_timeout { service_confirmed(info$c) };
	}

event connection_state_remove(c: connection) &priority=-5
	{
	if ( c$known_services_done || |c$service| == 0 )
		return;
	if ( c$resp$state == TCP_ESTABLISHED || c$resp$state == TCP_CLOSED
	     || c$resp$state == UDP_ACTIVE || (service_udp_requests && c$orig$state == UDP_ACTIVE) )
		known_services_done(c);
	}
