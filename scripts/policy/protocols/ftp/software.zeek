# What clients say that they are.

@load base/protocols/ftp
@load base/frameworks/software

module FTP;

export {
	redef enum Software::Type += {
		## What asks for files.
		CLIENT,
		## What has them.
		SERVER,
	};
}

event ftp_request(c: connection, command: string, arg: string) &priority=4
	{
	if ( command == "CLNT" )
		Software::found(c$id, [$unparsed_version=arg, $host=c$id$orig_h, $software_type=CLIENT]);
	}
