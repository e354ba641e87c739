# Logins over FTP.

@load ./main
@load base/protocols/ftp

module AuthBruteforcing;

event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool)
	{
	local cmd = c$ftp$cmdarg$cmd;
	if ( cont_resp || ( cmd != "PASS" && cmd != "USER" ) )
		return;
	if ( code == 230 )
		login(c, "FTP", c$ftp$user, T);
	else if ( FTP::parse_ftp_reply_code(code)$x == 5 )
		login(c, "FTP", c$ftp$user, F);
	}
