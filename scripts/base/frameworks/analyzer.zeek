# The Analyzer framework: which protocols were taken for what they were not. analyzer.log has every rule that was
# broken; dpd.log the protocols that were confirmed, and then given up.

@load base/frameworks/logging
@load base/logs/analyzer
@load base/logs/dpd
module DPD;

export {
	## Analyzers that stay on a connection whose data break their rules.
	option ignore_violations: set[Analyzer::Tag] = {};

	## How often they may be broken before an analyzer that was never sure is taken off the connection.
	option max_violations: table[Analyzer::Tag] of count = {} &default=5;
}

module Analyzer::Logging;

export {
	## Analyzers that analyzer.log does not tell of.
	option ignore_analyzers: set[AllAnalyzers::Tag] = {};
}

module GLOBAL;

## Takes an analyzer off a connection: it is given no more of it. The analyzer is the one that `aid` names, as
## current_analyzer(), lookup_connection_analyzer_id() or the information on a confirmation or violation does. With
## `prevent` content does not bring it back. In a replay it is given nothing from the next packet on; live that takes a moment. T says that it was asked for.
global disable_analyzer: function(cid: conn_id, aid: count, err_if_no_conn: bool &default=T, prevent: bool &default=F): bool;

## The analyzer that has told of the event being handled; 0 where none has.
global current_analyzer: function(): count;

## An analyzer of a connection, by its tag: one that was confirmed, or has told of some event; 0 where there is none.
global lookup_connection_analyzer_id: function(cid: conn_id, atype: AllAnalyzers::Tag): count;

## What kind of analyzer a tag is of.
global is_protocol_analyzer: function(atype: AllAnalyzers::Tag): bool;
global is_packet_analyzer: function(atype: AllAnalyzers::Tag): bool;
global is_file_analyzer: function(atype: AllAnalyzers::Tag): bool;

module Analyzer;

export {
	## No analyzer is set on connections but those that are enabled.
	const disable_all = F &redef;

	## Analyzers that are not set on connections.
	const disabled_analyzers: set[AllAnalyzers::Tag] = {} &redef;

	## Analyzers that are set on connections although all others are not.
	const requested_analyzers: set[AllAnalyzers::Tag] = {} &redef;

	## A connection that is to come: this analyzer is set on it before its first byte. Any originator is meant by
	## 0.0.0.0. In a replay connections from the next packet on are; live it takes a moment. F where too many are expected.
	global schedule_analyzer: function(orig: addr, resp: addr, resp_p: port, analyzer: Analyzer::Tag, tout: interval): bool;

	## A script takes an analyzer off the connection that the event being handled is about: who breaks out of it keeps
	## the analyzer there, and disable_analyzer() returns F. What the sensor gives up because rules were broken is
	## kept by DPD::ignore_violations.
	global disabling_analyzer: hook(c: connection, atype: AllAnalyzers::Tag, aid: count);

	## The names of those that are not, as of now.
	global disabled_names: set[string] = {};

	## By analyzers' names: ports that they are set on beside those that they know.
	global port_names: table[string] of set[port] = {};

	## Lets what those say be obeyed.
	global obey: function(): bool;

	## Sets an analyzer on connections or files again, or no longer. Those that it is set on keep it. F of analyzers of
	## packets, which have no such switch: Tunnel::max_depth=0 leaves tunnels alone.
	global enable_analyzer: function(tag: AllAnalyzers::Tag): bool;
	global disable_analyzer: function(tag: AllAnalyzers::Tag): bool;

	## Sets an analyzer on connections to ports, too.
	global register_for_ports: function(tag: Analyzer::Tag, server_ports: set[port], non_server_ports: set[port] &default=set()): bool;
	global register_for_port: function(tag: Analyzer::Tag, p: port): bool;

	## The ports of one analyzer, and of all.
	global registered_ports: function(tag: AllAnalyzers::Tag): set[port];
	global all_registered_ports: function(): table[AllAnalyzers::Tag] of set[port];

	## An analyzer's name.
	global name: function(atype: AllAnalyzers::Tag): string;

	## Its kind: protocol, packet or file.
	global kind: function(atype: AllAnalyzers::Tag): string;

	## Whether there is an analyzer of a name, and its tag.
	global has_tag: function(name: string): bool;
	global get_tag: function(name: string): AllAnalyzers::Tag;

	## A packet filter that lets through what comes to or from an analyzer's ports.
	global analyzer_to_bpf: function(tag: Analyzer::Tag): string;

	## The same for all of them.
	global get_bpf: function(): string;
}

function name(atype: AllAnalyzers::Tag): string
	{
	return sub(cat(atype), /^.*ANALYZER_/, "");
	}

function kind(atype: AllAnalyzers::Tag): string
	{
	local text = to_lower(cat(atype));
	return /packetanalyzer/ in text ? "packet" : (/files/ in text ? "file" : "protocol");
	}

function set_disabled(name: string, disabled: bool): bool
	{
	if ( disabled )
		add disabled_names[name];
	else
		delete disabled_names[name];
	return obey();
	}

function enable_analyzer(tag: AllAnalyzers::Tag): bool
	{
	return ! is_packet_analyzer(tag) && set_disabled(name(tag), F);
	}

function disable_analyzer(tag: AllAnalyzers::Tag): bool
	{
	return ! is_packet_analyzer(tag) && set_disabled(name(tag), T);
	}

function register_for_ports(tag: Analyzer::Tag, server_ports: set[port], non_server_ports: set[port] &default=set()): bool
	{
	local analyzer = name(tag);
	if ( analyzer !in port_names )
		port_names[analyzer] = set();
	port_names[analyzer] += server_ports;
	port_names[analyzer] += non_server_ports;
	return obey();
	}

function register_for_port(tag: Analyzer::Tag, p: port): bool
	{
	return register_for_ports(tag, set(p));
	}

function registered_ports(tag: AllAnalyzers::Tag): set[port]
	{
	local all_ports: set[port] = set();
	if ( tag in known_ports )
		all_ports += known_ports[tag];
	local analyzer = name(tag);
	if ( analyzer in port_names )
		for ( p in port_names[analyzer] )
			add all_ports[p];
	return all_ports;
	}

function all_registered_ports(): table[AllAnalyzers::Tag] of set[port]
	{
	local all_ports: table[AllAnalyzers::Tag] of set[port] = table();
	for ( tag, _ in known_ports )
		{
		local of_tag = registered_ports(tag);
		if ( |of_tag| > 0 )
			all_ports[tag] = of_tag;
		}
	return all_ports;
	}

function has_tag(name: string): bool
	{
	local tag = "ANALYZER_" + name;
	return "Analyzer::" + tag in enum_names(Analyzer::Tag) || "PacketAnalyzer::" + tag in enum_names(PacketAnalyzer::Tag) ||
	       "Files::" + tag in enum_names(Files::Tag);
	}

function get_tag(name: string): AllAnalyzers::Tag
	{
	local tag = "ANALYZER_" + name;
	if ( "PacketAnalyzer::" + tag in enum_names(PacketAnalyzer::Tag) )
		tag = "PacketAnalyzer::" + tag;
	else if ( "Files::" + tag in enum_names(Files::Tag) )
		tag = "Files::" + tag;
	else
		tag = "Analyzer::" + tag;
	return lookup_ID(tag) as AllAnalyzers::Tag;
	}

function analyzer_to_bpf(tag: Analyzer::Tag): string
	{
	local filter = "";
	for ( p in registered_ports(tag) )
		{
		local parts = split_string(cat(p), /\//);
		local term = fmt("%s port %s", parts[1], parts[0]);
		filter = filter == "" ? term : fmt("%s or %s", filter, term);
		}
	return filter;
	}

function get_bpf(): string
	{
	local filter = "";
	for ( tag, _ in known_ports )
		{
		local term = analyzer_to_bpf(tag);
		if ( term != "" )
			filter = filter == "" ? term : fmt("%s or %s", filter, term);
		}
	return filter;
	}

event zeek_init() &priority=-5
	{
	for ( tag in requested_analyzers )
		enable_analyzer(tag);
	}

event zeek_init() &priority=1000
	{
	if ( ! disable_all && |disabled_analyzers| == 0 )
		return;
	if ( disable_all )
		for ( tag, _ in known_ports )
			add disabled_names[name(tag)];
	for ( off in disabled_analyzers )
		add disabled_names[name(off)];
	obey();
	}

module GLOBAL;

function is_protocol_analyzer(atype: AllAnalyzers::Tag): bool
	{
	return Analyzer::kind(atype) == "protocol";
	}

function is_packet_analyzer(atype: AllAnalyzers::Tag): bool
	{
	return Analyzer::kind(atype) == "packet";
	}

function is_file_analyzer(atype: AllAnalyzers::Tag): bool
	{
	return Analyzer::kind(atype) == "file";
	}
