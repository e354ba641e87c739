# Names that TLS clients ask for.

@load base/frameworks/intel
@load policy/frameworks/intel/seen/where-locations

event ssl_extension_server_name(c: connection, is_client: bool, names: string_vec)
	{
	if ( is_client && |names| > 0 )
		Intel::seen([$indicator=names[0], $indicator_type=Intel::DOMAIN, $conn=c, $where=SSL::IN_SERVER_NAME]);
	}
