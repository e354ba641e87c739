# Logins over POP3.

@load ./main

module AuthBruteforcing;

event pop3_login_failure(c: connection, is_orig: bool, user: string, password: string)
	{
	login(c, "POP3", user, F);
	}

event pop3_login_success(c: connection, is_orig: bool, user: string, password: string)
	{
	login(c, "POP3", user, T);
	}
