# The client behind a proxy or load balancer, as far as the proxy is to be believed.
#
# Whoever connects can send any header, so a header counts only where the connection comes from a proxy of ours, and
# of that proxy only the header that it sets itself: the others it hands on as the client wrote them.

@load base/frameworks/notice

module RealClient;

export {
	## Our proxies and load balancers. With none no header is believed.
	option proxies: set[subnet] = {};

	## The one header that each proxy sets or appends to, by the proxy's subnet; the narrowest that fits decides. Whoever
	## is listed here is a proxy of ours as well. With "" the proxy sets none, and none is believed.
	option proxy_headers: table[subnet] of string = {};

	## The headers that are read of proxies that proxy_headers says nothing about. Where a request has several of them
	## and they name different clients, which is a weird, the one decides that no earlier request of this proxy lacked
	## which had another: what a proxy sets stands in all of them, what clients write does not. Where that tells nothing
	## X-Forwarded-For decides, because a proxy appends to what a client wrote there; without it none is believed.
	option headers: vector of string = vector("X-CLUSTER-CLIENT-IP", "FORWARDED", "X-FORWARDED-FOR", "X-REAL-IP");

	## The reply's header that names the server behind the proxy.
	option backend_header = "X-BACKEND-SERVER";

	## Whether an address is a proxy of ours.
	global is_proxy: function(a: addr): bool;

	## The client of the transaction at hand: what the proxy says, else who connected.
	global of_conn: function(c: connection): addr;
}

redef record HTTP::Info += {
	## The client that a proxy of ours named, spelled as addresses are in all logs.
	cluster_client_ip: string &log &optional;
	## The server that the proxy handed the request to.
	backend_server: string &log &optional;
	## Where a redirect leads.
	redirect_dst: string &log &optional;
	## The same as cluster_client_ip, which of the headers decided, and whether another one contradicted it.
	real_client: addr &optional;
	real_client_header: string &optional;
	real_client_disputed: bool &default=F;
	# The headers that were read.
	real_client_kinds: set[string] &optional;
};

# The header that a proxy appends to.
const appended = "X-FORWARDED-FOR";

# In upper case, as they were when the run began: other headers are not told of.
global kinds: set[string] = {};

event zeek_init() &priority=-3
	{
	for ( i in headers )
		add kinds[to_upper(headers[i])];
	for ( kind in kinds )
		add HTTP::headers_of_interest[kind];
	for ( _, own in proxy_headers )
		if ( own != "" )
			add HTTP::headers_of_interest[to_upper(own)];
	add HTTP::headers_of_interest[to_upper(backend_header)];
	add HTTP::headers_of_interest["LOCATION"];
	}

function is_proxy(a: addr): bool
	{
	return a in proxies || a in proxy_headers;
	}

function of_conn(c: connection): addr
	{
	return c?$http && c$http?$real_client ? c$http$real_client : c$id$orig_h;
	}

# An address as headers spell it: perhaps quoted, in brackets, with a port.
function bare(text: string): string
	{
	local t = strip(gsub(text, /\"/, ""));
	if ( |t| > 0 && t[0] == "[" )
		return sub(sub(t, /\].*$/, ""), /^\[/, "");
	if ( /^[0-9.]+:[0-9]+$/ == t )
		return sub(t, /:[0-9]+$/, "");
	return t;
	}

# Of a longer header only the end is read, which is where proxies append: a client could make work of it.
const longest = 4096;

# The addresses that a header names, the nearest to us last.
function listed(name: string, value: string): vector of string
	{
	local addresses: vector of string;
	local parts = split_string(|value| > longest ? sub_bytes(value, |value| - longest + 1, longest) : value, /,/);
	for ( i in parts )
		{
		if ( name != "FORWARDED" )
			{
			addresses += bare(parts[i]);
			next;
			}
		# RFC 7239: for=ADDRESS among parameters that are separated by semicolons.
		local parameters = split_string(parts[i], /;/);
		for ( k in parameters )
			if ( /^[ \t]*[fF][oO][rR][ \t]*=/ in parameters[k] )
				addresses += bare(sub(parameters[k], /^[^=]*=/, ""));
		}
	return addresses;
	}

# Whom a header names.
type Named: record {
	client: addr &optional;
	# There are only proxies of ours.
	all_ours: bool &default=F;
	# What stands where an address should.
	junk: string &optional;
};

# The last that is no proxy of ours is the one that our own proxy saw; the first if all are.
function named_by(name: string, value: string): Named
	{
	local said = Named();
	local addresses = listed(name, value);
	local i = |addresses|;
	while ( i > 0 )
		{
		--i;
		if ( ! is_valid_ip(addresses[i]) )
			return Named($junk=addresses[i]);
		said$client = to_addr(addresses[i]);
		said$all_ours = is_proxy(said$client);
		if ( ! said$all_ours )
			break;
		}
	return said;
	}

function forget(h: HTTP::Info)
	{
	delete h$real_client;
	delete h$cluster_client_ip;
	}

function believe(c: connection, name: string, said: Named)
	{
	local h = c$http;
	# Of several lines of one header the last is the one that the proxy next to us added.
	if ( said$all_ours && h?$real_client && h$real_client_header == name )
		return;
	h$real_client_header = name;
	if ( said?$client )
		{
		h$real_client = said$client;
		h$cluster_client_ip = cat(said$client);
		return;
		}
	Reporter::conn_weird("client_header_without_address", c, fmt("%s: %s", name, said$junk));
	forget(h);
	}

# Headers that requests of a proxy came without, though they had another of them.
const max_lacking = 10000;
global lacking: set[addr, string] &write_expire=1day;

# Which of two headers a proxy does not set itself, as far as is known.
function is_clients(proxy: addr, name: string, other: string): bool
	{
	return [proxy, name] in lacking && [proxy, other] !in lacking;
	}

# Of the headers of a request only one is its proxy's own, and which is not known.
function weigh(c: connection, name: string, said: Named)
	{
	local h = c$http;
	if ( ! h?$real_client_header || h$real_client_header == name )
		{
		if ( ! h$real_client_disputed || name == appended )
			believe(c, name, said);
		return;
		}
	if ( said?$client && h?$real_client && said$client == h$real_client )
		{
		if ( name == appended )
			h$real_client_header = name;
		return;
		}
	if ( ! h$real_client_disputed )
		Reporter::conn_weird("client_headers_disagree", c, fmt("%s: %s, %s: %s", h$real_client_header,
			h?$real_client ? cat(h$real_client) : "-", name, said?$client ? cat(said$client) : said$junk));
	h$real_client_disputed = T;
	if ( is_clients(c$id$orig_h, name, h$real_client_header) )
		return;
	if ( name == appended || is_clients(c$id$orig_h, h$real_client_header, name) )
		believe(c, name, said);
	else if ( h$real_client_header != appended )
		forget(h);
	}

# The header that a proxy of ours sets, in upper case; none where that is not said. Of several subnets the narrowest
# decides. (To index the table here would keep workers from telling what the handler below does.)
function header_of(proxy: addr): string
	{
	local own = "";
	local width = 0;
	for ( net, header in proxy_headers )
		{
		if ( proxy !in net || subnet_width(net) < width )
			next;
		width = subnet_width(net);
		own = to_upper(header);
		}
	return own;
	}

function heard(c: connection, name: string, value: string)
	{
	local is_sure = c$id$orig_h in proxy_headers;
	local own = header_of(c$id$orig_h);
	if ( ( is_sure && name != own ) || ( ! is_sure && name !in kinds ) )
		return;
	local said = named_by(name, value);
	if ( ! said?$client && ! said?$junk )
		return;
	if ( is_sure )
		{
		believe(c, name, said);
		return;
		}
	if ( ! c$http?$real_client_kinds )
		c$http$real_client_kinds = set();
	add c$http$real_client_kinds[name];
	weigh(c, name, said);
	}

function learn(h: HTTP::Info, proxy: addr)
	{
	# What a proxy asks for itself, to see whether a server lives, has none of them.
	if ( ! h?$real_client_kinds )
		return;
	for ( kind in kinds )
		if ( kind !in h$real_client_kinds && |lacking| < max_lacking )
			add lacking[proxy, kind];
	}

event HTTP::request_head(c: connection)
	{
	local proxy = c$id$orig_h;
	if ( proxy !in proxies || ! c?$http )
		return;
	learn(c$http, proxy);
	}

event HTTP::header_of_interest(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( ! c?$http )
		return;
	if ( ! is_orig )
		{
		if ( name == to_upper(backend_header) )
			c$http$backend_server = value;
		# A 201 has one, too.
		else if ( name == "LOCATION" && c$http?$status_code && c$http$status_code / 100 == 3 )
			c$http$redirect_dst = value;
		return;
		}
	local proxy = c$id$orig_h;
	# Workers can tell this for themselves.
	if ( proxy !in proxies && proxy !in proxy_headers )
		return;
	heard(c, name, value);
	}

# Who is behind a proxy may be unknown; to block the proxy would block all of them.
hook Notice::notice(n: Notice::Info) &priority=3
	{
	if ( n?$src && ! n?$src_net && is_proxy(n$src) )
		delete n$actions[Notice::ACTION_DROP];
	}

hook Notice::spare(nets: set[subnet])
	{
	for ( net in proxies )
		add nets[net];
	for ( net, _ in proxy_headers )
		add nets[net];
	}
