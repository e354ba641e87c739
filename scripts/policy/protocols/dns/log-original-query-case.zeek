# dns.log shows a question also in the letters in which it was asked.

@load base/protocols/dns

module DNS;

export {
	redef record DNS::Info += {
		original_query: string &log &optional;
	};
}

event dns_request(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string) &priority=5
	{
	if ( c?$dns )
		c$dns$original_query = original_query;
	}
