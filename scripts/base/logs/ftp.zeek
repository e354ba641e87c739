# ftp.log. Generated from the declaration of its rows (record!); a test compares it.

module FTP;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the command was sent.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Who is logged in, or tries to be.
		user: string &log &default="<unknown>";
		## The password, of guests or with `FTP::default_capture_password`.
		password: string &log &optional;
		## The command, in upper case.
		command: string &log &optional;
		## What follows it; of files as an URL.
		arg: string &log &optional;
		## The type of the file that was transferred, by its content.
		mime_type: string &log &optional;
		## The file's size, as the server says it.
		file_size: count &log &optional;
		## The code of the last reply.
		reply_code: count &log &optional;
		## Its text.
		reply_msg: string &log &optional;
		data_channel: FTP::ExpectedDataChannel &log &optional;
		## The identifier of the file that was transferred.
		fuid: string &log &optional;
	};

	## A row of ftp.log is about to be written.
	global log_ftp: event(rec: Info);
}

redef record connection += {
	ftp: FTP::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(FTP::LOG, [$columns=Info, $ev=log_ftp, $path="ftp", $policy=log_policy]);
	}
