# The client behind a proxy or load balancer, as far as the proxy is to be believed.
#
# Whoever connects can send any header, so a header counts only where the connection comes from a proxy of ours.

module RealClient;

export {
	## Our proxies and load balancers. With none no header is believed.
	option proxies: set[subnet] = {};

	## The headers that name the client, the most trusted first, in upper case.
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
	## The same as cluster_client_ip, and how far up the list of headers it was found.
	real_client: addr &optional;
	real_client_rank: count &optional;
};

redef HTTP::headers_of_interest += {
	"X-CLUSTER-CLIENT-IP", "FORWARDED", "X-FORWARDED-FOR", "X-REAL-IP", "X-BACKEND-SERVER", "LOCATION",
};

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
		if ( headers[i] == name )
			return i;
	return |headers|;
	}

event HTTP::header_of_interest(c: connection, is_orig: bool, name: string, value: string)
	{
	if ( ! c?$http )
		return;
	if ( ! is_orig )
		{
		if ( name == backend_header )
			c$http$backend_server = value;
		# With 201 it names what was made, and leads nowhere.
		else if ( name == "LOCATION" && c$http?$status_code && c$http$status_code >= 300 && c$http$status_code < 400 )
			c$http$redirect_dst = value;
		return;
		}
	if ( c$id$orig_h !in proxies )
		return;
	local rank = rank_of(name);
	if ( rank == |headers| || ( c$http?$real_client_rank && c$http$real_client_rank <= rank ) )
		return;
	# The last that is no proxy of ours is the one that our own proxy saw.
	local addresses = listed(name, value);
	local i = |addresses|;
	while ( i > 0 )
		{
		--i;
		if ( ! is_valid_ip(addresses[i]) )
			{
			Reporter::conn_weird("client_header_without_address", c, fmt("%s: %s", name, addresses[i]));
			return;
			}
		local a = to_addr(addresses[i]);
		if ( i > 0 && a in proxies )
			next;
		c$http$real_client = a;
		c$http$real_client_rank = rank;
		c$http$cluster_client_ip = addresses[i];
		return;
		}
	}
