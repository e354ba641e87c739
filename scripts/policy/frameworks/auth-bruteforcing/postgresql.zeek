# Logins to PostgreSQL.

@load ./main
@load protocols/postgresql/log

module AuthBruteforcing;

# Invalid authorization, and invalid password.
const postgresql_denied: set[string] = { "28000", "28P01" };

event PostgreSQL::error_response_identified_field(c: connection, code: string, value: string)
	{
	if ( code == "C" && value in postgresql_denied && c?$postgresql )
		login(c, "PostgreSQL", c$postgresql?$user ? c$postgresql$user : "", F);
	}

event PostgreSQL::authentication_ok(c: connection)
	{
	login(c, "PostgreSQL", c?$postgresql && c$postgresql?$user ? c$postgresql$user : "", T);
	}
