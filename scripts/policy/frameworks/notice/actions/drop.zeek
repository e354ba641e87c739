# notice.log says whether a notice put its source on the block list.

@load base/frameworks/notice

module Notice;

export {
	redef record Info += {
		## The source is on the block list.
		dropped: bool &log &default=F;
	};
}

# After the source was put there.
hook Notice::notice(n: Notice::Info) &priority=1
	{
	if ( ACTION_DROP in n$actions && n?$src )
		n$dropped = is_blocked(n$src);
	}
