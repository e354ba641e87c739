# conn.log gives the link-layer addresses of each connection's first packet.

@load base/protocols/conn

module Conn;

redef record Info += {
	## The originator's.
	orig_l2_addr: string &log &optional;
	## The responder's.
	resp_l2_addr: string &log &optional;
};

event connection_state_remove(c: connection)
	{
	if ( c$orig?$l2_addr )
		c$conn$orig_l2_addr = c$orig$l2_addr;
	if ( c$resp?$l2_addr )
		c$conn$resp_l2_addr = c$resp$l2_addr;
	}
