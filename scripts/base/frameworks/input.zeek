# The Input framework: files, and what commands print, as tables and events that follow them.
#
# Sources are read before the first packet. In a live run, and in one that waits (exit_only_after_terminate), they are
# looked at each second; a replay sees what they held at its start, so that the same capture gives the same logs.

module Reporter;

export {
	## How bad a message is: error events of streams are told, and reporter.log.
	type Level: enum {
		INFO,
		WARNING,
		ERROR,
	};
}

module Input;

export {
	## What became of a row.
	type Event: enum {
		EVENT_NEW = 0,
		EVENT_CHANGED = 1,
		EVENT_REMOVED = 2,
	};

	## When a source is read.
	type Mode: enum {
		## Once, and with force_update.
		MANUAL = 0,
		## As a whole, each time it changes.
		REREAD = 1,
		## What is added to it.
		STREAM = 2,
	};

	type Reader: enum {
		READER_ASCII,
		READER_BENCHMARK,
		READER_BINARY,
		READER_CONFIG,
		READER_RAW,
		READER_SQLITE,
	};

	option default_reader = READER_ASCII;
	option default_mode = MANUAL;

	## Each of these is one character.
	const separator = "\t" &redef;
	const set_separator = "," &redef;
	const empty_field = "(empty)" &redef;
	const unset_field = "-" &redef;

	## Skip optional fields of types that no file can hold, instead of refusing the stream.
	const accept_unsupported_types = F &redef;

	## Bytes that a file may have to be read as a whole; a larger one is not read.
	const max_file_size: count = 1073741824 &redef;

	type TableDescription: record {
		source: string;
		reader: Reader &default=default_reader;
		mode: Mode &default=default_mode;
		name: string;
		## The table or set to fill.
		destination: any;
		## A record type: the fields of the index.
		idx: any;
		## A record type: the fields of the value; not given for sets.
		val: any &optional;
		## Whether the table holds records, or the one field of val.
		want_record: bool &default=T;
		## Raised for each change: description, Input::Event, index, value (the old one of a change).
		ev: any &optional;
		## Decides on each change before it is made.
		pred: function(typ: Input::Event, left: any, right: any): bool &optional;
		## Hears of trouble: description, message, Reporter::Level.
		error_ev: any &optional;
		config: table[string] of string &default=table();
	};

	type EventDescription: record {
		source: string;
		reader: Reader &default=default_reader;
		mode: Mode &default=default_mode;
		name: string;
		## A record type: the fields to read.
		fields: any;
		## Whether the event takes one record, or each field by itself.
		want_record: bool &default=T;
		## Raised for each row: description, Input::Event, and the fields.
		ev: any;
		error_ev: any &optional;
		config: table[string] of string &default=table();
	};

	type AnalysisDescription: record {
		source: string;
		reader: Reader &default=Input::READER_BINARY;
		mode: Mode &default=default_mode;
		name: string;
		config: table[string] of string &default=table();
	};

	global add_table: function(description: Input::TableDescription): bool;
	global add_event: function(description: Input::EventDescription): bool;
	## The content of a source goes through the Files framework (file_new, file_sniff, … file_state_remove, files.log),
	## with the stream's name as the file's source. In STREAM mode the file ends when nothing was added for 2 minutes.
	global add_analysis: function(description: Input::AnalysisDescription): bool;
	global remove: function(id: string): bool;
	## Looks for changes now.
	global force_update: function(id: string): bool;

	## All of a source has been read.
	global end_of_data: event(name: string, source: string);
}

module Threading;

export {
	## How often sources are looked at.
	const heartbeat_interval = 1.0secs &redef;
}

module InputAscii;

export {
	const separator = Input::separator &redef;
	const set_separator = Input::set_separator &redef;
	const empty_field = Input::empty_field &redef;
	const unset_field = Input::unset_field &redef;
	## A line that cannot be read ends the stream, instead of costing that line.
	const fail_on_invalid_lines = F &redef;
	## A file that cannot be read ends the stream, instead of being waited for.
	const fail_on_file_problem = F &redef;
	## Put before the names of files that do not begin with a slash.
	const path_prefix = "" &redef;
}

module InputRaw;

export {
	const record_separator = "\n" &redef;
	## A command has ended.
	global process_finished: event(name: string, source: string, exit_code: count, signal_exit: bool);
}

module InputBinary;

export {
	const chunk_size: count = 1024 &redef;
	const path_prefix = "" &redef;
}

module InputConfig;

export {
	const set_separator = Input::set_separator &redef;
	const empty_field = "" &redef;
	const fail_on_file_problem = F &redef;
	## A file of options has a new value.
	global new_value: event(name: string, source: string, id: string, value: any);
}

module InputSQLite;

export {
	## The rows that `query` ($config) gives of the database SOURCE.sqlite, which is only read.
	const set_separator = Input::set_separator &redef;
	const unset_field = Input::unset_field &redef;
	const empty_field = Input::empty_field &redef;
}
