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
## current_analyzer() or the information on a confirmation or violation does. With `prevent` content does not bring it
## back. In a replay it is given nothing from the next packet on; live that takes a moment. T says that it was asked for.
global disable_analyzer: function(cid: conn_id, aid: count, err_if_no_conn: bool &default=T, prevent: bool &default=F): bool;

## The analyzer that has told of the event being handled; 0 where none has.
global current_analyzer: function(): count;

module Analyzer;

export {
	## No analyzer is set on connections but those that are enabled.
	const disable_all = F &redef;

	## Analyzers that are not set on connections.
	const disabled_analyzers: set[Analyzer::Tag] = {} &redef;

	## Analyzers that are set on connections although all others are not.
	const requested_analyzers: set[AllAnalyzers::Tag] = {} &redef;

	## A connection that is to come: this analyzer is set on it before its first byte. Any originator is meant by
	## 0.0.0.0. In a replay connections from the next packet on are; live it takes a moment. F where too many are expected.
	global schedule_analyzer: function(orig: addr, resp: addr, resp_p: port, analyzer: Analyzer::Tag, tout: interval): bool;

	## The names of those that are not, as of now.
	global disabled_names: set[string] = {};

	## By analyzers' names: ports that they are set on beside those that they know.
	global port_names: table[string] of set[port] = {};

	## Lets what those say be obeyed.
	global obey: function(): bool;

	## Sets an analyzer on connections again, or no longer. Connections that it is set on keep it.
	global enable_analyzer: function(tag: any): bool;
	global disable_analyzer: function(tag: any): bool;

	## Sets an analyzer on connections to ports, too.
	global register_for_ports: function(tag: Analyzer::Tag, ports: set[port]): bool;
	global register_for_port: function(tag: Analyzer::Tag, p: port): bool;

	## The ports of one analyzer, and of all.
	global registered_ports: function(tag: Analyzer::Tag): set[port];
	global all_registered_ports: function(): table[Analyzer::Tag] of set[port];

	## An analyzer's name; its tag is of any of the types.
	global name: function(atype: any): string;

	## Whether there is an analyzer of a name, and its tag.
	global has_tag: function(name: string): bool;
	global get_tag: function(name: string): Analyzer::Tag;

	## A packet filter that lets through what comes to or from an analyzer's ports.
	global analyzer_to_bpf: function(tag: Analyzer::Tag): string;

	## The same for all of them.
	global get_bpf: function(): string;
}

function name(atype: any): string
	{
	return sub(cat(atype), /^.*ANALYZER_/, "");
	}

function set_disabled(name: string, disabled: bool): bool
	{
	if ( disabled )
		add disabled_names[name];
	else
		delete disabled_names[name];
	return obey();
	}

function enable_analyzer(tag: any): bool
	{
	return set_disabled(name(tag), F);
	}

function disable_analyzer(tag: any): bool
	{
	return set_disabled(name(tag), T);
	}

function register_for_ports(tag: Analyzer::Tag, ports: set[port]): bool
	{
	local analyzer = name(tag);
	if ( analyzer !in port_names )
		port_names[analyzer] = set();
	for ( p in ports )
		add port_names[analyzer][p];
	return obey();
	}

function register_for_port(tag: Analyzer::Tag, p: port): bool
	{
	return register_for_ports(tag, set(p));
	}

function registered_ports(tag: Analyzer::Tag): set[port]
	{
	local all_ports = copy(known_ports[tag]);
	local analyzer = name(tag);
	if ( analyzer in port_names )
		for ( p in port_names[analyzer] )
			add all_ports[p];
	return all_ports;
	}

function all_registered_ports(): table[Analyzer::Tag] of set[port]
	{
	local all_ports: table[Analyzer::Tag] of set[port] = table();
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
	for ( tag, _ in known_ports )
		if ( Analyzer::name(tag) == name )
			return T;
	return F;
	}

function get_tag(name: string): Analyzer::Tag
	{
	local found: Analyzer::Tag;
	for ( tag, _ in known_ports )
		if ( Analyzer::name(tag) == name )
			found = tag;
	return found;
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
	for ( tag, _ in known_ports )
		if ( disable_all || tag in disabled_analyzers )
			add disabled_names[name(tag)];
	obey();
	}
