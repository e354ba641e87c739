# Where the other end of a login is, by the database that mmdb_dir names.

@load base/frameworks/notice
@load base/protocols/ssh

module SSH;

export {
	redef enum Notice::Type += {
		## Somebody logged in to or from one of watched_countries.
		Watched_Country_Login,
	};

	redef record Info += {
		## Where the end that is not local is.
		remote_location: geo_location &log &optional;
	};

	## Two-letter codes of countries.
	option watched_countries: set[string] = { "RO" };
}

event ssh_auth_attempted(c: connection, authenticated: bool) &priority=3
	{
	if ( c?$ssh && c$ssh?$direction )
		c$ssh$remote_location = lookup_location(c$ssh$direction == OUTBOUND ? c$id$resp_h : c$id$orig_h);
	}

event ssh_auth_successful(c: connection, auth_method_none: bool) &priority=3
	{
	if ( ! c?$ssh || ! c$ssh?$direction || ! c$ssh?$remote_location )
		return;
	local place = c$ssh$remote_location;
	if ( place?$country_code && place$country_code in watched_countries )
		NOTICE([$note=Watched_Country_Login, $conn=c,
		        $msg=fmt("SSH login %s watched country: %s", c$ssh$direction == OUTBOUND ? "to" : "from",
		                 place$country_code)]);
	}
