# smtp.log. Generated from the declaration of its rows (record!); a test compares it.

module SMTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When its first command came.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Which message of the connection this is, from 1.
		trans_depth: count &log;
		## The argument of EHLO or HELO.
		helo: string &log &optional;
		## The address in MAIL FROM.
		mailfrom: string &log &optional;
		## The addresses in RCPT TO.
		rcptto: set[string] &log &optional;
		## The Date header.
		date: string &log &optional;
		## The From header.
		from: string &log &optional;
		## The mailboxes in To headers.
		to: set[string] &log &optional;
		## The mailboxes in Cc headers.
		cc: set[string] &log &optional;
		## The Reply-To header.
		reply_to: string &log &optional;
		## The Message-ID header.
		msg_id: string &log &optional;
		## The In-Reply-To header.
		in_reply_to: string &log &optional;
		## The Subject header.
		subject: string &log &optional;
		## The address in the X-Originating-IP header.
		x_originating_ip: addr &log &optional;
		## The last Received header, which the first server wrote.
		first_received: string &log &optional;
		## The Received header before it.
		second_received: string &log &optional;
		## The server's last reply.
		last_reply: string &log &optional;
		## The hosts that the message went through, by its headers, from the connection's to the first.
		path: vector of addr &log &optional;
		## What the client says it is, in X-Mailer, User-Agent or X-User-Agent.
		user_agent: string &log &optional;
		## Whether the connection went on under TLS.
		tls: bool &log &default=F;
		## The parts of the message, as files.
		fuids: vector of string &log &default=vector();
	};

	## A row of smtp.log is about to be written.
	global log_smtp: event(rec: Info);
}

redef record connection += {
	smtp: SMTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(SMTP::LOG, [$columns=Info, $ev=log_smtp, $path="smtp", $policy=log_policy]);
	}
