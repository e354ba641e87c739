# files.log. Generated from the declaration of its rows (record!); a test compares it.

module Files;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When the file was first seen.
		ts: time &log;
		## The file's identifier.
		fuid: string &log;
		## The identifier of the connection that carried it.
		uid: string &log &optional;
		## The connection's ends.
		id: conn_id &log &optional;
		## The protocol that carried it.
		source: string &log &optional;
		## Its place within the protocol: of a mail, how deep in its parts.
		depth: count &log &default=0;
		## What looked at the file.
		analyzers: set[string] &log;
		## What it is, by its first bytes.
		mime_type: string &log &optional;
		## Its name, where the protocol gives one.
		filename: string &log &optional;
		## From its beginning to the last time something of it was seen.
		duration: interval &log &default=0secs;
		## Whether the sender is in `Site::local_nets`.
		local_orig: bool &log &optional;
		## Whether the connection's originator sent it.
		is_orig: bool &log &optional;
		## Bytes seen.
		seen_bytes: count &log &default=0;
		## Its size, where the protocol gives it.
		total_bytes: count &log &optional;
		## Bytes that were missed.
		missing_bytes: count &log &default=0;
		## Bytes missed because too much that came after them was waiting.
		overflow_bytes: count &log &default=0;
		## Whether it was given up before it had ended.
		timedout: bool &log &default=F;
		## The file it was taken out of.
		parent_fuid: string &log &optional;
		## Digests, where they were asked for.
		md5: string &log &optional;
		sha1: string &log &optional;
		sha256: string &log &optional;
		## Where it was extracted to.
		extracted: string &log &optional;
		## Whether extraction stopped at a limit.
		extracted_cutoff: bool &log &optional;
		## Bytes extracted.
		extracted_size: count &log &optional;
	};

	## A row of files.log is about to be written.
	global log_files: event(rec: Info);
}

redef record fa_file += {
	info: Files::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Files::LOG, [$columns=Info, $ev=log_files, $path="files", $policy=log_policy]);
	}
