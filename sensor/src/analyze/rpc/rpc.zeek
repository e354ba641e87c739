# RPC: what scripts find of it. Its analyzers are set on ports that scripts register.

module GLOBAL;

export {
	const RPC_status: table[rpc_status] of string = {
		[RPC_SUCCESS] = "ok",
		[RPC_PROG_UNAVAIL] = "prog unavail",
		[RPC_PROG_MISMATCH] = "mismatch",
		[RPC_PROC_UNAVAIL] = "proc unavail",
		[RPC_GARBAGE_ARGS] = "garbage args",
		[RPC_SYSTEM_ERR] = "system err",
		[RPC_TIMEOUT] = "timeout",
		[RPC_AUTH_ERROR] = "auth error",
		[RPC_UNKNOWN_ERROR] = "unknown",
	};
}
