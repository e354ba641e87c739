# notice.log gives the Community ID of the connection that a notice is about.

@load base/frameworks/notice
@load policy/protocols/conn/community-id-logging

module CommunityID::Notice;

export {
	option enabled: bool = T;

	redef record Notice::Info += {
		community_id: string &optional &log;
	};
}

@ifdef ( CommunityID::seed )
hook Notice::notice(n: Notice::Info)
	{
	if ( enabled && n?$conn )
		n$community_id = community_id_v1(n$conn$id, CommunityID::seed, CommunityID::do_base64);
	}
@endif
