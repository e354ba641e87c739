# reporter.log: what scripts got wrong or had to say.

@load base/frameworks/logging

module Reporter;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Level: enum {
		INFO,
		WARNING,
		ERROR,
	};

	type Info: record {
		ts: time &log;
		level: Level &log;
		message: string &log;
		## The place in the script, where there is one.
		location: string &log &optional;
	};
}

event zeek_init() &priority=5
	{
	Log::create_stream(Reporter::LOG, [$columns=Info, $path="reporter", $policy=log_policy]);
	}

event reporter_info(t: time, msg: string, location: string) &priority=-5
	{
	Log::write(Reporter::LOG, Info($ts=t, $level=INFO, $message=msg, $location=location));
	}

event reporter_warning(t: time, msg: string, location: string) &priority=-5
	{
	Log::write(Reporter::LOG, Info($ts=t, $level=WARNING, $message=msg, $location=location));
	}

event reporter_error(t: time, msg: string, location: string) &priority=-5
	{
	Log::write(Reporter::LOG, Info($ts=t, $level=ERROR, $message=msg, $location=location));
	}
