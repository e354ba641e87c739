# Heartbeats that ask for more than they bring (CVE-2014-0160), and that look like it where they are encrypted.

@load base/frameworks/notice
@load base/protocols/ssl

# Encrypted records have to be seen, too.
redef SSL::disable_analyzer_after_detection = F;

module Heartbleed;

export {
	redef enum Notice::Type += {
		## A heartbeat asks for more than it brings, or comes where nobody would send one.
		SSL_Heartbeat_Attack,
		## It was answered with more than was sent.
		SSL_Heartbeat_Attack_Success,
		## An encrypted heartbeat is shorter than its cipher makes it.
		SSL_Heartbeat_Odd_Length,
		## There are far more heartbeats in one direction than in the other.
		SSL_Heartbeat_Many_Requests,
	};

	redef record SSL::Info += {
		last_originator_heartbeat_request_size: count &optional;
		last_responder_heartbeat_request_size: count &optional;
		originator_heartbeats: count &default=0;
		responder_heartbeats: count &default=0;
		## A heartbeat that was not encrypted asked for too much.
		heartbleed_detected: bool &default=F;
		enc_appdata_packages: count &default=0;
		enc_appdata_bytes: count &default=0;
	};
}

# The shortest record with a heartbeat: ends of cipher suites, before TLS 1.1 and from it on.
type Shortest: record {
	cipher: pattern;
	before_11: count;
	from_11: count;
};

const shortest = vector(
	Shortest($cipher=/_AES_256_GCM_SHA384$/, $before_11=0, $from_11=43),
	Shortest($cipher=/_AES_128_GCM_SHA256$/, $before_11=0, $from_11=43),
	Shortest($cipher=/_256_CBC_SHA384$/, $before_11=0, $from_11=96),
	Shortest($cipher=/_256_CBC_SHA256$/, $before_11=0, $from_11=80),
	Shortest($cipher=/_256_CBC_SHA$/, $before_11=48, $from_11=64),
	Shortest($cipher=/_128_CBC_SHA256$/, $before_11=0, $from_11=80),
	Shortest($cipher=/_128_CBC_SHA$/, $before_11=48, $from_11=64),
	Shortest($cipher=/_3DES_EDE_CBC_SHA$/, $before_11=40, $from_11=48),
	Shortest($cipher=/_SEED_CBC_SHA$/, $before_11=48, $from_11=64),
	Shortest($cipher=/_IDEA_CBC_SHA$/, $before_11=40, $from_11=48),
	Shortest($cipher=/_DES_CBC_SHA$/, $before_11=40, $from_11=48),
	Shortest($cipher=/_DES40_CBC_SHA$/, $before_11=40, $from_11=48),
	Shortest($cipher=/_RC4_128_SHA$/, $before_11=39, $from_11=39),
	Shortest($cipher=/_RC4_128_MD5$/, $before_11=35, $from_11=35),
	Shortest($cipher=/_RC4_40_MD5$/, $before_11=35, $from_11=35),
	Shortest($cipher=/_RC2_CBC_40_MD5$/, $before_11=40, $from_11=48)
);

# Type, length and padding of a heartbeat.
const overhead = 3 + 16;

event ssl_heartbeat(c: connection, is_client: bool, length: count, heartbeat_type: count, payload_length: count, payload: string)
	{
	if ( ! c?$ssl )
		return;
	if ( heartbeat_type == 1 )
		{
		local brought = length < overhead ? length : length - overhead;
		if ( payload_length > brought )
			{
			c$ssl$heartbleed_detected = T;
			NOTICE([$note=SSL_Heartbeat_Attack, $conn=c, $identifier=cat(c$uid, length, payload_length),
			        $msg=fmt("An TLS heartbleed attack was detected! Record length %d. Payload length %d", length, payload_length)]);
			}
		else if ( is_client )
			NOTICE([$note=SSL_Heartbeat_Attack, $conn=c, $n=length, $identifier=cat(c$uid, length),
			        $msg=fmt("Heartbeat request before encryption. Probable Scan without exploit attempt. Message length: %d. Payload length: %d", length, payload_length)]);
		}
	if ( heartbeat_type == 2 && c$ssl$heartbleed_detected )
		NOTICE([$note=SSL_Heartbeat_Attack_Success, $conn=c, $identifier=c$uid,
		        $msg=fmt("An TLS heartbleed attack detected before was probably exploited. Message length: %d. Payload length: %d", length, payload_length)]);
	}

# Answers that are longer than what was asked with.
function compare_sizes(c: connection, is_client: bool, length: count, after: interval)
	{
	local ssl = c$ssl;
	if ( is_client )
		{
		if ( ssl?$last_responder_heartbeat_request_size )
			delete ssl$last_responder_heartbeat_request_size;
		else
			ssl$last_originator_heartbeat_request_size = length;
		return;
		}
	if ( ! ssl?$last_originator_heartbeat_request_size )
		{
		ssl$last_responder_heartbeat_request_size = length;
		return;
		}
	local asked = ssl$last_originator_heartbeat_request_size;
	delete ssl$last_originator_heartbeat_request_size;
	if ( asked < length )
		NOTICE([$note=SSL_Heartbeat_Attack_Success, $conn=c, $identifier=c$uid,
		        $msg=fmt("An encrypted TLS heartbleed attack was probably detected! First packet client record length %d, first packet server record length %d. Time: %f",
		                 asked, length, interval_to_double(after))]);
	}

function encrypted_heartbeat(c: connection, is_client: bool, length: count)
	{
	local ssl = c$ssl;
	if ( is_client )
		++ssl$originator_heartbeats;
	else
		++ssl$responder_heartbeats;
	local after = network_time() - c$start_time;
	local early = fmt("%searly", c$uid);
	if ( ssl$enc_appdata_packages == 0 )
		NOTICE([$note=SSL_Heartbeat_Attack, $conn=c, $n=length, $identifier=early,
		        $msg=fmt("Heartbeat before ciphertext. Probable attack or scan. Length: %d, is_client: %d", length, is_client ? 1 : 0)]);
	else if ( after < 1min )
		NOTICE([$note=SSL_Heartbeat_Attack, $conn=c, $n=length, $identifier=early,
		        $msg=fmt("Heartbeat within first minute. Possible attack or scan. Length: %d, is_client: %d, time: %s", length, is_client ? 1 : 0, after)]);

	local of_client = ssl$originator_heartbeats;
	local of_server = ssl$responder_heartbeats;
	# Noticed again after each thousand.
	local thousands = fmt("%s%d", c$uid, of_server / 1000);
	if ( of_client > of_server + 3 )
		NOTICE([$note=SSL_Heartbeat_Many_Requests, $conn=c, $n=of_client - of_server, $identifier=thousands,
		        $msg=fmt("More than 3 heartbeat requests without replies from server. Possible attack. Client count: %d, server count: %d", of_client, of_server)]);
	if ( of_server > of_client + 3 )
		NOTICE([$note=SSL_Heartbeat_Many_Requests, $conn=c, $n=of_server - of_client, $identifier=thousands,
		        $msg=fmt("Server sending more heartbeat responses than requests seen. Possible attack. Client count: %d, server count: %d", of_client, of_server)]);

	local weak = fmt("%s-weak-%d", c$uid, length);
	local cipher = ssl?$cipher ? ssl$cipher : "";
	if ( is_client && length < overhead )
		NOTICE([$note=SSL_Heartbeat_Odd_Length, $conn=c, $n=length, $identifier=weak,
		        $msg=fmt("Heartbeat message smaller than minimum required length. Probable attack or scan. Message length: %d. Cipher: %s. Time: %f",
		                 length, cipher, interval_to_double(after))]);
	local from_11 = ssl?$version && ssl$version in set("TLSv11", "TLSv12");
	for ( _, one in shortest )
		{
		if ( one$cipher !in cipher )
			next;
		local least = from_11 ? one$from_11 : one$before_11;
		if ( length < least )
			NOTICE([$note=SSL_Heartbeat_Odd_Length, $conn=c, $n=length, $identifier=weak,
			        $msg=fmt("Heartbeat message smaller than minimum required length. Probable attack. Message length: %d. Required length: %d. Cipher: %s. Cipher match: %s",
			                 length, least, cipher, one$cipher)]);
		break;
		}
	compare_sizes(c, is_client, length, after);
	}

event ssl_encrypted_data(c: connection, is_client: bool, record_version: count, content_type: count, length: count)
	{
	if ( ! c?$ssl )
		return;
	if ( content_type == SSL::HEARTBEAT )
		encrypted_heartbeat(c, is_client, length);
	else if ( content_type == SSL::APPLICATION_DATA && length > 0 )
		{
		++c$ssl$enc_appdata_packages;
		c$ssl$enc_appdata_bytes += length;
		}
	}
