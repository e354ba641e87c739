# Logins over IMAP, before it is encrypted.

@load ./main

module AuthBruteforcing;

# The user, by what a mechanism begins with: PLAIN (RFC 4616), CRAM-MD5 (RFC 2195), XOAUTH2, and LOGIN.
function sasl_user(mechanism: string, response: string): string
	{
	if ( ! ( /[A-Za-z0-9+\/]+=?=?/ == response ) || |response| % 4 != 0 )
		return "";
	local text = decode_base64(response);
	switch ( to_upper(mechanism) )
		{
		case "PLAIN":
			local parts = split_string(text, /\x00/);
			return |parts| == 3 ? parts[1] : "";
		case "CRAM-MD5":
			return split_string1(text, / /)[0];
		case "XOAUTH2":
			return sub(sub(text, /\x01.*/, ""), /^user=/, "");
		case "LOGIN":
			return text;
		}
	return "";
	}

event IMAP::login(c: connection, mechanism: string, response: string, success: bool)
	{
	login(c, "IMAP", mechanism == "" ? response : sasl_user(mechanism, response), success);
	}
