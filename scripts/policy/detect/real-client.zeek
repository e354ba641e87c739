# The client behind a proxy or load balancer, as far as the proxy is to be believed.
#
# Whoever connects can send any header, so a header counts only where the connection comes from a proxy of ours.

module RealClient;

export {
	## Our proxies and load balancers. With none no header is believed.
	option proxies: set[subnet] = {};

	## The headers that name the client, the most trusted first, in upper case. The first of them that is there
	## decides, also where what it holds is no address.
	option headers: vector of string = vector("X-CLUSTER-CLIENT-IP", "FORWARDED", "X-FORWARDED-FOR", "X-REAL-IP");

	## The reply's header that names the server behind the proxy.
	option backend_header = "X-BACKEND-SERVER";

	## The client of the transaction at hand: what the proxy says, else who connected.
	global of_conn: function(c: connection): addr;
}

redef record HTTP::Info += {
	## The client that a proxy of ours named.
	cluster_client_ip: string &log &optional;
	## The server that the proxy handed the request to.
	backend_server: string &log &optional;
	## Where a redirect leads.
	redirect_dst: string &log &optional;
	## The same as cluster_client_ip, and which of the headers decided.
	real_client: addr &optional;
	real_client_rank: count &optional;
};

event zeek_init() &priority=-3
	{
	for ( i in headers )
		add HTTP::headers_of_interest[to_upper(headers[i])];
	add HTTP::headers_of_interest[to_upper(backend_header)];
	add HTTP::headers_of_interest["LOCATION"];
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

# The addresses that a header names, the nearest to us last.
function listed(name: string, value: string): vector of string
	{
	local addresses: vector of string;
	local parts = split_string(value, /,/);
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

function rank_of(name: string): count
	{
	for ( i in headers )
		if ( to_upper(headers[i]) == name )
			return i;
	return |headers|;
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
	if ( c$id$orig_h !in proxies )
		return;
	local rank = rank_of(name);
	local h = c$http;
	if ( rank == |headers| || ( h?$real_client_rank && h$real_client_rank < rank ) )
		return;
	local addresses = listed(name, value);
	if ( |addresses| == 0 )
		return;
	# Of several lines of one header the last is the one that the proxy next to us added.
	local is_first = ! h?$real_client_rank || h$real_client_rank != rank;
	h$real_client_rank = rank;
	# The last that is no proxy of ours is the one that our own proxy saw; the first if all are.
	local i = |addresses|;
	while ( i > 0 )
		{
		--i;
		if ( ! is_valid_ip(addresses[i]) )
			{
			Reporter::conn_weird("client_header_without_address", c, fmt("%s: %s", name, addresses[i]));
			delete h$real_client;
			delete h$cluster_client_ip;
			return;
			}
		local a = to_addr(addresses[i]);
		if ( a in proxies && ( i > 0 || ! is_first ) )
			next;
		h$real_client = a;
		h$cluster_client_ip = addresses[i];
		return;
		}
	}
