# FTP. This sensor does not parse it yet: what is here lets scripts about it load.

module FTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type ExpectedDataChannel: record {
		passive: bool &log;
		orig_h: addr &log;
		resp_h: addr &log;
		resp_p: port &log;
	};

	type CmdArg: record {
		ts: time;
		cmd: string &default="<unknown>";
		arg: string &default="";
		seq: count &default=0;
	};

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		user: string &log &default="<unknown>";
		password: string &log &optional;
		command: string &log &optional;
		arg: string &log &optional;
		mime_type: string &log &optional;
		file_size: count &log &optional;
		reply_code: count &log &optional;
		reply_msg: string &log &optional;
		data_channel: ExpectedDataChannel &log &optional;
		fuid: string &log &optional;
		cwd: string &default=".";
		cmdarg: CmdArg &optional;
		passive: bool &default=F;
		capture_password: bool &default=F;
	};

	option logged_commands: set[string] = { "APPE", "DELE", "RETR", "STOR", "STOU", "ACCT", "PORT", "PASV", "EPRT", "EPSV" };
	option guest_ids: set[string] = { "anonymous", "ftp", "ftpuser", "guest" };
	option default_capture_password = F;

	global log_ftp: event(rec: Info);
}

module GLOBAL;

global ftp_request: event(c: connection, command: string, arg: string);
global ftp_reply: event(c: connection, code: count, msg: string, cont_resp: bool);

redef record connection += {
	ftp: FTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(FTP::LOG, [$columns=FTP::Info, $ev=FTP::log_ftp, $path="ftp", $policy=FTP::log_policy]);
	}
