# A way into old servers: SITE EXEC that is obeyed.

@load base/protocols/ftp
@load base/frameworks/notice

module FTP;

export {
	redef enum Notice::Type += {
		## A server has obeyed SITE EXEC, which runs programs on it.
		Site_Exec_Success,
	};
}

event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool) &priority=3
	{
	local command = c$ftp$cmdarg;
	if ( FTP::parse_ftp_reply_code(code)$x == 2 && command$cmd == "SITE" && /[Ee][Xx][Ee][Cc]/ in command$arg )
		NOTICE([$note=FTP::Site_Exec_Success, $conn=c, $msg=fmt("FTP command: %s %s", command$cmd, command$arg)]);
	}
