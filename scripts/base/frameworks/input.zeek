# The Input framework: tables and events that are fed from files.
#
# A file is read when it is added, so that a replay gives the same each time. On a sensor, and in a run that waits, a
# file that changes is read again within a second.

module Input;

export {
	type Event: enum {
		EVENT_NEW = 0,
		EVENT_CHANGED = 1,
		EVENT_REMOVED = 2,
	};

	type Mode: enum {
		## Read once, and again with force_update.
		MANUAL = 0,
		## Read again whole when it changes.
		REREAD = 1,
		## What is added to it is read.
		STREAM = 2,
	};

	type Reader: enum {
		READER_ASCII,
		READER_RAW,
		READER_BENCHMARK,
		READER_BINARY,
		READER_CONFIG,
		READER_SQLITE,
	};

	option default_reader = READER_ASCII;
	option default_mode = MANUAL;

	const separator = "\t" &redef;
	const set_separator = "," &redef;
	const empty_field = "(empty)" &redef;
	const unset_field = "-" &redef;
	const accept_unsupported_types = F &redef;

	## Bytes of one file that are read.
	const max_bytes = 268435456 &redef;

	type TableDescription: record {
		source: string;
		reader: Reader &default=default_reader;
		mode: Mode &default=default_mode;
		name: string;
		destination: any;
		idx: any;
		val: any &optional;
		want_record: bool &default=T;
		ev: any &optional;
		pred: function(typ: Input::Event, left: any, right: any): bool &optional;
		error_ev: any &optional;
		config: table[string] of string &default=table();
	};

	type EventDescription: record {
		source: string;
		reader: Reader &default=default_reader;
		mode: Mode &default=default_mode;
		name: string;
		fields: any;
		want_record: bool &default=T;
		ev: any;
		error_ev: any &optional;
		config: table[string] of string &default=table();
	};

	type AnalysisDescription: record {
		source: string;
		reader: Reader &default=READER_BINARY;
		mode: Mode &default=default_mode;
		name: string;
		config: table[string] of string &default=table();
	};

	global add_table: function(description: Input::TableDescription): bool;
	global add_event: function(description: Input::EventDescription): bool;
	global remove: function(id: string): bool;
	global force_update: function(id: string): bool;

	## All of a file was read.
	global end_of_data: event(name: string, source: string);
}

module InputAscii;

export {
	const separator = Input::separator &redef;
	const set_separator = Input::set_separator &redef;
	const empty_field = Input::empty_field &redef;
	const unset_field = Input::unset_field &redef;
	## A bad line ends the reading.
	const fail_on_invalid_lines = F &redef;
	const fail_on_file_problem = F &redef;
	## Where relative names begin.
	const path_prefix = "" &redef;
}
