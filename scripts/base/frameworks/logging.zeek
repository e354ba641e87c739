# The Log framework: streams of records, and filters that say what becomes of them.

module JSON;

export {
	type TimestampFormat: enum {
		TS_EPOCH,
		TS_MILLIS,
		TS_ISO8601,
	};
}

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
	const default_logdir = "" &redef;
	const separator = "\t" &redef;
	const set_separator = "," &redef;
	const empty_field = "(empty)" &redef;
	const unset_field = "-" &redef;
	const default_rotation_interval = 0secs &redef;
	const default_rotation_dir = "" &redef;
	const default_rotation_date_format = "%Y-%m-%d-%H-%M-%S" &redef;
	const default_rotation_postprocessor_cmd = "" &redef;
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

	type Stream: record {
		columns: any;
		ev: any &optional;
		path: string &optional;
		policy: PolicyHook &optional;
		event_groups: set[string] &default=set();
		max_delay_interval: interval &default=200msec;
		max_delay_queue_size: count &default=1000;
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

	## Natively: not for scripts.
	global __create_stream: function(id: ID, stream: Stream, path: string): bool;
	global __remove_stream: function(id: ID): bool;
	global __enable_stream: function(id: ID, enabled: bool): bool;
	global __add_filter: function(id: ID, filter: Filter): bool;
	global __remove_filter: function(id: ID, name: string): bool;
}

redef record Filter += {
	policy: PolicyHook &optional;
	## Decides on a row, as before Zeek 4.1.
	pred: function(rec: any): bool &optional;
};

module LogAscii;

export {
	const output_to_stdout = F &redef;
	const use_json = F &redef;
	const json_timestamps: JSON::TimestampFormat = JSON::TS_EPOCH &redef;
	const json_include_unset_fields = F &redef;
	const gzip_level = 0 &redef;
	const gzip_file_extension = "gz" &redef;
	const logdir = "" &redef;
	const include_meta = T &redef;
	const meta_prefix = "#" &redef;
	const separator = Log::separator &redef;
	const set_separator = Log::set_separator &redef;
	const empty_field = Log::empty_field &redef;
	const unset_field = Log::unset_field &redef;
	const enable_leftover_log_rotation = F &redef;
	const enable_utf_8 = T &redef;
}

module Log;

# MyModule::LOG becomes my_module, Notice::ALARM_LOG notice_alarm.
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
		path += i % 2 == 0 ? words[i] : cat(words[i][0], "_", words[i][1:]);
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
	if ( id in all_streams )
		active_streams[id] = all_streams[id];
	return T;
	}

function disable_stream(id: ID): bool
	{
	delete active_streams[id];
	return __enable_stream(id, F);
	}

global filters: table[ID, string] of Filter;

function add_filter(id: ID, filter: Filter): bool
	{
	if ( ! filter?$policy && id in all_streams && all_streams[id]?$policy )
		filter$policy = all_streams[id]$policy;
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

# Rows are written in blocks, and reach the disk at least every second.
function set_buf(id: ID, buffered: bool): bool
	{
	return id in all_streams;
	}

function flush(id: ID): bool
	{
	return id in all_streams;
	}
