# What mails are written with, as their headers tell.

@load base/frameworks/software
@load base/protocols/smtp

module SMTP;

export {
	redef enum Software::Type += {
		MAIL_CLIENT,
		MAIL_SERVER,
		## Mail that is read and written in a browser.
		WEBMAIL_SERVER,
	};

	redef record Info += {
		## Whether it was sent that way.
		is_webmail: bool &log &default=F;
	};

	## Whose headers are believed, by the host that sends: what comes from elsewhere may say anything.
	option detect_clients_in_messages_from = LOCAL_HOSTS;

	## What those say of themselves that are webmail.
	option webmail_user_agents =
		  /^iPlanet Messenger/ | /^Sun Java\(tm\) System Messenger Express/ | /\(IMP\)/ | /^SquirrelMail/ | /^NeoMail/
		| /ZimbraWebClient/;
}

event mime_one_header(c: connection, h: mime_header_rec) &priority=4
	{
	if ( h$name == "USER-AGENT" && c?$smtp && c$smtp?$user_agent && webmail_user_agents in c$smtp$user_agent )
		c$smtp$is_webmail = T;
	}

event SMTP::log_smtp(rec: Info)
	{
	if ( ! rec?$user_agent || ! rec?$path || |rec$path| == 0
	     || ! addr_matches_host(rec$id$orig_h, detect_clients_in_messages_from) )
		return;
	local at = |rec$path| - 1;
	# The browser is the first of the way then, and the server of the webmail the next.
	if ( rec$is_webmail && at > 0 && rec?$first_received && /via HTTP/ in rec$first_received )
		--at;
	Software::found(rec$id, [$unparsed_version=rec$user_agent, $host=rec$path[at],
		$software_type=rec$is_webmail ? WEBMAIL_SERVER : MAIL_CLIENT]);
	}
