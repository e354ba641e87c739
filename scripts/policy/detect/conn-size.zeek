# Connections that carry very much.

module ConnAnomaly;

export {
	redef enum Notice::Type += {
		## A connection has carried so much in one direction, and again with every doubling.
		ConnBig,
	};

	## In bytes of IP packets.
	const size = 104857600 &redef;

	## Who may send or fetch much.
	option allowed: set[subnet] = {};
}

event zeek_init()
	{
	add ConnThreshold::sizes[size];
	}

redef record connection += {
	## How many doublings of the size were told of, of the originator and the responder.
	big_orig: count &default=0;
	big_resp: count &default=0;
};

# How often the size was reached: once, and once more with every doubling.
function level(bytes: count): count
	{
	local n = 0;
	local next_size = size;
	while ( size > 0 && bytes >= next_size )
		{
		++n;
		next_size = next_size * 2;
		}
	return n;
	}

function tell(c: connection, who: string)
	{
	NOTICE([$note=ConnBig, $conn=c, $suppress_for=0secs,
		$msg=fmt("Connection has carried much from the %s", who),
		$sub=fmt("%d bytes sent, %d received", c$orig$num_bytes_ip, c$resp$num_bytes_ip)]);
	}

event ConnThreshold::grew(c: connection)
	{
	if ( |allowed| > 0 && ( c$id$orig_h in allowed || c$id$resp_h in allowed ) )
		return;
	local n = level(c$orig$num_bytes_ip);
	if ( n > c$big_orig )
		{
		c$big_orig = n;
		tell(c, "originator");
		}
	n = level(c$resp$num_bytes_ip);
	if ( n > c$big_resp )
		{
		c$big_resp = n;
		tell(c, "responder");
		}
	}
