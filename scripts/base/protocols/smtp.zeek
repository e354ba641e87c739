# SMTP, and the MIME parts of mail. This sensor does not parse them yet: what is here lets scripts about them load.

module SMTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		trans_depth: count &log;
		helo: string &log &optional;
		mailfrom: string &log &optional;
		rcptto: set[string] &log &optional;
		date: string &log &optional;
		from: string &log &optional;
		to: set[string] &log &optional;
		cc: set[string] &log &optional;
		reply_to: string &log &optional;
		msg_id: string &log &optional;
		in_reply_to: string &log &optional;
		subject: string &log &optional;
		x_originating_ip: addr &log &optional;
		first_received: string &log &optional;
		second_received: string &log &optional;
		last_reply: string &log &optional;
		path: vector of addr &log &optional;
		user_agent: string &log &optional;
		tls: bool &log &default=F;
		fuids: vector of string &log &default=vector();
		process_received_from: bool &default=T;
		has_client_activity: bool &default=F;
	};

	type State: record {
		helo: string &optional;
		messages_transferred: count &default=0;
		pending_messages: set[Info] &optional;
	};

	const mail_path_capture = ALL_HOSTS &redef;

	global log_smtp: event(rec: Info);
}

module GLOBAL;

global smtp_request: event(c: connection, is_orig: bool, command: string, arg: string);
global smtp_reply: event(c: connection, is_orig: bool, code: count, cmd: string, msg: string, cont_resp: bool);
global smtp_data: event(c: connection, is_orig: bool, data: string);
global smtp_unexpected: event(c: connection, is_orig: bool, msg: string, detail: string);
global smtp_starttls: event(c: connection);
global mime_begin_entity: event(c: connection);
global mime_end_entity: event(c: connection);
global mime_one_header: event(c: connection, h: mime_header_rec);
global mime_all_headers: event(c: connection, hlist: mime_header_list);
global mime_segment_data: event(c: connection, length: count, data: string);
global mime_entity_data: event(c: connection, length: count, data: string);
global mime_all_data: event(c: connection, length: count, data: string);
global mime_event: event(c: connection, event_type: string, detail: string);
global mime_content_hash: event(c: connection, content_len: count, hash_value: string);

redef record connection += {
	smtp: SMTP::Info &optional;
	smtp_state: SMTP::State &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SMTP::LOG, [$columns=SMTP::Info, $ev=SMTP::log_smtp, $path="smtp", $policy=SMTP::log_policy]);
	}
