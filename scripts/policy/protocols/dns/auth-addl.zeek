# dns.log shows also what an answer says in its authority and additional sections.

@load base/protocols/dns

redef dns_skip_all_auth = F;
redef dns_skip_all_addl = F;

module DNS;

export {
	redef record DNS::Info += {
		## Who has authority, as answers say.
		auth: set[string] &log &optional;
		## What was told in addition.
		addl: set[string] &log &optional;
	};
}

function keep(c: connection, ans: dns_answer, reply: string)
	{
	if ( ! c?$dns )
		return;
	if ( ans$answer_type == DNS_AUTH )
		{
		if ( ! c$dns?$auth )
			c$dns$auth = set();
		add c$dns$auth[reply];
		}
	else if ( ans$answer_type == DNS_ADDL )
		{
		if ( ! c$dns?$addl )
			c$dns$addl = set();
		add c$dns$addl[reply];
		}
	}

event dns_A_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr) &priority=4
	{
	keep(c, ans, cat(a));
	}

event dns_AAAA_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr) &priority=4
	{
	keep(c, ans, cat(a));
	}

event dns_A6_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr) &priority=4
	{
	keep(c, ans, cat(a));
	}

event dns_NS_reply(c: connection, msg: dns_msg, ans: dns_answer, name: string) &priority=4
	{
	keep(c, ans, name);
	}

event dns_CNAME_reply(c: connection, msg: dns_msg, ans: dns_answer, name: string) &priority=4
	{
	keep(c, ans, name);
	}

event dns_MX_reply(c: connection, msg: dns_msg, ans: dns_answer, name: string, preference: count) &priority=4
	{
	keep(c, ans, name);
	}

event dns_PTR_reply(c: connection, msg: dns_msg, ans: dns_answer, name: string) &priority=4
	{
	keep(c, ans, name);
	}

event dns_SOA_reply(c: connection, msg: dns_msg, ans: dns_answer, soa: dns_soa) &priority=4
	{
	keep(c, ans, soa$mname);
	}

event dns_TXT_reply(c: connection, msg: dns_msg, ans: dns_answer, strs: string_vec) &priority=4
	{
	keep(c, ans, join_string_vec(strs, ""));
	}

event dns_SRV_reply(c: connection, msg: dns_msg, ans: dns_answer, target: string, priority: count, weight: count, p: count) &priority=4
	{
	keep(c, ans, target);
	}
