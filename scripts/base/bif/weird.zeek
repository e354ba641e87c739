# Oddities that scripts report: the event for handlers, and a row of weird.log where that is loaded.

global expired_conn_weird: event(name: string, id: conn_id, uid: string, addl: string, source: string);
global file_weird: event(name: string, f: fa_file, addl: string, source: string);

module Weird;

export {
	## An oddity that comes again and again (of the same connection, or of the same two hosts, or of neither) is told
	## to handlers so often; of those that follow, one in sampling_rate (0 is none), until sampling_duration is over.
	option sampling_threshold: count = 25;
	option sampling_rate: count = 1000;
	option sampling_duration: interval = 10min;
	## Of these handlers hear every time.
	option sampling_whitelist: set[string] = {};
	## These are counted together, whatever connection they are of.
	option sampling_global_list: set[string] = {};

	## Whether handlers are to hear of one more.
	global __permits: function(name: string, about: string): bool;
}

module Reporter;

export {
	type RaisedWeird: record {
		name: string;
		conn: connection &optional;
		id: conn_id &optional;
		identifier: string &optional;
		addl: string;
		source: string;
	};

	## What a script reported with one of these functions.
	global weird_raised: hook(w: RaisedWeird);

	global net_weird: function(name: string, addl: string &default="", source: string &default=""): bool;
	global flow_weird: function(name: string, orig: addr, resp: addr, addl: string &default="", source: string &default=""): bool;
	global conn_weird: function(name: string, c: connection, addl: string &default="", source: string &default=""): bool;
	global file_weird: function(name: string, f: fa_file, addl: string &default="", source: string &default=""): bool;

	## The settings of sampling (Weird::sampling_threshold and so on), and changes of them.
	global get_weird_sampling_threshold: function(): count;
	global set_weird_sampling_threshold: function(weird_sampling_threshold: count): bool;
	global get_weird_sampling_rate: function(): count;
	global set_weird_sampling_rate: function(weird_sampling_rate: count): bool;
	global get_weird_sampling_duration: function(): interval;
	global set_weird_sampling_duration: function(weird_sampling_duration: interval): bool;
	global get_weird_sampling_whitelist: function(): set[string];
	global set_weird_sampling_whitelist: function(weird_sampling_whitelist: set[string]): bool;
	global get_weird_sampling_global_list: function(): set[string];
	global set_weird_sampling_global_list: function(weird_sampling_global_list: set[string]): bool;
}

function net_weird(name: string, addl: string &default="", source: string &default=""): bool
	{
	if ( ! Weird::__permits(name, "") )
		return T;
	event ::net_weird(name, addl, source);
	hook weird_raised(RaisedWeird($name=name, $addl=addl, $source=source));
	return T;
	}

function flow_weird(name: string, orig: addr, resp: addr, addl: string &default="", source: string &default=""): bool
	{
	local ends = fmt("%s -> %s", orig, resp);
	if ( ! Weird::__permits(name, ends) )
		return T;
	event ::flow_weird(name, orig, resp, addl, source);
	local none = count_to_port(0, unknown_transport);
	local id = conn_id($orig_h=orig, $orig_p=none, $resp_h=resp, $resp_p=none);
	hook weird_raised(RaisedWeird($name=name, $id=id, $identifier=ends, $addl=addl, $source=source));
	return T;
	}

function conn_weird(name: string, c: connection, addl: string &default="", source: string &default=""): bool
	{
	if ( ! Weird::__permits(name, c$uid) )
		return T;
	event ::conn_weird(name, c, addl, source);
	hook weird_raised(RaisedWeird($name=name, $conn=c, $addl=addl, $source=source));
	return T;
	}

function file_weird(name: string, f: fa_file, addl: string &default="", source: string &default=""): bool
	{
	if ( ! Weird::__permits(name, f$id) )
		return T;
	event ::file_weird(name, f, addl, source);
	local more = addl == "" ? f$id : cat(f$id, ": ", addl);
	hook weird_raised(RaisedWeird($name=name, $addl=more, $source=source));
	return T;
	}

function get_weird_sampling_threshold(): count
	{
	return Weird::sampling_threshold;
	}

function set_weird_sampling_threshold(weird_sampling_threshold: count): bool
	{
	return Option::set("Weird::sampling_threshold", weird_sampling_threshold);
	}

function get_weird_sampling_rate(): count
	{
	return Weird::sampling_rate;
	}

function set_weird_sampling_rate(weird_sampling_rate: count): bool
	{
	return Option::set("Weird::sampling_rate", weird_sampling_rate);
	}

function get_weird_sampling_duration(): interval
	{
	return Weird::sampling_duration;
	}

function set_weird_sampling_duration(weird_sampling_duration: interval): bool
	{
	return Option::set("Weird::sampling_duration", weird_sampling_duration);
	}

function get_weird_sampling_whitelist(): set[string]
	{
	return Weird::sampling_whitelist;
	}

function set_weird_sampling_whitelist(weird_sampling_whitelist: set[string]): bool
	{
	return Option::set("Weird::sampling_whitelist", weird_sampling_whitelist);
	}

function get_weird_sampling_global_list(): set[string]
	{
	return Weird::sampling_global_list;
	}

function set_weird_sampling_global_list(weird_sampling_global_list: set[string]): bool
	{
	return Option::set("Weird::sampling_global_list", weird_sampling_global_list);
	}
