# Logins from or to hosts that, by their names, nobody should log in to or from.

@load base/frameworks/notice

module SSH;

export {
	redef enum Notice::Type += {
		## Somebody logged in where one of the ends has a name that interesting_hostnames matches.
		Interesting_Hostname_Login,
	};

	## Names of infrastructure: servers for names, mail, the web and files.
	option interesting_hostnames = /^(d?ns|smtp|mail|pop|imap|www|ftp)[0-9]*\./;
}

function look_up(id: conn_id, uid: string, host: addr)
	{
	when [id, uid, host] ( local name = lookup_addr(host) )
		{
		if ( interesting_hostnames in name )
			NOTICE([$note=Interesting_Hostname_Login, $id=id, $uid=uid, $sub=name,
			        $msg=fmt("Possible SSH login involving a %s %s with an interesting hostname.",
			                 Site::is_local_addr(host) ? "local" : "remote",
			                 host == id$orig_h ? "client" : "server")]);
		}
	}

event ssh_auth_successful(c: connection, auth_method_none: bool)
	{
	look_up(c$id, c$uid, c$id$orig_h);
	if ( c$id$resp_h != c$id$orig_h )
		look_up(c$id, c$uid, c$id$resp_h);
	}
