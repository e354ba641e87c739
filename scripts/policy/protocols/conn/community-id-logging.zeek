# conn.log gives each flow's Community ID.

@load base/protocols/conn

module CommunityID;

export {
	## What it is seeded with.
	option seed: count = 0;

	## Whether it is base64, or hexadecimal.
	option do_base64: bool = T;
}

redef record Conn::Info += {
	community_id: string &optional &log;
};

event connection_state_remove(c: connection)
	{
	c$conn$community_id = community_id_v1(c$id, seed, do_base64);
	}
