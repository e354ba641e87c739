# weird.log: what traffic should not do. What the sensor notices is decided on natively, by the settings here;
# what scripts notice is decided on here.

@load base/frameworks/logging
@load base/frameworks/notice
@load base/bif/weird
@load base/utils/conn-ids
@load base/logs/weird

module Weird;

redef record Weird::Info += {
	## The connection it is about, which gives uid and id.
	conn: connection &optional;
	## What it has in common with its repetitions, instead of the ends of the connection.
	identifier: string &optional;
};

export {
	redef enum Notice::Type += {
		## Something odd that is worth a notice.
		Activity,
	};

	type Action: enum {
		ACTION_UNSPECIFIED,
		ACTION_IGNORE,
		## Log it every time, but for repetitions (see weird_ignore).
		ACTION_LOG,
		ACTION_LOG_ONCE,
		ACTION_LOG_PER_CONN,
		ACTION_LOG_PER_ORIG,
		## The same as notices.
		ACTION_NOTICE,
		ACTION_NOTICE_ONCE,
		ACTION_NOTICE_PER_CONN,
		ACTION_NOTICE_PER_ORIG,
	};

	## What is done about an oddity; what is not listed is logged.
	const actions: table[string] of Action = {
		["unsolicited_SYN_response"] = ACTION_IGNORE,
		["FIN_after_reset"] = ACTION_IGNORE,
		["spontaneous_FIN"] = ACTION_IGNORE,
		["spontaneous_RST"] = ACTION_IGNORE,
		["FTP_arg_too_long"] = ACTION_LOG_PER_CONN,
		["FTP_max_command_length_exceeded"] = ACTION_LOG_PER_CONN,
		["FTP_password_too_long"] = ACTION_LOG_PER_CONN,
		["FTP_reply_msg_too_long"] = ACTION_LOG_PER_CONN,
		["FTP_too_many_pending_commands"] = ACTION_LOG_PER_CONN,
		["FTP_user_too_long"] = ACTION_LOG_PER_CONN,
		["simultaneous_open"] = ACTION_LOG_PER_CONN,
		["smb_tree_connect_andx_response_without_tree"] = ACTION_LOG_PER_CONN,
		["smtp_excessive_invalid_mail_transactions"] = ACTION_LOG_PER_CONN,
		["smtp_mail_transaction_invalid"] = ACTION_LOG_PER_CONN,
		["DNS_label_forward_compress_offset"] = ACTION_LOG_PER_ORIG,
		["DNS_label_len_gt_name_len"] = ACTION_LOG_PER_ORIG,
		["DNS_label_len_gt_pkt"] = ACTION_LOG_PER_ORIG,
		["DNS_label_too_long"] = ACTION_LOG_PER_ORIG,
		["SYN_with_data"] = ACTION_LOG_PER_ORIG,
		["UDP_datagram_length_mismatch"] = ACTION_LOG_PER_ORIG,
		["bad_ICMP_checksum"] = ACTION_LOG_PER_ORIG,
		["bad_IP_checksum"] = ACTION_LOG_PER_ORIG,
		["bad_RPC"] = ACTION_LOG_PER_ORIG,
		["bad_TCP_checksum"] = ACTION_LOG_PER_ORIG,
		["bad_UDP_checksum"] = ACTION_LOG_PER_ORIG,
		["connection_originator_SYN_ack"] = ACTION_LOG_PER_ORIG,
		["excess_RPC"] = ACTION_LOG_PER_ORIG,
		["excessively_small_fragment"] = ACTION_LOG_PER_ORIG,
		["fragment_inconsistency"] = ACTION_LOG_PER_ORIG,
		["fragment_overlap"] = ACTION_LOG_PER_ORIG,
		["fragment_size_inconsistency"] = ACTION_LOG_PER_ORIG,
		["originator_RPC_reply"] = ACTION_LOG_PER_ORIG,
		["partial_RPC"] = ACTION_LOG_PER_ORIG,
		["responder_RPC_call"] = ACTION_LOG_PER_ORIG,
		["FIN_storm"] = ACTION_NOTICE_PER_ORIG,
		["SYN_after_partial"] = ACTION_NOTICE_PER_ORIG,
		["successful_RPC_reply_to_invalid_request"] = ACTION_NOTICE_PER_ORIG,
	} &default=ACTION_LOG &redef;

	## Oddities of hosts that nothing is done about.
	option ignore_hosts: set[addr, string] = {};

	## Oddities whose repetitions are logged too.
	option weird_do_not_ignore_repeats = {
		"bad_IP_checksum", "bad_TCP_checksum", "bad_UDP_checksum", "bad_ICMP_checksum",
	};

	## What scripts noticed lately, and is not logged again: by name, and what is common to repetitions.
	global weird_ignore: set[string, string] &create_expire=10min &redef;
	global did_log: set[string, string] &create_expire=1day &redef;
	global did_notice: set[string, string] &create_expire=1day &redef;

	## Takes an oddity that a script noticed.
	global weird: function(w: Weird::Info);

	## Natively: not for scripts.
	global __changed: function();
}

const notice_actions: set[Action] = {
	ACTION_NOTICE, ACTION_NOTICE_ONCE, ACTION_NOTICE_PER_CONN, ACTION_NOTICE_PER_ORIG,
};
const unlimited_actions: set[Action] = { ACTION_UNSPECIFIED, ACTION_LOG, ACTION_NOTICE };
# What attackers can make up any number of is forgotten beyond this many.
const max_remembered = 200000;

function on_ignored_hosts(id: string, new_value: set[addr, string]): set[addr, string]
	{
	__changed();
	return new_value;
	}

function on_repeats(id: string, new_value: set[string]): set[string]
	{
	__changed();
	return new_value;
	}

event zeek_init() &priority=5
	{
	Option::set_change_handler("Weird::ignore_hosts", on_ignored_hosts, -100);
	Option::set_change_handler("Weird::weird_do_not_ignore_repeats", on_repeats, -100);
	}

function raise_notice(w: Weird::Info)
	{
	local n = Notice::Info($note=Activity, $msg=w$name);
	if ( w?$conn )
		n$conn = w$conn;
	if ( w?$uid )
		n$uid = w$uid;
	if ( w?$id )
		n$id = w$id;
	if ( w?$addl )
		n$sub = w$addl;
	NOTICE(n);
	}

# Remembers what was told; F where it was told before.
function remember(told: set[string, string], name: string, what: string): bool
	{
	if ( [name, what] in told )
		return F;
	if ( |told| < max_remembered )
		add told[name, what];
	return T;
	}

function weird(w: Weird::Info)
	{
	if ( w?$conn )
		{
		w$uid = w$conn$uid;
		w$id = w$conn$id;
		}
	local what = w?$identifier ? w$identifier : (w?$id ? id_string(w$id) : "");
	local action = actions[w$name];
	if ( action == ACTION_IGNORE || [w$name, what] in weird_ignore )
		return;
	if ( w?$id && ([w$id$orig_h, w$name] in ignore_hosts || [w$id$resp_h, w$name] in ignore_hosts) )
		return;

	w$notice = action in notice_actions;
	if ( action !in unlimited_actions )
		{
		local limit = what;
		if ( action == ACTION_LOG_ONCE || action == ACTION_NOTICE_ONCE )
			limit = "";
		else if ( w?$id && (action == ACTION_LOG_PER_ORIG || action == ACTION_NOTICE_PER_ORIG) )
			limit = cat(w$id$orig_h);
		if ( ! remember(w$notice ? did_notice : did_log, w$name, limit) )
			return;
		}
	if ( w$notice )
		raise_notice(w);
	if ( w$name !in weird_do_not_ignore_repeats )
		remember(weird_ignore, w$name, what);
	Log::write(Weird::LOG, w);
	}

hook Reporter::weird_raised(w: Reporter::RaisedWeird)
	{
	local i = Info($ts=network_time(), $name=w$name);
	if ( w?$conn )
		i$conn = w$conn;
	if ( w?$id )
		i$id = w$id;
	if ( w?$identifier )
		i$identifier = w$identifier;
	if ( w$addl != "" )
		i$addl = w$addl;
	if ( w$source != "" )
		i$source = w$source;
	weird(i);
	}
