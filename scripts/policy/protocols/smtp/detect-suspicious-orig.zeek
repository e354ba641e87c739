# Mail that comes from where it is not expected to, by its headers.

@load base/frameworks/notice
@load base/protocols/smtp

module SMTP;

export {
	redef enum Notice::Type += {
		## A mail comes from one of the countries or networks below.
		Suspicious_Origination,
	};

	## Countries by their two letters, as the database that mmdb_dir names has them.
	option suspicious_origination_countries: set[string] = {};
	option suspicious_origination_networks: set[subnet] = {};
}

function check_origin(rec: Info, origin: addr, message: string)
	{
	local place = lookup_location(origin);
	local country = place?$country_code ? place$country_code : "";
	if ( country in suspicious_origination_countries || origin in suspicious_origination_networks )
		NOTICE([$note=Suspicious_Origination, $id=rec$id, $msg=fmt(message, country, origin)]);
	}

event SMTP::log_smtp(rec: Info)
	{
	if ( rec?$x_originating_ip )
		check_origin(rec, rec$x_originating_ip, "An email originated from %s (%s).");
	if ( rec?$path && |rec$path| > 0 )
		check_origin(rec, rec$path[|rec$path| - 1], "Based up Received headers, email originated from %s (%s).");
	}
