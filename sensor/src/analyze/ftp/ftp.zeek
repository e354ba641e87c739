# FTP: what scripts find of it beside what ftp.log has.

@load base/frameworks/notice
@load base/logs/ftp
@load base/utils/addrs
@load base/utils/misc

module FTP;

export {
	## The digits of a reply's code (RFC 959 §4.2).
	type ReplyCode: record {
		x: count;
		y: count;
		z: count;
	};

	## Commands by their numbers.
	type PendingCmds: table[count] of CmdArg;

	redef record Info += {
		## Where the client is in the server's files.
		cwd: string &default=".";
		## The command that was answered last.
		cmdarg: CmdArg &optional;
		## Whether the client makes data connections.
		passive: bool &default=F;
	};

	## A control connection is over.
	global finalize_ftp: hook(c: connection);
	## A data connection is over that was expected.
	global finalize_ftp_data: hook(c: connection);

	## The digits of a reply's code.
	global parse_ftp_reply_code: function(code: count): ReplyCode;
	## An argument as an URL without its scheme.
	global build_url: function(rec: Info): string;
	## The same with its scheme.
	global build_url_ftp: function(rec: Info): string;
	## A session in short.
	global describe: function(rec: Info): string;
}

redef record fa_file += {
	ftp: Info &optional;
};

# Who expects data connections, by the ends that those will have.
global ftp_data_expected: table[addr, port] of Info &read_expire=5mins;

function parse_ftp_reply_code(code: count): ReplyCode
	{
	return ReplyCode($x=code / 100 % 10, $y=code / 10 % 10, $z=code % 10);
	}

function build_url(rec: Info): string
	{
	if ( ! rec?$arg )
		return "";
	local path = build_path_compressed(rec$cwd, rec$arg);
	return fmt("%s%s%s", addr_to_uri(rec$id$resp_h), starts_with(path, "/") ? "" : "/", path);
	}

function build_url_ftp(rec: Info): string
	{
	return fmt("ftp://%s", build_url(rec));
	}

function describe(rec: Info): string
	{
	return build_url_ftp(rec);
	}

event FTP::answered(c: connection, command: FTP::CmdArg, cwd: string) &priority=10
	{
	c$ftp$cmdarg = command;
	c$ftp$cwd = cwd;
	}

event FTP::channel_expected(c: connection, channel: FTP::ExpectedDataChannel) &priority=10
	{
	c$ftp$passive = channel$passive;
	ftp_data_expected[channel$resp_h, channel$resp_p] = c$ftp;
	}

event FTP::data_file(f: fa_file, c: connection) &priority=10
	{
	if ( [c$id$resp_h, c$id$resp_p] in ftp_data_expected )
		f$ftp = ftp_data_expected[c$id$resp_h, c$id$resp_p];
	}

event FTP::data_over(c: connection)
	{
	hook finalize_ftp_data(c);
	delete ftp_data_expected[c$id$resp_h, c$id$resp_p];
	}

event FTP::session_over(c: connection)
	{
	hook finalize_ftp(c);
	}
