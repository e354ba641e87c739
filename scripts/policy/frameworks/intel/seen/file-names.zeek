# Names of files.

@load base/frameworks/intel
@load ./where-locations

module Intel;

function look_up_name(f: fa_file)
	{
	if ( f?$info && f$info?$filename )
		Intel::seen(Intel::Seen($indicator=f$info$filename, $indicator_type=Intel::FILE_NAME, $f=f,
		                        $where=Files::IN_NAME));
	}

event file_new(f: fa_file) &group="Intel::FILE_NAME"
	{
	# Of a file in a connection more is known with the event below.
	if ( ! f?$conns || |f$conns| == 0 )
		look_up_name(f);
	}

event file_over_new_connection(f: fa_file, c: connection, is_orig: bool) &priority=-5 &group="Intel::FILE_NAME"
	{
	look_up_name(f);
	}
