# dce_rpc.log. Generated from the declaration of its rows (record!); a test compares it.

module DCE_RPC;

export {
	redef enum Log::ID += { LOG };

	global log_policy: Log::PolicyHook;

	type Info: record {
		## When it was made.
		ts: time &log;
		## The connection's identifier.
		uid: string &log;
		## The connection's ends.
		id: conn_id &log;
		## From the request to the answer.
		rtt: interval &log &optional;
		## The named pipe, or where the server listens.
		named_pipe: string &log &optional;
		## The interface.
		endpoint: string &log &optional;
		## The operation.
		operation: string &log &optional;
	};
}

redef record connection += {
	dce_rpc: DCE_RPC::Info &optional;
};

event zeek_init() &priority=5
	{
	Log::create_stream(DCE_RPC::LOG, [$columns=Info, $path="dce_rpc", $policy=log_policy]);
	}
