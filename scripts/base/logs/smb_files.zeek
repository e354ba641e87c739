# smb_files.log. Generated from the declaration of its rows (record!); a test compares it.

module SMB;

export {
	redef enum Log::ID += { FILES_LOG };

	global log_policy_files: Log::PolicyHook;

	type FileInfo: record {
		## When the file was heard of first.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## The identifier of the file in files.log.
		fuid: string &log &optional;
		## What is done to it.
		action: SMB::Action &log &optional;
		## The share that it is in.
		path: string &log &optional;
		## Its name.
		name: string &log &optional;
		## Its size.
		size: count &log &default=0;
		## What it was called before.
		prev_name: string &log &optional;
		times: SMB::MACTimes &log &optional;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(SMB::FILES_LOG, [$columns=FileInfo, $path="smb_files", $policy=log_policy_files]);
	}
