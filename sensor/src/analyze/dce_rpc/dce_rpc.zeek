# DCE/RPC: what scripts may set and find, and dce_rpc.log.

@load base/frameworks/analyzer
@load base/logs/dce_rpc
@load base/protocols/dce-rpc/consts

module DCE_RPC;

export {
	## What is known of a connection or pipe. The sensor keeps this itself; it is here so that scripts that name it load.
	type State: record {
		uuid: string &optional;
		named_pipe: string &optional;
		ctx_to_uuid: table[count] of string &optional;
	};

	type BackingState: record {
		info: Info;
		state: State;
	};
}

redef record connection += {
	dce_rpc_state: DCE_RPC::State &optional;
	dce_rpc_backing: table[count] of DCE_RPC::BackingState &optional;
};

redef DPD::ignore_violations += { Analyzer::ANALYZER_DCE_RPC };

redef likely_server_ports += { 135/tcp };
