# Programs that scripts run, and what these print.

@load base/frameworks/input

module Exec;

export {
	type Command: record {
		## For the shell: texts from traffic are to be quoted (safe_shell_quote).
		cmd: string;
		## What the program reads.
		stdin: string &default="";
		## Files that the program writes; they are read when it has ended, and removed.
		read_files: set[string] &optional;
		uid: string &default=unique_id("");
	};

	type Result: record {
		exit_code: count &default=0;
		## A signal has ended it.
		signal_exit: bool &default=F;
		## Lines.
		stdout: vector of string &optional;
		stderr: vector of string &optional;
		## The lines of files that were asked for.
		files: table[string] of string_vec &optional;
	};

	## Runs a program; for `when`.
	global run: function(cmd: Command): Result;

	## A line of it, or of a file that it has written; not for other scripts.
	global line: event(description: Input::EventDescription, tpe: Input::Event, s: string, is_stderr: bool);
	global file_line: event(description: Input::EventDescription, tpe: Input::Event, s: string);
}

type OutputLine: record {
	s: string;
	is_stderr: bool;
};

type TextLine: record {
	s: string;
};

# By the program's uid: what came of it so far, and the files that are still to be read.
global running: table[string] of Result;
global unread: table[string] of set[string];

# Between a program's uid and the name of a file, in the name of that file's stream.
const between = "_";

event Exec::line(description: Input::EventDescription, tpe: Input::Event, s: string, is_stderr: bool)
	{
	if ( description$name !in running )
		return;
	local result = running[description$name];
	if ( is_stderr )
		{
		if ( ! result?$stderr )
			result$stderr = vector();
		result$stderr += s;
		}
	else
		{
		if ( ! result?$stdout )
			result$stdout = vector();
		result$stdout += s;
		}
	}

# What a stream's name says: a uid and the file.
function of_file(name: string): string_vec
	{
	return split_string1(name, /_/);
	}

# The lines of a file so far.
function lines_of(uid: string, written: string): string_vec
	{
	local result = running[uid];
	if ( ! result?$files )
		result$files = table();
	if ( written !in result$files )
		result$files[written] = vector();
	return result$files[written];
	}

event Exec::file_line(description: Input::EventDescription, tpe: Input::Event, s: string)
	{
	local parts = of_file(description$name);
	if ( parts[0] in running )
		{
		local lines = lines_of(parts[0], parts[1]);
		lines += s;
		}
	}

event Input::end_of_data(name: string, source: string)
	{
	local parts = of_file(name);
	if ( |parts| < 2 || parts[0] !in running || parts[0] !in unread )
		return;
	local uid = parts[0];
	local written = parts[1];
	# One may be empty.
	lines_of(uid, written);
	Input::remove(name);
	delete unread[uid][written];
	system(fmt("rm %s", safe_shell_quote(written)));
	if ( |unread[uid]| == 0 )
		delete unread[uid];
	}

# Programs that have ended and whose files were not read yet.
global ended: set[string];

event InputRaw::process_finished(name: string, source: string, exit_code: count, signal_exit: bool)
	{
	if ( name !in running )
		return;
	running[name]$exit_code = exit_code;
	running[name]$signal_exit = signal_exit;
	add ended[name];
	if ( name in unread )
		for ( written in unread[name] )
			Input::add_event([$source=written, $name=name + between + written, $reader=Input::READER_RAW,
			                  $want_record=F, $fields=TextLine, $ev=Exec::file_line]);
	}

function run(cmd: Command): Result
	{
	local uid = cmd$uid;
	running[uid] = Result();
	if ( cmd?$read_files && |cmd$read_files| > 0 )
		unread[uid] = copy(cmd$read_files);
	Input::add_event([$name=uid, $source=fmt("%s |", cmd$cmd), $reader=Input::READER_RAW, $mode=Input::STREAM,
	                  $fields=OutputLine, $ev=Exec::line, $want_record=F,
	                  $config=table(["stdin"] = cmd$stdin, ["read_stderr"] = "1")]);
	return when [uid] ( uid in ended && uid !in unread )
		{
		local result = running[uid];
		delete running[uid];
		delete ended[uid];
		return result;
		}
	}

event zeek_done()
	{
	for ( uid, paths in unread )
		for ( written in paths )
			system(fmt("rm -f %s", safe_shell_quote(written)));
	}
