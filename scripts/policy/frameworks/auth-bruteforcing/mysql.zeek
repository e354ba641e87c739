# Logins to MySQL.

@load ./main
@load base/protocols/mysql

module AuthBruteforcing;

# Access denied, for who the client says that it is.
const mysql_denied: set[count] = { 1044, 1045, 1698 };

event mysql_ok(c: connection, affected_rows: count)
	{
	if ( c?$mysql && c$mysql$cmd == "login" )
		login(c, "MySQL", c$mysql$arg, T);
	}

event mysql_error(c: connection, code: count, msg: string)
	{
	if ( code in mysql_denied && c?$mysql && c$mysql$cmd == "login" )
		login(c, "MySQL", c$mysql$arg, F);
	}
