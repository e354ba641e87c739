# The Messages framework: what programs tell by syslog, journald and files, taken by rules.
#
# A rule is a pattern with named groups, and an event that takes them:
#
#	global invalid_user: event(m: Messages::Info, user: string, client: addr);
#
#	event zeek_init()
#		{
#		Messages::on(/Invalid user (?<user>.*) from (?<client>[0-9a-f.:]+)/, invalid_user, [$programs=set("sshd")]);
#		}
#
# The event's parameters behind the message are filled by the groups of their names, as values of their types; a match whose
# words are no such values is none. All rules that match raise their events, in the order in which they were made.

@load base/frameworks/logging

module Messages;

export {
	redef enum Log::ID += {
		## Messages that a rule took.
		LOG,
		## How many messages no rule took, of each program, with some of them.
		UNMATCHED,
	};

	type Info: record {
		## When it was written, as far as it says; when it came, where it does not.
		ts: time &log;
		## The file that it stood in, or who sent it.
		source: string &log;
		## The host that wrote it.
		host: string &log &optional;
		program: string &log &optional;
		pid: count &log &optional;
		## Of syslog, as in syslog.log.
		facility: string &log &optional;
		severity: string &log &optional;
		## The rule that took it.
		rule: string &log &optional;
		## What its groups matched, as name=value.
		bound: vector of string &log &optional;
		## The connection that it tells of, or that carried it.
		uid: string &log &optional;
		## What it says.
		text: string &log;
	};

	## What a rule looks at.
	type Filter: record {
		## Programs, as in sshd; those that a message does not name may be any.
		programs: set[string] &default=set();
		## Hosts, as messages name them.
		hosts: set[string] &default=set();
		## The rule's name in messages.log; its event's, where there is none.
		name: string &default="";
		## Whether there is a row in messages.log for each match.
		log: bool &default=T;
	};

	## Messages of a program that no rule took.
	type Unmatched: record {
		## When they were counted.
		ts: time &log &default=network_time();
		program: string &log &optional;
		messages: count &log &default=0;
		## Some of them, each cut to 256 bytes.
		samples: vector of string &log &optional;
	};

	## Raises an event for each message that a pattern matches. Says whether that could be done; where not, an error was told.
	global on: function(what: pattern, then: any, where_: Filter &default=Filter()): bool;

	## Takes a message that came over the wire now. How many rules took it.
	global take: function(c: connection, facility: count, severity: count, msg: string): count;

	## Tells that something lives, such as a host whose backup has run. Where it is not told again within this time, silent
	## is raised, once.
	global alive: function(what: string, key: string, within: interval);
	## Nothing was heard of it since.
	global silent: event(what: string, key: string, since: time);

	## Something was seen that something else may follow; within says for how long that is remembered.
	global first: function(what: string, key: string, within: interval);
	## Whether first was called for it within its time; it is forgotten then.
	global followed: function(what: string, key: string): bool;
	## Keys of alive and first that are remembered; of those beyond, which are a weird, nothing is.
	const max_remembered = 100000 &redef;

	## Where a sensor receives syslog: addresses with ports, as in 0.0.0.0:514 or [::]:514, by UDP (RFC 5426), by TCP in
	## lines or with lengths (RFC 6587), and by TLS (RFC 5425). What is received has the time at which it came.
	const listen_udp: set[string] = {} &redef;
	const listen_tcp: set[string] = {} &redef;
	const listen_tls: set[string] = {} &redef;
	## The server's certificate, with those between it and its authority, and its key, in PEM.
	const tls_certificate = "" &redef;
	const tls_key = "" &redef;
	## Files that a sensor reads as they grow, over rotation too, from where they end when it starts.
	const follow: set[string] = {} &redef;

	## The zone of dates that name none, as in Europe/Berlin; empty: the machine's.
	option zone = "";
	## How often what no rule took is told, beside at the end.
	const unmatched_interval = 1hr &redef;

	## Can be handled to access what goes to messages.log.
	global log_messages: event(rec: Info);
	global log_policy: Log::PolicyHook;
	global log_policy_unmatched: Log::PolicyHook;

	global __take: function(line: string, source: string, host: string, facility: count, severity: count, uid: string): count;
	global __unmatched: function(): vector of Unmatched;
	global __write: function(m: Info);
}

function take(c: connection, facility: count, severity: count, msg: string): count
	{
	local sender = cat(c$id$orig_h);
	return __take(msg, sender, sender, facility, severity, c$uid);
	}

function __write(m: Info)
	{
	Log::write(LOG, m);
	}

function tell_unmatched()
	{
	local all = __unmatched();
	for ( i in all )
		Log::write(UNMATCHED, all[i]);
	}

type Alive: record {
	since: time;
	until: time;
};

global living: table[string, string] of Alive;
global seen_first: table[string, string] of time;

global look_for_silent: event(what: string, key: string);

event look_for_silent(what: string, key: string)
	{
	if ( [what, key] !in living || zeek_is_terminating() )
		return;
	local it = living[what, key];
	if ( it$until > network_time() )
		{
		schedule it$until - network_time() { Messages::look_for_silent(what, key) };
		return;
		}
	delete living[what, key];
	event Messages::silent(what, key, it$since);
	}

function alive(what: string, key: string, within: interval)
	{
	local now = network_time();
	if ( [what, key] in living )
		{
		living[what, key]$since = now;
		living[what, key]$until = now + within;
		return;
		}
	if ( |living| >= max_remembered )
		{
		Reporter::net_weird("too_many_messages_to_remember", what);
		return;
		}
	living[what, key] = Alive($since=now, $until=now + within);
	schedule within { Messages::look_for_silent(what, key) };
	}

global forget_first: event(what: string, key: string);

event forget_first(what: string, key: string)
	{
	if ( [what, key] !in seen_first )
		return;
	local until = seen_first[what, key];
	if ( until <= network_time() )
		delete seen_first[what, key];
	else if ( ! zeek_is_terminating() )
		schedule until - network_time() { Messages::forget_first(what, key) };
	}

function first(what: string, key: string, within: interval)
	{
	local known = [what, key] in seen_first;
	if ( ! known && |seen_first| >= max_remembered )
		{
		Reporter::net_weird("too_many_messages_to_remember", what);
		return;
		}
	seen_first[what, key] = network_time() + within;
	if ( ! known )
		schedule within { Messages::forget_first(what, key) };
	}

function followed(what: string, key: string): bool
	{
	if ( [what, key] !in seen_first )
		return F;
	local until = seen_first[what, key];
	delete seen_first[what, key];
	return network_time() <= until;
	}

global next_unmatched: event();

event next_unmatched()
	{
	tell_unmatched();
	if ( ! zeek_is_terminating() )
		schedule unmatched_interval { Messages::next_unmatched() };
	}

event zeek_init() &priority=5
	{
	Log::create_stream(LOG, [$columns=Info, $ev=log_messages, $path="messages", $policy=log_policy]);
	Log::create_stream(UNMATCHED, [$columns=Unmatched, $path="messages_unmatched", $policy=log_policy_unmatched]);
	schedule unmatched_interval { Messages::next_unmatched() };
	}

event zeek_done() &priority=-5
	{
	tell_unmatched();
	}
