# Logins by Telnet and rlogin. That somebody logs in is shown as text, and these texts tell of it: those of Linux, the BSDs,
# Solaris, routers and cameras. Loading it has their usual ports read, which Zeek leaves to whoever wants it.

@load ./main
@load base/frameworks/analyzer

redef skip_authentication += { "WELCOME TO THE BERKELEY PUBLIC LIBRARY" };
redef direct_login_prompts += { "TERMINAL\\?" };
redef login_prompts += {
	"[Ll]ogin:", "[Uu]ser ?[Nn]ame:", "[Uu]ser:", "Name:", "Member Name", "User Access Verification", "Cisco Systems Console",
};
redef login_non_failure_msgs += { "[Ff]ailures? since", "[Ff]ailures", "[Ll]ast failed" };
redef login_failure_msgs += {
	"[Ii]nvalid", "[Ii]ncorrect", "INVALID", "[Ff]ailure", "[Ll]ogin failed", "[Aa]uthentication failed", "[Aa]ccess denied",
	"Bad (password|login|user)", "Sorry\\.", "[Uu]nknown user", "not on system console", "LOGIN FAILED",
};
redef login_success_msgs += {
	"Last (successful )?login", "Last interactive login", "checking for disk quotas", "terminal type", "You have (new )?mail",
	"Welcome to", "BusyBox v",
};
redef login_timeouts += { "timed out", "[Tt]imeout", "Error reading command input" };

module AuthBruteforcing;

export {
	## Ports of Telnet, rlogin and rsh.
	const telnet_ports: set[port] = { 23/tcp, 2323/tcp } &redef;
	const rlogin_ports: set[port] = { 513/tcp } &redef;
	const rsh_ports: set[port] = { 514/tcp } &redef;
}

event zeek_init()
	{
	Analyzer::register_for_ports(Analyzer::ANALYZER_TELNET, telnet_ports);
	Analyzer::register_for_ports(Analyzer::ANALYZER_RLOGIN, rlogin_ports);
	Analyzer::register_for_ports(Analyzer::ANALYZER_RSH, rsh_ports);
	}

function protocol_at(c: connection): string
	{
	return c$id$resp_p in rlogin_ports ? "rlogin" : "Telnet";
	}

event login_failure(c: connection, user: string, client_user: string, password: string, line: string)
	{
	login(c, protocol_at(c), user == "<none>" ? "" : user, F);
	}

event login_success(c: connection, user: string, client_user: string, password: string, line: string)
	{
	login(c, protocol_at(c), user == "<none>" ? "" : user, T);
	}
