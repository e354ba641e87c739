# MySQL. This sensor does not parse it yet: what is here lets scripts about it load.

module MySQL;

export {
	redef enum Log::ID += { mysql::LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		cmd: string &log;
		arg: string &log;
		success: bool &log &optional;
		rows: count &log &optional;
		response: string &log &optional;
	};

	global log_mysql: event(rec: Info);
}

module GLOBAL;

global mysql_command_request: event(c: connection, command: count, arg: string);
global mysql_error: event(c: connection, code: count, msg: string);
global mysql_ok: event(c: connection, affected_rows: count);
global mysql_result_row: event(c: connection, row: string_vec);
global mysql_server_version: event(c: connection, ver: string);
global mysql_handshake: event(c: connection, username: string);

redef record connection += {
	mysql: MySQL::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(mysql::LOG, [$columns=MySQL::Info, $ev=MySQL::log_mysql, $path="mysql", $policy=MySQL::log_policy]);
	}
