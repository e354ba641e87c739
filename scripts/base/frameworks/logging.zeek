# The Log framework: streams of records, and filters that say what becomes of them.

module Log;

export {
	## Names of streams.
	type ID: enum {
		UNKNOWN,
		PRINTLOG,
	};

	## What rows are written with.
	type Writer: enum {
		WRITER_ASCII,
		WRITER_NONE,
		WRITER_SQLITE,
		## The exporters of the configuration, and no file. Those that do not say so export as well, unless their
		## stream has a filter that does. ``$config`` may name a ``topic_name``.
		WRITER_KAFKA,
		## The same, by the name that the plugin seiso/kafka gives it.
		WRITER_KAFKAWRITER,
	};

	type PrintLogType: enum {
		REDIRECT_NONE,
		REDIRECT_STDOUT,
		REDIRECT_ALL,
	};

	const print_to_log: PrintLogType = REDIRECT_NONE &redef;
	const print_log_path = "print" &redef;
	const enable_local_logging = T &redef;
	const enable_remote_logging = T &redef;
	const default_writer = WRITER_ASCII &redef;
	## Set natively where a sensor rotates all logs whose filters have the default interval.
	global __is_rotated_by_sensor = F;
	## The folder of rotated files, where nothing else is said: the logs' own.
	option default_rotation_dir = "";
	const default_rotation_date_format = "%Y-%m-%d-%H-%M-%S" &redef;
	## A command for each rotated file. It is given the file, the log's path, when it was opened and closed, whether
	## the run ends, and the writer.
	const default_rotation_postprocessor_cmd = "" &redef;
	## What that command finds in its environment, with `ZEEK_ARG_` before each name.
	option default_rotation_postprocessor_cmd_env: table[string] of string = table();
	const default_mail_alarms_interval = 0secs &redef;
	const default_field_name_map: table[string] of string = table() &redef;
	const default_scope_sep = "." &redef;
	const default_ext_prefix: string = "_" &redef;

	## Columns that every row of a filter has before its own, if it returns a record.
	global default_ext_func: function(path: string): any = function(path: string) { } &redef;
	## The path of a filter that names none.
	global default_path_func: function(id: ID, path: string, rec: any): string;

	type RotationInfo: record {
		writer: Writer;
		fname: string;
		path: string;
		open: time;
		close: time;
		terminating: bool;
	};

	type RotationPostProcessorFunc: function(info: RotationInfo): bool;

	type RotationFmtInfo: record {
		writer: Writer;
		path: string;
		open: time;
		close: time;
		terminating: bool;
		## What is called for the rotated file.
		postprocessor: RotationPostProcessorFunc &optional;
	};

	## Where a rotated file goes; the writer adds the file's ending.
	type RotationPath: record {
		dir: string &default=default_rotation_dir;
		file_basename: string;
	};

	## What is called for rotated files of filters that name nothing themselves.
	const default_rotation_postprocessors: table[Writer] of RotationPostProcessorFunc = table() &redef;

	## How rotated files are called.
	global rotation_format_func: function(ri: RotationFmtInfo): RotationPath &redef;

	type Filter: record {
		name: string;
		writer: Writer &default=default_writer;
		path: string &optional;
		path_func: function(id: ID, path: string, rec: any): string &optional;
		include: set[string] &optional;
		exclude: set[string] &optional;
		log_local: bool &default=enable_local_logging;
		log_remote: bool &default=enable_remote_logging;
		field_name_map: table[string] of string &default=default_field_name_map;
		scope_sep: string &default=default_scope_sep;
		ext_prefix: string &default=default_ext_prefix;
		ext_func: function(path: string): any &default=default_ext_func;
		interv: interval &default=default_rotation_interval;
		postprocessor: function(info: RotationInfo): bool &optional;
		config: table[string] of string &default=table();
	};

	## Looks at a row before it is written; break keeps it from being written.
	type PolicyHook: hook(rec: any, id: ID, filter: Filter);

	## The same for every stream.
	global log_stream_policy: hook(rec: any, id: ID);

	## Called when the delay of a row ends; F keeps the row from being written.
	type PostDelayCallback: function(rec: any, id: ID): bool;
	type DelayToken: opaque of LogDelayToken;

	## How long a row may be delayed, and how many rows at once, in streams that say nothing themselves.
	const default_max_delay_interval = 200msec &redef;
	const default_max_delay_queue_size = 1000 &redef;

	type PrintLogInfo: record {
		ts: time &log;
		vals: vector of string &log;
	};
	global log_print: event(rec: PrintLogInfo);

	type Stream: record {
		columns: any;
		ev: any &optional;
		path: string &optional;
		policy: PolicyHook &optional;
		event_groups: set[string] &default=set();
		max_delay_interval: interval &default=default_max_delay_interval;
		max_delay_queue_size: count &default=default_max_delay_queue_size;
	};

	## Every stream, by its name.
	global active_streams: table[ID] of Stream = table();
	global all_streams: table[ID] of Stream = table();

	const no_filter: Filter = Filter($name="<not found>");

	global create_stream: function(id: ID, stream: Stream): bool;
	global remove_stream: function(id: ID): bool;
	global enable_stream: function(id: ID): bool;
	global disable_stream: function(id: ID): bool;
	global add_filter: function(id: ID, filter: Filter): bool;
	global remove_filter: function(id: ID, name: string): bool;
	global get_filter_names: function(id: ID): set[string];
	global get_filter: function(id: ID, name: string): Filter;
	global write: function(id: ID, columns: any): bool;
	global set_buf: function(id: ID, buffered: bool): bool;
	global flush: function(id: ID): bool;
	global add_default_filter: function(id: ID): bool;
	global remove_default_filter: function(id: ID): bool;

	global run_rotation_postprocessor_cmd: function(info: RotationInfo, npath: string): bool;

	global empty_post_delay_cb: function(rec: any, id: ID): bool;

	## Holds back a row from within [`log_stream_policy`] until `delay_finish`, or its time is up.
	global delay: function(id: ID, rec: any, post_delay_cb: PostDelayCallback &default=empty_post_delay_cb): DelayToken;
	global delay_finish: function(id: ID, rec: any, token: DelayToken): bool;
	global set_max_delay_interval: function(id: ID, max_delay: interval): bool;
	global set_max_delay_queue_size: function(id: ID, max_size: count): bool;
	global get_delay_queue_size: function(id: ID): int;

	## Natively: not for scripts.
	global __create_stream: function(id: ID, stream: Stream, path: string): bool;
	global __remove_stream: function(id: ID): bool;
	global __enable_stream: function(id: ID, enabled: bool): bool;
	global __add_filter: function(id: ID, filter: Filter): bool;
	global __remove_filter: function(id: ID, name: string): bool;
	global __delay: function(id: ID, rec: any, post_delay_cb: PostDelayCallback): DelayToken;
	global __delay_finish: function(id: ID, rec: any, token: DelayToken): bool;
	global __set_max_delay_interval: function(id: ID, max_delay: interval): bool;
	global __set_max_delay_queue_size: function(id: ID, max_size: count): bool;
	global __get_delay_queue_size: function(id: ID): int;
	global __rotate_leftover: function(): bool;
}

redef record Filter += {
	policy: PolicyHook &optional;
	## Decides on a row, as before Zeek 4.1.
	pred: function(rec: any): bool &optional;
};

module LogNone;

export {
	## Prints what a writer would be made for.
	const debug = F &redef;
}

module LogSQLite;

export {
	## Rows go to the table `tablename` ($config; else the path) of the database PATH.sqlite.
	const set_separator = Log::set_separator &redef;
	const empty_field = Log::empty_field &redef;
	const unset_field = Log::unset_field &redef;
}

module Log;

# MyModule::LOG becomes my_module, Notice::ALARM_LOG notice_alarm. Like Zeek, which knows words by a capital letter
# behind another, and takes four pieces of a name at most.
function path_of(id: ID): string
	{
	local parts = split_string1(cat(id), /::/);
	if ( |parts| != 2 )
		return to_lower(cat(id));
	if ( parts[1] != "LOG" )
		return cat(to_lower(parts[0]), "_", to_lower(sub(parts[1], /_LOG$/, "")));
	local words = split_string_all(parts[0], /[^A-Z][A-Z][a-z]*/);
	local path = "";
	for ( i in words )
		{
		if ( i > 3 || words[i] == "" )
			next;
		if ( i % 2 == 1 )
			path += cat(words[i][0], "_", words[i][1:]);
		else
			path += i == 0 ? words[i] : cat("_", words[i]);
		}
	return to_lower(path);
	}

function default_path_func(id: ID, path: string, rec: any): string
	{
	return path != "" ? path : path_of(id);
	}

function create_stream(id: ID, stream: Stream): bool
	{
	if ( ! __create_stream(id, stream, stream?$path ? stream$path : path_of(id)) )
		return F;
	active_streams[id] = stream;
	all_streams[id] = stream;
	return add_default_filter(id);
	}

function remove_stream(id: ID): bool
	{
	delete active_streams[id];
	delete all_streams[id];
	return __remove_stream(id);
	}

function enable_stream(id: ID): bool
	{
	if ( ! __enable_stream(id, T) )
		return F;
	if ( id !in all_streams )
		return T;
	active_streams[id] = all_streams[id];
	for ( group in all_streams[id]$event_groups )
		{
		if ( has_module_events(group) )
			enable_module_events(group);
		if ( has_event_group(group) )
			enable_event_group(group);
		}
	return T;
	}

function disable_stream(id: ID): bool
	{
	delete active_streams[id];
	if ( id in all_streams )
		for ( group in all_streams[id]$event_groups )
			{
			if ( has_module_events(group) )
				disable_module_events(group);
			if ( has_event_group(group) )
				disable_event_group(group);
			}
	return __enable_stream(id, F);
	}

global filters: table[ID, string] of Filter;

function add_filter(id: ID, filter: Filter): bool
	{
	if ( id in all_streams )
		{
		local stream = all_streams[id];
		if ( ! filter?$policy && stream?$policy )
			filter$policy = stream$policy;
		if ( ! filter?$path && ! filter?$path_func && stream?$path )
			filter$path = stream$path;
		}
	if ( ! __add_filter(id, filter) )
		return F;
	filters[id, filter$name] = filter;
	return T;
	}

function remove_filter(id: ID, name: string): bool
	{
	delete filters[id, name];
	return __remove_filter(id, name);
	}

function get_filter(id: ID, name: string): Filter
	{
	if ( [id, name] in filters )
		return filters[id, name];
	return no_filter;
	}

function get_filter_names(id: ID): set[string]
	{
	local names: set[string];
	for ( [i, name] in filters )
		if ( i == id )
			add names[name];
	return names;
	}

function add_default_filter(id: ID): bool
	{
	return add_filter(id, [$name="default"]);
	}

function remove_default_filter(id: ID): bool
	{
	return remove_filter(id, "default");
	}

# Called for rotated files of filters without a function of their own.
function __default_rotation_postprocessor(info: RotationInfo): bool
	{
	if ( info$writer !in default_rotation_postprocessors )
		return T;
	return default_rotation_postprocessors[info$writer](info);
	}

function default_ascii_rotation_postprocessor_func(info: RotationInfo): bool
	{
	return run_rotation_postprocessor_cmd(info, info$fname);
	}

redef default_rotation_postprocessors += { [WRITER_ASCII] = default_ascii_rotation_postprocessor_func };

# Two spellings, as Zeek has them: rows that nothing but the default function looks at get the readable one.
function rotation_format_func(ri: RotationFmtInfo): RotationPath
	{
	local usual = ri$writer == WRITER_ASCII && ri$postprocessor == __default_rotation_postprocessor &&
	    WRITER_ASCII in default_rotation_postprocessors &&
	    default_rotation_postprocessors[WRITER_ASCII] == default_ascii_rotation_postprocessor_func;
	if ( usual )
		return [$file_basename=fmt("%s.%s", ri$path, strftime(default_rotation_date_format, ri$open))];
	return [$file_basename=fmt("%s-%s", ri$path, strftime("%y-%m-%d_%H.%M.%S", ri$open))];
	}

function run_rotation_postprocessor_cmd(info: RotationInfo, npath: string): bool
	{
	if ( default_rotation_postprocessor_cmd == "" )
		return T;
	local writer = subst_string(to_lower(cat(info$writer)), "log::writer_", "");
	local command = fmt("%s %s %s %s %s %d %s", default_rotation_postprocessor_cmd, safe_shell_quote(npath),
	    safe_shell_quote(info$path), strftime("%y-%m-%d_%H.%M.%S", info$open),
	    strftime("%y-%m-%d_%H.%M.%S", info$close), info$terminating, writer);
	return system_env(command, default_rotation_postprocessor_cmd_env) == 0;
	}

function empty_post_delay_cb(rec: any, id: ID): bool
	{
	return T;
	}

function delay(id: ID, rec: any, post_delay_cb: PostDelayCallback): DelayToken
	{
	return __delay(id, rec, post_delay_cb);
	}

function delay_finish(id: ID, rec: any, token: DelayToken): bool
	{
	return __delay_finish(id, rec, token);
	}

# Rows already wait for so long, so the interval only grows.
function set_max_delay_interval(id: ID, max_delay: interval): bool
	{
	if ( id !in all_streams )
		return F;
	if ( all_streams[id]$max_delay_interval >= max_delay )
		return T;
	if ( ! __set_max_delay_interval(id, max_delay) )
		return F;
	all_streams[id]$max_delay_interval = max_delay;
	return T;
	}

function set_max_delay_queue_size(id: ID, max_size: count): bool
	{
	if ( id !in all_streams || ! __set_max_delay_queue_size(id, max_size) )
		return F;
	all_streams[id]$max_delay_queue_size = max_size;
	return T;
	}

function get_delay_queue_size(id: ID): int
	{
	return __get_delay_queue_size(id);
	}

event zeek_init() &priority=5
	{
	if ( print_to_log != REDIRECT_NONE )
		create_stream(PRINTLOG, [$columns=PrintLogInfo, $ev=log_print, $path=print_log_path]);
	}

# Rows are written in blocks, and reach the disk at least every second.
function set_buf(id: ID, buffered: bool): bool
	{
	return id in all_streams;
	}

function flush(id: ID): bool
	{
	return id in all_streams;
	}

event zeek_init() &priority=-1000
	{
	if ( LogAscii::enable_leftover_log_rotation )
		__rotate_leftover();
	}
