# The Notice framework: what detections found, what is done about it, and what is not said twice.

@load base/utils/site

module Notice;

export {
	redef enum Log::ID += {
		LOG,
		## Notices that somebody is to look at.
		ALARM_LOG,
	};

	global log_policy: Log::PolicyHook;
	global log_policy_alarm: Log::PolicyHook;

	## Kinds of notices; detections add theirs.
	type Type: enum {
		## Several notices of a kind in one.
		Tally,
	};

	## What can be done about a notice.
	type Action: enum {
		ACTION_NONE,
		ACTION_LOG,
		## Mail to mail_dest, if there is a relay.
		ACTION_EMAIL,
		ACTION_ALARM,
		ACTION_PAGE,
		## Mail to those who administer the addresses.
		ACTION_EMAIL_ADMIN,
		ACTION_ADD_GEODATA,
		## Put the source on the block list.
		ACTION_DROP,
	};

	type ActionSet: set[Notice::Action];

	## How long a notice with an identifier keeps others of its kind from being raised.
	option default_suppression_interval = 1hrs;

	type Info: record {
		ts: time &log &optional;
		uid: string &log &optional;
		id: conn_id &log &optional;
		conn: connection &optional;
		iconn: icmp_conn &optional;
		f: fa_file &optional;
		fuid: string &log &optional;
		file_mime_type: string &log &optional;
		file_desc: string &log &optional;
		proto: transport_proto &log &optional;
		note: Type &log;
		msg: string &log &optional;
		sub: string &log &optional;
		src: addr &log &optional;
		dst: addr &log &optional;
		p: port &log &optional;
		n: count &log &optional;
		peer_name: string &optional;
		peer_descr: string &log &optional;
		actions: ActionSet &log &default=ActionSet();
		email_body_sections: vector of string &optional;
		email_delay_tokens: set[string] &optional;
		email_dest: set[string] &log &default=set();
		## Notices of a kind with the same identifier are raised once in suppress_for.
		identifier: string &optional;
		suppress_for: interval &log &default=default_suppression_interval;
		remote_location: geo_location &log &optional;
		## Whether its source was put on the block list.
		dropped: bool &default=F;
	};

	option ignored_types: set[Notice::Type] = {};
	option emailed_types: set[Notice::Type] = {};
	option alarmed_types: set[Notice::Type] = {};
	option not_suppressed_types: set[Notice::Type] = {};
	option type_suppression_intervals: table[Notice::Type] of interval = {};

	## The relay that takes mail, as host:port; none sends none.
	option smtp_server = "";
	option mail_dest = "";
	option mail_from = "nightjar@localhost";
	option reply_to = "";
	option mail_subject_prefix = "[nightjar]";

	## The block list for a firewall to read; none writes none. A line is an address and the time, in seconds
	## since 1970, until which it is to be blocked.
	option block_list = "";
	option block_for = 10min;
	## Addresses that are never put on it.
	option never_block: set[subnet] = {};

	type FileInfo: record {
		fuid: string;
		desc: string;
		mime: string &optional;
		cid: conn_id &optional;
		cuid: string &optional;
	};

	## Decides what is done about a notice; its bodies run by priority, and break ends them.
	global policy: hook(n: Notice::Info);
	## A notice was decided on; native actions are taken behind this.
	global notice: hook(n: Info);

	global log_notice: event(rec: Info);
	global begin_suppression: event(ts: time, suppress_for: interval, note: Type, identifier: string);
	global suppressed: event(n: Notice::Info);
	global end_suppression: event(n: Notice::Info);

	global is_being_suppressed: function(n: Notice::Info): bool;
	global internal_NOTICE: function(n: Notice::Info);
	global create_file_info: function(f: fa_file): Notice::FileInfo;
	global populate_file_info: function(f: fa_file, n: Notice::Info);
	global populate_file_info2: function(fi: Notice::FileInfo, n: Notice::Info);
	global email_headers: function(subject_desc: string, dest: string): string;
	global email_notice_to: function(n: Notice::Info, dest: string, extend: bool);
	global apply_policy: function(n: Notice::Info);

	## Hands a mail to the relay; false where too many wait.
	global __mail: function(server: string, from: string, dest: string, text: string): bool;
	## Puts an address on the block list.
	global __block: function(file: string, a: addr, until: time): bool;
}

# What is not to be said again, until when. Bounded, because identifiers may hold what traffic says.
global suppressing: table[Type, string] of time = {} &create_expire=0secs &expire_func=function(t: table[Type, string] of time, note: Type, id: string): interval
	{
	local left = t[note, id] - network_time();
	return left > 0secs ? left : 0secs;
	};

## Beyond this many the oldest may be raised again.
const max_suppressed = 1000000 &redef;
global suppressions_forgotten = 0;

event zeek_init() &priority=5
	{
	Log::create_stream(Notice::LOG, [$columns=Info, $ev=log_notice, $path="notice", $policy=log_policy]);
	Log::create_stream(Notice::ALARM_LOG, [$columns=Notice::Info, $path="notice_alarm", $policy=log_policy_alarm]);
	}

function create_file_info(f: fa_file): Notice::FileInfo
	{
	local fi = Notice::FileInfo($fuid=f$id, $desc=f$source);
	if ( f?$info && f$info?$mime_type )
		fi$mime = f$info$mime_type;
	if ( f?$conns && |f$conns| == 1 )
		for ( id, c in f$conns )
			{
			fi$cid = id;
			fi$cuid = c$uid;
			}
	return fi;
	}

function populate_file_info2(fi: Notice::FileInfo, n: Notice::Info)
	{
	if ( ! n?$fuid )
		n$fuid = fi$fuid;
	if ( ! n?$file_mime_type && fi?$mime )
		n$file_mime_type = fi$mime;
	n$file_desc = fi$desc;
	if ( ! n?$id && fi?$cid )
		n$id = fi$cid;
	if ( ! n?$uid && fi?$cuid )
		n$uid = fi$cuid;
	}

function populate_file_info(f: fa_file, n: Notice::Info)
	{
	populate_file_info2(create_file_info(f), n);
	}

function is_being_suppressed(n: Notice::Info): bool
	{
	if ( ! n?$identifier || [n$note, n$identifier] !in suppressing )
		return F;
	if ( suppressing[n$note, n$identifier] <= n$ts )
		return F;
	event Notice::suppressed(n);
	return T;
	}

function email_headers(subject_desc: string, dest: string): string
	{
	local text = cat("From: ", mail_from, "\n", "Subject: ", mail_subject_prefix, " ", subject_desc, "\n",
		"To: ", dest, "\n");
	if ( reply_to != "" )
		text = cat(text, "Reply-To: ", reply_to, "\n");
	return cat(text, "User-Agent: nightjar\n");
	}

function email_notice_to(n: Notice::Info, dest: string, extend: bool)
	{
	if ( smtp_server == "" || dest == "" )
		return;
	local text = cat(email_headers(fmt("%s", n$note), dest), "\nMessage: ", n$msg, "\n");
	if ( n?$sub )
		text = cat(text, "Sub-message: ", n$sub, "\n");
	if ( n?$id )
		text = cat(text, "\nConnection: ", fmt("%s:%d -> %s:%d", n$id$orig_h, n$id$orig_p, n$id$resp_h, n$id$resp_p), "\n");
	else if ( n?$src )
		text = cat(text, "\nAddress: ", fmt("%s", n$src), "\n");
	if ( n?$uid )
		text = cat(text, "Connection uid: ", n$uid, "\n");
	if ( extend && n?$email_body_sections )
		for ( i in n$email_body_sections )
			text = cat(text, "\n", n$email_body_sections[i], "\n");
	__mail(smtp_server, mail_from, dest, text);
	}

hook Notice::policy(n: Notice::Info) &priority=10
	{
	if ( n$note in ignored_types )
		break;
	if ( n$note in not_suppressed_types )
		n$suppress_for = 0secs;
	if ( n$note in alarmed_types )
		add n$actions[ACTION_ALARM];
	if ( n$note in emailed_types )
		add n$actions[ACTION_EMAIL];
	if ( n$note in type_suppression_intervals )
		n$suppress_for = type_suppression_intervals[n$note];
	add n$actions[ACTION_LOG];
	}

function block(n: Notice::Info)
	{
	if ( block_list == "" || n$src in never_block || Site::is_local_addr(n$src) )
		return;
	n$dropped = __block(block_list, n$src, n$ts + block_for);
	}

hook Notice::notice(n: Notice::Info) &priority=-5
	{
	if ( ACTION_ADD_GEODATA in n$actions && n?$src )
		n$remote_location = lookup_location(n$src);
	if ( ACTION_DROP in n$actions && n?$src )
		block(n);
	if ( ACTION_EMAIL in n$actions && mail_dest != "" )
		add n$email_dest[mail_dest];
	if ( ACTION_EMAIL_ADMIN in n$actions && n?$src )
		add n$email_dest[Site::get_emails(n$src)];
	for ( dest in n$email_dest )
		email_notice_to(n, dest, T);
	if ( ACTION_LOG in n$actions )
		Log::write(Notice::LOG, n);
	if ( ACTION_ALARM in n$actions )
		Log::write(Notice::ALARM_LOG, n);
	}

# Fills in what follows from the rest.
function apply_policy(n: Notice::Info)
	{
	if ( ! n?$ts )
		n$ts = network_time();
	if ( n?$f )
		populate_file_info(n$f, n);
	if ( n?$conn )
		{
		if ( ! n?$id )
			n$id = n$conn$id;
		if ( ! n?$uid )
			n$uid = n$conn$uid;
		}
	if ( n?$id )
		{
		if ( ! n?$src )
			n$src = n$id$orig_h;
		if ( ! n?$dst )
			n$dst = n$id$resp_h;
		if ( ! n?$p )
			n$p = n$id$resp_p;
		}
	if ( n?$iconn )
		{
		n$proto = icmp;
		if ( ! n?$src )
			n$src = n$iconn$orig_h;
		if ( ! n?$dst )
			n$dst = n$iconn$resp_h;
		}
	if ( n?$p )
		n$proto = get_port_transport_proto(n$p);
	if ( ! n?$email_body_sections )
		n$email_body_sections = vector();
	if ( ! n?$email_delay_tokens )
		n$email_delay_tokens = set();
	n$peer_descr = peer_description;

	hook Notice::policy(n);

	# Some notices are not to be raised for long, and with no identifier there is nothing to tell them by.
	if ( n$suppress_for == 0secs )
		delete n$actions[ACTION_NONE];
	}

function internal_NOTICE(n: Notice::Info)
	{
	apply_policy(n);
	if ( is_being_suppressed(n) )
		return;
	if ( n?$identifier && n$suppress_for > 0secs )
		{
		if ( |suppressing| >= max_suppressed )
			{
			# One is as good as any other: they only keep notices from being repeated.
			for ( [note, id] in suppressing )
				{
				delete suppressing[note, id];
				break;
				}
			++suppressions_forgotten;
			}
		suppressing[n$note, n$identifier] = n$ts + n$suppress_for;
		event Notice::begin_suppression(n$ts, n$suppress_for, n$note, n$identifier);
		}
	hook Notice::notice(n);
	}

module GLOBAL;

## Raises a notice.
function NOTICE(n: Notice::Info)
	{
	Notice::internal_NOTICE(n);
	}
