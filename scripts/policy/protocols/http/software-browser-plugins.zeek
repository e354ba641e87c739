# Plug-ins of browsers, which tell of themselves, and of which servers of Omniture's are told.

@load base/frameworks/software
@load base/protocols/http

module HTTP;

export {
	redef record Info += {
		## It is a server of Omniture's.
		omniture: bool &default=F;
		## What Flash calls itself.
		flash_version: string &optional;
	};

	redef enum Software::Type += {
		BROWSER_PLUGIN,
	};
}

event http_header(c: connection, is_orig: bool, name: string, value: string) &priority=3
	{
	if ( is_orig )
		{
		if ( name == "X-FLASH-VERSION" )
			c$http$flash_version = cat("Flash/", value);
		else if ( name == "X-REQUESTED-WITH" && /Flash/ in value )
			c$http$flash_version = value;
		}
	else if ( name == "SERVER" && /^Omniture/ in value )
		c$http$omniture = T;
	}

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{
	if ( ! is_orig || ! c$http?$flash_version )
		return;
	# AIR has a Flash of its own.
	if ( c$http?$user_agent && /AdobeAIR/ in c$http$user_agent )
		c$http$flash_version = cat("AdobeAIR-", c$http$flash_version);
	Software::found(c$id, [$unparsed_version=c$http$flash_version, $host=c$id$orig_h, $software_type=BROWSER_PLUGIN]);
	}

event log_http(rec: Info)
	{
	if ( ! rec$omniture || ! rec?$uri )
		return;
	# Shorter values of p are of something else.
	local told = match_pattern(rec$uri, /&p=[^&]{5,};&/);
	if ( ! told$matched )
		return;
	for ( _, plugin in split_string(sub_bytes(told$str, 4, |told$str| - 5), /[[:blank:]]*;[[:blank:]]*/) )
		Software::found(rec$id, [$unparsed_version=plugin, $host=rec$id$orig_h, $software_type=BROWSER_PLUGIN]);
	}
