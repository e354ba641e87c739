# The keys of SSH's servers, by their MD5.

@load base/frameworks/intel
@load ./where-locations

event ssh_server_host_key(c: connection, hash: string) &group="Intel::PUBKEY_HASH"
	{
	Intel::seen(Intel::Seen($indicator=hash, $indicator_type=Intel::PUBKEY_HASH, $conn=c,
	                        $where=SSH::IN_SERVER_HOST_KEY));
	}
