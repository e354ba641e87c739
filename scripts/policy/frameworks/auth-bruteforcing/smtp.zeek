# Logins over SMTP (RFC 4954). The user is known where all of it is sent with the command.

@load ./main
@load base/protocols/smtp

module AuthBruteforcing;

redef record connection += {
	# Who logs in by SMTP.
	smtp_auth_user: string &optional;
};

event smtp_request(c: connection, is_orig: bool, command: string, arg: string)
	{
	if ( command != "AUTH" )
		return;
	c$smtp_auth_user = "";
	local words = split_string(arg, / +/);
	if ( |words| == 2 && to_upper(words[0]) == "PLAIN" )
		{
		local parts = split_string(decode_base64(words[1]), /\x00/);
		if ( |parts| == 3 )
			c$smtp_auth_user = parts[1];
		}
	}

event smtp_reply(c: connection, is_orig: bool, code: count, cmd: string, msg: string, cont_resp: bool)
	{
	if ( cont_resp || ( code != 235 && code != 535 ) )
		return;
	login(c, "SMTP", c?$smtp_auth_user ? c$smtp_auth_user : "", code == 235);
	}
