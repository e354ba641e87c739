# The calls in progress, in print.

function print_backtrace(show_args: bool &default=T, one_line: bool &default=F,
                         one_line_delim: string &default="|", skip: count &default=1,
                         to_file: file &default=open("/dev/stdout"))
	{
	local lines: vector of string = vector();

	for ( i, e in backtrace() )
		{
		if ( i < skip )
			next;

		local args: vector of string = vector();
		if ( show_args )
			for ( _, a in e$function_args )
				args += fmt("%s: %s = %s", a$name, a$type, a?$value ? cat(a$value) : "<uninitialized>");

		local line = fmt("#%d: %s(%s)", |lines|, e$function_name, join_string_vec(args, ", "));
		if ( e?$file_location )
			line += fmt(" at %s:%d", e$file_location, e$line_location);
		lines += line;
		}

	print to_file, "--- Backtrace ---";
	if ( one_line )
		print to_file, fmt("%s %s %s", one_line_delim, join_string_vec(lines, fmt(" %s ", one_line_delim)), one_line_delim);
	else
		for ( _, l in lines )
			print to_file, l;
	}
