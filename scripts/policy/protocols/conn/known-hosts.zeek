# known_hosts.log: a row a day for each host that completed a TCP handshake.

@load base/utils/misc

module Known;

export {
	redef enum Log::ID += { HOSTS_LOG };

	global log_policy_hosts: Log::PolicyHook;

	type HostsInfo: record {
		ts: time &log;
		host: addr &log;
	};

	## Zeek's place for stores between nodes. There is one count here, whatever the number of workers.
	const use_host_store = F &redef;

	## Hosts that are logged.
	option host_tracking = LOCAL_HOSTS;

	## Those that were, in the last day.
	global hosts: set[addr] &create_expire=1day &redef;

	global log_known_hosts: event(rec: HostsInfo);
}

event zeek_init() &priority=5
	{
	Log::create_stream(Known::HOSTS_LOG, [$columns=HostsInfo, $ev=log_known_hosts, $path="known_hosts", $policy=log_policy_hosts]);
	}

event Known::host_found(info: HostsInfo)
	{
	if ( info$host in hosts )
		return;
	add hosts[info$host];
	Log::write(Known::HOSTS_LOG, info);
	}

event connection_established(c: connection) &priority=5
	{
	if ( c$orig$state != TCP_ESTABLISHED || c$resp$state != TCP_ESTABLISHED )
		return;
	for ( host in set(c$id$orig_h, c$id$resp_h) )
		if ( host !in hosts && addr_matches_host(host, host_tracking) )
			event Known::host_found([$ts=network_time(), $host=host]);
	}
