# The Notice framework: what detections found, whether it is told again, and to whom.

@load base/frameworks/logging
@load base/frameworks/cluster
@load base/utils/site

@load base/utils/site

module Notice;

export {
	redef enum Log::ID += {
		LOG,
		## Notices with ACTION_ALARM.
		ALARM_LOG,
	};

	global log_policy: Log::PolicyHook;
	global log_policy_alarm: Log::PolicyHook;

	## What can be noticed; scripts add their own.
	type Type: enum {
		## How often another notice was raised.
		Tally,
	};

	## What is done about a notice.
	type Action: enum {
		ACTION_NONE,
		## A row in notice.log.
		ACTION_LOG,
		## A mail to mail_dest.
		ACTION_EMAIL,
		## A row in notice_alarm.log, and a place in the summary that is mailed now and then.
		ACTION_ALARM,
		## The source goes on the block list.
		ACTION_DROP,
		## A mail to those whom Site::local_admins has for the source or the destination.
		ACTION_EMAIL_ADMIN,
		## A mail to mail_page_dest.
		ACTION_PAGE,
		## Where the remote end is on the globe, in columns of the notice.
		ACTION_ADD_GEODATA,
	};

	type ActionSet: set[Notice::Action];

	## For how long a notice with an identifier is not repeated; 0secs for no suppression.
	option default_suppression_interval = 1hrs;

	type Info: record {
		## When it was noticed.
		ts: time &log &optional;
		uid: string &log &optional;
		id: conn_id &log &optional;
		## The connection it is about, which gives uid and id.
		conn: connection &optional;
		## What an ICMP message was about, which gives src and dst.
		iconn: icmp_conn &optional;
		## The file it is about, which gives the next three.
		f: fa_file &optional;
		fuid: string &log &optional;
		file_mime_type: string &log &optional;
		file_desc: string &log &optional;
		## That of p.
		proto: transport_proto &log &optional;
		note: Type &log;
		## For people to read.
		msg: string &log &optional;
		sub: string &log &optional;
		src: addr &log &optional;
		## The network whose addresses take turns, where it is about one: src is its first address, and ACTION_DROP blocks
		## all of it.
		src_net: subnet &optional;
		dst: addr &log &optional;
		p: port &log &optional;
		## A number that belongs to it.
		n: count &log &optional;
		peer_name: string &optional;
		peer_descr: string &log &optional;
		actions: ActionSet &log &default=ActionSet();
		## Whom mails about it go to.
		email_dest: set[string] &log &default=set();
		## Text for the end of its mails.
		email_body_sections: vector of string &optional;
		## While there are any, its mails wait: at most max_email_delay.
		email_delay_tokens: set[string] &optional;
		## Notices of one type and identifier are one and the same to suppression; without one there is none.
		identifier: string &optional;
		suppress_for: interval &log &default=default_suppression_interval;
		## Where the remote end is.
		remote_location: geo_location &log &optional;
	};

	## Types that nothing is done about.
	option ignored_types: set[Notice::Type] = {};
	option emailed_types: set[Notice::Type] = {};
	option alarmed_types: set[Notice::Type] = {};
	## Types that are always told.
	option not_suppressed_types: set[Notice::Type] = {};
	const type_suppression_intervals: table[Notice::Type] of interval = {} &redef;
	## Types with ACTION_ADD_GEODATA.
	option lookup_location_types: set[Notice::Type] = {};

	## Identifiers that are suppressed at a time; beyond, the one that would end first is forgotten.
	const max_suppressed: count = 1000000 &redef;

	## Decides about a notice before anything is done with it.
	global policy: hook(n: Notice::Info);

	## A replay sends no mail, unless it is asked to.
	option mail_in_replay = F;
	## The relay for mail, as "host:port"; without one the program below takes it.
	option smtp_server: string = "";
	## How the way there is protected. "may": by STARTTLS where the relay offers it, whoever it is; "starttls": always,
	## and its certificate is checked (port 587, unless another is given); "tls": from the first byte on (port 465);
	## "none".
	option smtp_tls: string = "may";
	## Who logs in there, for which smtp_tls has to be "starttls" or "tls".
	option smtp_user: string = "";
	option smtp_password: string = "";
	## A file whose first line is the password, so that it need not stand here.
	option smtp_password_file: string = "";
	## Certificates of authorities, in PEM, that count beside the system's.
	option smtp_ca_file: string = "";
	## The program that takes mail on its standard input, and is told -t -oi.
	option sendmail = "/usr/sbin/sendmail";
	const mail_dest = "" &redef;
	option mail_page_dest = "";
	option mail_from = "Zeek <zeek@localhost>";
	option reply_to = "";
	option mail_subject_prefix = "[Zeek]";
	const max_email_delay = 15secs &redef;

	## The file for a firewall to read: on each line an address, or a network such as 192.0.2.0/24, and the time
	## (seconds since 1970) up to which it is to be blocked, with a tab between. Without a name there is none.
	option block_list: string = "";
	## For how long ACTION_DROP blocks an address.
	option block_for: interval = 10mins;
	## Networks that are never blocked, beside local and neighbouring ones. They are left out of what holds them.
	option never_block: set[subnet] = {};
	## Addresses and networks on the block list at a time; beyond, the one that would end first gives way.
	const max_blocked: count = 100000 &redef;

	## Puts an address on the block list; F where there is none, or the address is never blocked.
	global block: function(a: addr): bool;
	## The same of a network, but for what is never blocked of it.
	global block_net: function(net: subnet): bool;
	## Adds networks that are not blocked: they are those of this site's.
	global spare: hook(nets: set[subnet]);
	global is_blocked: function(a: addr): bool;
	## When to tell again of what goes on: after so long, but not after a ban for it has ended.
	global reminder: function(wanted: interval): interval;

	## What a notice takes from a file.
	type FileInfo: record {
		fuid: string;
		desc: string;
		mime: string &optional;
		cid: conn_id &optional;
		cuid: string &optional;
	};

	global create_file_info: function(f: fa_file): Notice::FileInfo;
	global populate_file_info: function(f: fa_file, n: Notice::Info);
	global populate_file_info2: function(fi: Notice::FileInfo, n: Notice::Info);

	## Mails a rotated log to mail_dest.
	global log_mailing_postprocessor: function(info: Log::RotationInfo): bool;

	## Does what the actions say, and whatever else handlers do with a notice.
	global notice: hook(n: Info);

	## Notices of this type and identifier are not told from now on.
	global begin_suppression: event(ts: time, suppress_for: interval, note: Type, identifier: string);
	global manager_begin_suppression: event(ts: time, suppress_for: interval, note: Type, identifier: string);
	## A notice was not told.
	global suppressed: event(n: Notice::Info);
	global is_being_suppressed: function(n: Notice::Info): bool;

	global email_notice_to: function(n: Info, dest: string, extend: bool);
	global email_headers: function(subject_desc: string, dest: string): string;

	## A row of notice.log is about to be written.
	global log_notice: event(rec: Info);

	## Fills in what follows from the rest, and asks the policy.
	global apply_policy: function(n: Notice::Info);

	## Whether alarms are mailed as text that is easy to read.
	const pretty_print_alarms = T &redef;
	## Whom they are mailed to, if not mail_dest.
	const mail_dest_pretty_printed = "" &redef;
	## Networks whose alarms are marked.
	global flag_nets: set[subnet] &redef;
	## Writes one alarm.
	global pretty_print_alarm: function(out: file, n: Info) &redef;
	## Write the summary in any case, for tests.
	global force_email_summaries = F &redef;

	## Natively: not for scripts.
	global __suppress: function(note: Type, identifier: string, until: time, ceiling: count);
	global __count: function(suppressed: bool);
	global __is_suppressed: function(note: Type, identifier: string): bool;
	global __mail: function(relay: string, program: string, from: string, to: string, text: string);
	global __mail_file: function(relay: string, program: string, from: string, to: string, head: string, name: string);
	global __block: function(list: string, net: subnet, never: set[subnet], until: time, ceiling: count): bool;
	global __is_blocked: function(a: addr): bool;
}

module GLOBAL;

function NOTICE(n: Notice::Info)
	{
	local suppressed = Notice::is_being_suppressed(n);
	Notice::__count(suppressed);
	if ( suppressed )
		return;
	Notice::apply_policy(n);
	hook Notice::notice(n);
	}

module Notice;

event zeek_init() &priority=5
	{
	Log::create_stream(Notice::LOG, [$columns=Info, $ev=log_notice, $path="notice", $policy=log_policy]);
	Log::create_stream(Notice::ALARM_LOG, [$columns=Info, $path="notice_alarm", $policy=log_policy_alarm]);
	}

# ---- what follows from what a notice says ----

function create_file_info(f: fa_file): Notice::FileInfo
	{
	local desc = "";
@ifdef ( Files::describe )
	desc = Files::describe(f);
@endif
	local fi = Notice::FileInfo($fuid=f$id, $desc=desc);
@ifdef ( Files::Info )
	if ( f?$info && f$info?$mime_type )
		fi$mime = f$info$mime_type;
@endif
	# Of several connections any will do.
	if ( f?$conns )
		for ( id, c in f$conns )
			{
			fi$cid = id;
			fi$cuid = c$uid;
			break;
			}
	return fi;
	}

function populate_file_info2(fi: Notice::FileInfo, n: Notice::Info)
	{
	if ( ! n?$fuid )
		n$fuid = fi$fuid;
	if ( fi?$mime && ! n?$file_mime_type )
		n$file_mime_type = fi$mime;
	n$file_desc = fi$desc;
	if ( fi?$cid )
		n$id = fi$cid;
	if ( fi?$cuid )
		n$uid = fi$cuid;
	}

function populate_file_info(f: fa_file, n: Notice::Info)
	{
	populate_file_info2(create_file_info(f), n);
	}

function fill_from_connection(n: Notice::Info)
	{
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
	}

function apply_policy(n: Notice::Info)
	{
	if ( ! n?$ts )
		n$ts = network_time();
	if ( n?$f )
		populate_file_info(n$f, n);
	fill_from_connection(n);
	if ( ! n?$email_body_sections )
		n$email_body_sections = vector();
	if ( ! n?$email_delay_tokens )
		n$email_delay_tokens = set();

	hook Notice::policy(n);

	if ( ! n?$suppress_for )
		n$suppress_for = default_suppression_interval;
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
	if ( n$note in lookup_location_types )
		add n$actions[ACTION_ADD_GEODATA];
	if ( n$note in type_suppression_intervals )
		n$suppress_for = type_suppression_intervals[n$note];
	# A later handler may take this one away again.
	add n$actions[ACTION_LOG];
	}

# ---- suppression ----

function is_being_suppressed(n: Notice::Info): bool
	{
	if ( ! n?$identifier || ! __is_suppressed(n$note, n$identifier) )
		return F;
	event Notice::suppressed(n);
	return T;
	}

event Notice::begin_suppression(ts: time, suppress_for: interval, note: Type, identifier: string)
	{
	__suppress(note, identifier, ts + suppress_for, max_suppressed);
	}

# ---- what is done ----

hook Notice::notice(n: Notice::Info) &priority=10
	{
	if ( ACTION_ADD_GEODATA !in n$actions || n?$remote_location || |Site::local_nets| == 0 )
		return;
	if ( n?$src && ! Site::is_local_addr(n$src) )
		n$remote_location = lookup_location(n$src);
	else if ( n?$dst && ! Site::is_local_addr(n$dst) )
		n$remote_location = lookup_location(n$dst);
	}

hook Notice::notice(n: Notice::Info) &priority=2
	{
	if ( ACTION_DROP !in n$actions )
		return;
	if ( n?$src_net )
		block_net(n$src_net);
	else if ( n?$src )
		block(n$src);
	}

hook Notice::notice(n: Notice::Info)
	{
	if ( ACTION_EMAIL in n$actions )
		add n$email_dest[mail_dest];
	if ( ACTION_PAGE in n$actions )
		add n$email_dest[mail_page_dest];
	if ( ACTION_EMAIL_ADMIN in n$actions && |Site::local_admins| > 0 )
		{
		local mails = "";
		if ( n?$src && (mails = Site::get_emails(n$src)) != "" )
			add n$email_dest[mails];
		if ( n?$dst && (mails = Site::get_emails(n$dst)) != "" )
			add n$email_dest[mails];
		}
	}

hook Notice::notice(n: Notice::Info) &priority=-5
	{
	for ( dest in n$email_dest )
		email_notice_to(n, dest, T);

	if ( ACTION_LOG in n$actions )
		Log::write(Notice::LOG, n);
	if ( ACTION_ALARM in n$actions )
		Log::write(Notice::ALARM_LOG, n);

	if ( n?$identifier && n$suppress_for != 0secs && ! __is_suppressed(n$note, n$identifier) )
		{
		event Notice::begin_suppression(n$ts, n$suppress_for, n$note, n$identifier);
		# The event comes after what the same handler notices next.
		__suppress(n$note, n$identifier, n$ts + n$suppress_for, max_suppressed);
		}
	}

# ---- the block list ----

function block_net(net: subnet): bool
	{
	if ( block_list == "" )
		return F;
	local never = never_block | Site::local_nets | Site::neighbor_nets;
	hook spare(never);
	return __block(block_list, net, never, network_time() + block_for, max_blocked);
	}

function block(a: addr): bool
	{
	return block_net(addr_to_subnet(a));
	}

function reminder(wanted: interval): interval
	{
	return block_list != "" && block_for < wanted ? block_for : wanted;
	}

function is_blocked(a: addr): bool
	{
	return __is_blocked(a);
	}

# ---- mail ----

# What is replayed was told of when it happened, or is a test.
function can_mail(): bool
	{
	return mail_in_replay || ! reading_traces();
	}

# What stands in a header cannot begin another one.
function header_text(text: string): string
	{
	return gsub(text, /[\r\n]+/, " ");
	}

function email_headers(subject_desc: string, dest: string): string
	{
	local head = fmt("From: %s\nSubject: %s %s\nTo: %s\nUser-Agent: Zeek/%s\n", header_text(mail_from),
	    mail_subject_prefix, header_text(subject_desc), header_text(dest), zeek_version());
	return reply_to == "" ? head : cat(head, "Reply-To: ", header_text(reply_to), "\n");
	}

event delay_sending_email(n: Notice::Info, dest: string, extend: bool)
	{
	email_notice_to(n, dest, extend);
	}

function email_body(n: Notice::Info, extend: bool): string
	{
	local text = fmt("Message: %s\n", n?$msg ? n$msg : "");
	if ( n?$sub )
		text += fmt("Sub-message: %s\n", n$sub);
	text += "\n";

	if ( n?$file_desc )
		text += fmt("File Description: %s\n", n$file_desc);
	if ( n?$file_mime_type )
		text += fmt("File MIME Type: %s\n", n$file_mime_type);
	if ( n?$file_desc || n?$file_mime_type )
		text += "\n";

	if ( n?$id )
		{
		text += fmt("Connection: %s:%d -> %s:%d\n", n$id$orig_h, n$id$orig_p, n$id$resp_h, n$id$resp_p);
		if ( n?$uid )
			text += fmt("Connection uid: %s\n", n$uid);
		}
	else if ( n?$src )
		text += fmt("Address: %s\n", n$src);

	if ( extend )
		{
		text += "\nEmail Extensions\n----------------\n";
		if ( n?$email_body_sections )
			for ( _, section in n$email_body_sections )
				text += cat(section, "\n");
		}
	return text + "\n\n--\n[Automatically generated]\n\n";
	}

function email_notice_to(n: Notice::Info, dest: string, extend: bool)
	{
	if ( dest == "" || ! can_mail() )
		return;
	if ( extend && n?$email_delay_tokens && |n$email_delay_tokens| > 0 )
		{
		if ( n$ts + max_email_delay > network_time() && ! zeek_is_terminating() )
			{
			schedule 1sec { delay_sending_email(n, dest, extend) };
			return;
			}
		Reporter::info(fmt("Notice email delay tokens weren't released in time (%s).", n$email_delay_tokens));
		}
	local text = cat(email_headers(fmt("%s", n$note), dest), "\n", email_body(n, extend));
	__mail(smtp_server, sendmail, mail_from, dest, text);
	}

function log_mailing_postprocessor(info: Log::RotationInfo): bool
	{
	if ( can_mail() && mail_dest != "" )
		{
		local head = email_headers(fmt("Log Contents: %s", info$fname), mail_dest);
		__mail_file(smtp_server, sendmail, mail_from, mail_dest, head, info$fname);
		}
	return T;
	}

# ---- the summary of alarms ----

const summary_name = "alarm-mail.txt";
global summary: file;
global summary_is_open = F;
global summary_since: time;

function summary_dest(): string
	{
	return mail_dest_pretty_printed != "" ? mail_dest_pretty_printed : mail_dest;
	}

function wants_summary(): bool
	{
	return force_email_summaries || (pretty_print_alarms && can_mail() && summary_dest() != "");
	}

function mail_summary()
	{
	if ( ! summary_is_open || summary_dest() == "" )
		return;
	# Line by line: what the traffic put into a message stays escaped, so that it makes no lines of its own.
	for ( _, line in vector("", "", "--", "[Automatically generated]", "") )
		print summary, line;
	close(summary);
	summary_is_open = F;
	local subject = fmt("Alarm summary from %s-%s", strftime("%H:%M:%S", summary_since),
	    strftime("%H:%M:%S", network_time()));
	__mail_file(smtp_server, sendmail, mail_from, summary_dest(), email_headers(subject, summary_dest()),
	    summary_name);
	}

function summary_interval(): interval
	{
	return Log::default_mail_alarms_interval > 0secs ? Log::default_mail_alarms_interval : 24hrs;
	}

event mail_summary_now()
	{
	mail_summary();
	if ( ! zeek_is_terminating() )
		schedule summary_interval() { mail_summary_now() };
	}

event zeek_init()
	{
	if ( wants_summary() )
		schedule summary_interval() { mail_summary_now() };
	}

# What is left when the run ends.
event zeek_done() &priority=-10
	{
	mail_summary();
	}

hook Notice::notice(n: Notice::Info) &priority=-5
	{
	if ( ACTION_ALARM !in n$actions || ! wants_summary() )
		return;
	if ( ! summary_is_open )
		{
		summary = open(summary_name);
		summary_since = network_time();
		summary_is_open = T;
		}
	pretty_print_alarm(summary, n);
	}

# The ends as they are shown, then the name of each.
function name_of(a: addr): string
	{
	return reading_traces() ? "<skipped>" : lookup_addr(a);
	}

function pretty_print_alarm(out: file, n: Info)
	{
	local ends: vector of addr = vector();
	local who = "";
	if ( n?$id )
		{
		ends = vector(n$id$orig_h, n$id$resp_h);
		who = fmt("%s:%s -> %s:%s", n$id$orig_h, n$id$orig_p, n$id$resp_h, n$id$resp_p);
		}
	else if ( n?$src && n?$dst )
		{
		ends = vector(n$src, n$dst);
		who = fmt("%s -> %s", n$src, n$dst);
		}
	else if ( n?$src )
		{
		ends = vector(n$src);
		who = n?$p ? fmt("%s:%s", n$src, n$p) : fmt("%s", n$src);
		}
	if ( n?$uid )
		who = fmt("%s (uid %s)", who, n$uid);

	local flag = " ";
	local names = "";
	for ( i, a in ends )
		{
		if ( a in flag_nets )
			flag = ">";
		names += fmt("%s%s = %s", i == 0 ? "   # " : "  ", a, name_of(a));
		}
	local where = "";
	if ( n?$remote_location && n$remote_location?$country_code )
		where = fmt(" (remote location %s)", n$remote_location$country_code);

	print out, fmt(">%s %D %s %s%s", flag, network_time(), n$note, who, where);
	print out, fmt("   %s", n?$msg ? n$msg : "");
	if ( n?$sub )
		print out, fmt("   %s", n$sub);
	if ( names != "" )
		print out, names;
	print out, "";
	}

@load base/frameworks/weird
