# Which MySQL servers there are, by the version in their greeting.

@load base/frameworks/software
@load base/protocols/mysql

module MySQL;

export {
	redef enum Software::Type += {
		## A server of MySQL or of what speaks its protocol.
		SERVER,
	};
}

event mysql_server_version(c: connection, ver: string)
	{
	if ( ver != "" )
		Software::found(c$id, [$unparsed_version=ver, $host=c$id$resp_h, $software_type=SERVER]);
	}
