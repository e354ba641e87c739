# Logins of a user from a client, or a place, that he was never seen to log in from.
#
# Whoever logs in for the first time teaches where that is; nothing is told until new_logins_learned logins were seen.

@load ./main

module AuthBruteforcing;

export {
	redef enum Notice::Type += {
		## A user has logged in from a client that is new.
		Login_From_New_Client,
		## A user has logged in from a country that is new, by the database that mmdb_dir names.
		Login_From_New_Place,
	};

	## So many logins of a user are learned from before something is told.
	option new_logins_learned = 1;

	## Users that are remembered, each for so long after the last login, …
	const max_users_known = 100000 &redef;
	const users_remembered = 30days &redef;
	## … and clients and countries of each. Of what is beyond, which is a weird, nothing is told.
	const max_clients_known = 64 &redef;
	const max_places_known = 32 &redef;

	## Clients from there are never new, as users are given other addresses there all the time.
	option roaming_clients: set[subnet] = {};
}

type KnownLogins: record {
	seen: count &default=0;
	clients: set[string];
	places: set[string];
};

# By protocol, server and user.
global known_logins: table[string, addr, string] of KnownLogins &write_expire=users_remembered;

function told(a: Attempt, note: Notice::Type, what: string, before: set[string])
	{
	local some: vector of string;
	for ( one in before )
		some += one;
	sort(some, strcmp);
	local n = Notice::Info($note=note, $dst=a$server, $identifier=cat(a$protocol, a$server, a$user, what),
		$msg=fmt("%s logged in to %s over %s from %s, which is new", a$user == "" ? "somebody" : a$user, a$server,
		         a$protocol, what),
		$sub=fmt("before from %s", join_string_vec(|some| > 5 ? some[:5] : some, ", ")));
	if ( is_address(a$client) )
		n$src = to_addr(a$client);
	if ( a?$uid )
		n$uid = a$uid;
	if ( a?$id )
		n$id = a$id;
	NOTICE(n);
	}

hook logged_in(a: Attempt)
	{
	# Who it was is not known of SSH: of such servers places alone are.
	local known = KnownLogins();
	if ( [a$protocol, a$server, a$user] in known_logins )
		known = known_logins[a$protocol, a$server, a$user];
	else if ( |known_logins| >= max_users_known )
		{
		Reporter::net_weird("too_many_users_log_in", a$user);
		return;
		}
	local learned = known$seen >= new_logins_learned;
	++known$seen;

	local place = "";
	local roams = F;
	if ( is_address(a$client) )
		{
		local client = to_addr(a$client);
		roams = client in roaming_clients;
		local at = lookup_location(client);
		if ( at?$country_code )
			place = at$country_code;
		}
	if ( place != "" && place !in known$places )
		{
		if ( learned )
			told(a, Login_From_New_Place, place, known$places);
		if ( |known$places| < max_places_known )
			add known$places[place];
		}
	if ( a$user != "" && ! roams && a$client !in known$clients )
		{
		if ( |known$clients| >= max_clients_known )
			Reporter::net_weird("too_many_clients_log_in", a$user);
		else
			{
			if ( learned )
				told(a, Login_From_New_Client, a$client, known$clients);
			add known$clients[a$client];
			}
		}
	# To write it keeps it for longer.
	known_logins[a$protocol, a$server, a$user] = known;
	}
