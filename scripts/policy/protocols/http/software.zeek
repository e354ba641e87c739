# Software of HTTP's clients and servers, by what they say of themselves.

@load base/frameworks/software
@load base/protocols/http

module HTTP;

export {
	redef enum Software::Type += {
		SERVER,
		APPSERVER,
		BROWSER,
	};

	## Clients whose word is not taken: they tell of another program's.
	option ignored_user_agents = /NO_DEFAULT/;
}

event http_header(c: connection, is_orig: bool, name: string, value: string) &priority=2
	{
	local id = c$id;
	if ( is_orig )
		{
		if ( name == "USER-AGENT" && ignored_user_agents !in value )
			Software::found(id, [$unparsed_version=value, $host=id$orig_h, $software_type=BROWSER]);
		return;
		}
	switch ( name )
		{
		case "SERVER":
			Software::found(id, [$unparsed_version=value, $host=id$resp_h, $host_p=id$resp_p, $software_type=SERVER]);
			break;
		case "X-POWERED-BY":
			Software::found(id, [$unparsed_version=value, $host=id$resp_h, $host_p=id$resp_p, $software_type=APPSERVER]);
			break;
		case "MICROSOFTSHAREPOINTTEAMSERVICES":
			Software::found(id, [$unparsed_version=cat("SharePoint/", value), $host=id$resp_h, $host_p=id$resp_p,
			                     $software_type=APPSERVER]);
			break;
		}
	}
