# A notice for matches of indicators that ask for one.

@load base/frameworks/intel
@load base/frameworks/notice

module Intel;

export {
	redef enum Notice::Type += { Intel::Notice };

	redef record Intel::MetaData += {
		## Whether a match is a notice.
		do_notice: bool &default=F;
		## Only when it was seen there.
		if_in: Intel::Where &default=IN_ANYWHERE;
	};
}

event Intel::match(s: Seen, items: set[Item])
	{
	for ( item in items )
		{
		local meta = item$meta;
		if ( ! meta$do_notice || (meta$if_in != IN_ANYWHERE && meta$if_in != s$where) )
			next;
		local n = Notice::Info($note=Intel::Notice, $msg=fmt("Intel hit on %s at %s", s$indicator, s$where),
		                       $sub=s$indicator);
		local services = "";
		if ( s?$conn )
			{
			n$conn = s$conn;
			# The same two hosts, whoever began.
			local id = s$conn$id;
			n$identifier = id$orig_h < id$resp_h ? cat(s$indicator, id$orig_h, id$resp_h) :
			                                       cat(s$indicator, id$resp_h, id$orig_h);
			for ( service in s$conn$service )
				services = cat(services, service, " ");
			}
		n$email_body_sections = vector(fmt("Service: %s\n", services), fmt("Intel source: %s\n", meta$source));
		NOTICE(n);
		}
	}
