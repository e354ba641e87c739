# Scans: a client that fails to connect to many hosts on one port, or to many ports of one host.

@load ./scan-kinds

module Scan;

export {
	## Hosts, or ports, within so much time that are a scan: Address_Scan of one client on one port, and Port_Scan of one
	## client at one host.
	const addr_scan_interval = 5min &redef;
	const addr_scan_threshold = 25.0 &redef;
	const port_scan_interval = 5min &redef;
	const port_scan_threshold = 15.0 &redef;

	## A handler that breaks keeps a failed connection from being counted: towards either scan, or towards one.
	global scan_policy: hook(scanner: addr, victim: addr, scanned_port: port);
	global addr_scan_policy: hook(scanner: addr, victim: addr, scanned_port: port);
	global port_scan_policy: hook(scanner: addr, victim: addr, scanned_port: port);
}

function place(scanner: addr): string
	{
	return Site::is_local_addr(scanner) ? "local" : "remote";
	}

function crossed_hosts(key: SumStats::Key, result: SumStats::Result)
	{
	local seen = result["scan.addr.fail"];
	local last = SumStats::origin();
	NOTICE([$note=Address_Scan, $uid=last$uid, $src=key$host, $p=to_port(key$str), $sub=place(key$host),
	        $msg=fmt("%s scanned at least %d unique hosts on port %s in %s", key$host, seen$unique, key$str,
	                 duration_to_mins_secs(seen$end - seen$begin)),
	        $identifier=cat(key$host)]);
	}

function crossed_ports(key: SumStats::Key, result: SumStats::Result)
	{
	local seen = result["scan.port.fail"];
	local last = SumStats::origin();
	NOTICE([$note=Port_Scan, $uid=last$uid, $src=key$host, $dst=to_addr(key$str), $sub=place(key$host),
	        $msg=fmt("%s scanned at least %d unique ports of host %s in %s", key$host, seen$unique, key$str,
	                 duration_to_mins_secs(seen$end - seen$begin)),
	        $identifier=cat(key$host)]);
	}

event zeek_init() &priority=5
	{
	# What lies far beyond the threshold need not be kept.
	SumStats::create([$name="addr-scan", $epoch=addr_scan_interval,
	                  $reducers=set(SumStats::Reducer($stream="scan.addr.fail", $apply=set(SumStats::UNIQUE),
	                                                  $unique_max=double_to_count(addr_scan_threshold + 2))),
	                  $threshold=addr_scan_threshold,
	                  $threshold_crossed=crossed_hosts]);
	SumStats::create([$name="port-scan", $epoch=port_scan_interval,
	                  $reducers=set(SumStats::Reducer($stream="scan.port.fail", $apply=set(SumStats::UNIQUE),
	                                                  $unique_max=double_to_count(port_scan_threshold + 2))),
	                  $threshold=port_scan_threshold,
	                  $threshold_crossed=crossed_ports]);
	}

function failed(scanner: addr, victim: addr, scanned: port)
	{
	if ( ! hook scan_policy(scanner, victim, scanned) )
		return;

	if ( hook addr_scan_policy(scanner, victim, scanned) )
		SumStats::observe("scan.addr.fail", [$host=scanner, $str=cat(scanned)], [$str=cat(victim)]);

	if ( hook port_scan_policy(scanner, victim, scanned) )
		SumStats::observe("scan.port.fail", [$host=scanner, $str=cat(victim)], [$str=cat(scanned)]);
	}

function count_failed(c: connection, reverse: bool)
	{
	if ( reverse )
		failed(c$id$resp_h, c$id$orig_h, c$id$orig_p);
	else
		failed(c$id$orig_h, c$id$resp_h, c$id$resp_p);
	}

# Ended by a reset before any data: what was knocked at, or who knocked, by which side began.
function count_reset(c: connection)
	{
	if ( /[Dd]/ in c$history )
		return;

	local orig = c$orig$state;
	local resp = c$resp$state;

	if ( (orig == TCP_SYN_SENT && resp == TCP_RESET) ||
	     (orig == TCP_RESET && (resp == TCP_SYN_ACK_SENT || (resp == TCP_ESTABLISHED && "S" in c$history))) )
		count_failed(c, F);
	else if ( (resp == TCP_SYN_SENT && orig == TCP_RESET) ||
	          (resp == TCP_RESET && (orig == TCP_SYN_ACK_SENT || (orig == TCP_ESTABLISHED && "s" in c$history))) )
		count_failed(c, T);
	}

event connection_attempt(c: connection)
	{
	# A SYN-ACK from the client's side: the SYN that it answers was not seen.
	count_failed(c, "H" in c$history);
	}

event connection_rejected(c: connection)
	{
	count_failed(c, "s" in c$history);
	}

event connection_reset(c: connection)
	{
	count_reset(c);
	}

event connection_pending(c: connection)
	{
	count_reset(c);
	}
