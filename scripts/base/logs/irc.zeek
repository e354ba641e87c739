# irc.log. Generated from the declaration of its rows (record!); a test compares it.

module IRC;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the command was seen.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The name that the client had before it.
		nick: string &log &optional;
		## The user that the client was before it.
		user: string &log &optional;
		## NICK, USER, JOIN or DCC.
		command: string &log &optional;
		## What the command is about.
		value: string &log &optional;
		## What it says beside that.
		addl: string &log &optional;
		## The file that is to be sent.
		dcc_file_name: string &log &optional;
		## Its size, as the sender says it.
		dcc_file_size: count &log &optional;
		## Its type, by its content.
		dcc_mime_type: string &log &optional;
		## Its identifier.
		fuid: string &log &optional;
	};

	## A row of irc.log is about to be written.
	global irc_log: event(rec: Info);
}

redef record connection += {
	irc: IRC::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(IRC::LOG, [$columns=Info, $ev=irc_log, $path="irc", $policy=log_policy]);
	}
