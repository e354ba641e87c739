# JA3 and JA3S: fingerprints of clients and servers by their hellos, in ssl.log and quic.log, in the columns of Salesforce's package.

@load base/protocols/quic
@load base/protocols/ssl

module JA3;

export {
	redef record SSL::Info += {
		## The client: MD5 of its version, cipher suites, extensions, groups and formats of points.
		ja3: string &log &optional;
		## The server: MD5 of its version, cipher suite and extensions.
		ja3s: string &log &optional;

		## Numbers of the hello that is being read, without GREASE's (RFC 8701).
		ja3_extensions: vector of count &default=vector();
		ja3_groups: vector of count &default=vector();
		ja3_formats: vector of count &default=vector();
	};

	redef record QUIC::Info += {
		## The client.
		ja3: string &log &optional;
		## The server.
		ja3s: string &log &optional;
	};
}

type Fingerprints: record {
	client: string;
	server: string &optional;
};

# Of connections of QUIC whose rows are not written yet.
global of_quic: table[string] of Fingerprints &create_expire=10min;

function is_grease(number: count): bool
	{
	return number / 256 == number % 256 && number % 16 == 10;
	}

# Numbers with dashes between them, those of GREASE left out.
function joined(numbers: vector of count): string
	{
	local texts: vector of string;
	for ( _, number in numbers )
		if ( ! is_grease(number) )
			texts += cat(number);
	return join_string_vec(texts, "-");
	}

event ssl_extension(c: connection, is_client: bool, code: count, val: string) &priority=3
	{
	if ( c?$ssl )
		c$ssl$ja3_extensions += code;
	}

event ssl_extension_elliptic_curves(c: connection, is_client: bool, curves: index_vec) &priority=3
	{
	if ( is_client && c?$ssl )
		c$ssl$ja3_groups = curves;
	}

event ssl_extension_ec_point_formats(c: connection, is_client: bool, point_formats: index_vec) &priority=3
	{
	if ( is_client && c?$ssl )
		c$ssl$ja3_formats = point_formats;
	}

event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec) &priority=3
	{
	if ( ! c?$ssl )
		return;
	# Of two hellos the first counts.
	if ( ! c$ssl?$ja3 )
		c$ssl$ja3 = md5_hash(join_string_vec(vector(cat(version), joined(ciphers), joined(c$ssl$ja3_extensions),
		                                            joined(c$ssl$ja3_groups), joined(c$ssl$ja3_formats)), ","));
	# Neither TCP nor DTLS.
	if ( get_port_transport_proto(c$id$resp_p) == udp && version / 256 == 3 )
		of_quic[c$uid] = Fingerprints($client=c$ssl$ja3);
	c$ssl$ja3_extensions = vector();
	}

event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count) &priority=3
	{
	if ( ! c?$ssl )
		return;
	if ( ! c$ssl?$ja3s )
		c$ssl$ja3s = md5_hash(join_string_vec(vector(cat(version), cat(cipher), joined(c$ssl$ja3_extensions)), ","));
	if ( c$uid in of_quic )
		of_quic[c$uid]$server = c$ssl$ja3s;
	c$ssl$ja3_extensions = vector();
	}

hook QUIC::log_policy(rec: QUIC::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( rec$uid !in of_quic )
		return;
	rec$ja3 = of_quic[rec$uid]$client;
	if ( of_quic[rec$uid]?$server )
		rec$ja3s = of_quic[rec$uid]$server;
	}
