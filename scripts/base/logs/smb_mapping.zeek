# smb_mapping.log. Generated from the declaration of its rows (record!); a test compares it.

module SMB;

export {
	redef enum Log::ID += { MAPPING_LOG };

	global log_policy_mapping: Log::PolicyHook;

	type TreeInfo: record {
		## When it was asked for.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## Its name.
		path: string &log &optional;
		## What it is, in the words of SMB 1.
		service: string &log &optional;
		## The file system that it has.
		native_file_system: string &log &optional;
		## DISK, PIPE or PRINT.
		share_type: string &log &default="DISK";
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(SMB::MAPPING_LOG, [$columns=TreeInfo, $path="smb_mapping", $policy=log_policy_mapping]);
	}
