# Logins over SSH, as their sizes show. The user is encrypted.

@load ./main
@load base/protocols/ssh

module AuthBruteforcing;

event ssh_auth_failed(c: connection)
	{
	login(c, "SSH", "", F);
	}

event ssh_auth_successful(c: connection, auth_method_none: bool)
	{
	login(c, "SSH", "", T);
	}
