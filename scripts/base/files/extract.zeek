# Extraction of files: their content is written to the disk.

## A file is about to grow beyond its limit by bytes that have come. What a handler sets by FileExtract::set_limit
## counts for them.
global file_extraction_limit: event(f: fa_file, args: Files::AnalyzerArgs, limit: count, len: count);

module FileExtract;

export {
	## The folder that files are written to.
	const prefix = "./extract_files/" &redef;

	## No file grows beyond so many bytes; 0 is no limit.
	option default_limit: count = 104857600;

	## Whether bytes that were missed count for the limit. They are holes in the file.
	option default_limit_includes_missing: bool = T;

	## Sets another limit for a file that is extracted, such as in file_extraction_limit.
	global set_limit: function(f: fa_file, args: Files::AnalyzerArgs, n: count): bool;
}

redef record Files::AnalyzerArgs += {
	## The file's name in the folder; one is made of the time, the protocol and the identifier where there is none.
	extract_filename: string &optional;
	extract_limit: count &default=default_limit;
	extract_limit_includes_missing: bool &default=default_limit_includes_missing;
};
