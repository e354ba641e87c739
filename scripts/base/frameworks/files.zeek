# The Files framework: what is looked at in files, and files.log.

module Files;

export {
	type AnalyzerArgs: record {
		chunk_event: event(f: fa_file, data: string, off: count) &optional;
		stream_event: event(f: fa_file, data: string) &optional;
	};

	## Looks at a file that has just begun: in file_new, file_over_new_connection and file_sniff the whole of its
	## content is still to come.
	global add_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;

	## Ends what was asked for: digests are not made, content is not handed on. F where it was not asked for.
	global remove_analyzer: function(f: fa_file, tag: Files::Tag, args: AnalyzerArgs &default=AnalyzerArgs()): bool;
	## An analyzer's name, as files.log has it.
	global analyzer_name: function(tag: Files::Tag): string;
}

function analyzer_name(tag: Files::Tag): string
	{
	return sub(cat(tag), /^.*ANALYZER_/, "");
	}

@load base/logs/files
