# Software of SSH's clients and servers.

@load base/frameworks/software
@load base/protocols/ssh

module SSH;

export {
	redef enum Software::Type += {
		SERVER,
		CLIENT,
	};
}

event ssh_client_version(c: connection, version: string) &priority=4
	{
	Software::found(c$id, [$unparsed_version=sub(version, /^SSH[0-9\.\-]+/, ""), $host=c$id$orig_h, $software_type=CLIENT]);
	}

event ssh_server_version(c: connection, version: string) &priority=4
	{
	Software::found(c$id, [$unparsed_version=sub(version, /SSH[0-9\.\-]{2,}/, ""), $host=c$id$resp_h,
	                       $host_p=c$id$resp_p, $software_type=SERVER]);
	}
