# SMB: its logs, and what scripts find of a connection's requests, files and shares (c$smb_state).
#
# The sensor keeps what is known of those. Where a handler hears of a message it shows them first, and what scripts add
# to their records stays with them.

@load base/protocols/smb/consts
@load base/logs/smb_files
@load base/logs/smb_mapping

module SMB;

export {
	redef record FileInfo += {
		## The number that the file is known by.
		fid: count &optional;
		uuid: string &optional;
	};

	## A request and its answer: a row of smb_cmd.log.
	type CmdInfo: record {
		## When it was made.
		ts: time &log;
		uid: string &log;
		id: conn_id &log;
		## What is asked for.
		command: string &log;
		## The same of transactions.
		sub_command: string &log &optional;
		argument: string &log &optional;
		## What came of it.
		status: string &log &optional;
		## How long the answer took.
		rtt: interval &log &optional;
		## SMB1 or SMB2.
		version: string &log;
		## Who is logged in, where that is known.
		username: string &log &optional;
		## The share.
		tree: string &log &optional;
		## What it is.
		tree_service: string &log &optional;
		## The file that it is about.
		referenced_file: FileInfo &log &optional;
		referenced_tree: TreeInfo &optional;
	};

	## What is known of a connection.
	type State: record {
		current_cmd: CmdInfo &optional;
		current_file: FileInfo &optional;
		current_tree: TreeInfo &optional;
		## Requests that were shown, by the numbers of their messages.
		pending_cmds: table[count] of CmdInfo &default=table();
		## Files that were shown, by their numbers.
		fid_map: table[count] of FileInfo &default=table();
		## Shares that were shown, by their numbers.
		tid_map: table[count] of TreeInfo &default=table();
		pipe_map: table[count] of string &default=table();
	};

	## So many requests, files and shares of a connection are shown before those that were shown are forgotten. Not one
	## of Zeek's.
	const max_shown = 1000 &redef;
}

redef record connection += {
	smb_state: State &optional;
};

# What was shown, by the sensor's numbers.
redef record State += {
	shown_cmds: table[count] of CmdInfo &default=table();
	shown_files: table[count] of FileInfo &default=table();
	shown_trees: table[count] of TreeInfo &default=table();
};

function shown_file(c: connection, s: State, from: ShownFile): FileInfo
	{
	if ( from$number !in s$shown_files )
		{
		if ( |s$shown_files| >= max_shown )
			{
			s$shown_files = table();
			s$fid_map = table();
			}
		s$shown_files[from$number] = FileInfo($ts=from$ts, $uid=c$uid, $id=c$id);
		}
	local f = s$shown_files[from$number];
	f$size = from$size;
	if ( from?$fuid )
		f$fuid = from$fuid;
	if ( from?$action )
		f$action = from$action;
	if ( from?$path )
		f$path = from$path;
	if ( from?$name )
		f$name = from$name;
	if ( from?$prev_name )
		f$prev_name = from$prev_name;
	if ( from?$times )
		f$times = from$times;
	if ( from?$fid )
		{
		f$fid = from$fid;
		s$fid_map[from$fid] = f;
		}
	return f;
	}

function shown_tree(c: connection, s: State, from: ShownTree): TreeInfo
	{
	if ( from$number !in s$shown_trees )
		{
		if ( |s$shown_trees| >= max_shown )
			{
			s$shown_trees = table();
			s$tid_map = table();
			}
		s$shown_trees[from$number] = TreeInfo($ts=from$ts, $uid=c$uid, $id=c$id);
		}
	local t = s$shown_trees[from$number];
	t$share_type = from$share_type;
	if ( from?$path )
		t$path = from$path;
	if ( from?$service )
		t$service = from$service;
	if ( from?$native_file_system )
		t$native_file_system = from$native_file_system;
	if ( from$tid > 0 )
		s$tid_map[from$tid] = t;
	return t;
	}

function shown_cmd(c: connection, s: State, from: ShownCommand): CmdInfo
	{
	if ( from$number !in s$shown_cmds )
		{
		if ( |s$shown_cmds| >= max_shown )
			{
			s$shown_cmds = table();
			s$pending_cmds = table();
			}
		s$shown_cmds[from$number] = CmdInfo($ts=from$ts, $uid=c$uid, $id=c$id, $version=from$version, $command=from$command);
		}
	local cmd = s$shown_cmds[from$number];
	if ( from?$sub_command )
		cmd$sub_command = from$sub_command;
	if ( from?$argument )
		cmd$argument = from$argument;
	if ( from?$status )
		cmd$status = statuses[from$status]$id;
	if ( from?$rtt )
		cmd$rtt = from$rtt;
	if ( from?$tree )
		cmd$tree = from$tree;
	if ( from?$tree_service )
		cmd$tree_service = from$tree_service;
	s$pending_cmds[from$mid] = cmd;
	return cmd;
	}

event SMB::shown(c: connection, state: SMB::Shown) &priority=100
	{
	if ( ! c?$smb_state )
		c$smb_state = State();
	local s = c$smb_state;
	if ( state?$tree )
		s$current_tree = shown_tree(c, s, state$tree);
	else
		delete s$current_tree;
	if ( state?$file )
		s$current_file = shown_file(c, s, state$file);
	else
		delete s$current_file;
	if ( state?$command )
		{
		s$current_cmd = shown_cmd(c, s, state$command);
		if ( s?$current_file )
			s$current_cmd$referenced_file = s$current_file;
		if ( s?$current_tree )
			s$current_cmd$referenced_tree = s$current_tree;
		}
	}
