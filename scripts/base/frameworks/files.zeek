# The Files framework: what is looked at in files, and files.log.

@load base/frameworks/analyzer

## How random a whole file's content is, where Files::ANALYZER_ENTROPY was set on it; not of one of which bytes were missed.
global file_entropy: event(f: fa_file, ent: entropy_test_result);

module Files;

export {
	type AnalyzerArgs: record {
		chunk_event: event(f: fa_file, data: string, off: count) &optional;
		stream_event: event(f: fa_file, data: string) &optional;
	};

	## What a protocol's script knows of the files that it carries.
	type ProtoRegistration: record {
		## Not called: identifiers of files are made of what they are to their connection.
		get_file_handle: function(c: connection, is_orig: bool): string;

		## A file in few words.
		describe: function(f: fa_file): string &default=function(f: fa_file): string { return ""; };
	};

	## Looks at a file that has just begun: in file_new, file_over_new_connection and file_sniff the whole of its
	## content is still to come. What workers read as it passes (certificates, OCSP, PE) is set by types of files
	## alone, and is an error here.
	global add_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;

	## Ends what was asked for: digests are not made, content is not handed on. F where it was not asked for.
	global remove_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;

	## Ends all that scripts asked for of a file. F where that was nothing.
	global stop: function(f: fa_file): bool;

	## Called whenever an analyzer is about to be added to a file.
	global register_analyzer_add_callback: function(tag: Files::Tag, callback: function(f: fa_file, args: AnalyzerArgs));

	## Sets an analyzer on all files of these types, as soon as that is known.
	global register_for_mime_types: function(tag: Files::Tag, mts: set[string]): bool;
	global register_for_mime_type: function(tag: Files::Tag, mt: string): bool;

	## The types that an analyzer is set on.
	global registered_mime_types: function(tag: Files::Tag): set[string];
	global all_registered_mime_types: function(): table[Files::Tag] of set[string];

	## Sets an analyzer on files again, or no longer.
	global enable_analyzer: function(tag: Files::Tag): bool;
	global disable_analyzer: function(tag: Files::Tag): bool;
	global analyzer_enabled: function(tag: Files::Tag): bool;

	## An analyzer's name, as files.log has it.
	global analyzer_name: function(tag: Files::Tag): string;

	## Whether a file has begun, and not ended.
	global file_exists: function(fuid: string): bool;

	## A file that has begun, and not ended; an error where there is none.
	global lookup_file: function(fuid: string): fa_file;

	## A file in the words of the protocol that carries it; "" where none were registered for that.
	global describe: function(f: fa_file): string;

	## F where it was done before for this protocol, whose words are then those given last.
	global register_protocol: function(tag: Analyzer::Tag, reg: ProtoRegistration): bool;

	## These do nothing here, and warn of it: default_file_timeout_interval holds for all files, and pieces that wait
	## for what comes before them have one ceiling, Sensor::max_file_bytes.
	global set_timeout_interval: function(f: fa_file, t: interval): bool;
	global enable_reassembly: function(f: fa_file);
	global disable_reassembly: function(f: fa_file);
	global set_reassembly_buffer_size: function(f: fa_file, max: count);

	## The types that scripts registered, and for the engine the same by type.
	global mime_types: table[Files::Tag] of set[string] = table();
	global type_names: table[string] of set[string] = table();

	## What is called when an analyzer is added.
	global add_callbacks: table[Files::Tag] of function(f: fa_file, args: AnalyzerArgs) = table();
}

global registered_protocols: table[Analyzer::Tag] of ProtoRegistration = table();

function analyzer_name(tag: Files::Tag): string
	{
	return Analyzer::name(tag);
	}

function note_mime_type(tag: Files::Tag, mt: string)
	{
	local mime_type = to_lower(mt);
	if ( tag !in mime_types )
		mime_types[tag] = set();
	add mime_types[tag][mime_type];
	if ( mime_type !in type_names )
		type_names[mime_type] = set();
	add type_names[mime_type][analyzer_name(tag)];
	}

function register_for_mime_type(tag: Files::Tag, mt: string): bool
	{
	note_mime_type(tag, mt);
	return Analyzer::obey();
	}

function register_for_mime_types(tag: Files::Tag, mts: set[string]): bool
	{
	for ( mt in mts )
		note_mime_type(tag, mt);
	return Analyzer::obey();
	}

function registered_mime_types(tag: Files::Tag): set[string]
	{
	local types: set[string] = set();
	if ( tag in known_mime_types )
		types += known_mime_types[tag];
	if ( tag in mime_types )
		types += mime_types[tag];
	return types;
	}

function all_registered_mime_types(): table[Files::Tag] of set[string]
	{
	local types: table[Files::Tag] of set[string] = table();
	for ( known, _ in known_mime_types )
		types[known] = registered_mime_types(known);
	for ( tag, _ in mime_types )
		types[tag] = registered_mime_types(tag);
	return types;
	}

function enable_analyzer(tag: Files::Tag): bool
	{
	return Analyzer::enable_analyzer(tag);
	}

function disable_analyzer(tag: Files::Tag): bool
	{
	return Analyzer::disable_analyzer(tag);
	}

function analyzer_enabled(tag: Files::Tag): bool
	{
	return analyzer_name(tag) !in Analyzer::disabled_names;
	}

function register_analyzer_add_callback(tag: Files::Tag, callback: function(f: fa_file, args: AnalyzerArgs))
	{
	add_callbacks[tag] = callback;
	}

function register_protocol(tag: Analyzer::Tag, reg: ProtoRegistration): bool
	{
	local fresh = tag !in registered_protocols;
	registered_protocols[tag] = reg;
	return fresh;
	}

function describe(f: fa_file): string
	{
	for ( tag, reg in registered_protocols )
		if ( Analyzer::name(tag) == f$source )
			return reg$describe(f);
	return "";
	}

@load base/logs/files
