# SMTP: what scripts may set and find, and smtp.log.

@load base/frameworks/notice
@load base/utils/site

module SMTP;

export {
	## A part of a mail.
	type Entity: record {
		## Its name, where its headers give one.
		filename: string &optional;
	};

	## What a connection's messages have in common. The sensor keeps all of it itself; it is here so that scripts that
	## name it load.
	type State: record {
		helo: string &optional;
		messages_transferred: count &default=0;
		mime_depth: count &default=0;
	};
}

@load base/logs/smtp

module SMTP;

export {
	redef record SMTP::Info += {
		process_received_from: bool &default=T;
		has_client_activity: bool &default=F;
		process_smtp_headers: bool &default=T;
		entity_count: count &default=0;
		## The part that goes on.
		entity: Entity &optional;
	};

	## A row in few words.
	global describe: function(rec: Info): string;

	## The files of mails in few words.
	global describe_file: function(f: fa_file): string;
}

redef record connection += {
	smtp_state: SMTP::State &optional;
};

redef likely_server_ports += { 25/tcp, 587/tcp };

function describe(rec: Info): string
	{
	if ( ! rec?$mailfrom || ! rec?$rcptto || |rec$rcptto| == 0 )
		return "";
	local one = "";
	for ( rcpt in rec$rcptto )
		{
		one = rcpt;
		break;
		}
	local others = |rec$rcptto| > 1 ? fmt(" (plus %d others)", |rec$rcptto| - 1) : "";
	# Zeek tells of long subjects only.
	local about = rec?$subject && |rec$subject| > 20 ? fmt(": %s...", rec$subject[0:21]) : "";
	return fmt("%s -> %s%s%s", rec$mailfrom, one, others, about);
	}

function describe_file(f: fa_file): string
	{
	if ( f$source == "SMTP" )
		for ( id, c in f$conns )
			return c?$smtp ? SMTP::describe(c$smtp) : "";
	return "";
	}
