# Other servers whose logs tell of logins: vsftpd, ProFTPD, Pure-FTPd, MySQL and MariaDB, PostgreSQL, Asterisk.

@load base/frameworks/messages
@load messages/logins

module Messages;

export {
	global ftp_login: event(m: Info, user: string, success: string, client: addr);
	global ftp_login_failed: event(m: Info, user: string, client: addr);
	global mysql_denied: event(m: Info, user: string, client: addr);
	global postgresql_denied: event(m: Info, user: string, client: addr);
	global asterisk_denied: event(m: Info, client: addr);
	## named refuses a query or a transfer.
	global named_denied: event(m: Info, client: addr, what: string);
}

event ftp_login(m: Info, user: string, success: string, client: addr)
	{
	login(m, "FTP", client, user, success == "OK");
	}

event ftp_login_failed(m: Info, user: string, client: addr)
	{
	login(m, "FTP", client, user, F);
	}

event mysql_denied(m: Info, user: string, client: addr)
	{
	login(m, "MySQL", client, user, F);
	}

event postgresql_denied(m: Info, user: string, client: addr)
	{
	login(m, "PostgreSQL", client, user, F);
	}

event asterisk_denied(m: Info, client: addr)
	{
	login(m, "SIP", client, "", F);
	}

event zeek_init()
	{
	# vsftpd: [pid 2] [bob] FAIL LOGIN: Client "192.0.2.1"
	on(/\[(?<user>[^\[\]]+)\] (?<success>OK|FAIL) LOGIN: Client \x22(::ffff:)?(?<client>[0-9a-fA-F.:]+)\x22/, ftp_login);
	# ProFTPD
	on(/\[(?<client>[0-9a-fA-F.:]+)\]\)?:? - USER (?<user>[^ :]*)( \(Login failed\)|: no such user found)/, ftp_login_failed);
	# Pure-FTPd
	on(/\(\?@(?<client>[0-9a-fA-F.:]+)\) \[WARNING\] Authentication failed for user \[(?<user>[^\]]*)\]/, ftp_login_failed);
	on(/Access denied for user '(?<user>[^']*)'@'(?<client>[0-9a-fA-F.:]+)'/, mysql_denied);
	# PostgreSQL with %h in log_line_prefix
	on(/(?<client>[0-9a-fA-F]*[.:][0-9a-fA-F.:]+).* FATAL: +password authentication failed for user \x22(?<user>[^\x22]*)\x22/,
	   postgresql_denied);
	on(/Registration from '[^']*' failed for '(?<client>[0-9a-fA-F.:]+):[0-9]+' - (Wrong password|No matching (peer found|endpoint found)|Username\/auth name mismatch)/,
	   asterisk_denied);
	on(/client (@0x[0-9a-f]+ )?(?<client>[0-9a-fA-F.:]+)#[0-9]+[^:]*:( view [^:]*:)? (?<what>query|zone transfer|update|query \(cache\)) '[^']*' denied/,
	   named_denied);
	}
