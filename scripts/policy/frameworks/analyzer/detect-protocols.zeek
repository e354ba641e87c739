# Notices about protocols on ports that are not theirs.

@load base/frameworks/notice
@load base/frameworks/analyzer
@load base/utils/site
@load base/utils/conn-ids

module ProtocolDetector;

export {
	redef enum Notice::Type += {
		## A connection's protocol is not that of its port.
		Protocol_Found,
		## A server of such a protocol, the first time.
		Server_Found,
	};

	type dir: enum { NONE, INCOMING, OUTGOING, BOTH };

	## Where a protocol is nothing special: on this server and port, for connections in this direction. 0.0.0.0 is any server.
	option valids: table[AllAnalyzers::Tag, addr, port] of dir = {};

	## Protocols whose servers are not told of.
	option suppress_servers: set[AllAnalyzers::Tag] = {};

	## A protocol is told of once it was spoken for so long …
	option minimum_duration = 30 secs;
	## … or so many bytes, or when its connection ends.
	option minimum_volume = 4e3;

	## How often that is looked at.
	const check_interval = 5 secs;

	## For scripts that recognise what is spoken within a protocol.
	global found_protocol: function(c: connection, analyzer: AllAnalyzers::Tag, protocol: string);

	## What is known of servers: their address, port and analyzer, and what was spoken within.
	global servers: table[addr, port, string] of set[string] &read_expire=14 days;
}

## Of connections on ports that are not their protocols': the analyzers.
global conns: table[conn_id] of set[AllAnalyzers::Tag];

## By analyzers' names: the ports that are theirs.
global usual_ports: table[string] of set[port];

## What others recognised within.
global protocols: table[conn_id] of set[string];

function is_usual(c: connection, a: AllAnalyzers::Tag): bool
	{
	local analyzer = Analyzer::name(a);
	if ( analyzer !in usual_ports )
		usual_ports[analyzer] = Analyzer::has_tag(analyzer)
			? Analyzer::registered_ports(Analyzer::get_tag(analyzer)) : set();
	return c$id$resp_p in usual_ports[analyzer];
	}

function tell(c: connection, a: AllAnalyzers::Tag, d: dir)
	{
	local is_local = Site::is_local_addr(c$id$resp_h);
	if ( d == BOTH || (d == INCOMING && is_local) || (d == OUTGOING && ! is_local) )
		return;
	local analyzer = Analyzer::name(a);
	local within = c$id in protocols ? join_string_set(protocols[c$id], "/") : "";
	local what = within == "" ? analyzer : fmt("%s (via %s)", within, analyzer);
	NOTICE([$note=Protocol_Found, $msg=fmt("%s %s on port %s", id_string(c$id), what, c$id$resp_p), $sub=what, $conn=c]);
	local known = [c$id$resp_h, c$id$resp_p, analyzer] in servers;
	local more = known && within != "" && within !in servers[c$id$resp_h, c$id$resp_p, analyzer];
	if ( a in suppress_servers || (known && ! more) )
		return;
	NOTICE([$note=Server_Found, $p=c$id$resp_p, $sub=what, $conn=c, $src=c$id$resp_h,
		$msg=fmt("%s: %s server on port %s%s", c$id$resp_h, what, c$id$resp_p, known ? " (update)" : "")]);
	if ( ! known )
		servers[c$id$resp_h, c$id$resp_p, analyzer] = set();
	add servers[c$id$resp_h, c$id$resp_p, analyzer][within];
	}

function report(c: connection)
	{
	# Who was never answered speaks no protocol.
	if ( c$orig$size > 0 && c$resp$size > 0 )
		for ( a in conns[c$id] )
			{
			local d = NONE;
			if ( [a, c$id$resp_h, c$id$resp_p] in valids )
				d = valids[a, c$id$resp_h, c$id$resp_p];
			else if ( [a, 0.0.0.0, c$id$resp_p] in valids )
				d = valids[a, 0.0.0.0, c$id$resp_p];
			tell(c, a, d);
			}
	delete conns[c$id];
	delete protocols[c$id];
	}

event ProtocolDetector::check_connection(c: connection)
	{
	if ( c$id !in conns )
		return;
	local left = minimum_duration - (network_time() - c$start_time);
	if ( left <= 0 secs || c$orig$size + c$resp$size >= minimum_volume )
		report(c);
	else
		schedule left < check_interval ? left : check_interval { ProtocolDetector::check_connection(c) };
	}

event analyzer_confirmation_info(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo)
	{
	if ( ! info?$c || is_usual(info$c, atype) )
		return;
	local c = info$c;
	if ( c$id in conns )
		{
		add conns[c$id][atype];
		return;
		}
	conns[c$id] = set(atype);
	schedule minimum_duration < check_interval ? minimum_duration : check_interval { ProtocolDetector::check_connection(c) };
	}

event connection_state_remove(c: connection)
	{
	if ( c$id in conns )
		report(c);
	else
		delete protocols[c$id];
	}

function found_protocol(c: connection, analyzer: AllAnalyzers::Tag, protocol: string)
	{
	if ( is_usual(c, analyzer) )
		return;
	if ( c$id !in protocols )
		protocols[c$id] = set();
	add protocols[c$id][protocol];
	}
