# analyzer.log. Generated from the declaration of its rows (record!); a test compares it.

module Analyzer::Logging;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was.
		ts: time &log;
		## What is told of: violation, confirmation, or disabled.
		cause: string &log;
		## The kind of analyzer: protocol or packet.
		analyzer_kind: string &log;
		## The analyzer's name.
		analyzer_name: string &log;
		## The connection's identifier.
		uid: string &log &optional;
		## The file's identifier, of analyzers of files.
		fuid: string &log &optional;
		## The connection's ends.
		id: conn_id &log &optional;
		## Which rule was broken.
		failure_reason: string &log &optional;
		## The first 40 bytes of what broke it, where the analyzer can say.
		failure_data: string &log &optional;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(Analyzer::Logging::LOG, [$columns=Info, $path="analyzer", $policy=log_policy]);
	}
