# The Files framework: what is looked at in files, and files.log.

module Files;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	## What can be done with a file's content.
	type Tag: enum {
		ANALYZER_MD5,
		ANALYZER_SHA1,
		ANALYZER_SHA256,
		ANALYZER_EXTRACT,
		ANALYZER_DATA_EVENT,
	};

	type AnalyzerArgs: record {
		chunk_event: event(f: fa_file, data: string, off: count) &optional;
		stream_event: event(f: fa_file, data: string) &optional;
	};

	type Info: record {
		ts: time &log;
		fuid: string &log;
		uid: string &log &optional;
		id: conn_id &log &optional;
		source: string &log &optional;
		depth: count &log &default=0;
		analyzers: set[string] &log &default=set();
		mime_type: string &log &optional;
		filename: string &log &optional;
		duration: interval &log &default=0secs;
		local_orig: bool &log &optional;
		is_orig: bool &log &optional;
		seen_bytes: count &log &default=0;
		total_bytes: count &log &optional;
		missing_bytes: count &log &default=0;
		overflow_bytes: count &log &default=0;
		timedout: bool &log &default=F;
		parent_fuid: string &log &optional;
		md5: string &log &optional;
		sha1: string &log &optional;
		sha256: string &log &optional;
		extracted: string &log &optional;
		extracted_cutoff: bool &log &optional;
		extracted_size: count &log &optional;
	};

	## Looks at a file that has just begun: in file_new, file_over_new_connection and file_sniff the whole of its
	## content is still to come.
	global add_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;

	## Ends what was asked for: digests are not made, content is not handed on. F where it was not asked for.
	global remove_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;
	## An analyzer's name, as files.log has it.
	global analyzer_name: function(tag: Files::Tag): string;

	## A row of files.log is about to be written.
	global log_files: event(rec: Info);
}

function analyzer_name(tag: Files::Tag): string
	{
	return sub(cat(tag), /^.*ANALYZER_/, "");
	}

redef record fa_file += {
	info: Files::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Files::LOG, [$columns=Info, $ev=log_files, $path="files", $policy=log_policy]);
	}
