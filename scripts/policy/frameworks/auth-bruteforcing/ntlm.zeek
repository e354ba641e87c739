# Logins by NTLM, in SMB, DCE/RPC and whatever else carries it. What came of one stands in its row of ntlm.log; SMB says that
# it is refused in its own words alone.

@load ./main
@load base/protocols/ntlm
@load base/protocols/smb

module AuthBruteforcing;

export {
	## Answers of SMB that refuse a password, or a user that there is none of or that is locked out (MS-ERREF §2.3).
	option smb_refused: set[count] = { 0xc0000064, 0xc000006a, 0xc000006d, 0xc0000234 };
}

redef record connection += {
	# Who logs in.
	ntlm_auth_user: string &optional;
};

function named_by_ntlm(domain: string, user: string): string
	{
	return domain == "" ? user : fmt("%s\\%s", domain, user);
	}

hook NTLM::log_policy(rec: NTLM::Info, id: Log::ID, filter: Log::Filter)
	{
	# Logins without a name are made to look around, and are no guesses.
	if ( filter$name != "default" || ! rec?$success || ! rec?$username || rec$username == "" )
		return;
	attempted(Attempt($protocol="NTLM", $client=cat(rec$id$orig_h), $server=rec$id$resp_h,
	                  $user=named_by_ntlm(rec?$domainname ? rec$domainname : "", rec$username), $success=rec$success));
	}

event ntlm_authenticate(c: connection, request: NTLM::Authenticate)
	{
	if ( request?$user_name && request$user_name != "" )
		c$ntlm_auth_user = named_by_ntlm(request?$domain_name ? request$domain_name : "", request$user_name);
	}

function smb_refuses(c: connection)
	{
	if ( ! c?$ntlm_auth_user )
		return;
	login(c, "NTLM", c$ntlm_auth_user, F);
	delete c$ntlm_auth_user;
	}

event smb2_message(c: connection, hdr: SMB2::Header, is_orig: bool)
	{
	if ( ! is_orig && hdr$command == 1 && hdr$status in smb_refused )
		smb_refuses(c);
	}

event smb1_message(c: connection, hdr: SMB1::Header, is_orig: bool)
	{
	if ( ! is_orig && hdr$command == 0x73 && hdr$status in smb_refused )
		smb_refuses(c);
	}
