# DCE/RPC: what scripts may set and find, and dce_rpc.log.

@load base/frameworks/analyzer
@load base/logs/dce_rpc
@load base/protocols/dce-rpc/consts

module DCE_RPC;

export {
	## What is known of a connection, or of the pipe that an event is about.
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

# Where scripts hear of calls they are shown this first; the sensor itself keeps what it needs.
event DCE_RPC::shown(c: connection, uuid: string, named_pipe: string) &priority=100
	{
	local s = State();
	if ( uuid != "" )
		s$uuid = uuid;
	if ( named_pipe != "" )
		s$named_pipe = named_pipe;
	c$dce_rpc_state = s;
	}

redef DPD::ignore_violations += { Analyzer::ANALYZER_DCE_RPC };

redef likely_server_ports += { 135/tcp };
