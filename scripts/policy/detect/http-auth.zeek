# Guessing passwords over HTTP: many refused logins, and a login after them.

@load ./real-client
@load ./blocks

module AuthBruteforcing;

export {
	redef enum Notice::Type += {
		HTTP_AuthBruteforcing_Attacker,
		HTTP_AuthBruteforcing_Victim,
		## Many clients guess the password of one user.
		HTTP_AuthBruteforcing_User,
		## Addresses of a block take turns: none of them need guess often.
		HTTP_AuthBruteforcing_Block,
		## Who was guessing got in, or somebody as a user whose password was being guessed.
		HTTP_AuthBruteforcing_Success,
	};

	redef enum HTTP::Tags += {
		HTTP_AUTH_ERROR,
		HTTP_AUTH_SUCCESS,
	};

	## So many failed logins within the window, of one client or at one server.
	option threshold: double = 10.0;
	## So many of the addresses of a block together, of which there are at least two.
	option block_threshold: double = 10.0;
	## So many clients that fail for one user.
	option user_threshold: double = 10.0;
	const window = 2min &redef;
	## While it goes on, a notice is raised again after this much time.
	const remind = 10min &redef;

	## Answers that refuse the credentials of a request, in whatever scheme (Basic, Digest, NTLM, Bearer, …). After 403,
	## and of a token, only a guess that differs from the client's last one counts: who is known and may not do
	## something asks with the same again.
	option refused: set[count] = { 401, 403, 407 };

	## What is POSTed to these paths are logins by form or JSON.
	option login_paths: pattern = /\/(log-?[io]n|sign-?in|wp-login|authenticate)(\.[a-z]+)?\/?(\?.*)?$/i;
	## Answers that refuse them; 200 does so only to forms, which are shown again: with JSON, or with nothing at all, it
	## lets in, as APIs refuse with 400 and above. A redirect that leads back to such a path refuses as well. Other
	## answers below 400 let in.
	option login_refused: set[count] = { 200, 400, 401, 403, 422, 429 };
	## The names that forms and JSON have for the user.
	option user_fields: pattern = /(^|[^a-z])(user(_?name|_?id)?|login(_?name)?|log|uid|e?-?mail|account|identifier)\]?$/i;

	## Clients by the address that connected or that a proxy named.
	option ignore_clients: set[subnet] = {};
	option ignore_servers: set[subnet] = {};

	## For how long after the last guess a login is a notice.
	const remember = 1hr &redef;
	## Clients, and users, whose guesses are remembered. Of one who comes when there are too many, which is a weird, a
	## login is no notice.
	const max_guessing = 100000 &redef;

	## Somebody has logged in.
	global http_logged_in: hook(c: connection, client: addr, user: string);

	## The credentials of a request.
	type Login: record {
		## The user, where the scheme tells.
		user: string &default="";
		## A digest of all of it, to tell guesses apart.
		secret: string;
		## A token, and no guess by itself.
		is_token: bool &default=F;
	};
}

redef record HTTP::Info += {
	login: Login &optional;
	# That of a form or JSON.
	form: Login &optional;
	# The part of a form that comes next is the user.
	user_follows: bool &default=F;
};

event zeek_init() &priority=-3
	{
	add HTTP::headers_of_interest["AUTHORIZATION"];
	add HTTP::headers_of_interest["PROXY-AUTHORIZATION"];
	add HTTP::headers_of_interest["CONTENT-DISPOSITION"];
	}

# ---- credentials ----

# The user in the last of NTLM's three messages. The others are no login.
function ntlm_user(token: string, login: Login): bool
	{
	local message = strstr(token, "NTLMSSP");
	if ( message == 0 )
		return T;
	local m = sub_bytes(token, message, -1);
	if ( |m| < 44 || m[8] != "\x03" )
		return F;
	local length = bytestring_to_count(m[36:38], T);
	local start = bytestring_to_count(m[40:44], T);
	if ( length <= 512 && start + length <= |m| )
		# The characters of names in UTF-16 that matter are a byte and a zero.
		login$user = gsub(sub_bytes(m, start + 1, length), /\x00/, "");
	return T;
	}

event HTTP::header_of_interest(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( ! is_orig || ! c?$http || ( name != "AUTHORIZATION" && name != "PROXY-AUTHORIZATION" ) )
		return;
	local words = split_string1(strip(value), / +/);
	local scheme = to_lower(words[0]);
	local login = Login($secret=md5_hash(value));
	if ( scheme == "digest" )
		{
		local named = find_last(value, /[ ,]username *= *\"[^\"]*\"/);
		login$user = sub(sub(named, /^[^\"]*\"/, ""), /\"$/, "");
		}
	else if ( scheme == "ntlm" || scheme == "negotiate" )
		{
		# What is no base64 would be an error with every request.
		local is_base64 = |words| > 1 && /[A-Za-z0-9+\/]+=?=?/ == words[1] && |words[1]| % 4 == 0;
		if ( ! is_base64 || ! ntlm_user(decode_base64(words[1]), login) )
			return;
		}
	else
		login$is_token = scheme != "basic";
	c$http$login = login;
	}

# In a form or JSON that was POSTed.
function is_form(c: connection): bool
	{
	return c$http?$method && c$http$method == "POST" && c$http?$uri && login_paths in c$http$uri;
	}

# The name and the value of a text in JSON.
const json_text = /\"([^\"\\]|\\.){1,64}\"[ \t\r\n]*:[ \t\r\n]*\"([^\"\\]|\\.)*\"/;

function user_of_json(body: string): string
	{
	local texts = find_all_ordered(body, json_text);
	for ( i in texts )
		{
		local parts = split_string1(texts[i], /\"[ \t\r\n]*:[ \t\r\n]*\"/);
		if ( |parts| == 2 && user_fields in parts[0] && |parts[1]| > 1 )
			return gsub(parts[1][:-1], /\\/, "");
		}
	return "";
	}

function user_of_form(body: string): string
	{
	local fields = split_string(body, /&/);
	for ( i in fields )
		{
		local field = split_string1(fields[i], /=/);
		if ( |field| == 2 && field[1] != "" && user_fields in unescape_URI(field[0]) )
			return unescape_URI(gsub(field[1], /\+/, " "));
		}
	return "";
	}

# A form may come in parts, each with a head (RFC 7578).
event HTTP::header_of_interest(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( ! is_orig || name != "CONTENT-DISPOSITION" || ! c?$http || ! is_form(c) )
		return;
	local named = find_last(value, /[ \t;]name *= *\"[^\"]*/);
	c$http$user_follows = user_fields in sub(named, /^[^\"]*\"/, "");
	}

event HTTP::request_body(c: connection, data: string)
	{
	if ( ! c?$http || ! is_form(c) || c$http?$form )
		return;
	local user = "";
	if ( c$http$user_follows )
		user = data;
	else
		user = /^[ \t\r\n]*[\[{]/ in data ? user_of_json(data) : user_of_form(data);
	c$http$user_follows = F;
	if ( user != "" )
		c$http$form = Login($user=user, $secret=md5_hash(data));
	}

# ---- what is being guessed ----

# Where guesses were refused, for whom, and whether they are many.
type Guesses: record {
	places: set[string];
	users: set[string];
	secret: string &default="";
	is_attack: bool &default=F;
};

# So many of each are kept, and of each so many bytes.
const max_kept = 16;
const max_place = 512;
const max_user = 128;

function cut(text: string, most: count): string
	{
	return |text| > most ? sub_bytes(text, 1, most) : text;
	}

global by_client: table[addr] of Guesses &write_expire=remember;
global by_user: table[addr, string] of Guesses &write_expire=remember;
# Blocks and sites.
global by_block: set[subnet] &write_expire=remember;
# Who got in where, by client and user, when nobody was guessing.
global logins: set[addr, string, string] &write_expire=1day;

# What the notices are about that are raised while a request is looked at. No connection is held here: scripts that do
# so beside events that bring a transaction make workers follow all of them.
global last = Guesses();
global last_client: addr = 0.0.0.0;

# The protected place that a request is in (RFC 7617 §2.2): the folder of its path, and at the top the path itself.
function location(c: connection): string
	{
	local path = c$http?$uri ? sub(sub(c$http$uri, /[?#].*/, ""), /^[a-zA-Z]+:\/\/[^\/]*/, "") : "";
	return cut(cat(c$id$resp_h, " ", c$http?$host ? c$http$host : "", path), max_place);
	}

function place(c: connection): string
	{
	local at = location(c);
	local folder = sub(at, /[^\/]*$/, "");
	return count_substr(folder, "/") > 1 ? folder : at;
	}

function is_inside(at: string, places: set[string]): bool
	{
	for ( p in places )
		if ( at == p || ( starts_with(at, p) && ( p[-1] == "/" || at[|p|] == "/" ) ) )
			return T;
	return F;
	}

function first_of(client: addr, site: bool): addr
	{
	return subnet_to_addr(Blocks::net_of(client, site));
	}

function keep(g: Guesses, p: string, login: Login)
	{
	if ( |g$places| < max_kept )
		add g$places[p];
	if ( login$user != "" && |g$users| < max_kept )
		add g$users[login$user];
	}

function full(who: string)
	{
	Reporter::net_weird("too_many_clients_guess_passwords", who);
	}

function failed(c: connection, client: addr, login: Login, always: bool)
	{
	add c$http$tags[HTTP_AUTH_ERROR];
	local server = c$id$resp_h;
	if ( client in ignore_clients || c$id$orig_h in ignore_clients || server in ignore_servers )
		return;

	local g = client in by_client ? by_client[client] : Guesses();
	local again = g$secret == login$secret;
	g$secret = login$secret;
	local p = place(c);
	keep(g, p, login);
	# To write it keeps it for longer.
	if ( client in by_client || |by_client| < max_guessing )
		by_client[client] = g;
	else
		full(cat(client));
	if ( again && ! always )
		return;

	last = Guesses();
	keep(last, p, login);
	last_client = client;
	if ( login$user != "" )
		{
		local u = [server, login$user] in by_user ? by_user[server, login$user] : Guesses();
		keep(u, p, login);
		if ( [server, login$user] in by_user || |by_user| < max_guessing )
			by_user[server, login$user] = u;
		else
			full(login$user);
		SumStats::observe("http.auth_errors.user", [$host=server, $str=login$user], [$str=cat(client)]);
		}
	SumStats::observe("http.auth_errors.attacker", [$host=client], [$num=1]);
	SumStats::observe("http.auth_errors.victim", [$host=server], [$num=1]);
	SumStats::observe("http.auth_errors.block", [$host=first_of(client, F)], [$str=cat(client)]);
	if ( ! is_v4_addr(client) )
		SumStats::observe("http.auth_errors.site", [$host=first_of(client, T)], [$str=cat(first_of(client, F))]);
	}

# Whether who logs in there may have guessed the password.
function is_suspect(c: connection, client: addr, user: string, is_known: bool): bool
	{
	local server = c$id$resp_h;
	local at = location(c);
	local guessed_it = F;
	if ( client in by_client )
		{
		local g = by_client[client];
		guessed_it = user in g$users;
		if ( ( g$is_attack || client in by_block ) && ( guessed_it || ! is_known ) && is_inside(at, g$places) )
			return T;
		}
	if ( user == "" || [server, user] !in by_user )
		return F;
	local u = by_user[server, user];
	return u$is_attack && ( guessed_it || ! is_known ) && is_inside(at, u$places);
	}

function succeeded(c: connection, client: addr, login: Login)
	{
	local user = login$user;
	local p = place(c);
	hook http_logged_in(c, client, user);
	if ( is_suspect(c, client, user, [client, p, user] in logins) )
		NOTICE([$note=HTTP_AuthBruteforcing_Success, $conn=c, $src=client,
			$msg=fmt("%s logged in%s after guessing passwords", client, user == "" ? "" : cat(" as ", user)),
			$sub=fmt("%s%s%s", user == "" ? "" : cat(user, " at "), c$http?$host ? c$http$host : "",
				c$http?$uri ? c$http$uri : ""),
			$identifier=cat(client, user)]);
	else if ( user != "" && ( [client, p, user] in logins || |logins| < max_guessing ) )
		add logins[client, p, user];
	}

# ---- answers ----

function form_of(c: connection): Login
	{
	local login = c$http?$form ? c$http$form : Login($secret="");
	login$user = cut(login$user, max_user);
	return login;
	}

function decide(c: connection, code: count)
	{
	local client = RealClient::of_conn(c);
	local login = c$http$login;
	login$user = cut(login$user, max_user);
	if ( login$user == "" && ! login$is_token && c$http?$username )
		login$user = cut(c$http$username, max_user);
	if ( code in refused )
		failed(c, client, login, code != 403 && ! login$is_token);
	else if ( code < 400 )
		{
		if ( code < 300 )
			add c$http$tags[HTTP_AUTH_SUCCESS];
		succeeded(c, client, login);
		}
	}

# Whether what an answer means stands behind its first line: where a redirect leads, and what comes back to a form.
function shows_later(c: connection, code: count): bool
	{
	if ( code >= 300 && code < 400 )
		return T;
	local json = c$http?$orig_mime_types && |c$http$orig_mime_types| > 0 && "json" in c$http$orig_mime_types[0];
	return code == 200 && code in login_refused && ! json;
	}

event http_reply(c: connection, version: string, code: count, reason: string)
	{
	if ( ! c?$http || code < 200 )
		return;
	if ( c$http?$login )
		decide(c, code);
	else if ( ! is_form(c) || shows_later(c, code) )
		return;
	else if ( code in login_refused && code != 200 )
		failed(c, RealClient::of_conn(c), form_of(c), T);
	else if ( code < 300 )
		succeeded(c, RealClient::of_conn(c), form_of(c));
	}

event http_message_done(c: connection, is_orig: bool, stat: http_message_stat)
	{
	if ( is_orig || ! c?$http || c$http?$login || ! c$http?$status_code || ! is_form(c)
	     || ! shows_later(c, c$http$status_code) )
		return;
	local again = F;
	if ( c$http$status_code == 200 )
		again = stat$body_length > 0 && ! ( c$http?$resp_mime_types && |c$http$resp_mime_types| > 0
		                                    && "json" in c$http$resp_mime_types[0] );
	else
		again = c$http?$redirect_dst && login_paths in c$http$redirect_dst;
	if ( again )
		failed(c, RealClient::of_conn(c), form_of(c), T);
	else
		succeeded(c, RealClient::of_conn(c), form_of(c));
	}

# ---- notices ----

# Some of them, in order.
function some(all: set[string]): string
	{
	local v: vector of string;
	for ( one in all )
		v += one;
	sort(v, strcmp);
	return |v| > 5 ? cat(join_string_vec(v[:5], ", "), ", …") : join_string_vec(v, ", ");
	}

function failures(result: SumStats::Result, stream: string, g: Guesses): string
	{
	local text = fmt("%.0f auth failed in %.1f mins", result[stream]$sum, window / 1min);
	for ( what, all in table(["users"] = g$users, ["at"] = g$places) )
		if ( |all| > 0 )
			text += fmt("; %s: %s", what, some(all));
	return text;
	}

# A single member is the other detection's.
function count_blocks(stream: string, site: bool)
	{
	local r = SumStats::Reducer($stream=stream, $apply=set(SumStats::SUM, SumStats::UNIQUE), $unique_max=2);
	local again = Notice::reminder(remind);
	SumStats::create([$name=stream, $epoch=window, $window=window, $remind=again, $reducers=set(r),
		$threshold_unique=2, $threshold_for(key: SumStats::Key) = { return block_threshold; },
		$threshold_crossed=function[stream, site, again](key: SumStats::Key, result: SumStats::Result)
			{
			local addresses = Blocks::net_of(key$host, site);
			if ( |by_block| < max_guessing )
				add by_block[addresses];
			local from = SumStats::origin();
			NOTICE([$note=HTTP_AuthBruteforcing_Block, $uid=from$uid, $id=from$id, $src=key$host, $src_net=addresses,
				$n=double_to_count(result[stream]$sum),
				$msg=fmt("HTTP auth bruteforcing from addresses of %s", addresses),
				$sub=failures(result, stream, last), $identifier=cat(addresses), $suppress_for=again]);
			}]);
	}

event zeek_init() &priority=-3
	{
	local again = Notice::reminder(remind);
	local attacker = SumStats::Reducer($stream="http.auth_errors.attacker", $apply=set(SumStats::SUM));
	SumStats::create([$name="http.auth_errors.attacker", $epoch=window, $window=window, $remind=again,
		$reducers=set(attacker),
		$threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local client = key$host;
			if ( client in by_client )
				by_client[client]$is_attack = T;
			local from = SumStats::origin();
			NOTICE([$note=HTTP_AuthBruteforcing_Attacker, $uid=from$uid, $id=from$id, $src=client,
				$n=double_to_count(result["http.auth_errors.attacker"]$sum),
				$msg=fmt("HTTP auth bruteforcing from attacker %s", client),
				$sub=failures(result, "http.auth_errors.attacker", client in by_client ? by_client[client] : last),
				$identifier=cat(client), $suppress_for=again]);
			}]);

	count_blocks("http.auth_errors.block", F);
	count_blocks("http.auth_errors.site", T);

	local victim = SumStats::Reducer($stream="http.auth_errors.victim", $apply=set(SumStats::SUM));
	SumStats::create([$name="http.auth_errors.victim", $epoch=window, $window=window, $remind=again,
		$reducers=set(victim),
		$threshold_for(key: SumStats::Key) = { return threshold; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			local from = SumStats::origin();
			NOTICE([$note=HTTP_AuthBruteforcing_Victim, $uid=from$uid, $id=from$id, $src=key$host,
				$n=double_to_count(result["http.auth_errors.victim"]$sum),
				$msg=fmt("HTTP auth bruteforcing to victim %s", key$host),
				$sub=failures(result, "http.auth_errors.victim", last),
				$identifier=cat(key$host), $suppress_for=again]);
			}]);

	local user = SumStats::Reducer($stream="http.auth_errors.user", $apply=set(SumStats::UNIQUE));
	SumStats::create([$name="http.auth_errors.user", $epoch=window, $window=window, $remind=again,
		$reducers=set(user),
		$threshold_for(key: SumStats::Key) = { return user_threshold; },
		$threshold_crossed=function[again](key: SumStats::Key, result: SumStats::Result)
			{
			if ( [key$host, key$str] in by_user )
				by_user[key$host, key$str]$is_attack = T;
			local from = SumStats::origin();
			NOTICE([$note=HTTP_AuthBruteforcing_User, $uid=from$uid, $id=from$id, $src=last_client, $dst=key$host,
				$n=result["http.auth_errors.user"]$unique,
				$msg=fmt("%d clients guess the password of user %s at %s", result["http.auth_errors.user"]$unique,
					key$str, key$host),
				$sub=fmt("within %.1f mins; at: %s", window / 1min, some(last$places)),
				$identifier=cat(key$host, key$str), $suppress_for=again]);
			}]);
	}
