# A notice where a name outside of Site::local_zones has the address of a local host.

@load base/frameworks/notice
@load base/utils/site

module DNS;

export {
	redef enum Notice::Type += {
		## Only told where Site::local_zones is set.
		External_Name,
	};
}

event dns_A_reply(c: connection, msg: dns_msg, ans: dns_answer, a: addr) &priority=-3
	{
	if ( |Site::local_zones| == 0 || ! Site::is_local_addr(a) || Site::is_local_name(ans$query) )
		return;
	NOTICE([$note=External_Name, $conn=c, $identifier=cat(a, ans$query),
	        $msg=fmt("%s is pointing to a local host - %s.", ans$query, a)]);
	}
