# Servers that refuse mail, because a list of senders of spam says so.

@load base/protocols/smtp
@load base/frameworks/notice
@load base/utils/addrs

module SMTP;

export {
	redef enum Notice::Type += {
		## A server's error names such a list.
		Blocklist_Error_Message,
		## And it names the client itself: local hosts that are told so may send spam.
		Blocklist_Blocked_Host,
	};

	## What errors say that name one.
	option blocklist_error_messages =
		  /spamhaus\.org\// | /sophos\.com\/security\// | /spamcop\.net\/bl/ | /cbl\.abuseat\.org\// | /sorbs\.net\//
		| /bsn\.borderware\.com\// | /mail-abuse\.com\// | /b\.barracudacentral\.com\// | /psbl\.surriel\.com\//
		| /antispam\.imp\.ch\// | /dyndns\.com\/.*spam/ | /rbl\.knology\.net\// | /intercept\.datapacket\.net\//
		| /uceprotect\.net\// | /hostkarma\.junkemailfilter\.com\//;
}

event smtp_reply(c: connection, is_orig: bool, code: count, cmd: string, msg: string, cont_resp: bool) &priority=3
	{
	# 421 is a server that closes.
	if ( code < 400 || code == 421 || blocklist_error_messages !in msg )
		return;
	local client = c$id$orig_h;
	local named = extract_ip_addresses(msg);
	local listed = |named| > 0 && to_addr(named[0]) == client;
	NOTICE([$note=listed ? Blocklist_Blocked_Host : Blocklist_Error_Message, $conn=c, $sub=msg, $identifier=cat(client),
		$msg=listed ? fmt("%s is on an SMTP block list", client)
		            : fmt("%s received an error message mentioning an SMTP block list", client)]);
	}
