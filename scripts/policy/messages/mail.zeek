# Postfix, Exim and Dovecot: logins, and what is refused.

@load base/frameworks/messages
@load messages/logins

module Messages;

export {
	## Postfix refuses a mail.
	global mail_rejected: event(m: Info, client: addr, code: count, reason: string);
	global postfix_login_failed: event(m: Info, client: addr, mechanism: string);
	global postfix_login: event(m: Info, client: addr, user: string);
	global exim_login_failed: event(m: Info, client: addr, user: string);
	global dovecot_login_failed: event(m: Info, service: string, user: string, client: addr);
	global dovecot_login: event(m: Info, service: string, user: string, client: addr);
}

event postfix_login_failed(m: Info, client: addr, mechanism: string)
	{
	# Newer ones tell the user behind it.
	local named = match_pattern(m$text, /sasl_username=[^ ,]+/);
	login(m, "SMTP", client, named$matched ? sub(named$str, /sasl_username=/, "") : "", F);
	}

event postfix_login(m: Info, client: addr, user: string)
	{
	login(m, "SMTP", client, user, T);
	}

event exim_login_failed(m: Info, client: addr, user: string)
	{
	login(m, "SMTP", client, user, F);
	}

event dovecot_login_failed(m: Info, service: string, user: string, client: addr)
	{
	login(m, to_upper(service), client, user, F);
	}

event dovecot_login(m: Info, service: string, user: string, client: addr)
	{
	login(m, to_upper(service), client, user, T);
	}

event zeek_init()
	{
	on(/\[(?<client>[0-9a-fA-F.:]+)\](:[0-9]+)?: SASL (?<mechanism>[A-Z0-9-]+) authentication failed/, postfix_login_failed);
	on(/: client=[^ ]*\[(?<client>[0-9a-fA-F.:]+)\](:[0-9]+)?, sasl_method=[^ ]+, sasl_username=(?<user>[^ ,]+)/, postfix_login);
	on(/ reject: [A-Z]+ from [^ ]*\[(?<client>[0-9a-fA-F.:]+)\](:[0-9]+)?: (?<code>[0-9]{3}) (?<reason>[^;]*);/, mail_rejected);
	on(/ authenticator failed for .*\[(?<client>[0-9a-fA-F.:]+)\](:[0-9]+)?.*: 535 Incorrect authentication data( \(set_id=(?<user>[^)]*)\))?/,
	   exim_login_failed);
	local dovecot = Filter($programs=set("dovecot"));
	on(/^(?<service>imap|pop3|managesieve|submission)-login: .*\(auth failed, .*user=<(?<user>[^>]*)>,.* rip=(?<client>[0-9a-fA-F.:]+)/,
	   dovecot_login_failed, dovecot);
	on(/^(?<service>imap|pop3|managesieve|submission)-login: (Login|Logged in): user=<(?<user>[^>]*)>,.* rip=(?<client>[0-9a-fA-F.:]+)/,
	   dovecot_login, dovecot);
	}
