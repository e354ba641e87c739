# Scans, by how many places a client has failed to reach: hosts with their ports, whatever the mixture.

@load ./scan-kinds
@load base/utils/site
@load base/utils/time

module Scan;

export {
	## Where a client has failed to connect.
	type Attempt: record {
		victim: addr;
		scanned_port: port;
	};

	## What is known of a client.
	type Scan_Info: record {
		first_seen: time;
		attempts: set[Attempt];
		port_counts: table[port] of count;
		dark_hosts: set[addr];
	};

	## For so long after its last failure a client is remembered.
	const scan_timeout = 15min &redef;

	## So many different places are a scan, of clients that are elsewhere and of local ones.
	const scan_threshold = 25 &redef;
	const local_scan_threshold = 250 &redef;

	## Clients that knock at so many addresses where nobody is (dark_nets) need fewer.
	const dark_host_threshold = 3 &redef;
	const scan_threshold_with_darknet_hits = 10 &redef;
	const local_scan_threshold_with_darknet_hits = 100 &redef;

	## So many hosts on one port are one, of a client that is elsewhere.
	const knockknock_threshold = 20 &redef;
	const knockknock_threshold_with_darknet_hits = 3 &redef;

	## Networks that nobody uses.
	option dark_nets: set[subnet] = {};

	## Who was told of is not looked at for so long.
	const scanner_suppressed = 1hr &redef;

	## Clients that are remembered. Those beyond, which are a weird, are not counted.
	const max_scanners = 100000 &redef;

	## A handler that breaks keeps a failed connection from being counted.
	global scan_policy: hook(scanner: addr, victim: addr, scanned_port: port);

	global attacks: table[addr] of Scan_Info &read_expire=scan_timeout &redef;

	global known_scanners: set[addr] &create_expire=scanner_suppressed &redef;
}

# The kind of scan that places make, and what they are in words.
function judge(attempts: set[Attempt]): Notice::Info
	{
	local ports: set[port];
	local victims: set[addr];
	for ( a in attempts )
		{
		add ports[a$scanned_port];
		add victims[a$victim];
		}
	local port_texts: vector of string;
	for ( p in ports )
		port_texts += cat(p);
	local victim_texts: vector of string;
	for ( v in victims )
		victim_texts += cat(v);
	sort(port_texts, strcmp);
	sort(victim_texts, strcmp);
	local of_ports = join_string_vec(port_texts, ", ");
	local of_victims = join_string_vec(victim_texts, ", ");
	if ( |ports| == 1 )
		return [$note=Address_Scan, $msg=fmt("%d unique hosts on port %s", |victims|, of_ports), $p=to_port(of_ports)];
	if ( |victims| == 1 )
		return [$note=Port_Scan, $msg=fmt("%d unique ports on host %s", |ports|, of_victims), $dst=to_addr(of_victims)];
	if ( |ports| <= 5 )
		return [$note=Address_Scan, $msg=fmt("%d unique hosts on ports %s", |victims|, of_ports)];
	if ( |victims| <= 5 )
		return [$note=Port_Scan, $msg=fmt("%d unique ports on hosts %s", |ports|, of_victims)];
	return [$note=Random_Scan, $msg=fmt("%d hosts on %d ports", |victims|, |ports|)];
	}

# The client's last failure made it a scan.
function found_scan(c: connection, scanner: addr, info: Scan_Info, knocks: bool)
	{
	local n = judge(info$attempts);
	n$msg = fmt("%s%s scanned at least %s in %s", knocks ? "kk: " : "", scanner, n$msg,
	            duration_to_mins_secs(network_time() - info$first_seen));
	n$src = scanner;
	n$sub = Site::is_local_addr(scanner) ? "local" : "remote";
	n$uid = c$uid;
	n$identifier = cat(scanner);
	NOTICE(n);
	delete attacks[scanner];
	if ( |known_scanners| < max_scanners )
		add known_scanners[scanner];
	}

function count_attempt(c: connection)
	{
	local scanner = c$id$orig_h;
	local victim = c$id$resp_h;
	local scanned = c$id$resp_p;
	if ( scanner in known_scanners || ! hook scan_policy(scanner, victim, scanned) )
		return;
	if ( scanner !in attacks )
		{
		if ( |attacks| >= max_scanners )
			{
			Reporter::net_weird("too_many_scanners", cat(scanner));
			return;
			}
		attacks[scanner] = Scan_Info($first_seen=network_time(), $attempts=set(), $port_counts=table(), $dark_hosts=set());
		}
	local info = attacks[scanner];
	local attempt = Attempt($victim=victim, $scanned_port=scanned);
	if ( attempt in info$attempts )
		return;
	add info$attempts[attempt];
	info$port_counts[scanned] = scanned in info$port_counts ? info$port_counts[scanned] + 1 : 1;
	if ( |info$dark_hosts| < dark_host_threshold && victim in dark_nets )
		add info$dark_hosts[victim];

	local dark = |info$dark_hosts| >= dark_host_threshold;
	local is_local = Site::is_local_addr(scanner);
	local most = dark ? scan_threshold_with_darknet_hits : scan_threshold;
	if ( is_local )
		most = dark ? local_scan_threshold_with_darknet_hits : local_scan_threshold;
	local knocks = ! is_local
		&& info$port_counts[scanned] >= ( dark ? knockknock_threshold_with_darknet_hits : knockknock_threshold );
	if ( knocks || |info$attempts| >= most )
		found_scan(c, scanner, info, knocks);
	}

event connection_attempt(c: connection)
	{
	if ( c$history == "S" || c$history == "SW" )
		count_attempt(c);
	}

event connection_rejected(c: connection)
	{
	if ( c$history == "Sr" || c$history == "SWr" )
		count_attempt(c);
	}
