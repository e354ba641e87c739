# TLS: what scripts find of it beside what ssl.log has.

@load base/logs/ssl
@load base/logs/files
@load base/protocols/ssl/consts

module SSL;

export {
	const SSLv2 = 0x0002;
	const SSLv3 = 0x0300;
	const TLSv10 = 0x0301;
	const TLSv11 = 0x0302;
	const TLSv12 = 0x0303;
	const TLSv13 = 0x0304;
	const DTLSv10 = 0xfeff;
	const DTLSv12 = 0xfefd;
	const DTLSv13 = 0xfefc;

	const CHANGE_CIPHER_SPEC = 20;
	const ALERT = 21;
	const HANDSHAKE = 22;
	const APPLICATION_DATA = 23;
	const HEARTBEAT = 24;
	const V2_ERROR = 300;
	const V2_CLIENT_HELLO = 301;
	const V2_CLIENT_MASTER_KEY = 302;
	const V2_SERVER_HELLO = 304;

	const HELLO_REQUEST = 0;
	const CLIENT_HELLO = 1;
	const SERVER_HELLO = 2;
	const HELLO_VERIFY_REQUEST = 3;
	const SESSION_TICKET = 4;
	const HELLO_RETRY_REQUEST = 6;
	const ENCRYPTED_EXTENSIONS = 8;
	const CERTIFICATE = 11;
	const SERVER_KEY_EXCHANGE = 12;
	const CERTIFICATE_REQUEST = 13;
	const SERVER_HELLO_DONE = 14;
	const CERTIFICATE_VERIFY = 15;
	const CLIENT_KEY_EXCHANGE = 16;
	const FINISHED = 20;
	const CERTIFICATE_URL = 21;
	const CERTIFICATE_STATUS = 22;
	const SUPPLEMENTAL_DATA = 23;
	const KEY_UPDATE = 24;

	## A log of certificate transparency (RFC 6962).
	type CTInfo: record {
		description: string;
		operator: string;
		## Its key, in DER.
		key: string;
		## Seconds within which it adds what it has promised to.
		maximum_merge_delay: count;
		url: string;
	};

	## Logs of certificate transparency by their identifiers; base/protocols/ssl/ct-list has those that are known.
	const ct_logs: table[string] of CTInfo = {} &redef;

	## Certificates of authorities, by subject.
	const root_certs: table[string] of string = {} &redef;

	redef record Info += {
		cert_chain: vector of Files::Info &optional;
		client_cert_chain: vector of Files::Info &optional;
		## Which analyzer reads the connection: base/protocols/ssl/analyzer-id sets it.
		analyzer_id: count &optional;

		cert_chain_fuids: vector of string &optional &deprecated="Zeek 5 took it away; see cert_chain_fps";
		client_cert_chain_fuids: vector of string &optional &deprecated="Zeek 5 took it away; see client_cert_chain_fps";
		subject: string &optional &deprecated="Zeek 5 took it away; see cert_chain";
		issuer: string &optional &deprecated="Zeek 5 took it away; see cert_chain";
		client_subject: string &optional &deprecated="Zeek 5 took it away; see client_cert_chain";
		client_issuer: string &optional &deprecated="Zeek 5 took it away; see client_cert_chain";
	};

	global ssl_finishing: hook(c: connection);

	const alert_levels: table[count] of string = {
		[1] = "warning",
		[2] = "fatal",
	} &default=function(n: count): string { return fmt("unknown-%d", n); };

	const ec_point_formats: table[count] of string = {
		[0] = "uncompressed",
		[1] = "ansiX962_compressed_prime",
		[2] = "ansiX962_compressed_char2",
	} &default=function(n: count): string { return fmt("unknown-%d", n); };

	## Up to TLS 1.2.
	const hash_algorithms: table[count] of string = {
		[0] = "none",
		[1] = "md5",
		[2] = "sha1",
		[3] = "sha224",
		[4] = "sha256",
		[5] = "sha384",
		[6] = "sha512",
		[8] = "Intrinsic",
	} &default=function(n: count): string { return fmt("unknown-%d", n); };

	## Up to TLS 1.2.
	const signature_algorithms: table[count] of string = {
		[0] = "anonymous",
		[1] = "rsa",
		[2] = "dsa",
		[3] = "ecdsa",
		[4] = "rsa_pss_sha256",
		[5] = "rsa_pss_sha384",
		[6] = "rsa_pss_sha512",
		[7] = "ed25519",
		[8] = "ed448",
		[9] = "rsa_pss_sha256",
		[10] = "rsa_pss_sha384",
		[11] = "rsa_pss_sha512",
		[64] = "gostr34102012_256",
		[65] = "gostr34102012_256",
	} &default=function(n: count): string { return fmt("unknown-%d", n); };

	const version_strings: table[count] of string = {
		[0x0002] = "SSLv2",
		[0x0300] = "SSLv3",
		[0x0301] = "TLSv10",
		[0x0302] = "TLSv11",
		[0x0303] = "TLSv12",
		[0x0304] = "TLSv13",
		[0xfeff] = "DTLSv10",
		[0xfefd] = "DTLSv12",
		[0xfefc] = "DTLSv13",
	} &default=function(n: count): string
		{
		return n / 0xff == 0x7f ? fmt("TLSv13-draft%d", n % 0x7f) : fmt("unknown-%d", n);
		};
}

## c$ssl is there from the first that is read of TLS on.
function set_session(c: connection)
	{
	}

module GLOBAL;

## A name in DER, as x509.log shows names; empty where it is none.
global parse_distinguished_name: function(dn: string): string;
