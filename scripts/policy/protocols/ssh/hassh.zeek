# HASSH: fingerprints of client and server by what they can do, in the columns of Salesforce's package.

@load base/protocols/ssh

module SSH;

export {
	redef record Info += {
		## The version of the fingerprints.
		hasshVersion: string &log &optional;
		## The client: the MD5 of hasshAlgorithms.
		hassh: string &log &optional;
		## The server: the MD5 of hasshServerAlgorithms.
		hasshServer: string &log &optional;
		## What kinds of host keys the client takes.
		cshka: string &log &optional;
		## Key exchange, ciphers, MACs and compression to the server, as the client prefers them.
		hasshAlgorithms: string &log &optional;
		## What kinds of host keys the server has.
		sshka: string &log &optional;
		## Key exchange, ciphers, MACs and compression to the client, as the server prefers them.
		hasshServerAlgorithms: string &log &optional;
	};
}

function joined(kex: string_vec, ciphers: string_vec, macs: string_vec, compression: string_vec): string
	{
	return join_string_vec(vector(join_string_vec(kex, ","), join_string_vec(ciphers, ","),
	                              join_string_vec(macs, ","), join_string_vec(compression, ",")), ";");
	}

event ssh_capabilities(c: connection, cookie: string, capabilities: SSH::Capabilities)
	{
	if ( ! c?$ssh )
		return;

	local ciphers = capabilities$encryption_algorithms;
	local macs = capabilities$mac_algorithms;
	local compression = capabilities$compression_algorithms;
	local keys = join_string_vec(capabilities$server_host_key_algorithms, ",");
	c$ssh$hasshVersion = "1.1";
	if ( capabilities$is_server )
		{
		c$ssh$hasshServerAlgorithms = joined(capabilities$kex_algorithms, ciphers$server_to_client,
		                                     macs$server_to_client, compression$server_to_client);
		c$ssh$hasshServer = md5_hash(c$ssh$hasshServerAlgorithms);
		c$ssh$sshka = keys;
		}
	else
		{
		c$ssh$hasshAlgorithms = joined(capabilities$kex_algorithms, ciphers$client_to_server,
		                               macs$client_to_server, compression$client_to_server);
		c$ssh$hassh = md5_hash(c$ssh$hasshAlgorithms);
		c$ssh$cshka = keys;
		}
	}
