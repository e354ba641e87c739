# smb_cmd.log: a row for each request that was answered.

@load base/protocols/smb

module SMB;

export {
	redef enum Log::ID += { CMD_LOG };

	global log_policy: Log::PolicyHook;

	## Answers with these are not logged: more of the same follows.
	option ignored_command_statuses: set[string] = {
		"MORE_PROCESSING_REQUIRED",
	};
}

# Of these a row is written only where they fail: what they do stands in other logs.
const deferred_logging_cmds: set[string] = {
	"NEGOTIATE",
	"READ_ANDX",
	"SESSION_SETUP_ANDX",
	"TREE_CONNECT_ANDX",
};

event zeek_init() &priority=5
	{
	Log::create_stream(CMD_LOG, [$columns=CmdInfo, $path="smb_cmd", $policy=log_policy]);
	}

function log_cmd(c: connection, deferred: bool)
	{
	local cmd = c$smb_state$current_cmd;
	# A request that waits is answered once more.
	if ( cmd$status == "PENDING" || cmd$status in ignored_command_statuses )
		return;
	if ( (cmd$command in deferred_logging_cmds) == deferred )
		Log::write(CMD_LOG, cmd);
	}

event smb1_message(c: connection, hdr: SMB1::Header, is_orig: bool) &priority=-5
	{
	if ( ! is_orig )
		log_cmd(c, F);
	}

event smb1_error(c: connection, hdr: SMB1::Header, is_orig: bool)
	{
	if ( ! is_orig )
		log_cmd(c, T);
	}

event smb2_message(c: connection, hdr: SMB2::Header, is_orig: bool) &priority=-5
	{
	if ( ! is_orig )
		log_cmd(c, F);
	}
