# Addresses of pages that are asked for.

@load base/frameworks/intel
@load ./where-locations

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat) &group="Intel::URL"
	{
	if ( ! is_orig || ! c?$http || ! c$http?$uri )
		return;
	local host = c$http?$host ? c$http$host : fmt("%s", c$id$resp_h);
	# A request through a proxy names the host itself.
	local url = sub(c$http$uri, /^[^:\/?]+:\/\//, "");
	if ( url == c$http$uri )
		url = cat(host, c$http$uri);
	Intel::seen(Intel::Seen($indicator=url, $indicator_type=Intel::URL, $conn=c, $where=HTTP::IN_URL));
	}
