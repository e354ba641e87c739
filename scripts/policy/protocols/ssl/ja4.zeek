# JA4, JA4S and JA4X: fingerprints of clients, servers and certificates, in ssl.log, quic.log and x509.log, by FoxIO's descriptions. JA4 is free under
# BSD-3; what JA4S and JA4X may be used for is said by FoxIO's license 1.1.

@load base/protocols/ssl
@load base/files/x509-rows
@load base/protocols/quic
@load base/protocols/ssl/finishing

module JA4;

export {
	redef record SSL::Info += {
		## The client, by its first hello.
		ja4: string &log &optional;
		## The server, by its first hello.
		ja4s: string &log &optional;
		## The server's certificate, by the kinds of names and extensions in it.
		ja4x: string &log &optional;

		## Of the hello that is being read, without GREASE's numbers (RFC 8701).
		ja4_extensions: vector of count &default=vector();
		ja4_signatures: vector of string &default=vector();
		ja4_version: count &default=0;
		ja4_alpn: string &default="";
	};

	redef record QUIC::Info += {
		## The client, by its first hello.
		ja4: string &log &optional;
		## The server, by its first hello.
		ja4s: string &log &optional;
	};

	redef record X509::Info += {
		## The certificate, by the kinds of names and extensions in it.
		ja4x: string &log &optional;
	};
}

const versions: table[count] of string = {
	[0x0304] = "13", [0x0303] = "12", [0x0302] = "11", [0x0301] = "10", [0x0300] = "s3", [0x0002] = "s2",
	[0xfeff] = "d1", [0xfefd] = "d2", [0xfefc] = "d3",
} &default="00";

const NO_LIST = "000000000000";

const SERVER_NAME = 0;
const ALPN = 16;

function is_grease(number: count): bool
	{
	return number / 256 == number % 256 && number % 16 == 10;
	}

function without_grease(numbers: vector of count): vector of count
	{
	local kept: vector of count;
	for ( _, number in numbers )
		if ( ! is_grease(number) )
			kept += number;
	return kept;
	}

function listed(numbers: vector of count): string
	{
	local texts: vector of string;
	for ( _, number in numbers )
		texts += fmt("%04x", number);
	return join_string_vec(texts, ",");
	}

# The first twelve digits of a list's SHA-256.
function digest(numbers: string): string
	{
	return numbers == "" ? NO_LIST : sub_bytes(sha256_hash(numbers), 1, 12);
	}

function two_digits(number: count): string
	{
	return fmt("%02d", number > 99 ? 99 : number);
	}

type Fingerprints: record {
	client: string;
	server: string &optional;
};

# Of connections of QUIC whose rows are not written yet.
global of_quic: table[string] of Fingerprints &create_expire=10min;

# How it is carried.
function carrier(c: connection, version: count): string
	{
	for ( service in c$service )
		if ( to_lower(service) == "quic" )
			return "q";
	return version / 256 == 0xfe ? "d" : "t";
	}

# The first and last letter of a protocol's name; of its hexadecimal digits where one of them is neither letter nor digit.
function ends(name: string): string
	{
	if ( name == "" )
		return "00";
	local shown = name;
	if ( name[0] != /[0-9A-Za-z]/ || name[-1] != /[0-9A-Za-z]/ )
		shown = bytestring_to_hexstr(name);
	return shown[0] + shown[-1];
	}

event ssl_extension(c: connection, is_client: bool, code: count, val: string) &priority=3
	{
	if ( c?$ssl && ! is_grease(code) )
		c$ssl$ja4_extensions += code;
	}

event ssl_extension_signature_algorithm(c: connection, is_client: bool, signature_algorithms: signature_and_hashalgorithm_vec) &priority=3
	{
	if ( ! is_client || ! c?$ssl )
		return;
	local texts: vector of string;
	for ( _, pair in signature_algorithms )
		{
		local number = pair$HashAlgorithm * 256 + pair$SignatureAlgorithm;
		if ( ! is_grease(number) )
			texts += fmt("%04x", number);
		}
	c$ssl$ja4_signatures = texts;
	}

event ssl_extension_supported_versions(c: connection, is_client: bool, versions: index_vec) &priority=3
	{
	if ( ! c?$ssl )
		return;
	for ( _, version in versions )
		# Those of DTLS are counted downwards.
		if ( ! is_grease(version) && ( c$ssl$ja4_version == 0 || ( version / 256 == 0xfe ? version < c$ssl$ja4_version : version > c$ssl$ja4_version ) ) )
			c$ssl$ja4_version = version;
	}

event ssl_extension_application_layer_protocol_negotiation(c: connection, is_client: bool, protocols: string_vec) &priority=3
	{
	if ( c?$ssl && |protocols| > 0 )
		c$ssl$ja4_alpn = protocols[0];
	}

# The next hello begins with nothing.
function forget(c: connection)
	{
	c$ssl$ja4_extensions = vector();
	c$ssl$ja4_version = 0;
	c$ssl$ja4_alpn = "";
	}

event ssl_client_hello(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec) &priority=3
	{
	if ( ! c?$ssl )
		return;
	if ( ! c$ssl?$ja4 )
		{
		local best = c$ssl$ja4_version == 0 ? version : c$ssl$ja4_version;
		local suites = sort(without_grease(ciphers));
		local has_name = F;
		local kept: vector of count;
		for ( _, code in c$ssl$ja4_extensions )
			{
			if ( code == SERVER_NAME )
				has_name = T;
			if ( code != SERVER_NAME && code != ALPN )
				kept += code;
			}
		local both = listed(sort(kept));
		if ( |c$ssl$ja4_signatures| > 0 )
			both += "_" + join_string_vec(c$ssl$ja4_signatures, ",");
		c$ssl$ja4 = fmt("%s%s%s%s%s%s_%s_%s", carrier(c, version), versions[best], has_name ? "d" : "i",
		                two_digits(|suites|), two_digits(|c$ssl$ja4_extensions|), ends(c$ssl$ja4_alpn),
		                digest(listed(suites)), digest(both));
		if ( carrier(c, version) == "q" )
			of_quic[c$uid] = Fingerprints($client=c$ssl$ja4);
		}
	forget(c);
	}

event ssl_server_hello(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count) &priority=3
	{
	if ( ! c?$ssl )
		return;
	if ( ! c$ssl?$ja4s )
		{
		c$ssl$ja4s = fmt("%s%s%s%s_%04x_%s", carrier(c, version),
		                 versions[c$ssl$ja4_version == 0 ? version : c$ssl$ja4_version],
		                 two_digits(|c$ssl$ja4_extensions|), ends(c$ssl$ja4_alpn), cipher,
		                 digest(listed(c$ssl$ja4_extensions)));
		if ( c$uid in of_quic )
			of_quic[c$uid]$server = c$ssl$ja4s;
		}
	forget(c);
	}

function of_certificate(cert: opaque of x509): string
	{
	local kinds = x509_kinds(cert);
	return |kinds| == 3 ? fmt("%s_%s_%s", digest(kinds[0]), digest(kinds[1]), digest(kinds[2])) : "";
	}

hook X509::log_policy(rec: X509::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( rec$fingerprint !in X509::of_row )
		return;
	local ja4x = of_certificate(X509::of_row[rec$fingerprint]$handle);
	if ( ja4x != "" )
		rec$ja4x = ja4x;
	}

hook SSL::ssl_finishing(c: connection)
	{
	if ( ! c?$ssl || ! c$ssl?$cert_chain || |c$ssl$cert_chain| == 0 || ! c$ssl$cert_chain[0]?$x509 )
		return;
	local ja4x = of_certificate(c$ssl$cert_chain[0]$x509$handle);
	if ( ja4x != "" )
		c$ssl$ja4x = ja4x;
	}

hook QUIC::log_policy(rec: QUIC::Info, id: Log::ID, filter: Log::Filter)
	{
	if ( rec$uid !in of_quic )
		return;
	rec$ja4 = of_quic[rec$uid]$client;
	if ( of_quic[rec$uid]?$server )
		rec$ja4s = of_quic[rec$uid]$server;
	}
