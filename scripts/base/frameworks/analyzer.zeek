# The Analyzer framework: which protocols were taken for what they were not. analyzer.log has every rule that was
# broken; dpd.log the protocols that were confirmed, and then given up.

@load base/frameworks/logging

module Analyzer::Logging;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		## What is told of: violation, or confirmation.
		cause: string &log;
		## The kind of analyzer: protocol or packet.
		analyzer_kind: string &log;
		analyzer_name: string &log;
		uid: string &log &optional;
		fuid: string &log &optional;
		id: conn_id &log &optional;
		## Which rule was broken.
		failure_reason: string &log &optional;
		## The first bytes of what broke it.
		failure_data: string &log &optional;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(Analyzer::Logging::LOG, [$columns=Info, $path="analyzer", $policy=log_policy]);
	}

module DPD;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		proto: transport_proto &log;
		## The analyzer that was given up.
		analyzer: string &log;
		## Which rule was broken, and in brackets what broke it.
		failure_reason: string &log;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(DPD::LOG, [$columns=Info, $path="dpd", $policy=log_policy]);
	}
