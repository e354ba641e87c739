# redis.log. Generated from the declaration of its rows (record!); a test compares it.

module Redis;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was sent.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		cmd: Redis::Command &log;
		## Whether it succeeded, where the server said.
		success: bool &log &optional;
		reply: Redis::ReplyData &log &optional;
	};
}

redef record connection += {
	redis: Redis::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(Redis::LOG, [$columns=Info, $path="redis", $policy=log_policy]);
	}
