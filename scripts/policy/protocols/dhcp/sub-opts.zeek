# In dhcp.log: what relays say of where a client is (option 82, RFC 3046, RFC 3993).

@load base/protocols/dhcp

module DHCP;

export {
	redef record DHCP::Info += {
		## The relay's port or circuit that the client is behind.
		circuit_id: string &log &optional;
		## What is at the far end of that circuit.
		agent_remote_id: string &log &optional;
		## Whom the network's owner takes the client for, wherever it is.
		subscriber_id: string &log &optional;
	};
}

event DHCP::aggregate_msgs(ts: time, id: conn_id, uid: string, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
	{
	if ( ! options?$sub_opt )
		return;
	for ( at in options$sub_opt )
		{
		local sub_opt = options$sub_opt[at];
		switch ( sub_opt$code )
			{
			case 1:
				log_info$circuit_id = sub_opt$value;
				break;
			case 2:
				log_info$agent_remote_id = sub_opt$value;
				break;
			case 6:
				log_info$subscriber_id = sub_opt$value;
				break;
			}
		}
	}
