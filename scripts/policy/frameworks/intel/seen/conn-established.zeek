# The addresses of connections.

@load base/frameworks/intel
@load ./where-locations

event connection_established(c: connection) &group="Intel::ADDR"
	{
	# A handshake that was seen as a whole, not one that was joined.
	if ( c$orig$state == TCP_ESTABLISHED && c$resp$state == TCP_ESTABLISHED )
		{
		Intel::seen(Intel::Seen($host=c$id$orig_h, $conn=c, $where=Conn::IN_ORIG));
		Intel::seen(Intel::Seen($host=c$id$resp_h, $conn=c, $where=Conn::IN_RESP));
		}
	}
