# Generated from the declarations in the sensor (events! and arg_records!); a test compares it.
# NIGHTJAR_BLESS=1 cargo test -p nightjar --test all schemas writes it anew.

module AllAnalyzers;

export {
	## All that looks at traffic.
	type Tag: enum {
		ANALYZER_ANALYZER_HTTP = 0,
		ANALYZER_ANALYZER_DNS = 1,
		ANALYZER_ANALYZER_SSH = 2,
		ANALYZER_ANALYZER_SYSLOG = 3,
		ANALYZER_ANALYZER_SSL = 4,
		ANALYZER_ANALYZER_DTLS = 5,
		ANALYZER_ANALYZER_MYSQL = 6,
		ANALYZER_ANALYZER_WEBSOCKET = 7,
		ANALYZER_ANALYZER_QUIC = 8,
		ANALYZER_ANALYZER_DHCP = 9,
		ANALYZER_ANALYZER_SMTP = 10,
		ANALYZER_ANALYZER_FTP = 11,
		ANALYZER_ANALYZER_FTP_DATA = 12,
		ANALYZER_ANALYZER_NTP = 13,
		ANALYZER_ANALYZER_SNMP = 14,
		ANALYZER_ANALYZER_RADIUS = 15,
		ANALYZER_ANALYZER_MODBUS = 16,
		ANALYZER_ANALYZER_DNP3_TCP = 17,
		ANALYZER_ANALYZER_DNP3_UDP = 18,
		ANALYZER_ANALYZER_SOCKS = 19,
		ANALYZER_ANALYZER_MQTT = 20,
		ANALYZER_ANALYZER_SIP = 21,
		ANALYZER_ANALYZER_RFB = 22,
		ANALYZER_ANALYZER_POP3 = 23,
		ANALYZER_ANALYZER_IMAP = 24,
		ANALYZER_ANALYZER_XMPP = 25,
		ANALYZER_ANALYZER_IRC = 26,
		ANALYZER_ANALYZER_IRC_DATA = 27,
		ANALYZER_ANALYZER_FINGER = 28,
		ANALYZER_ANALYZER_IDENT = 29,
		ANALYZER_ANALYZER_LDAP_TCP = 30,
		ANALYZER_ANALYZER_LDAP_UDP = 31,
		ANALYZER_ANALYZER_RDP = 32,
		ANALYZER_ANALYZER_RDPEUDP = 33,
		ANALYZER_ANALYZER_SMB = 34,
		ANALYZER_ANALYZER_PORTMAPPER = 35,
		ANALYZER_ANALYZER_MOUNT = 36,
		ANALYZER_ANALYZER_NFS = 37,
		ANALYZER_ANALYZER_REDIS = 38,
		ANALYZER_ANALYZER_MEMCACHED = 39,
		ANALYZER_ANALYZER_GSSAPI = 40,
		ANALYZER_ANALYZER_NTLM = 41,
		ANALYZER_ANALYZER_KRB = 42,
		ANALYZER_ANALYZER_KRB_TCP = 43,
		ANALYZER_ANALYZER_DCE_RPC = 44,
		ANALYZER_ANALYZER_POSTGRESQL = 45,
		ANALYZER_ANALYZER_TELNET = 46,
		ANALYZER_ANALYZER_RLOGIN = 47,
		ANALYZER_ANALYZER_RSH = 48,
		ANALYZER_ANALYZER_S7COMM_TCP = 49,
		ANALYZER_ANALYZER_ENIP_TCP = 50,
		ANALYZER_ANALYZER_ENIP_UDP = 51,
		ANALYZER_ANALYZER_BACNET = 52,
		PACKETANALYZER_ANALYZER_AYIYA = 53,
		PACKETANALYZER_ANALYZER_GENEVE = 54,
		PACKETANALYZER_ANALYZER_GTPV1 = 55,
		PACKETANALYZER_ANALYZER_TEREDO = 56,
		PACKETANALYZER_ANALYZER_VXLAN = 57,
		FILES_ANALYZER_MD5 = 58,
		FILES_ANALYZER_SHA1 = 59,
		FILES_ANALYZER_SHA256 = 60,
		FILES_ANALYZER_EXTRACT = 61,
		FILES_ANALYZER_DATA_EVENT = 62,
		FILES_ANALYZER_ENTROPY = 63,
		FILES_ANALYZER_X509 = 64,
		FILES_ANALYZER_OCSP_REPLY = 65,
		FILES_ANALYZER_OCSP_REQUEST = 66,
		FILES_ANALYZER_PE = 67,
	};
}

module Analyzer;

export {
	## What looks at what connections carry.
	type Tag: enum {
		ANALYZER_HTTP = 0,
		ANALYZER_DNS = 1,
		ANALYZER_SSH = 2,
		ANALYZER_SYSLOG = 3,
		ANALYZER_SSL = 4,
		ANALYZER_DTLS = 5,
		ANALYZER_MYSQL = 6,
		ANALYZER_WEBSOCKET = 7,
		ANALYZER_QUIC = 8,
		ANALYZER_DHCP = 9,
		ANALYZER_SMTP = 10,
		ANALYZER_FTP = 11,
		ANALYZER_FTP_DATA = 12,
		ANALYZER_NTP = 13,
		ANALYZER_SNMP = 14,
		ANALYZER_RADIUS = 15,
		ANALYZER_MODBUS = 16,
		ANALYZER_DNP3_TCP = 17,
		ANALYZER_DNP3_UDP = 18,
		ANALYZER_SOCKS = 19,
		ANALYZER_MQTT = 20,
		ANALYZER_SIP = 21,
		ANALYZER_RFB = 22,
		ANALYZER_POP3 = 23,
		ANALYZER_IMAP = 24,
		ANALYZER_XMPP = 25,
		ANALYZER_IRC = 26,
		ANALYZER_IRC_DATA = 27,
		ANALYZER_FINGER = 28,
		ANALYZER_IDENT = 29,
		ANALYZER_LDAP_TCP = 30,
		ANALYZER_LDAP_UDP = 31,
		ANALYZER_RDP = 32,
		ANALYZER_RDPEUDP = 33,
		ANALYZER_SMB = 34,
		ANALYZER_PORTMAPPER = 35,
		ANALYZER_MOUNT = 36,
		ANALYZER_NFS = 37,
		ANALYZER_REDIS = 38,
		ANALYZER_MEMCACHED = 39,
		ANALYZER_GSSAPI = 40,
		ANALYZER_NTLM = 41,
		ANALYZER_KRB = 42,
		ANALYZER_KRB_TCP = 43,
		ANALYZER_DCE_RPC = 44,
		ANALYZER_POSTGRESQL = 45,
		ANALYZER_TELNET = 46,
		ANALYZER_RLOGIN = 47,
		ANALYZER_RSH = 48,
		ANALYZER_S7COMM_TCP = 49,
		ANALYZER_ENIP_TCP = 50,
		ANALYZER_ENIP_UDP = 51,
		ANALYZER_BACNET = 52,
	};

	## The ports that an analyzer is set on.
	const known_ports: table[Analyzer::Tag] of set[port] = {
		[ANALYZER_HTTP] = set(80/tcp, 81/tcp, 631/tcp, 1080/tcp, 3128/tcp, 8000/tcp, 8080/tcp, 8888/tcp),
		[ANALYZER_DNS] = set(53/udp, 53/tcp, 137/udp, 5353/udp, 5355/udp),
		[ANALYZER_SSH] = set(22/tcp),
		[ANALYZER_SYSLOG] = set(514/udp),
		[ANALYZER_SSL] = set(443/tcp, 563/tcp, 585/tcp, 614/tcp, 636/tcp, 989/tcp, 990/tcp, 992/tcp, 993/tcp, 995/tcp, 5223/tcp),
		[ANALYZER_DTLS] = set(443/udp),
		[ANALYZER_MYSQL] = set(1434/tcp, 3306/tcp),
		[ANALYZER_WEBSOCKET] = set(),
		[ANALYZER_QUIC] = set(443/udp, 853/udp, 784/udp),
		[ANALYZER_DHCP] = set(67/udp, 68/udp, 4011/udp),
		[ANALYZER_SMTP] = set(25/tcp, 587/tcp),
		[ANALYZER_FTP] = set(21/tcp, 2811/tcp),
		[ANALYZER_FTP_DATA] = set(),
		[ANALYZER_NTP] = set(123/udp),
		[ANALYZER_SNMP] = set(161/udp, 162/udp),
		[ANALYZER_RADIUS] = set(1812/udp),
		[ANALYZER_MODBUS] = set(502/tcp),
		[ANALYZER_DNP3_TCP] = set(20000/tcp),
		[ANALYZER_DNP3_UDP] = set(20000/udp),
		[ANALYZER_SOCKS] = set(1080/tcp),
		[ANALYZER_MQTT] = set(1883/tcp),
		[ANALYZER_SIP] = set(5060/udp),
		[ANALYZER_RFB] = set(),
		[ANALYZER_POP3] = set(110/tcp),
		[ANALYZER_IMAP] = set(143/tcp),
		[ANALYZER_XMPP] = set(5222/tcp, 5269/tcp),
		[ANALYZER_IRC] = set(6666/tcp, 6667/tcp, 6668/tcp, 6669/tcp),
		[ANALYZER_IRC_DATA] = set(),
		[ANALYZER_FINGER] = set(79/tcp),
		[ANALYZER_IDENT] = set(),
		[ANALYZER_LDAP_TCP] = set(389/tcp, 3268/tcp),
		[ANALYZER_LDAP_UDP] = set(389/udp),
		[ANALYZER_RDP] = set(3389/tcp),
		[ANALYZER_RDPEUDP] = set(3389/udp),
		[ANALYZER_SMB] = set(139/tcp, 445/tcp),
		[ANALYZER_PORTMAPPER] = set(),
		[ANALYZER_MOUNT] = set(),
		[ANALYZER_NFS] = set(),
		[ANALYZER_REDIS] = set(6379/tcp),
		[ANALYZER_MEMCACHED] = set(11211/tcp, 11211/udp),
		[ANALYZER_GSSAPI] = set(),
		[ANALYZER_NTLM] = set(),
		[ANALYZER_KRB] = set(88/udp),
		[ANALYZER_KRB_TCP] = set(88/tcp),
		[ANALYZER_DCE_RPC] = set(135/tcp),
		[ANALYZER_POSTGRESQL] = set(),
		[ANALYZER_TELNET] = set(),
		[ANALYZER_RLOGIN] = set(),
		[ANALYZER_RSH] = set(),
		[ANALYZER_S7COMM_TCP] = set(102/tcp),
		[ANALYZER_ENIP_TCP] = set(44818/tcp),
		[ANALYZER_ENIP_UDP] = set(44818/udp),
		[ANALYZER_BACNET] = set(47808/udp),
	};
}

module PacketAnalyzer;

export {
	## What looks at packets.
	type Tag: enum {
		ANALYZER_AYIYA = 53,
		ANALYZER_GENEVE = 54,
		ANALYZER_GTPV1 = 55,
		ANALYZER_TEREDO = 56,
		ANALYZER_VXLAN = 57,
	};
}

module Files;

export {
	## What can be done with a file's content.
	type Tag: enum {
		ANALYZER_MD5 = 58,
		ANALYZER_SHA1 = 59,
		ANALYZER_SHA256 = 60,
		ANALYZER_EXTRACT = 61,
		ANALYZER_DATA_EVENT = 62,
		ANALYZER_ENTROPY = 63,
		ANALYZER_X509 = 64,
		ANALYZER_OCSP_REPLY = 65,
		ANALYZER_OCSP_REQUEST = 66,
		ANALYZER_PE = 67,
	};

	## The types of files that an analyzer is set on.
	const known_mime_types: table[Files::Tag] of set[string] = {
		[ANALYZER_X509] = set("application/x-x509-user-cert", "application/x-x509-ca-cert", "application/pkix-cert"),
		[ANALYZER_OCSP_REPLY] = set("application/ocsp-response"),
		[ANALYZER_PE] = set("application/x-dosexec"),
	};
}

module GLOBAL;

module TCP;

export {

## An option of a TCP header.
type Option: record {
	## Its kind.
	kind: count;
	## Its length, with kind and length.
	length: count;
	## The content of one that is not among those below.
	data: string &optional;
	## Kind 2: the largest segment.
	mss: count &optional;
	## Kind 3: the window's scale.
	window_scale: count &optional;
	## Kind 5: ends of what was received.
	sack: index_vec &optional;
	## Kind 8: time stamps.
	send_timestamp: count &optional;
	echo_timestamp: count &optional;
};
}

module GLOBAL;

## A packet that begins a connection.
type SYN_packet: record {
	## Whether the originator sent it.
	is_orig: bool;
	## It was not to be fragmented.
	DF: bool;
	## Its hop limit.
	ttl: count;
	## Its length by its IP header.
	size: count;
	## The window.
	win_size: count;
	## The window's scale; -1 where there is none.
	win_scale: int;
	## The largest segment; 0 where that is not said.
	MSS: count;
	## Selective acknowledgements may be sent.
	SACK_OK: bool;
	## The time stamp of the sender, …
	TSval: count &optional;
	## … and the one that it answers.
	TSecr: count &optional;
};

## A packet of a connection.
global new_packet: event(c: connection, p: pkt_hdr);

module ConnThreshold;

export {
	## The connection has grown by a step that a threshold may lie in; not one of Zeek's.
	global grew: event(c: connection);
}

module GLOBAL;

## What a packet carries behind its transport header, as far as it was captured.
global packet_contents: event(c: connection, contents: string);
## A TCP segment.
global tcp_packet: event(c: connection, is_orig: bool, flags: string, seq: count, ack: count, len: count, payload: string);
## An option of a TCP segment.
global tcp_option: event(c: connection, is_orig: bool, opt: count, optlen: count);
## All options of a TCP segment.
global tcp_options: event(c: connection, is_orig: bool, options: vector of TCP::Option);
## The next bytes of a stream, of the connections that options name.
global tcp_contents: event(c: connection, is_orig: bool, seq: count, contents: string);
## Bytes of a stream are missing and will not come.
global content_gap: event(c: connection, is_orig: bool, seq: count, length: count);
## One side of a TCP connection has closed it, and all that it sent was delivered.
global connection_EOF: event(c: connection, is_orig: bool);
## A TCP connection begins between the ends of one that was there still.
global connection_reused: event(c: connection);
## Originator and responder were found to be the other way round.
global connection_flipped: event(c: connection);
## A packet with SYN.
global connection_SYN_packet: event(c: connection, pkt: SYN_packet);
## The originator of a TCP connection acknowledges something for the first time.
global connection_first_ACK: event(c: connection);
## A datagram of the originator.
global udp_request: event(u: connection);
## A datagram of the responder.
global udp_reply: event(u: connection);
## What a datagram carries, of the connections that options name.
global udp_contents: event(u: connection, is_orig: bool, contents: string);
## The checksums of a side were wrong for the 10th, 100th … time.
global tcp_multiple_checksum_errors: event(c: connection, is_orig: bool, threshold: count);
## The window of a side was zero for the 10th, 100th … time.
global tcp_multiple_zero_windows: event(c: connection, is_orig: bool, threshold: count);
## A side has sent something again for the 10th, 100th … time.
global tcp_multiple_retransmissions: event(c: connection, is_orig: bool, threshold: count);
## Something of a side is missing for the 10th, 100th … time.
global tcp_multiple_gap: event(c: connection, is_orig: bool, threshold: count);
## A connection did something odd.
global conn_weird: event(name: string, c: connection, addl: string, source: string);
## A packet between two hosts, of no connection, was odd.
global flow_weird: event(name: string, src: addr, dst: addr, addl: string, source: string);
## A packet without readable addresses was odd.
global net_weird: event(name: string, addl: string, source: string);

## What was confirmed.
type AnalyzerConfirmationInfo: record {
	## The connection.
	c: connection &optional;
	## The file, of what looks at files.
	f: fa_file &optional;
	## The analyzer's number.
	aid: count &optional;
};

## What was broken.
type AnalyzerViolationInfo: record {
	## What is wrong.
	reason: string;
	## The connection.
	c: connection &optional;
	## The file, of what looks at files.
	f: fa_file &optional;
	## The analyzer's number.
	aid: count &optional;
	## The bytes that are wrong.
	data: string &optional;
};

## The first packet of a connection was seen.
global new_connection: event(c: connection);
## A TCP connection's handshake is complete.
global connection_established: event(c: connection);
## A TCP connection's SYN was not answered in time (`tcp_attempt_delay`).
global connection_attempt: event(c: connection);

module Conn;

export {
	## A TCP connection's SYN was answered, and nothing followed in the time that `connection_attempt` waits for an
	## answer; not one of Zeek's.
	global half_open: event(c: connection);
}

module GLOBAL;

## A TCP connection's SYN was answered with a RST.
global connection_rejected: event(c: connection);
## A TCP connection was ended by a RST.
global connection_reset: event(c: connection);
## Both sides of a TCP connection have ended it.
global connection_finished: event(c: connection);
## One side of a TCP connection has ended it, of which only that side was seen.
global connection_half_finished: event(c: connection);
## A TCP connection is seen from the middle on.
global partial_connection: event(c: connection);
## A TCP connection was idle for too long (`tcp_inactivity_timeout`).
global connection_timeout: event(c: connection);
## A TCP connection was still open when the capture ended.
global connection_pending: event(c: connection);
## A connection is over, or given up, and its row is about to be written.
global connection_state_remove: event(c: connection);
## A connection was expected, and an analyzer is set on it for that.
global scheduled_analyzer_applied: event(c: connection, a: Analyzer::Tag);

module ConnThreshold;

export {
	## A connection has lasted for one of ConnThreshold::durations, and lasts still; not one of Zeek's.
	global lasts: event(c: connection);
}

module GLOBAL;

## A connection was found to be of a protocol for sure.
global analyzer_confirmation_info: event(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo);
## What was taken for a protocol breaks its rules.
global analyzer_violation_info: event(atype: AllAnalyzers::Tag, info: AnalyzerViolationInfo);

## What matched, and where.
type signature_state: record {
	## The signature.
	sig_id: string;
	## The connection.
	conn: connection;
	## Whether the originator sent it.
	is_orig: bool;
	## Bytes of that direction's first payload.
	payload_size: count;
};

## A signature has matched whose action is an event.
global signature_match: event(state: signature_state, msg: string, data: string);

module Signatures;

export {
	## A signature has matched as far as packets tell: a function has its say, or the signature names the event; not
	## one of Zeek's.
	global found: event(state: signature_state, data: string, end_of_match: count);
}

module GLOBAL;


## An ICMP message.
type icmp_info: record {
	## Whether it is one of ICMPv6.
	v6: bool;
	## Its type.
	itype: count;
	## Its code.
	icode: count;
	## Bytes behind its header.
	len: count;
	## The hop limit of the packet.
	ttl: count;
};

## The packet that a message is about.
type icmp_context: record {
	## Its ends.
	id: conn_id;
	## Its length.
	len: count;
	## Its transport protocol.
	proto: count;
	## Of a fragment, its place.
	frag_offset: count;
	## Too little of it is there.
	bad_hdr_len: bool;
	## The checksum of its IP header is wrong.
	bad_checksum: bool;
	## More fragments follow.
	MF: bool;
	## It was not to be fragmented.
	DF: bool;
};

## A prefix that a router tells of (RFC 4861 §4.6.2).
type icmp6_nd_prefix_info: record {
	## The number of leading bits that count.
	prefix_len: count;
	## Addresses with it are on the link.
	L_flag: bool;
	## Hosts may form addresses with it.
	A_flag: bool;
	## For how long it is valid, …
	valid_lifetime: interval;
	## … and for how long addresses with it are preferred.
	preferred_lifetime: interval;
	## The prefix.
	prefix: addr;
};

## An option of neighbour discovery (RFC 4861 §4.6).
type icmp6_nd_option: record {
	## Its type.
	otype: count;
	## Its length, in units of 8 bytes.
	len: count;
	## The address of the sender or the target in its link layer.
	link_address: string &optional;
	## A prefix.
	prefix: icmp6_nd_prefix_info &optional;
	## The packet that is redirected.
	redirect: icmp_context &optional;
	## The MTU of the link.
	mtu: count &optional;
	## The content of all others, and of those that are cut short.
	payload: string &optional;
};

type icmp6_nd_options: vector of icmp6_nd_option;

## An ICMP message for which there is no other event.
global icmp_sent: event(c: connection, info: icmp_info);
## The same with its content.
global icmp_sent_payload: event(c: connection, info: icmp_info, payload: string);
## An echo request.
global icmp_echo_request: event(c: connection, info: icmp_info, id: count, seq: count, payload: string);
## An echo reply.
global icmp_echo_reply: event(c: connection, info: icmp_info, id: count, seq: count, payload: string);
## An error message of ICMPv6 for which there is no other event.
global icmp_error_message: event(c: connection, info: icmp_info, code: count, context: icmp_context);
## A destination cannot be reached.
global icmp_unreachable: event(c: connection, info: icmp_info, code: count, context: icmp_context);
## A packet did not fit into a link.
global icmp_packet_too_big: event(c: connection, info: icmp_info, code: count, context: icmp_context);
## A packet was on its way for too long.
global icmp_time_exceeded: event(c: connection, info: icmp_info, code: count, context: icmp_context);
## Something in a packet's headers is wrong.
global icmp_parameter_problem: event(c: connection, info: icmp_info, code: count, context: icmp_context);
## A host asks for routers.
global icmp_router_solicitation: event(c: connection, info: icmp_info, options: icmp6_nd_options);
## A router tells of itself.
global icmp_router_advertisement: event(c: connection, info: icmp_info, cur_hop_limit: count, managed: bool, other: bool, home_agent: bool, pref: count, proxy: bool, rsv: count, router_lifetime: interval, reachable_time: interval, retrans_timer: interval, options: icmp6_nd_options);
## Someone asks for a neighbour's address.
global icmp_neighbor_solicitation: event(c: connection, info: icmp_info, tgt: addr, options: icmp6_nd_options);
## A neighbour tells its address.
global icmp_neighbor_advertisement: event(c: connection, info: icmp_info, router: bool, solicited: bool, override: bool, tgt: addr, options: icmp6_nd_options);
## There is a better way to a destination.
global icmp_redirect: event(c: connection, info: icmp_info, tgt: addr, dest: addr, options: icmp6_nd_options);

## What is known of a file's type.
type fa_metadata: record {
	## The type that fits best.
	mime_type: string &optional;
	## All types that fit.
	mime_types: mime_matches &optional;
	## Whether it was found by content.
	inferred: bool &default=T;
};

## A file begins.
global file_new: event(f: fa_file);
## A file is carried by a connection that is new to it.
global file_over_new_connection: event(f: fa_file, c: connection, is_orig: bool);
## A file's type is decided.
global file_sniff: event(f: fa_file, meta: fa_metadata);

module Files;

export {
	## Some of a file's content, where scripts may ask for it; not one of Zeek's.
	global content: event(f: fa_file, data: string, offset: count);
}

module GLOBAL;

## A digest of a whole file.
global file_hash: event(f: fa_file, kind: string, hash: string);
## Bytes of a file are missing.
global file_gap: event(f: fa_file, offset: count, len: count);
## Nothing more came of a file for too long.
global file_timeout: event(f: fa_file);
## A file has ended, or is given up.
global file_state_remove: event(f: fa_file);

## A header.
type mime_header_rec: record {
	## As it was on the wire.
	original_name: string;
	## In upper case.
	name: string;
	value: string;
};

type mime_header_list: table[count] of mime_header_rec;

## How a message went.
type http_message_stat: record {
	## When the message began.
	start: time;
	## Whether it did not come to its own end.
	interrupted: bool;
	## Why it ended.
	finish_msg: string;
	## Bytes of body, decoded.
	body_length: count;
	## Bytes of body that were missing.
	content_gap_length: count;
	## Bytes of the first line and the headers.
	header_length: count;
};

## What a connection carried.
type http_stats_rec: record {
	num_requests: count;
	num_replies: count;
	request_version: double;
	reply_version: double;
};

## A request line.
global http_request: event(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string);
## A status line.
global http_reply: event(c: connection, version: string, code: count, reason: string);
## A header, by its name as it was on the wire and in upper case.
global http_header: event(c: connection, is_orig: bool, original_name: string, name: string, value: string);

module HTTP;

export {
	## A header that `HTTP::headers_of_interest` names beforehand, so that others cost nothing; not one of Zeek's.
	global header_of_interest: event(c: connection, is_orig: bool, name: string, value: string);
}

module GLOBAL;

## All headers of a message.
global http_all_headers: event(c: connection, is_orig: bool, hlist: mime_header_list);
## A message's media type.
global http_content_type: event(c: connection, is_orig: bool, ty: string, subty: string);
## A body, or a part of one, begins.
global http_begin_entity: event(c: connection, is_orig: bool);
## Some of a body.
global http_entity_data: event(c: connection, is_orig: bool, length: count, data: string);
## A body, or a part of one, has ended.
global http_end_entity: event(c: connection, is_orig: bool);

module HTTP;

export {
	## The head of a request is complete, its body need not be; not one of Zeek's.
	global request_head: event(c: connection);
}

module GLOBAL;


module HTTP;

export {
	## A request is not complete after 10 seconds, and after each doubling of that, whether more of it comes or not;
	## not one of Zeek's. So many bytes have come since it began, its head among them.
	global request_lasts: event(c: connection, since: time, bytes: count);
}

module GLOBAL;


module HTTP;

export {
	## The beginning of what a request's body holds, decoded, up to 4 KiB; once for each body or part of one, when it is
	## there or the body has ended. Not one of Zeek's.
	global request_body: event(c: connection, data: string);
}

module GLOBAL;

## A message has ended, the transaction still being there whole.
global http_message_done: event(c: connection, is_orig: bool, stat: http_message_stat);
## What a connection carried, when it is over.
global http_stats: event(c: connection, stats: http_stats_rec);

## A message's header (RFC 1035 §4.1.1).
type dns_msg: record {
	id: count;
	opcode: count;
	rcode: count;
	QR: bool;
	AA: bool;
	TC: bool;
	RD: bool;
	RA: bool;
	## The three bits behind RA.
	Z: count;
	## RFC 4035 §3.2.3.
	AD: bool;
	## RFC 4035 §3.2.2.
	CD: bool;
	num_queries: count;
	num_answers: count;
	num_auth: count;
	num_addl: count;
	## The responder's port is NetBIOS's, 137.
	is_netbios: bool;
};

## What every record has.
type dns_answer: record {
	## The section it stood in: 1 answers, 2 authorities, 3 additional records.
	answer_type: count;
	query: string;
	qtype: count;
	qclass: count;
	TTL: interval;
};

## An SOA record's data.
type dns_soa: record {
	mname: string;
	rname: string;
	serial: count;
	refresh: interval;
	retry: interval;
	expire: interval;
	minimum: interval;
};

## A LOC record's data, as encoded.
type dns_loc_rr: record {
	query: string;
	answer_type: count;
	version: count;
	size: count;
	horiz_pre: count;
	vert_pre: count;
	latitude: count;
	longitude: count;
	altitude: count;
	is_query: count;
};

## What SVCB and HTTPS records begin with.
type dns_svcb_rr: record {
	svc_priority: count;
	target_name: string;
};

## An RRSIG record's data.
type dns_rrsig_rr: record {
	query: string;
	answer_type: count;
	type_covered: count;
	algorithm: count;
	labels: count;
	orig_ttl: interval;
	sig_exp: time;
	sig_incep: time;
	key_tag: count;
	signer_name: string;
	signature: string;
	is_query: count;
};

## A DNSKEY record's data.
type dns_dnskey_rr: record {
	query: string;
	answer_type: count;
	flags: count;
	protocol: count;
	algorithm: count;
	public_key: string;
	is_query: count;
};

## An NSEC3 record's data.
type dns_nsec3_rr: record {
	query: string;
	answer_type: count;
	nsec_flags: count;
	nsec_hash_algo: count;
	nsec_iter: count;
	nsec_salt_len: count;
	nsec_salt: string;
	nsec_hlen: count;
	nsec_hash: string;
	bitmaps: vector of string;
	is_query: count;
};

## An NSEC3PARAM record's data.
type dns_nsec3param_rr: record {
	query: string;
	answer_type: count;
	nsec_flags: count;
	nsec_hash_algo: count;
	nsec_iter: count;
	nsec_salt_len: count;
	nsec_salt: string;
	is_query: count;
};

## A DS record's data.
type dns_ds_rr: record {
	query: string;
	answer_type: count;
	key_tag: count;
	algorithm: count;
	digest_type: count;
	digest_val: string;
	is_query: count;
};

## What BIND keeps in a zone that it signs.
type dns_binds_rr: record {
	query: string;
	answer_type: count;
	algorithm: count;
	key_id: count;
	removal_flag: count;
	complete_flag: count;
	is_query: count;
};

## An OPT record, whose class and TTL have meanings of their own (RFC 6891 §6.1.3).
type dns_edns_additional: record {
	query: string;
	qtype: count;
	t: count;
	payload_size: count;
	extended_rcode: count;
	version: count;
	z_field: count;
	TTL: interval;
	is_query: count;
};

## A message.
global dns_message: event(c: connection, is_orig: bool, msg: dns_msg, len: count);
## An entry of a query's question section.
global dns_request: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
## An entry of the question section of a reply that has records.
global dns_query_reply: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
## An entry of the question section of a reply without any.
global dns_rejected: event(c: connection, msg: dns_msg, query: string, qtype: count, qclass: count, original_query: string);
## An A record (RFC 1035 §3.4.1).
global dns_A_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
## An AAAA record (RFC 3596 §2.2).
global dns_AAAA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
## An A6 record (RFC 2874 §3.1).
global dns_A6_reply: event(c: connection, msg: dns_msg, ans: dns_answer, a: addr);
## An NS record (RFC 1035 §3.3.11).
global dns_NS_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
## A CNAME record (RFC 1035 §3.3.1).
global dns_CNAME_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
## A PTR record (RFC 1035 §3.3.12).
global dns_PTR_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string);
## An SOA record (RFC 1035 §3.3.13).
global dns_SOA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, soa: dns_soa);
## A WKS record (RFC 1035 §3.4.2).
global dns_WKS_reply: event(c: connection, msg: dns_msg, ans: dns_answer);
## An HINFO record (RFC 1035 §3.3.2).
global dns_HINFO_reply: event(c: connection, msg: dns_msg, ans: dns_answer, cpu: string, os: string);
## An MX record (RFC 1035 §3.3.9).
global dns_MX_reply: event(c: connection, msg: dns_msg, ans: dns_answer, name: string, preference: count);
## A TXT record (RFC 1035 §3.3.14).
global dns_TXT_reply: event(c: connection, msg: dns_msg, ans: dns_answer, strs: vector of string);
## An SPF record (RFC 4408 §3.1.1).
global dns_SPF_reply: event(c: connection, msg: dns_msg, ans: dns_answer, strs: vector of string);
## A CAA record (RFC 8659 §4).
global dns_CAA_reply: event(c: connection, msg: dns_msg, ans: dns_answer, flags: count, tag: string, value: string);
## An SRV record (RFC 2782).
global dns_SRV_reply: event(c: connection, msg: dns_msg, ans: dns_answer, target: string, priority: count, weight: count, p: count);
## A LOC record (RFC 1876 §2).
global dns_LOC: event(c: connection, msg: dns_msg, ans: dns_answer, loc: dns_loc_rr);
## An SSHFP record (RFC 4255 §3.1).
global dns_SSHFP: event(c: connection, msg: dns_msg, ans: dns_answer, algo: count, fptype: count, fingerprint: string);
## An SVCB record (RFC 9460 §2.2).
global dns_SVCB: event(c: connection, msg: dns_msg, ans: dns_answer, svcb: dns_svcb_rr);
## An HTTPS record (RFC 9460 §9).
global dns_HTTPS: event(c: connection, msg: dns_msg, ans: dns_answer, https: dns_svcb_rr);
## An RRSIG record (RFC 4034 §3.1).
global dns_RRSIG: event(c: connection, msg: dns_msg, ans: dns_answer, rrsig: dns_rrsig_rr);
## A DNSKEY record (RFC 4034 §2.1).
global dns_DNSKEY: event(c: connection, msg: dns_msg, ans: dns_answer, dnskey: dns_dnskey_rr);
## An NSEC record (RFC 4034 §4.1).
global dns_NSEC: event(c: connection, msg: dns_msg, ans: dns_answer, next_name: string, bitmaps: vector of string);
## An NSEC3 record (RFC 5155 §3.2).
global dns_NSEC3: event(c: connection, msg: dns_msg, ans: dns_answer, nsec3: dns_nsec3_rr);
## An NSEC3PARAM record (RFC 5155 §4.2).
global dns_NSEC3PARAM: event(c: connection, msg: dns_msg, ans: dns_answer, nsec3param: dns_nsec3param_rr);
## A DS record (RFC 4034 §5.1).
global dns_DS: event(c: connection, msg: dns_msg, ans: dns_answer, ds: dns_ds_rr);
## A record of type 65534, in which BIND keeps how far signing has come.
global dns_BINDS: event(c: connection, msg: dns_msg, ans: dns_answer, binds: dns_binds_rr);
## A record of a type that is not read.
global dns_unknown_reply: event(c: connection, msg: dns_msg, ans: dns_answer);
## An OPT pseudo-record (RFC 6891 §6.1).
global dns_EDNS_addl: event(c: connection, msg: dns_msg, ans: dns_edns_additional);
## A message was read to its end.
global dns_end: event(c: connection, msg: dns_msg);

module SSH;

export {

## What a side prefers, best first, by direction.
type Algorithm_Prefs: record {
	client_to_server: vector of string &optional;
	server_to_client: vector of string &optional;
};
}

module GLOBAL;

module SSH;

export {

## What a side can do.
type Capabilities: record {
	kex_algorithms: vector of string;
	server_host_key_algorithms: vector of string;
	encryption_algorithms: SSH::Algorithm_Prefs;
	mac_algorithms: SSH::Algorithm_Prefs;
	compression_algorithms: SSH::Algorithm_Prefs;
	languages: SSH::Algorithm_Prefs &optional;
	is_server: bool;
};
}

module GLOBAL;

## The client's identification string (RFC 4253 §4.2).
global ssh_client_version: event(c: connection, version: string);
## The server's identification string.
global ssh_server_version: event(c: connection, version: string);
## A login was tried, judged by the sizes of packets.
global ssh_auth_attempted: event(c: connection, authenticated: bool);
## A login succeeded.
global ssh_auth_successful: event(c: connection, auth_method_none: bool);
## A connection is over in which all logins failed.
global ssh_auth_failed: event(c: connection);
## How the logins of a connection ended.
global ssh_auth_result: event(c: connection, result: bool, auth_attempts: count);
## What one side can do (RFC 4253 §7.1).
global ssh_capabilities: event(c: connection, cookie: string, capabilities: SSH::Capabilities);
## The server's key, by its MD5 in hexadecimal.
global ssh_server_host_key: event(c: connection, hash: string);
## The server's key, of version 2.
global ssh2_server_host_key: event(c: connection, key: string);
## The server's key, of version 1.
global ssh1_server_host_key: event(c: connection, modulus: string, exponent: string);
## The group that a server chose (RFC 4419 §3).
global ssh2_dh_server_params: event(c: connection, p: string, q: string);
## An ephemeral public key (RFC 5656 §4).
global ssh2_ecc_key: event(c: connection, is_orig: bool, q: string);
## A GSS-API error (RFC 4462 §2.1).
global ssh2_gss_error: event(c: connection, major_status: count, minor_status: count, err_msg: string);
## A side sent encrypted bytes.
global ssh_encrypted_packet: event(c: connection, orig: bool, len: count);

## A message. Facility and severity are 999 where it has no priority.
global syslog_message: event(c: connection, facility: count, severity: count, msg: string);

module SSL;

export {

## How something is signed, up to TLS 1.2.
type SignatureAndHashAlgorithm: record {
	HashAlgorithm: count;
	SignatureAlgorithm: count;
};
}

module GLOBAL;

type signature_and_hashalgorithm_vec: vector of SSL::SignatureAndHashAlgorithm;

module SSL;

export {

## A key that both sides know of already.
type PSKIdentity: record {
	identity: string;
	obfuscated_ticket_age: count;
};
}

module GLOBAL;

type psk_identity_vec: vector of SSL::PSKIdentity;

## What a client can do (RFC 8446 §4.1.2).
global ssl_client_hello: event(c: connection, version: count, record_version: count, possible_ts: time, client_random: string, session_id: string, ciphers: index_vec, comp_methods: index_vec);
## What a server chose.
global ssl_server_hello: event(c: connection, version: count, record_version: count, possible_ts: time, server_random: string, session_id: string, cipher: count, comp_method: count);
## An extension of a hello, before the hello.
global ssl_extension: event(c: connection, is_client: bool, code: count, val: string);
## The groups that a side can do, curves for the most part.
global ssl_extension_elliptic_curves: event(c: connection, is_client: bool, curves: index_vec);
## How a side can read points of curves (RFC 8422 §5.1.2).
global ssl_extension_ec_point_formats: event(c: connection, is_client: bool, point_formats: index_vec);
## The signatures that a side can verify.
global ssl_extension_signature_algorithm: event(c: connection, is_client: bool, signature_algorithms: signature_and_hashalgorithm_vec);
## The groups of the keys that a client sent, or that of a server's (RFC 8446 §4.2.8).
global ssl_extension_key_share: event(c: connection, is_client: bool, curves: index_vec);
## The keys that a client knows of already (RFC 8446 §4.2.11).
global ssl_extension_pre_shared_key_client_hello: event(c: connection, is_client: bool, identities: psk_identity_vec, binders: string_vec);
## Which of these the server chose.
global ssl_extension_pre_shared_key_server_hello: event(c: connection, is_client: bool, selected_identity: count);
## How known keys may be used (RFC 8446 §4.2.9).
global ssl_extension_psk_key_exchange_modes: event(c: connection, is_client: bool, modes: index_vec);
## The protocols that may follow, or the one that does (RFC 7301).
global ssl_extension_application_layer_protocol_negotiation: event(c: connection, is_client: bool, protocols: string_vec);
## The name that a client asks for (RFC 6066 §3).
global ssl_extension_server_name: event(c: connection, is_client: bool, names: string_vec);
## The versions that a client can do, or the one that the server chose (RFC 8446 §4.2.1).
global ssl_extension_supported_versions: event(c: connection, is_client: bool, versions: index_vec);
## How a side of DTLS names the connection (RFC 9146 §3).
global ssl_extension_connection_id: event(c: connection, is_client: bool, cid: string);
## A server wants a certificate (RFC 5246 §7.4.4). `parse_distinguished_name` reads the names of authorities.
global ssl_certificate_request: event(c: connection, is_client: bool, certificate_types: index_vec, supported_signature_algorithms: signature_and_hashalgorithm_vec, certificate_authorities: string_vec);
## A log promises to have a certificate (RFC 6962 §3.3).
global ssl_extension_signed_certificate_timestamp: event(c: connection, is_client: bool, version: count, logid: string, timestamp: count, signature_and_hashalgorithm: SSL::SignatureAndHashAlgorithm, signature: string);
## A server's part of the key exchange, on a curve.
global ssl_ecdh_server_params: event(c: connection, curve: count, point: string);
## A server's part of the key exchange, in a field.
global ssl_dh_server_params: event(c: connection, p: string, q: string, Ys: string);
## The signature of these. Before TLS 1.2 the numbers of both algorithms are 256.
global ssl_server_signature: event(c: connection, signature_and_hashalgorithm: SSL::SignatureAndHashAlgorithm, signature: string);
## A client's part, on a curve.
global ssl_ecdh_client_params: event(c: connection, point: string);
## A client's part, in a field.
global ssl_dh_client_params: event(c: connection, Yc: string);
## A secret, encrypted with the server's key.
global ssl_rsa_client_pms: event(c: connection, pms: string);
## Both sides encrypt.
global ssl_established: event(c: connection);
## A side tells of a failure, or that it will close.
global ssl_alert: event(c: connection, is_client: bool, level: count, desc: count);
## With what a session can be resumed (RFC 5077).
global ssl_session_ticket_handshake: event(c: connection, ticket_lifetime_hint: count, ticket: string);
## A heartbeat that is not encrypted (RFC 6520).
global ssl_heartbeat: event(c: connection, is_client: bool, length: count, heartbeat_type: count, payload_length: count, payload: string);
## A record that is not encrypted.
global ssl_plaintext_data: event(c: connection, is_client: bool, record_version: count, content_type: count, length: count);
## A record that is encrypted.
global ssl_encrypted_data: event(c: connection, is_client: bool, record_version: count, content_type: count, length: count);
## An encrypted record of TLS 1.3 that most likely is of the handshake.
global ssl_probable_encrypted_handshake_message: event(c: connection, is_client: bool, length: count);
## An OCSP response that came with the handshake.
global ssl_stapled_ocsp: event(c: connection, is_client: bool, response: string);
## A handshake message, after all else that is told of it.
global ssl_handshake_message: event(c: connection, is_client: bool, msg_type: count, length: count);
## A side goes over to the keys agreed on; in TLS 1.3 it means nothing.
global ssl_change_cipher_spec: event(c: connection, is_client: bool);

module SSL;

export {
	## All of the handshake that can be read was, and the row is about to be written. `base/protocols/ssl/finishing` lets
	## `SSL::ssl_finishing` run then.
	global finishing: event(c: connection);
}

module GLOBAL;

## The one that did not open the connection is the client.
global ssl_connection_flipped: event(c: connection);

module X509;

export {

## What a certificate says.
type Certificate: record {
	version: count &log;
	## In hexadecimal digits.
	serial: string &log;
	## By RFC 2253.
	subject: string &log;
	## The last common name of the subject.
	cn: string &optional;
	issuer: string &log;
	not_valid_before: time &log;
	not_valid_after: time &log;
	key_alg: string &log;
	sig_alg: string &log;
	tbs_sig_alg: string;
	## `rsa`, `dsa` or `ecdsa`.
	key_type: string &optional &log;
	## In bits.
	key_length: count &optional &log;
	## RSA's.
	exponent: string &optional &log;
	curve: string &optional &log;
};
}

module GLOBAL;

module X509;

export {

## An extension.
type Extension: record {
	name: string;
	short_name: string &optional;
	oid: string;
	critical: bool;
	## As OpenSSL writes it; DER where it does not know how.
	value: string;
};
}

module GLOBAL;

module X509;

export {

## Whether it may sign others.
type BasicConstraints: record {
	ca: bool &log;
	path_len: count &optional &log;
};
}

module GLOBAL;

module X509;

export {

## What it is for beside its subject.
type SubjectAlternativeName: record {
	dns: string_vec &optional &log;
	uri: string_vec &optional &log;
	email: string_vec &optional &log;
	ip: addr_vec &optional &log;
	## Names of other kinds, which are not kept.
	other_fields: bool;
};
}

module GLOBAL;

## A certificate.
global x509_certificate: event(f: fa_file, cert_ref: opaque of x509, cert: X509::Certificate);
## An extension of it.
global x509_extension: event(f: fa_file, ext: X509::Extension);
## Whether it may sign others (RFC 5280 §4.2.1.9).
global x509_ext_basic_constraints: event(f: fa_file, ext: X509::BasicConstraints);
## What it is for beside its subject (RFC 5280 §4.2.1.6).
global x509_ext_subject_alternative_name: event(f: fa_file, ext: X509::SubjectAlternativeName);
## A log promises to have it (RFC 6962 §3.3).
global x509_ocsp_ext_signed_certificate_timestamp: event(f: fa_file, version: count, logid: string, timestamp: count, hash_algorithm: count, signature_algorithm: count, signature: string);

## A request for the state of certificates (RFC 6960 §4.1); its version is 0.
global ocsp_request: event(f: fa_file, version: count);
## A certificate whose state is asked for. Digests and numbers are hexadecimal digits.
global ocsp_request_certificate: event(f: fa_file, hashAlgorithm: string, issuerNameHash: string, issuerKeyHash: string, serialNumber: string);
## What became of a request: `successful`, `trylater` and so on (RFC 6960 §4.2.1).
global ocsp_response_status: event(f: fa_file, status: string);
## Who has answered, after what is said of certificates; its version is 0.
global ocsp_response_bytes: event(f: fa_file, status: string, version: count, responderId: string, producedAt: time, signatureAlgorithm: string, certs: x509_opaque_vector);
## An extension of a response, or of what it says of a certificate.
global ocsp_extension: event(f: fa_file, ext: X509::Extension, global_resp: bool);
## What a response says of a certificate. Digests and numbers are hexadecimal digits; times that there are not
## are zero.
global ocsp_response_certificate: event(f: fa_file, hashAlgorithm: string, issuerNameHash: string, issuerKeyHash: string, serialNumber: string, certStatus: string, revoketime: time, revokereason: string, thisUpdate: time, nextUpdate: time);

## A client sent a command, by its code, and what it gave to it.
global mysql_command_request: event(c: connection, command: count, arg: string);
## A client wants to be another user; comes after the command.
global mysql_change_user: event(c: connection, username: string);
## A server reported an error.
global mysql_error: event(c: connection, code: count, msg: string);
## Something succeeded.
global mysql_ok: event(c: connection, affected_rows: count);
## The columns of a result, which rows follow, or its rows are over.
global mysql_eof: event(c: connection, is_intermediate: bool);
## A row of a result.
global mysql_result_row: event(c: connection, row: vector of string);
## A server greeted, and this is its version.
global mysql_server_version: event(c: connection, ver: string);
## A client said who it is.
global mysql_handshake: event(c: connection, username: string);
## A client asked for TLS.
global mysql_ssl_request: event(c: connection);
## How a side is to be authenticated, or is, and the data for it.
global mysql_auth_plugin: event(c: connection, is_orig: bool, name: string, data: string);
## A server asked to authenticate in another way.
global mysql_auth_switch_request: event(c: connection, name: string, data: string);
## What else is exchanged to authenticate.
global mysql_auth_more_data: event(c: connection, is_orig: bool, data: string);

## A connection is WebSocket from here on.
global websocket_established: event(c: connection, aid: count);
## A frame began; `opcode` is its own.
global websocket_frame: event(c: connection, is_orig: bool, fin: bool, rsv: count, opcode: count, payload_len: count);
## Some of what a frame carries, without its mask, at most `WebSocket::payload_chunk_size` bytes.
global websocket_frame_data: event(c: connection, is_orig: bool, data: string);
## A message is complete; `opcode` is that of its first frame.
global websocket_message: event(c: connection, is_orig: bool, opcode: count);
## A side ends the connection; the status is 0 where it gave none.
global websocket_close: event(c: connection, is_orig: bool, status: count, reason: string);


module QUIC;

export {
	## A packet that begins the handshake (RFC 9000 §17.2.2).
	global initial_packet: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string);
}

module GLOBAL;


module QUIC;

export {
	## The client is to begin again (RFC 9000 §17.2.5); after it the row is written.
	global retry_packet: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string, retry_token: string, retry_integrity_tag: string);
}

module GLOBAL;


module QUIC;

export {
	## A packet of the rest of the handshake (RFC 9000 §17.2.4).
	global handshake_packet: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string);
}

module GLOBAL;


module QUIC;

export {
	## A packet of early data (RFC 9000 §17.2.3).
	global zero_rtt_packet: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string);
}

module GLOBAL;


module QUIC;

export {
	## A side closed the connection where that can still be read, in the first packets; after it the row is written.
	global connection_close_frame: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string, error_code: count, reason_phrase: string);
}

module GLOBAL;


module QUIC;

export {
	## A packet of a version that is not read, or the negotiation of versions; after it the row is written.
	global unhandled_version: event(c: connection, is_orig: bool, version: count, dcid: string, scid: string);
}

module GLOBAL;


module DHCP;

export {

## A message's fields (RFC 2131 §2).
type Msg: record {
	## 1 of clients, 2 of servers.
	op: count;
	## Of option 53.
	m_type: count;
	xid: count;
	secs: interval;
	flags: count;
	ciaddr: addr;
	yiaddr: addr;
	siaddr: addr;
	giaddr: addr;
	chaddr: string;
	sname: string &default="";
	file_n: string &default="";
};
}

module GLOBAL;

type DHCP::Addrs: vector of addr;

module DHCP;

export {

## Option 61.
type ClientID: record {
	hwtype: count;
	hwaddr: string;
};
}

module GLOBAL;

module DHCP;

export {

## Option 81.
type ClientFQDN: record {
	flags: count;
	rcode1: count;
	rcode2: count;
	domain_name: string;
};
}

module GLOBAL;

module DHCP;

export {

## A sub-option of option 82.
type SubOpt: record {
	code: count;
	value: string;
};
}

module GLOBAL;

type DHCP::SubOpts: vector of DHCP::SubOpt;

module DHCP;

export {

## The options of a message that are read.
type Options: record {
	## The codes of all that there were, in their order.
	options: index_vec &optional;
	subnet_mask: addr &optional;
	routers: DHCP::Addrs &optional;
	dns_servers: DHCP::Addrs &optional;
	host_name: string &optional;
	domain_name: string &optional;
	forwarding: bool &optional;
	broadcast: addr &optional;
	## Option 43.
	vendor: string &optional;
	nbns: DHCP::Addrs &optional;
	addr_request: addr &optional;
	lease: interval &optional;
	serv_addr: addr &optional;
	param_list: index_vec &optional;
	message: string &optional;
	max_msg_size: count &optional;
	renewal_time: interval &optional;
	rebinding_time: interval &optional;
	vendor_class: string &optional;
	client_id: DHCP::ClientID &optional;
	user_class: string &optional;
	client_fqdn: DHCP::ClientFQDN &optional;
	sub_opt: DHCP::SubOpts &optional;
	auto_config: bool &optional;
	## Option 252: where a proxy's settings are found.
	auto_proxy_config: string &optional;
	time_offset: int &optional;
	time_servers: DHCP::Addrs &optional;
	name_servers: DHCP::Addrs &optional;
	ntp_servers: DHCP::Addrs &optional;
};
}

module GLOBAL;

## A message.
global dhcp_message: event(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options);

## A mail, or a part of it, begins.
global mime_begin_entity: event(c: connection);
## A header of the part that began last.
global mime_one_header: event(c: connection, h: mime_header_rec);
## All headers of that part.
global mime_all_headers: event(c: connection, hlist: mime_header_list);
## Some of a part's content, decoded; with `mime_segment_overlap_length` what came before it, too.
global mime_segment_data: event(c: connection, length: count, data: string);
## All of a part's content, decoded, up to a megabyte.
global mime_entity_data: event(c: connection, length: count, data: string);
## The innermost part that had not ended has.
global mime_end_entity: event(c: connection);
## The content of all parts of a mail, decoded, up to a megabyte.
global mime_all_data: event(c: connection, length: count, data: string);
## The MD5 of the content of all parts of a mail.
global mime_content_hash: event(c: connection, content_len: count, hash_value: string);
## Something odd in a mail.
global mime_event: event(c: connection, event_type: string, detail: string);

## A command, in upper case; `**` is a line in answer to a challenge.
global smtp_request: event(c: connection, is_orig: bool, command: string, arg: string);
## A line of a reply, and the command that it answers: `>` is the connection itself, `.` the end of a mail.
global smtp_reply: event(c: connection, is_orig: bool, code: count, cmd: string, msg: string, cont_resp: bool);
## A line of a mail that does not come in chunks.
global smtp_data: event(c: connection, is_orig: bool, data: string);
## Something that does not fit.
global smtp_unexpected: event(c: connection, is_orig: bool, msg: string, detail: string);
## The connection goes on under TLS.
global smtp_starttls: event(c: connection);

module FTP;

export {

## A command.
type CmdArg: record {
	## When it was sent.
	ts: time;
	cmd: string &default="<unknown>";
	arg: string &default="";
	## Which of the connection's.
	seq: count &default=0;
};
}

module GLOBAL;

module FTP;

export {

## The ends of a data connection.
type ExpectedDataChannel: record {
	## The client connects.
	passive: bool &log;
	## Who connects.
	orig_h: addr &log;
	## To whom.
	resp_h: addr &log;
	resp_p: port &log;
};
}

module GLOBAL;

## A command, in upper case.
global ftp_request: event(c: connection, command: string, arg: string);
## A line of a reply. Within one of several lines the code is 0.
global ftp_reply: event(c: connection, code: count, msg: string, cont_resp: bool);
## Client and server have agreed on TLS (RFC 4217 §4). Zeek has it from 8.0 on.
global ftp_starttls: event(c: connection);
## The beginning of what a data connection carried, of both directions, and what it is.
global file_transferred: event(c: connection, prefix: string, descr: string, mime_type: string);

module FTP;

export {
	## A reply came, to this command; `cwd` is where the client is in the server's files.
	global answered: event(c: connection, command: FTP::CmdArg, cwd: string);
}

module GLOBAL;


module FTP;

export {
	## A data connection is to come.
	global channel_expected: event(c: connection, channel: FTP::ExpectedDataChannel);
}

module GLOBAL;


module FTP;

export {
	## A control connection is over.
	global session_over: event(c: connection);
}

module GLOBAL;


module FTP;

export {
	## A file begins that a data connection carries.
	global data_file: event(f: fa_file, c: connection);
}

module GLOBAL;


module FTP;

export {
	## A data connection is over that was expected.
	global data_over: event(c: connection);
}

module GLOBAL;


module NTP;

export {

## A message of time: modes 1 to 5 (RFC 5905 §7.3).
type StandardMessage: record {
	stratum: count;
	poll: interval;
	precision: interval;
	root_delay: interval;
	root_disp: interval;
	## Of stratum 0: why there is no time.
	kiss_code: string &optional;
	## Of stratum 1: the clock's name.
	ref_id: string &optional;
	## Of others: the server before, or a part of a digest of its IPv6 address.
	ref_addr: addr &optional;
	ref_time: time;
	org_time: time;
	rec_time: time;
	xmt_time: time;
	key_id: count &optional;
	digest: string &optional;
	num_exts: count &default=0;
};
}

module GLOBAL;

module NTP;

export {

## A control message: mode 6 (RFC 1119 §B).
type ControlMessage: record {
	op_code: count;
	resp_bit: bool;
	err_bit: bool;
	more_bit: bool;
	sequence: count;
	status: count;
	association_id: count;
	data: string &optional;
	key_id: count &optional;
	crypto_checksum: string &optional;
};
}

module GLOBAL;

module NTP;

export {

## A message of ntpd's own: mode 7.
type Mode7Message: record {
	req_code: count;
	auth_bit: bool;
	sequence: count;
	implementation: count;
	err: count;
	data: string &optional;
};
}

module GLOBAL;

module NTP;

export {

## A message.
type Message: record {
	version: count;
	mode: count;
	std_msg: NTP::StandardMessage &optional;
	control_msg: NTP::ControlMessage &optional;
	mode7_msg: NTP::Mode7Message &optional;
};
}

module GLOBAL;

## A message of any mode.
global ntp_message: event(c: connection, is_orig: bool, msg: NTP::Message);

module SNMP;

export {

## What a message of version 1 begins with (RFC 1157 §4).
type HeaderV1: record {
	community: string;
};
}

module GLOBAL;

module SNMP;

export {

## What a message of version 2c begins with (RFC 1901 §3).
type HeaderV2: record {
	community: string;
};
}

module GLOBAL;

module SNMP;

export {

## Whose variables they are (RFC 3412 §6.8).
type ScopedPDU_Context: record {
	engine_id: string;
	name: string;
};
}

module GLOBAL;

module SNMP;

export {

## What a message of version 3 begins with (RFC 3412 §6).
type HeaderV3: record {
	id: count;
	max_size: count;
	flags: count;
	auth_flag: bool;
	priv_flag: bool;
	reportable_flag: bool;
	security_model: count;
	security_params: string;
	pdu_context: SNMP::ScopedPDU_Context &optional;
};
}

module GLOBAL;

module SNMP;

export {

## What a message begins with.
type Header: record {
	## 0 is version 1, 1 is version 2c, and 3 is version 3.
	version: count;
	v1: SNMP::HeaderV1 &optional;
	v2: SNMP::HeaderV2 &optional;
	v3: SNMP::HeaderV3 &optional;
};
}

module GLOBAL;

module SNMP;

export {

## A value; which field is set follows from the tag.
type ObjectValue: record {
	tag: count;
	oid: string &optional;
	signed: int &optional;
	unsigned: count &optional;
	address: addr &optional;
	octets: string &optional;
};
}

module GLOBAL;

module SNMP;

export {

## A variable and its value.
type Binding: record {
	oid: string;
	value: SNMP::ObjectValue;
};
}

module GLOBAL;

type SNMP::Bindings: vector of SNMP::Binding;

module SNMP;

export {

## What most PDUs have (RFC 3416 §3).
type PDU: record {
	request_id: int;
	error_status: int;
	error_index: int;
	bindings: SNMP::Bindings;
};
}

module GLOBAL;

module SNMP;

export {

## What a trap of version 1 has (RFC 1157 §4.1.6).
type TrapPDU: record {
	enterprise: string;
	agent: addr;
	generic_trap: int;
	specific_trap: int;
	## Hundredths of a second since the device was started.
	time_stamp: count;
	bindings: SNMP::Bindings;
};
}

module GLOBAL;

module SNMP;

export {

## What a request for many variables has (RFC 3416 §4.2.3).
type BulkPDU: record {
	request_id: int;
	non_repeaters: count;
	max_repetitions: count;
	bindings: SNMP::Bindings;
};
}

module GLOBAL;

## Variables are asked for (RFC 3416 §4.2.1).
global snmp_get_request: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## Those behind them are (RFC 3416 §4.2.2).
global snmp_get_next_request: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## An answer (RFC 3416 §4.2.4).
global snmp_response: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## Variables are to be set (RFC 3416 §4.2.5).
global snmp_set_request: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## Something happened, in version 1 (RFC 1157 §4.1.6).
global snmp_trap: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::TrapPDU);
## Many variables are asked for (RFC 3416 §4.2.3).
global snmp_get_bulk_request: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::BulkPDU);
## Something happened, and the receiver is to confirm it (RFC 3416 §4.2.7).
global snmp_inform_request: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## Something happened (RFC 3416 §4.2.6).
global snmp_trapV2: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## Engines tell each other what went wrong (RFC 3412 §7.1).
global snmp_report: event(c: connection, is_orig: bool, header: SNMP::Header, pdu: SNMP::PDU);
## A PDU of a type that is not known.
global snmp_unknown_pdu: event(c: connection, is_orig: bool, header: SNMP::Header, tag: count);
## A message of version 3 that holds neither a PDU nor an encrypted one.
global snmp_unknown_scoped_pdu: event(c: connection, is_orig: bool, header: SNMP::Header, tag: count);
## A message of version 3 whose PDU is encrypted (RFC 3414 §8).
global snmp_encrypted_pdu: event(c: connection, is_orig: bool, header: SNMP::Header);
## A message of a version that is not known.
global snmp_unknown_header_version: event(c: connection, is_orig: bool, version: count);

type RADIUS::AttributeList: vector of string;

type RADIUS::Attributes: table[count] of RADIUS::AttributeList;

module RADIUS;

export {

## A message (RFC 2865 §3).
type Message: record {
	code: count;
	trans_id: count;
	authenticator: string;
	attributes: RADIUS::Attributes &optional;
};
}

module GLOBAL;

## A message.
global radius_message: event(c: connection, result: RADIUS::Message);
## An attribute of a message, before the message.
global radius_attribute: event(c: connection, attr_type: count, value: string);

## What a message begins with.
type ModbusHeaders: record {
	tid: count;
	pid: count;
	uid: count;
	function_code: count;
	len: count;
};

type ModbusCoils: vector of bool;

type ModbusRegisters: vector of count;

## A record of a file that is to be read.
type ModbusFileRecordRequest: record {
	ref_type: count;
	file_num: count;
	record_num: count;
	record_len: count;
};

type ModbusFileRecordRequests: vector of ModbusFileRecordRequest;

## A record of a file that was read.
type ModbusFileRecordResponse: record {
	file_len: count;
	ref_type: count;
	record_data: string;
};

type ModbusFileRecordResponses: vector of ModbusFileRecordResponse;

## A record of a file that is written.
type ModbusFileReference: record {
	ref_type: count;
	file_num: count;
	record_num: count;
	record_len: count;
	record_data: string;
};

type ModbusFileReferences: vector of ModbusFileReference;

## A message, whatever its function.
global modbus_message: event(c: connection, headers: ModbusHeaders, is_orig: bool);
## A refusal.
global modbus_exception: event(c: connection, headers: ModbusHeaders, code: count);
## Coils are to be read (Modbus Application Protocol §6.1).
global modbus_read_coils_request: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Their values.
global modbus_read_coils_response: event(c: connection, headers: ModbusHeaders, coils: ModbusCoils);
## Inputs are to be read (§6.2).
global modbus_read_discrete_inputs_request: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Their values.
global modbus_read_discrete_inputs_response: event(c: connection, headers: ModbusHeaders, coils: ModbusCoils);
## Holding registers are to be read (§6.3).
global modbus_read_holding_registers_request: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Their values.
global modbus_read_holding_registers_response: event(c: connection, headers: ModbusHeaders, registers: ModbusRegisters);
## Input registers are to be read (§6.4).
global modbus_read_input_registers_request: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Their values.
global modbus_read_input_registers_response: event(c: connection, headers: ModbusHeaders, registers: ModbusRegisters);
## A coil is to be written (§6.5).
global modbus_write_single_coil_request: event(c: connection, headers: ModbusHeaders, address: count, value: bool);
## It was.
global modbus_write_single_coil_response: event(c: connection, headers: ModbusHeaders, address: count, value: bool);
## A register is to be written (§6.6).
global modbus_write_single_register_request: event(c: connection, headers: ModbusHeaders, address: count, value: count);
## It was.
global modbus_write_single_register_response: event(c: connection, headers: ModbusHeaders, address: count, value: count);
## Coils are to be written (§6.11).
global modbus_write_multiple_coils_request: event(c: connection, headers: ModbusHeaders, start_address: count, coils: ModbusCoils);
## They were.
global modbus_write_multiple_coils_response: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Registers are to be written (§6.12).
global modbus_write_multiple_registers_request: event(c: connection, headers: ModbusHeaders, start_address: count, registers: ModbusRegisters);
## They were.
global modbus_write_multiple_registers_response: event(c: connection, headers: ModbusHeaders, start_address: count, quantity: count);
## Records of files are to be read (§6.14).
global modbus_read_file_record_request: event(c: connection, headers: ModbusHeaders, byte_count: count, refs: ModbusFileRecordRequests);
## What stands in them.
global modbus_read_file_record_response: event(c: connection, headers: ModbusHeaders, byte_count: count, refs: ModbusFileRecordResponses);
## Records of files are to be written (§6.15).
global modbus_write_file_record_request: event(c: connection, headers: ModbusHeaders, byte_count: count, refs: ModbusFileReferences);
## They were.
global modbus_write_file_record_response: event(c: connection, headers: ModbusHeaders, byte_count: count, refs: ModbusFileReferences);
## Bits of a register are to be cleared and set (§6.16).
global modbus_mask_write_register_request: event(c: connection, headers: ModbusHeaders, address: count, and_mask: count, or_mask: count);
## They were.
global modbus_mask_write_register_response: event(c: connection, headers: ModbusHeaders, address: count, and_mask: count, or_mask: count);
## Registers are to be written, and others to be read (§6.17).
global modbus_read_write_multiple_registers_request: event(c: connection, headers: ModbusHeaders, read_start_address: count, read_quantity: count, write_start_address: count, write_registers: ModbusRegisters);
## The values of those that were read.
global modbus_read_write_multiple_registers_response: event(c: connection, headers: ModbusHeaders, written_registers: ModbusRegisters);
## A queue is to be read (§6.18).
global modbus_read_fifo_queue_request: event(c: connection, headers: ModbusHeaders, start_address: count);
## What stands in it.
global modbus_read_fifo_queue_response: event(c: connection, headers: ModbusHeaders, fifos: ModbusRegisters);
## The device is to be tested (§6.8).
global modbus_diagnostics_request: event(c: connection, headers: ModbusHeaders, subfunction: count, data: string);
## How that went.
global modbus_diagnostics_response: event(c: connection, headers: ModbusHeaders, subfunction: count, data: string);
## Another protocol in this one, such as the device's identification (§6.19).
global modbus_encap_interface_transport_request: event(c: connection, headers: ModbusHeaders, mei_type: count, data: string);
## Its answer.
global modbus_encap_interface_transport_response: event(c: connection, headers: ModbusHeaders, mei_type: count, data: string);

## What stands before a message: the link layer's header of its first frame (IEEE 1815 §9.2.4).
global dnp3_header_block: event(c: connection, is_orig: bool, len: count, ctrl: count, dest_addr: count, src_addr: count);
## A request (IEEE 1815 §4.2.2).
global dnp3_application_request_header: event(c: connection, is_orig: bool, application_control: count, fc: count);
## An answer (IEEE 1815 §4.2.2).
global dnp3_application_response_header: event(c: connection, is_orig: bool, application_control: count, fc: count, iin: count);
## The objects that a message begins with (IEEE 1815 §4.2.2.7).
global dnp3_object_header: event(c: connection, is_orig: bool, obj_type: count, qua_field: count, number: count, rf_low: count, rf_high: count);

module SOCKS;

export {

## Where somebody is.
type Address: record {
	host: addr &optional &log;
	name: string &optional &log;
};
}

module GLOBAL;

## A client asks its proxy for a connection or for something else.
global socks_request: event(c: connection, version: count, request_type: count, sa: SOCKS::Address, p: port, user: string);
## The proxy has answered.
global socks_reply: event(c: connection, version: count, reply: count, sa: SOCKS::Address, p: port);
## A client logs in (RFC 1929).
global socks_login_userpass_request: event(c: connection, user: string, password: string);
## What the proxy says of a login; 0 where it is right.
global socks_login_userpass_reply: event(c: connection, code: count);

module MQTT;

export {

## What a client says when it connects.
type ConnectMsg: record {
	protocol_name: string;
	protocol_version: count;
	client_id: string;
	keep_alive: interval;
	clean_session: bool;
	will_retain: bool;
	will_qos: count;
	will_topic: string &optional;
	will_msg: string &optional;
	username: string &optional;
	password: string &optional;
};
}

module GLOBAL;

module MQTT;

export {

## What a server says to that.
type ConnectAckMsg: record {
	return_code: count;
	session_present: bool;
};
}

module GLOBAL;

module MQTT;

export {

## A message, with at most `MQTT::max_payload_size` bytes of what it says.
type PublishMsg: record {
	dup: bool;
	qos: count;
	retain: bool;
	topic: string;
	payload: string;
	payload_len: count;
};
}

module GLOBAL;

## A client connects.
global mqtt_connect: event(c: connection, msg: MQTT::ConnectMsg);
## A server says whether it may.
global mqtt_connack: event(c: connection, msg: MQTT::ConnectAckMsg);
## A message was published, by the client or to it.
global mqtt_publish: event(c: connection, is_orig: bool, msg_id: count, msg: MQTT::PublishMsg);
## A message was received, at least once.
global mqtt_puback: event(c: connection, is_orig: bool, msg_id: count);
## A message that is to be received exactly once was.
global mqtt_pubrec: event(c: connection, is_orig: bool, msg_id: count);
## Such a message may be forgotten.
global mqtt_pubrel: event(c: connection, is_orig: bool, msg_id: count);
## Such a message is done with.
global mqtt_pubcomp: event(c: connection, is_orig: bool, msg_id: count);
## A client subscribes to topics.
global mqtt_subscribe: event(c: connection, msg_id: count, topics: vector of string, requested_qos: vector of count);
## A server grants that.
global mqtt_suback: event(c: connection, msg_id: count, granted_qos: count);
## A client does not want topics any more.
global mqtt_unsubscribe: event(c: connection, msg_id: count, topics: vector of string);
## A server confirms that.
global mqtt_unsuback: event(c: connection, msg_id: count);
## A client asks whether the server is there.
global mqtt_pingreq: event(c: connection);
## It is.
global mqtt_pingresp: event(c: connection);
## A client leaves.
global mqtt_disconnect: event(c: connection);

## The first line of a request.
global sip_request: event(c: connection, method: string, original_URI: string, version: string);
## The first line of a reply.
global sip_reply: event(c: connection, version: string, code: count, reason: string);
## A header, of a request (`is_orig`) or a reply.
global sip_header: event(c: connection, is_orig: bool, name: string, value: string);
## All headers of a message.
global sip_all_headers: event(c: connection, is_orig: bool, hlist: mime_header_list);
## A message begins, behind its first line.
global sip_begin_entity: event(c: connection, is_orig: bool);
## A message is over.
global sip_end_entity: event(c: connection, is_orig: bool);

## How the client authenticates, by its number (RFC 6143 §7.1.2).
global rfb_authentication_type: event(c: connection, authtype: count);
## What came of that: true where it failed, as in Zeek.
global rfb_auth_result: event(c: connection, result: bool);
## Whether the client shares the desktop with others.
global rfb_share_flag: event(c: connection, flag: bool);
## The client's version.
global rfb_client_version: event(c: connection, major_version: string, minor_version: string);
## The server's version.
global rfb_server_version: event(c: connection, major_version: string, minor_version: string);
## The desktop.
global rfb_server_parameters: event(c: connection, name: string, width: count, height: count);

module PE;

export {

## The header that DOS reads.
type DOSHeader: record {
	signature: string;
	used_bytes_in_last_page: count;
	file_in_pages: count;
	num_reloc_items: count;
	header_in_paragraphs: count;
	min_extra_paragraphs: count;
	max_extra_paragraphs: count;
	init_relative_ss: count;
	init_sp: count;
	checksum: count;
	init_ip: count;
	init_relative_cs: count;
	addr_of_reloc_table: count;
	overlay_num: count;
	oem_id: count;
	oem_info: count;
	addr_of_new_exe_header: count;
};
}

module GLOBAL;

module PE;

export {

## What a program is.
type FileHeader: record {
	machine: count;
	## When it was compiled.
	ts: time;
	sym_table_ptr: count;
	num_syms: count;
	optional_header_size: count;
	characteristics: set[count];
};
}

module GLOBAL;

module PE;

export {

## How a program is loaded.
type OptionalHeader: record {
	magic: count;
	major_linker_version: count;
	minor_linker_version: count;
	size_of_code: count;
	size_of_init_data: count;
	size_of_uninit_data: count;
	addr_of_entry_point: count;
	base_of_code: count;
	base_of_data: count &optional;
	image_base: count;
	section_alignment: count;
	file_alignment: count;
	os_version_major: count;
	os_version_minor: count;
	major_image_version: count;
	minor_image_version: count;
	major_subsys_version: count;
	minor_subsys_version: count;
	size_of_image: count;
	size_of_headers: count;
	checksum: count;
	subsystem: count;
	dll_characteristics: set[count];
	table_sizes: vector of count;
};
}

module GLOBAL;

module PE;

export {

## A section of a program.
type SectionHeader: record {
	name: string;
	virtual_size: count;
	virtual_addr: count;
	size_of_raw_data: count;
	ptr_to_raw_data: count;
	non_used_ptr_to_relocs: count;
	non_used_ptr_to_line_nums: count;
	non_used_num_of_relocs: count;
	non_used_num_of_line_nums: count;
	characteristics: set[count];
};
}

module GLOBAL;

## The header that DOS reads.
global pe_dos_header: event(f: fa_file, h: PE::DOSHeader);
## What DOS runs.
global pe_dos_code: event(f: fa_file, code: string);
## What the file is.
global pe_file_header: event(f: fa_file, h: PE::FileHeader);
## How it is loaded.
global pe_optional_header: event(f: fa_file, h: PE::OptionalHeader);
## A section.
global pe_section_header: event(f: fa_file, h: PE::SectionHeader);

## A command, in upper case.
global pop3_request: event(c: connection, is_orig: bool, command: string, arg: string);
## The first line of a reply: `OK` or `ERR`, and what is behind it.
global pop3_reply: event(c: connection, is_orig: bool, cmd: string, msg: string);
## Another line of a reply.
global pop3_data: event(c: connection, is_orig: bool, data: string);
## Something that does not fit.
global pop3_unexpected: event(c: connection, is_orig: bool, msg: string, detail: string);
## The connection goes on under TLS.
global pop3_starttls: event(c: connection);
## A user logged in.
global pop3_login_success: event(c: connection, is_orig: bool, user: string, password: string);
## A login failed.
global pop3_login_failure: event(c: connection, is_orig: bool, user: string, password: string);

## What the server says that it can do.
global imap_capabilities: event(c: connection, capabilities: vector of string);

module IMAP;

export {
	## A login was answered; not one of Zeek's. `mechanism` is how it was done, empty of the command LOGIN; `response`
	## is the user of that, and otherwise the first that the client gave, in base64.
	global login: event(c: connection, mechanism: string, response: string, success: bool);
}

module GLOBAL;

## The connection goes on under TLS.
global imap_starttls: event(c: connection);

## The connection goes on under TLS.
global xmpp_starttls: event(c: connection);

## A client's command that has no event of its own.
global irc_request: event(c: connection, is_orig: bool, prefix: string, command: string, arguments: string);
## A reply that has no event of its own.
global irc_reply: event(c: connection, is_orig: bool, prefix: string, code: count, params: string);
## A server's command that has no event of its own.
global irc_message: event(c: connection, is_orig: bool, prefix: string, command: string, message: string);
## Somebody leaves.
global irc_quit_message: event(c: connection, is_orig: bool, nick: string, message: string);
## A text for somebody or for a channel.
global irc_privmsg_message: event(c: connection, is_orig: bool, source: string, target: string, message: string);
## The same, which nobody is to answer by a program.
global irc_notice_message: event(c: connection, is_orig: bool, source: string, target: string, message: string);
## A text for a service.
global irc_squery_message: event(c: connection, is_orig: bool, source: string, target: string, message: string);
## Somebody enters channels.
global irc_join_message: event(c: connection, is_orig: bool, info_list: irc_join_list);
## Somebody leaves channels.
global irc_part_message: event(c: connection, is_orig: bool, nick: string, chans: string_set, message: string);
## Somebody takes another name.
global irc_nick_message: event(c: connection, is_orig: bool, who: string, newnick: string);
## A server refuses a name.
global irc_invalid_nick: event(c: connection, is_orig: bool);
## How many there are in the network.
global irc_network_info: event(c: connection, is_orig: bool, users: count, services: count, servers: count);
## How many there are at the server.
global irc_server_info: event(c: connection, is_orig: bool, users: count, services: count, servers: count);
## How many channels there are.
global irc_channel_info: event(c: connection, is_orig: bool, chans: count);
## Somebody, in answer to WHO.
global irc_who_line: event(c: connection, is_orig: bool, target_nick: string, channel: string, user: string, host: string, server: string, nick: string, params: string, hops: count, real_name: string);
## Who is in a channel.
global irc_names_info: event(c: connection, is_orig: bool, c_type: string, channel: string, users: string_set);
## That somebody is an operator, in answer to WHOIS.
global irc_whois_operator_line: event(c: connection, is_orig: bool, nick: string);
## Which channels somebody is in, in answer to WHOIS.
global irc_whois_channel_line: event(c: connection, is_orig: bool, nick: string, chans: string_set);
## Who somebody is, in answer to WHOIS.
global irc_whois_user_line: event(c: connection, is_orig: bool, nick: string, user: string, host: string, real_name: string);
## Whether somebody has become an operator.
global irc_oper_response: event(c: connection, is_orig: bool, got_oper: bool);
## How many users there are in the network.
global irc_global_users: event(c: connection, is_orig: bool, prefix: string, msg: string);
## What a channel is about.
global irc_channel_topic: event(c: connection, is_orig: bool, channel: string, topic: string);
## Who is asked for.
global irc_who_message: event(c: connection, is_orig: bool, mask: string, oper: bool);
## Of whom more is asked for.
global irc_whois_message: event(c: connection, is_orig: bool, server: string, users: string);
## Somebody would be an operator.
global irc_oper_message: event(c: connection, is_orig: bool, user: string, password: string);
## Somebody is thrown out of a channel.
global irc_kick_message: event(c: connection, is_orig: bool, prefix: string, chans: string, users: string, comment: string);
## Something went wrong.
global irc_error_message: event(c: connection, is_orig: bool, prefix: string, message: string);
## Somebody is asked into a channel.
global irc_invite_message: event(c: connection, is_orig: bool, prefix: string, nickname: string, channel: string);
## What somebody may do changes, or what a channel is.
global irc_mode_message: event(c: connection, is_orig: bool, prefix: string, params: string);
## A server leaves the network.
global irc_squit_message: event(c: connection, is_orig: bool, prefix: string, server: string, message: string);
## Users agree on a connection of their own.
global irc_dcc_message: event(c: connection, is_orig: bool, prefix: string, target: string, dcc_type: string, argument: string, address: addr, dest_port: count, size: count);
## Who somebody is, at the beginning.
global irc_user_message: event(c: connection, is_orig: bool, user: string, host: string, server: string, real_name: string);
## A password, at the beginning.
global irc_password_message: event(c: connection, is_orig: bool, password: string);
## The connection goes on under TLS.
global irc_starttls: event(c: connection);

## Somebody is asked for; `full` is all that is known.
global finger_request: event(c: connection, full: bool, username: string, hostname: string);
## A line of what is said.
global finger_reply: event(c: connection, reply_line: string);

## Whose is a connection between these ports?
global ident_request: event(c: connection, lport: port, rport: port);
## A user's.
global ident_reply: event(c: connection, lport: port, rport: port, user_id: string, system: string);
## That is not said.
global ident_error: event(c: connection, lport: port, rport: port, line: string);

module LDAP;

export {

## What a message is (RFC 4511 §4.2).
type ProtocolOpcode: enum {
	ProtocolOpcode_BIND_REQUEST = 0,
	ProtocolOpcode_BIND_RESPONSE = 1,
	ProtocolOpcode_UNBIND_REQUEST = 2,
	ProtocolOpcode_SEARCH_REQUEST = 3,
	ProtocolOpcode_SEARCH_RESULT_ENTRY = 4,
	ProtocolOpcode_SEARCH_RESULT_DONE = 5,
	ProtocolOpcode_MODIFY_REQUEST = 6,
	ProtocolOpcode_MODIFY_RESPONSE = 7,
	ProtocolOpcode_ADD_REQUEST = 8,
	ProtocolOpcode_ADD_RESPONSE = 9,
	ProtocolOpcode_DEL_REQUEST = 10,
	ProtocolOpcode_DEL_RESPONSE = 11,
	ProtocolOpcode_MOD_DN_REQUEST = 12,
	ProtocolOpcode_MOD_DN_RESPONSE = 13,
	ProtocolOpcode_COMPARE_REQUEST = 14,
	ProtocolOpcode_COMPARE_RESPONSE = 15,
	ProtocolOpcode_ABANDON_REQUEST = 16,
	ProtocolOpcode_SEARCH_RESULT_REFERENCE = 19,
	ProtocolOpcode_EXTENDED_REQUEST = 23,
	ProtocolOpcode_EXTENDED_RESPONSE = 24,
	ProtocolOpcode_INTERMEDIATE_RESPONSE = 25,
	ProtocolOpcode_Undef = 9223372036854775807,
};
}

module GLOBAL;

module LDAP;

export {

## What came of a request (RFC 4511 §A.1).
type ResultCode: enum {
	ResultCode_SUCCESS = 0,
	ResultCode_OPERATIONS_ERROR = 1,
	ResultCode_PROTOCOL_ERROR = 2,
	ResultCode_TIME_LIMIT_EXCEEDED = 3,
	ResultCode_SIZE_LIMIT_EXCEEDED = 4,
	ResultCode_COMPARE_FALSE = 5,
	ResultCode_COMPARE_TRUE = 6,
	ResultCode_AUTH_METHOD_NOT_SUPPORTED = 7,
	ResultCode_STRONGER_AUTH_REQUIRED = 8,
	ResultCode_PARTIAL_RESULTS = 9,
	ResultCode_REFERRAL = 10,
	ResultCode_ADMIN_LIMIT_EXCEEDED = 11,
	ResultCode_UNAVAILABLE_CRITICAL_EXTENSION = 12,
	ResultCode_CONFIDENTIALITY_REQUIRED = 13,
	ResultCode_SASL_BIND_IN_PROGRESS = 14,
	ResultCode_NO_SUCH_ATTRIBUTE = 16,
	ResultCode_UNDEFINED_ATTRIBUTE_TYPE = 17,
	ResultCode_INAPPROPRIATE_MATCHING = 18,
	ResultCode_CONSTRAINT_VIOLATION = 19,
	ResultCode_ATTRIBUTE_OR_VALUE_EXISTS = 20,
	ResultCode_INVALID_ATTRIBUTE_SYNTAX = 21,
	ResultCode_NO_SUCH_OBJECT = 32,
	ResultCode_ALIAS_PROBLEM = 33,
	ResultCode_INVALID_DNSYNTAX = 34,
	ResultCode_ALIAS_DEREFERENCING_PROBLEM = 36,
	ResultCode_INAPPROPRIATE_AUTHENTICATION = 48,
	ResultCode_INVALID_CREDENTIALS = 49,
	ResultCode_INSUFFICIENT_ACCESS_RIGHTS = 50,
	ResultCode_BUSY = 51,
	ResultCode_UNAVAILABLE = 52,
	ResultCode_UNWILLING_TO_PERFORM = 53,
	ResultCode_LOOP_DETECT = 54,
	ResultCode_SORT_CONTROL_MISSING = 60,
	ResultCode_OFFSET_RANGE_ERROR = 61,
	ResultCode_NAMING_VIOLATION = 64,
	ResultCode_OBJECT_CLASS_VIOLATION = 65,
	ResultCode_NOT_ALLOWED_ON_NON_LEAF = 66,
	ResultCode_NOT_ALLOWED_ON_RDN = 67,
	ResultCode_ENTRY_ALREADY_EXISTS = 68,
	ResultCode_OBJECT_CLASS_MODS_PROHIBITED = 69,
	ResultCode_RESULTS_TOO_LARGE = 70,
	ResultCode_AFFECTS_MULTIPLE_DSAS = 71,
	ResultCode_CONTROL_ERROR = 76,
	ResultCode_OTHER = 80,
	ResultCode_SERVER_DOWN = 81,
	ResultCode_LOCAL_ERROR = 82,
	ResultCode_ENCODING_ERROR = 83,
	ResultCode_DECODING_ERROR = 84,
	ResultCode_TIMEOUT = 85,
	ResultCode_AUTH_UNKNOWN = 86,
	ResultCode_FILTER_ERROR = 87,
	ResultCode_USER_CANCELED = 88,
	ResultCode_PARAM_ERROR = 89,
	ResultCode_NO_MEMORY = 90,
	ResultCode_CONNECT_ERROR = 91,
	ResultCode_NOT_SUPPORTED = 92,
	ResultCode_CONTROL_NOT_FOUND = 93,
	ResultCode_NO_RESULTS_RETURNED = 94,
	ResultCode_MORE_RESULTS_TO_RETURN = 95,
	ResultCode_CLIENT_LOOP = 96,
	ResultCode_REFERRAL_LIMIT_EXCEEDED = 97,
	ResultCode_INVALID_RESPONSE = 100,
	ResultCode_AMBIGUOUS_RESPONSE = 101,
	ResultCode_TLS_NOT_SUPPORTED = 112,
	ResultCode_INTERMEDIATE_RESPONSE = 113,
	ResultCode_UNKNOWN_TYPE = 114,
	ResultCode_LCUP_INVALID_DATA = 115,
	ResultCode_LCUP_UNSUPPORTED_SCHEME = 116,
	ResultCode_LCUP_RELOAD_REQUIRED = 117,
	ResultCode_CANCELED = 118,
	ResultCode_NO_SUCH_OPERATION = 119,
	ResultCode_TOO_LATE = 120,
	ResultCode_CANNOT_CANCEL = 121,
	ResultCode_ASSERTION_FAILED = 122,
	ResultCode_AUTHORIZATION_DENIED = 123,
	ResultCode_Undef = 9223372036854775807,
};
}

module GLOBAL;

module LDAP;

export {

## How a client proves who it is (RFC 4511 §4.2).
type BindAuthType: enum {
	BindAuthType_BIND_AUTH_SIMPLE = 0,
	BindAuthType_BIND_AUTH_SASL = 3,
	BindAuthType_SICILY_PACKAGE_DISCOVERY = 9,
	BindAuthType_SICILY_NEGOTIATE = 10,
	BindAuthType_SICILY_RESPONSE = 11,
	BindAuthType_Undef = 9223372036854775807,
};
}

module GLOBAL;

module LDAP;

export {

## How far a search goes (RFC 4511 §4.5.1.2).
type SearchScope: enum {
	SearchScope_SEARCH_BASE = 0,
	SearchScope_SEARCH_SINGLE = 1,
	SearchScope_SEARCH_TREE = 2,
	SearchScope_Undef = 9223372036854775807,
};
}

module GLOBAL;

module LDAP;

export {

## Which aliases a search follows (RFC 4511 §4.5.1.3).
type SearchDerefAlias: enum {
	SearchDerefAlias_DEREF_NEVER = 0,
	SearchDerefAlias_DEREF_IN_SEARCHING = 1,
	SearchDerefAlias_DEREF_FINDING_BASE = 2,
	SearchDerefAlias_DEREF_ALWAYS = 3,
	SearchDerefAlias_Undef = 9223372036854775807,
};
}

module GLOBAL;


module LDAP;

export {
	## A message, behind the events of what it holds.
	global message: event(c: connection, message_id: int, opcode: LDAP::ProtocolOpcode, result: LDAP::ResultCode, matched_dn: string, diagnostic_message: string, object: string, argument: string);
}

module GLOBAL;


module LDAP;

export {
	## A client says who it is, and how it proves that.
	global bind_request: event(c: connection, message_id: int, version: int, name: string, auth_type: LDAP::BindAuthType, auth_info: string);
}

module GLOBAL;


module LDAP;

export {
	## A client searches.
	global search_request: event(c: connection, message_id: int, base_object: string, scope: LDAP::SearchScope, deref: LDAP::SearchDerefAlias, size_limit: int, time_limit: int, types_only: bool, filter: string, attributes: vector of string);
}

module GLOBAL;


module LDAP;

export {
	## One of what a search found.
	global search_result_entry: event(c: connection, message_id: int, object_name: string);
}

module GLOBAL;


module LDAP;

export {
	## A client asks for something else.
	global extended_request: event(c: connection, message_id: int, request_name: string, request_value: string);
}

module GLOBAL;


module LDAP;

export {
	## What came of that.
	global extended_response: event(c: connection, message_id: int, result: LDAP::ResultCode, response_name: string, response_value: string);
}

module GLOBAL;


module LDAP;

export {
	## The connection goes on under TLS.
	global starttls: event(c: connection);
}

module GLOBAL;


module RDP;

export {

## What else a client can do (MS-RDPBCGR §2.2.1.3.2).
type EarlyCapabilityFlags: record {
	support_err_info_pdu: bool;
	want_32bpp_session: bool;
	support_statusinfo_pdu: bool;
	strong_asymmetric_keys: bool;
	support_monitor_layout_pdu: bool;
	support_netchar_autodetect: bool;
	support_dynvc_gfx_protocol: bool;
	support_dynamic_time_zone: bool;
	support_heartbeat_pdu: bool;
};
}

module GLOBAL;

module RDP;

export {

## A client's settings (MS-RDPBCGR §2.2.1.3.2).
type ClientCoreData: record {
	version_major: count;
	version_minor: count;
	desktop_width: count;
	desktop_height: count;
	color_depth: count;
	sas_sequence: count;
	keyboard_layout: count;
	client_build: count;
	client_name: string;
	keyboard_type: count;
	keyboard_sub: count;
	keyboard_function_key: count;
	ime_file_name: string;
	post_beta2_color_depth: count &optional;
	client_product_id: count &optional;
	serial_number: count &optional;
	high_color_depth: count &optional;
	supported_color_depths: count &optional;
	ec_flags: RDP::EarlyCapabilityFlags &optional;
	dig_product_id: string &optional;
};
}

module GLOBAL;

module RDP;

export {

## How a client can encrypt (MS-RDPBCGR §2.2.1.3.3).
type ClientSecurityData: record {
	encryption_methods: count;
	ext_encryption_methods: count;
};
}

module GLOBAL;

module RDP;

export {

## A virtual channel that a client asks for (MS-RDPBCGR §2.2.1.3.4.1).
type ClientChannelDef: record {
	name: string;
	options: count;
	initialized: bool;
	encrypt_rdp: bool;
	encrypt_sc: bool;
	encrypt_cs: bool;
	pri_high: bool;
	pri_med: bool;
	pri_low: bool;
	compress_rdp: bool;
	compress: bool;
	show_protocol: bool;
	persistent: bool;
};
}

module GLOBAL;

type RDP::ClientChannelList: vector of RDP::ClientChannelDef;

module RDP;

export {

## Which session a client wants to be brought to (MS-RDPBCGR §2.2.1.3.5). As in Zeek what stands behind the session
## is taken from its number, and not from the flags.
type ClientClusterData: record {
	flags: count;
	redir_session_id: count;
	redir_supported: bool;
	svr_session_redir_version_mask: count;
	redir_sessionid_field_valid: bool;
	redir_smartcard: bool;
};
}

module GLOBAL;

## A client wants to connect; the cookie is what it says who it is, or empty.
global rdp_connect_request: event(c: connection, cookie: string);
## A server chose how what follows is protected, as in `RDP::security_protocols`.
global rdp_negotiation_response: event(c: connection, security_protocol: count);
## A server refuses, and why, as in `RDP::failure_codes`.
global rdp_negotiation_failure: event(c: connection, failure_code: count);
## A client's settings.
global rdp_client_core_data: event(c: connection, data: RDP::ClientCoreData);
## How a client can encrypt.
global rdp_client_security_data: event(c: connection, data: RDP::ClientSecurityData);
## The virtual channels that a client asks for.
global rdp_client_network_data: event(c: connection, channels: RDP::ClientChannelList);
## Which session a client wants to be brought to.
global rdp_client_cluster_data: event(c: connection, data: RDP::ClientClusterData);
## A server's answer to a client's settings, as in `RDP::results`.
global rdp_gcc_server_create_response: event(c: connection, result: count);
## How a server encrypts, as in `RDP::encryption_methods` and `RDP::encryption_levels`.
global rdp_server_security: event(c: connection, encryption_method: count, encryption_level: count);
## A server has shown its certificates, of a type as in `RDP::cert_types`.
global rdp_server_certificate: event(c: connection, cert_type: count, permanently_issued: bool);
## From here on all is encrypted, as in `RDP::security_protocols`.
global rdp_begin_encryption: event(c: connection, security_protocol: count);
## Bytes that RDP itself has encrypted: how many came at once.
global rdp_native_encrypted_data: event(c: connection, orig: bool, len: count);
## A client begins over UDP.
global rdpeudp_syn: event(c: connection);
## A server answers over UDP.
global rdpeudp_synack: event(c: connection);
## Both sides begin to talk over UDP, in this version.
global rdpeudp_established: event(c: connection, version: count);
## What a datagram carries.
global rdpeudp_data: event(c: connection, is_orig: bool, version: count, data: string);

module SMB1;

export {

## What a message of SMB 1 begins with.
type Header: record {
	command: count;
	status: count;
	flags: count;
	flags2: count;
	tid: count;
	pid: count;
	uid: count;
	mid: count;
};
}

module GLOBAL;

module SMB1;

export {

## An answer in the core protocol.
type NegotiateResponseCore: record {
	dialect_index: count;
};
}

module GLOBAL;

module SMB1;

export {

## How a server makes sure who somebody is.
type NegotiateResponseSecurity: record {
	user_level: bool;
	challenge_response: bool;
	signatures_enabled: bool &optional;
	signatures_required: bool &optional;
};
}

module GLOBAL;

module SMB1;

export {

## What is possible without waiting for messages to be sent whole.
type NegotiateRawMode: record {
	read_raw: bool;
	write_raw: bool;
};
}

module GLOBAL;

module SMB1;

export {

## An answer in LAN Manager's.
type NegotiateResponseLANMAN: record {
	word_count: count;
	dialect_index: count;
	security_mode: SMB1::NegotiateResponseSecurity;
	max_buffer_size: count;
	max_mpx_count: count;
	max_number_vcs: count;
	raw_mode: SMB1::NegotiateRawMode;
	session_key: count;
	server_time: time;
	encryption_key: string;
	primary_domain: string;
};
}

module GLOBAL;

module SMB1;

export {

## What a server is capable of.
type NegotiateCapabilities: record {
	raw_mode: bool;
	mpx_mode: bool;
	unicode: bool;
	large_files: bool;
	nt_smbs: bool;
	rpc_remote_apis: bool;
	status32: bool;
	level_2_oplocks: bool;
	lock_and_read: bool;
	nt_find: bool;
	dfs: bool;
	infolevel_passthru: bool;
	large_readx: bool;
	large_writex: bool;
	unix: bool;
	bulk_transfer: bool;
	compressed_data: bool;
	extended_security: bool;
};
}

module GLOBAL;

module SMB1;

export {

## An answer in NT's.
type NegotiateResponseNTLM: record {
	word_count: count;
	dialect_index: count;
	security_mode: SMB1::NegotiateResponseSecurity;
	max_buffer_size: count;
	max_mpx_count: count;
	max_number_vcs: count;
	max_raw_size: count;
	session_key: count;
	capabilities: SMB1::NegotiateCapabilities;
	server_time: time;
	encryption_key: string &optional;
	domain_name: string &optional;
	guid: string &optional;
	security_blob: string &optional;
};
}

module GLOBAL;

module SMB1;

export {

## What a server chooses of what a client speaks.
type NegotiateResponse: record {
	core: SMB1::NegotiateResponseCore &optional;
	lanman: SMB1::NegotiateResponseLANMAN &optional;
	ntlm: SMB1::NegotiateResponseNTLM &optional;
};
}

module GLOBAL;

module SMB;

export {

## Times of a file, also as they are sent: in steps of 100 ns since 1601.
type MACTimes: record {
	## When its content was changed.
	modified: time &log;
	modified_raw: count;
	## When it was looked at.
	accessed: time &log;
	accessed_raw: count;
	## When it was made.
	created: time &log;
	created_raw: count;
	## When anything of it was changed.
	changed: time &log;
	changed_raw: count;
};
}

module GLOBAL;

module SMB1;

export {

## What a client is capable of.
type SessionSetupAndXCapabilities: record {
	unicode: bool;
	large_files: bool;
	nt_smbs: bool;
	status32: bool;
	level_2_oplocks: bool;
	nt_find: bool;
};
}

module GLOBAL;

module SMB1;

export {

## Who logs in.
type SessionSetupAndXRequest: record {
	word_count: count;
	max_buffer_size: count;
	max_mpx_count: count;
	vc_number: count;
	session_key: count;
	native_os: string;
	native_lanman: string;
	account_name: string &optional;
	account_password: string &optional;
	primary_domain: string &optional;
	case_insensitive_password: string &optional;
	case_sensitive_password: string &optional;
	security_blob: string &optional;
	capabilities: SMB1::SessionSetupAndXCapabilities &optional;
};
}

module GLOBAL;

module SMB1;

export {

## What comes of it.
type SessionSetupAndXResponse: record {
	word_count: count;
	is_guest: bool &optional;
	native_os: string &optional;
	native_lanman: string &optional;
	primary_domain: string &optional;
	security_blob: string &optional;
};
}

module GLOBAL;

module SMB1;

export {

## The same of one that goes on.
type Trans_Sec_Args: record {
	total_param_count: count;
	total_data_count: count;
	param_count: count;
	param_offset: count;
	param_displacement: count;
	data_count: count;
	data_offset: count;
	data_displacement: count;
};
}

module GLOBAL;

module SMB1;

export {

## What a transaction of the second kind says of itself.
type Trans2_Args: record {
	total_param_count: count;
	total_data_count: count;
	max_param_count: count;
	max_data_count: count;
	max_setup_count: count;
	flags: count;
	trans_timeout: count;
	param_count: count;
	param_offset: count;
	data_count: count;
	data_offset: count;
	setup_count: count;
};
}

module GLOBAL;

module SMB1;

export {

## What files are looked for.
type Find_First2_Request_Args: record {
	search_attrs: count;
	search_count: count;
	flags: count;
	info_level: count;
	search_storage_type: count;
	file_name: string;
};
}

module GLOBAL;

module SMB1;

export {

## The same of one of the second kind.
type Trans2_Sec_Args: record {
	total_param_count: count;
	total_data_count: count;
	param_count: count;
	param_offset: count;
	param_displacement: count;
	data_count: count;
	data_offset: count;
	data_displacement: count;
	FID: count;
};
}

module GLOBAL;

module SMB2;

export {

## What a message of SMB 2 or 3 begins with.
type Header: record {
	credit_charge: count;
	status: count;
	command: count;
	credits: count;
	flags: count;
	message_id: count;
	process_id: count;
	tree_id: count;
	session_id: count;
	signature: string;
};
}

module GLOBAL;

module SMB2;

export {

## What tells a file from others.
type GUID: record {
	persistent: count;
	volatile: count;
};
}

module GLOBAL;

module SMB2;

export {

## Attributes of a file (MS-FSCC §2.6).
type FileAttrs: record {
	read_only: bool;
	hidden: bool;
	system: bool;
	directory: bool;
	archive: bool;
	normal: bool;
	temporary: bool;
	sparse_file: bool;
	reparse_point: bool;
	compressed: bool;
	offline: bool;
	not_content_indexed: bool;
	encrypted: bool;
	integrity_stream: bool;
	no_scrub_data: bool;
};
}

module GLOBAL;

module SMB2;

export {

## A file that was closed.
type CloseResponse: record {
	alloc_size: count;
	eof: count;
	times: SMB::MACTimes;
	attrs: SMB2::FileAttrs;
};
}

module GLOBAL;

module SMB2;

export {

## A file that is to be opened.
type CreateRequest: record {
	filename: string;
	disposition: count;
	create_options: count;
};
}

module GLOBAL;

module SMB2;

export {

## A file that was opened.
type CreateResponse: record {
	file_id: SMB2::GUID;
	size: count;
	times: SMB::MACTimes;
	attrs: SMB2::FileAttrs;
	create_action: count;
};
}

module GLOBAL;

module SMB2;

export {

## How what precedes keys is hashed.
type PreAuthIntegrityCapabilities: record {
	hash_alg_count: count;
	salt_length: count;
	hash_alg: vector of count;
	salt: string;
};
}

module GLOBAL;

module SMB2;

export {

## Ciphers.
type EncryptionCapabilities: record {
	cipher_count: count;
	ciphers: vector of count;
};
}

module GLOBAL;

module SMB2;

export {

## What compresses.
type CompressionCapabilities: record {
	alg_count: count;
	algs: vector of count;
};
}

module GLOBAL;

module SMB2;

export {

## Something more that a server says of what it can.
type NegotiateContextValue: record {
	context_type: count;
	data_length: count;
	preauth_info: SMB2::PreAuthIntegrityCapabilities &optional;
	encryption_info: SMB2::EncryptionCapabilities &optional;
	compression_info: SMB2::CompressionCapabilities &optional;
	netname: string &optional;
};
}

module GLOBAL;

type SMB2::NegotiateContextValues: vector of SMB2::NegotiateContextValue;

module SMB2;

export {

## What a server chooses of what a client speaks.
type NegotiateResponse: record {
	dialect_revision: count;
	security_mode: count;
	server_guid: SMB2::GUID;
	system_time: time;
	server_start_time: time;
	negotiate_context_count: count;
	negotiate_context_values: SMB2::NegotiateContextValues;
};
}

module GLOBAL;

module SMB2;

export {

## How somebody logs in.
type SessionSetupRequest: record {
	security_mode: count;
};
}

module GLOBAL;

module SMB2;

export {

## As whom somebody is logged in.
type SessionSetupFlags: record {
	guest: bool;
	anonymous: bool;
	encrypt: bool;
};
}

module GLOBAL;

module SMB2;

export {

## What comes of it.
type SessionSetupResponse: record {
	flags: SMB2::SessionSetupFlags;
};
}

module GLOBAL;

module SMB2;

export {

## An extended attribute.
type FileEA: record {
	ea_name: string;
	ea_value: string;
};
}

module GLOBAL;

type SMB2::FileEAs: vector of SMB2::FileEA;

module SMB2;

export {

## How much room there is for whom.
type Fscontrol: record {
	free_space_start_filtering: int;
	free_space_threshold: int;
	free_space_stop_filtering: int;
	delete_quota_threshold: count;
	default_quota_limit: count;
	fs_control_flags: count;
};
}

module GLOBAL;

module SMB2;

export {

## What stands before an encrypted message.
type Transform_header: record {
	signature: string;
	nonce: string;
	orig_msg_size: count;
	flags: count;
	session_id: count;
};
}

module GLOBAL;

module SMB2;

export {

## What a share is.
type TreeConnectResponse: record {
	share_type: count;
};
}

module GLOBAL;

module SMB;

export {

## A request, as it is known so far; not one of Zeek's.
type ShownCommand: record {
	number: count;
	ts: time;
	version: string;
	command: string;
	sub_command: string &optional;
	argument: string &optional;
	status: count &optional;
	rtt: interval &optional;
	tree: string &optional;
	tree_service: string &optional;
	mid: count;
};
}

module GLOBAL;

module SMB;

export {

## A file, likewise.
type ShownFile: record {
	number: count;
	ts: time;
	fuid: string &optional;
	action: SMB::Action &optional;
	path: string &optional;
	name: string &optional;
	size: count;
	prev_name: string &optional;
	times: SMB::MACTimes &optional;
	fid: count &optional;
};
}

module GLOBAL;

module SMB;

export {

## A share, likewise.
type ShownTree: record {
	number: count;
	ts: time;
	path: string &optional;
	service: string &optional;
	native_file_system: string &optional;
	share_type: string;
	tid: count;
};
}

module GLOBAL;

module SMB;

export {

## What is at hand.
type Shown: record {
	command: SMB::ShownCommand &optional;
	file: SMB::ShownFile &optional;
	tree: SMB::ShownTree &optional;
};
}

module GLOBAL;

## A message of SMB 1.
global smb1_message: event(c: connection, hdr: SMB1::Header, is_orig: bool);
## An answer that says nothing but that all went well.
global smb1_empty_response: event(c: connection, hdr: SMB1::Header);
## A message that says nothing but that something went wrong.
global smb1_error: event(c: connection, hdr: SMB1::Header, is_orig: bool);
## Whether a folder is there (MS-CIFS §2.2.4.17).
global smb1_check_directory_request: event(c: connection, hdr: SMB1::Header, directory_name: string);
## It is.
global smb1_check_directory_response: event(c: connection, hdr: SMB1::Header);
## A file is to be closed (§2.2.4.5).
global smb1_close_request: event(c: connection, hdr: SMB1::Header, file_id: count);
## What is to be said again (§2.2.4.39).
global smb1_echo_request: event(c: connection, echo_count: count, data: string);
## It is said again.
global smb1_echo_response: event(c: connection, seq_num: count, data: string);
## Somebody logs out (§2.2.4.54).
global smb1_logoff_andx: event(c: connection, is_orig: bool);
## What a client speaks (§2.2.4.52).
global smb1_negotiate_request: event(c: connection, hdr: SMB1::Header, dialects: string_vec);
## What the server chooses of it.
global smb1_negotiate_response: event(c: connection, hdr: SMB1::Header, response: SMB1::NegotiateResponse);
## A request is not wanted any more (§2.2.4.65).
global smb1_nt_cancel_request: event(c: connection, hdr: SMB1::Header);
## A file is to be opened (§2.2.4.64).
global smb1_nt_create_andx_request: event(c: connection, hdr: SMB1::Header, file_name: string);
## It was.
global smb1_nt_create_andx_response: event(c: connection, hdr: SMB1::Header, file_id: count, file_size: count, times: SMB::MACTimes);
## What is known of a file (§2.2.4.9).
global smb1_query_information_request: event(c: connection, hdr: SMB1::Header, filename: string);
## A file is to be read (§2.2.4.42).
global smb1_read_andx_request: event(c: connection, hdr: SMB1::Header, file_id: count, offset: count, length: count);
## What stands in it.
global smb1_read_andx_response: event(c: connection, hdr: SMB1::Header, data_len: count);
## Somebody logs in (§2.2.4.53).
global smb1_session_setup_andx_request: event(c: connection, hdr: SMB1::Header, request: SMB1::SessionSetupAndXRequest);
## What comes of it.
global smb1_session_setup_andx_response: event(c: connection, hdr: SMB1::Header, response: SMB1::SessionSetupAndXResponse);
## A transaction (§2.2.4.33).
global smb1_transaction_request: event(c: connection, hdr: SMB1::Header, name: string, sub_cmd: count, parameters: string, data: string);
## Its answer.
global smb1_transaction_response: event(c: connection, hdr: SMB1::Header, parameters: string, data: string);
## A transaction goes on (§2.2.4.34).
global smb1_transaction_secondary_request: event(c: connection, hdr: SMB1::Header, args: SMB1::Trans_Sec_Args, parameters: string, data: string);
## A transaction of the second kind (§2.2.4.46).
global smb1_transaction2_request: event(c: connection, hdr: SMB1::Header, args: SMB1::Trans2_Args, sub_cmd: count);
## Files are looked for (§2.2.6.2).
global smb1_trans2_find_first2_request: event(c: connection, hdr: SMB1::Header, args: SMB1::Find_First2_Request_Args);
## What is known of a path (§2.2.6.6).
global smb1_trans2_query_path_info_request: event(c: connection, hdr: SMB1::Header, file_name: string);
## Where something is in a distributed file system (§2.2.6.16).
global smb1_trans2_get_dfs_referral_request: event(c: connection, hdr: SMB1::Header, file_name: string);
## A transaction of the second kind goes on (§2.2.4.47).
global smb1_transaction2_secondary_request: event(c: connection, hdr: SMB1::Header, args: SMB1::Trans2_Sec_Args, parameters: string, data: string);
## A share is to be used (§2.2.4.55).
global smb1_tree_connect_andx_request: event(c: connection, hdr: SMB1::Header, path: string, service: string);
## It may.
global smb1_tree_connect_andx_response: event(c: connection, hdr: SMB1::Header, service: string, native_file_system: string);
## A share is not used any more (§2.2.4.51).
global smb1_tree_disconnect: event(c: connection, hdr: SMB1::Header, is_orig: bool);
## A file is to be written (§2.2.4.43).
global smb1_write_andx_request: event(c: connection, hdr: SMB1::Header, file_id: count, offset: count, data_len: count);
## It was.
global smb1_write_andx_response: event(c: connection, hdr: SMB1::Header, written_bytes: count);
## A message of SMB 2 or 3.
global smb2_message: event(c: connection, hdr: SMB2::Header, is_orig: bool);
## A file is to be closed (MS-SMB2 §2.2.15).
global smb2_close_request: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID);
## It was.
global smb2_close_response: event(c: connection, hdr: SMB2::Header, response: SMB2::CloseResponse);
## A file is to be opened (§2.2.13).
global smb2_create_request: event(c: connection, hdr: SMB2::Header, request: SMB2::CreateRequest);
## It was.
global smb2_create_response: event(c: connection, hdr: SMB2::Header, response: SMB2::CreateResponse);
## What a client speaks (§2.2.3).
global smb2_negotiate_request: event(c: connection, hdr: SMB2::Header, dialects: vector of count);
## What the server chooses of it.
global smb2_negotiate_response: event(c: connection, hdr: SMB2::Header, response: SMB2::NegotiateResponse);
## A file is to be read (§2.2.19).
global smb2_read_request: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, offset: count, length: count);
## Somebody logs in (§2.2.5).
global smb2_session_setup_request: event(c: connection, hdr: SMB2::Header, request: SMB2::SessionSetupRequest);
## What comes of it.
global smb2_session_setup_response: event(c: connection, hdr: SMB2::Header, response: SMB2::SessionSetupResponse);
## A file is to have another name (MS-FSCC §2.4.42).
global smb2_file_rename: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, dst_filename: string);
## A file is to be deleted (§2.4.11).
global smb2_file_delete: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, delete_pending: bool);
## A file is to have other times and attributes (§2.4.7).
global smb2_file_sattr: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, times: SMB::MACTimes, attrs: SMB2::FileAttrs);
## So much room is to be there for a file (§2.4.4).
global smb2_file_allocation: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, alloc_size: int);
## A file is to end there (§2.4.14).
global smb2_file_endoffile: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, endoffile: int);
## How a file is used (§2.4.31).
global smb2_file_mode: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, mode: count);
## How a pipe is used (§2.4.37).
global smb2_file_pipe: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, read_mode: count, completion_mode: count);
## Where a file is read next (§2.4.40).
global smb2_file_position: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, current_byte_offset: int);
## A file is to have a short name (§2.4.46).
global smb2_file_shortname: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, shortname: string);
## So much of a file is there (§2.4.49).
global smb2_file_validdatalength: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, validdatalength: int);
## A file is to have extended attributes (§2.4.16).
global smb2_file_fullea: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, file_eas: SMB2::FileEAs);
## A file is to have one more name (§2.4.27).
global smb2_file_link: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, root_directory: count, file_name: string);
## How much room there is for whom (§2.5.2).
global smb2_file_fscontrol: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, fs_control: SMB2::Fscontrol);
## What a file system is called (§2.5.6).
global smb2_file_fsobjectid: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, object_id: SMB2::GUID, extended_info: string);
## What follows is encrypted (MS-SMB2 §2.2.41).
global smb2_transform_header: event(c: connection, hdr: SMB2::Transform_header);
## A share is to be used (§2.2.9).
global smb2_tree_connect_request: event(c: connection, hdr: SMB2::Header, path: string);
## It may.
global smb2_tree_connect_response: event(c: connection, hdr: SMB2::Header, response: SMB2::TreeConnectResponse);
## A share is not to be used any more (§2.2.11).
global smb2_tree_disconnect_request: event(c: connection, hdr: SMB2::Header);
## It is not.
global smb2_tree_disconnect_response: event(c: connection, hdr: SMB2::Header);
## A file is to be written (§2.2.21).
global smb2_write_request: event(c: connection, hdr: SMB2::Header, file_id: SMB2::GUID, offset: count, length: count);
## It was.
global smb2_write_response: event(c: connection, hdr: SMB2::Header, length: count);
## A pipe is opened in a share of which nothing said that it has pipes.
global smb_pipe_connect_heuristic: event(c: connection);
## Too many pipes were open to be read: all that was known of them is forgotten.
global smb_discarded_dce_rpc_analyzers: event(c: connection);
## Too many requests wait for answers: what is known of those in trees, of reads or of ioctls is forgotten.
global smb2_discarded_messages_state: event(c: connection, request: string);

module SMB;

export {
	## What is known of the request, the file and the share that the event is about that comes next.
	global shown: event(c: connection, state: SMB::Shown);
}

module GLOBAL;


## What came of a call (RFC 5531 §9).
type rpc_status: enum {
	RPC_SUCCESS = 0,
	RPC_PROG_UNAVAIL = 1,
	RPC_PROG_MISMATCH = 2,
	RPC_PROC_UNAVAIL = 3,
	RPC_GARBAGE_ARGS = 4,
	RPC_SYSTEM_ERR = 5,
	RPC_TIMEOUT = 6,
	RPC_VERS_MISMATCH = 7,
	RPC_AUTH_ERROR = 8,
	RPC_UNKNOWN_ERROR = 9,
};

## A program and where it listens.
type pm_mapping: record {
	program: count;
	version: count;
	p: port;
};

## Where a program listens is asked for.
type pm_port_request: record {
	program: count;
	version: count;
	is_tcp: bool;
};

type pm_mappings: table[count] of pm_mapping;

## A call is to be made.
type pm_callit_request: record {
	program: count;
	version: count;
	proc: count;
	arg_size: count;
};

module MOUNT3;

export {

## What came of it (RFC 1813 §5.1.5).
type status_t: enum {
	MNT3_OK = 0,
	MNT3ERR_PERM = 1,
	MNT3ERR_NOENT = 2,
	MNT3ERR_IO = 5,
	MNT3ERR_ACCES = 13,
	MNT3ERR_NOTDIR = 20,
	MNT3ERR_INVAL = 22,
	MNT3ERR_NAMETOOLONG = 63,
	MNT3ERR_NOTSUPP = 10004,
	MNT3ERR_SERVERFAULT = 10006,
	MOUNT3ERR_UNKNOWN = 4294967295,
};
}

module GLOBAL;

module MOUNT3;

export {

## A call and its answer.
type info_t: record {
	## What RPC says of it.
	rpc_stat: rpc_status;
	## What MOUNT says.
	mnt_stat: MOUNT3::status_t;
	req_start: time;
	req_dur: interval;
	req_len: count;
	rep_start: time;
	rep_dur: interval;
	rep_len: count;
	## Who called.
	rpc_uid: count;
	rpc_gid: count;
	rpc_stamp: count;
	rpc_machine_name: string;
	rpc_auxgids: vector of count;
};
}

module GLOBAL;

module MOUNT3;

export {

## A directory.
type dirmntargs_t: record {
	dirname: string;
};
}

module GLOBAL;

module MOUNT3;

export {

## How clients may say who they are.
type auth_flavor_t: enum {
	AUTH_NULL = 0,
	AUTH_UNIX = 1,
	AUTH_SHORT = 2,
	AUTH_DES = 3,
};
}

module GLOBAL;

module MOUNT3;

export {

## What mounting it gives.
type mnt_reply_t: record {
	dirfh: string &optional;
	auth_flavors: vector of MOUNT3::auth_flavor_t &optional;
};
}

module GLOBAL;

module MOUNT3;

export {

## What is called (RFC 1813 §5.2).
type proc_t: enum {
	PROC_NULL = 0,
	PROC_MNT = 1,
	PROC_DUMP = 2,
	PROC_UMNT = 3,
	PROC_UMNT_ALL = 4,
	PROC_EXPORT = 5,
	PROC_END_OF_PROCS = 6,
};
}

module GLOBAL;

module NFS3;

export {

## What came of it (RFC 1813 §2.6).
type status_t: enum {
	NFS3ERR_OK = 0,
	NFS3ERR_PERM = 1,
	NFS3ERR_NOENT = 2,
	NFS3ERR_IO = 5,
	NFS3ERR_NXIO = 6,
	NFS3ERR_ACCES = 13,
	NFS3ERR_EXIST = 17,
	NFS3ERR_XDEV = 18,
	NFS3ERR_NODEV = 19,
	NFS3ERR_NOTDIR = 20,
	NFS3ERR_ISDIR = 21,
	NFS3ERR_INVAL = 22,
	NFS3ERR_FBIG = 27,
	NFS3ERR_NOSPC = 28,
	NFS3ERR_ROFS = 30,
	NFS3ERR_MLINK = 31,
	NFS3ERR_NAMETOOLONG = 63,
	NFS3ERR_NOTEMPTY = 66,
	NFS3ERR_DQUOT = 69,
	NFS3ERR_STALE = 70,
	NFS3ERR_REMOTE = 71,
	NFS3ERR_BADHANDLE = 10001,
	NFS3ERR_NOT_SYNC = 10002,
	NFS3ERR_BAD_COOKIE = 10003,
	NFS3ERR_NOTSUPP = 10004,
	NFS3ERR_TOOSMALL = 10005,
	NFS3ERR_SERVERFAULT = 10006,
	NFS3ERR_BADTYPE = 10007,
	NFS3ERR_JUKEBOX = 10008,
	NFS3ERR_UNKNOWN = 4294967295,
};
}

module GLOBAL;

module NFS3;

export {

## A call and its answer.
type info_t: record {
	## What RPC says of it.
	rpc_stat: rpc_status;
	## What NFS says.
	nfs_stat: NFS3::status_t;
	req_start: time;
	req_dur: interval;
	req_len: count;
	rep_start: time;
	rep_dur: interval;
	rep_len: count;
	## Who called.
	rpc_uid: count;
	rpc_gid: count;
	rpc_stamp: count;
	rpc_machine_name: string;
	rpc_auxgids: vector of count;
};
}

module GLOBAL;

module NFS3;

export {

## What a file is.
type file_type_t: enum {
	FTYPE_REG = 1,
	FTYPE_DIR = 2,
	FTYPE_BLK = 3,
	FTYPE_CHR = 4,
	FTYPE_LNK = 5,
	FTYPE_SOCK = 6,
	FTYPE_FIFO = 7,
};
}

module GLOBAL;

module NFS3;

export {

## What is known of a file.
type fattr_t: record {
	ftype: NFS3::file_type_t;
	mode: count;
	nlink: count;
	uid: count;
	gid: count;
	size: count;
	used: count;
	rdev1: count;
	rdev2: count;
	fsid: count;
	fileid: count;
	atime: time;
	mtime: time;
	ctime: time;
};
}

module GLOBAL;

module NFS3;

export {

## When a time is to be set.
type time_how_t: enum {
	DONT_CHANGE = 0,
	SET_TO_SERVER_TIME = 1,
	SET_TO_CLIENT_TIME = 2,
};
}

module GLOBAL;

module NFS3;

export {

## What is to be set.
type sattr_t: record {
	mode: count &optional;
	uid: count &optional;
	gid: count &optional;
	size: count &optional;
	atime: NFS3::time_how_t &optional;
	mtime: NFS3::time_how_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A file is to be changed.
type sattrargs_t: record {
	fh: string;
	new_attributes: NFS3::sattr_t;
};
}

module GLOBAL;

module NFS3;

export {

## What was known of a file before.
type wcc_attr_t: record {
	size: count;
	atime: time;
	mtime: time;
};
}

module GLOBAL;

module NFS3;

export {

## What that came to.
type sattr_reply_t: record {
	dir_pre_attr: NFS3::wcc_attr_t &optional;
	dir_post_attr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A name in a directory.
type diropargs_t: record {
	dirfh: string;
	fname: string;
};
}

module GLOBAL;

module NFS3;

export {

## What a name is.
type lookup_reply_t: record {
	fh: string &optional;
	obj_attr: NFS3::fattr_t &optional;
	dir_attr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A file is to be read.
type readargs_t: record {
	fh: string;
	offset: count;
	size: count;
};
}

module GLOBAL;

module NFS3;

export {

## What it holds.
type read_reply_t: record {
	attr: NFS3::fattr_t &optional;
	size: count &optional;
	eof: bool &optional;
	data: string &optional;
};
}

module GLOBAL;

module NFS3;

export {

## Where a link leads.
type readlink_reply_t: record {
	attr: NFS3::fattr_t &optional;
	nfspath: string &optional;
};
}

module GLOBAL;

module NFS3;

export {

## Where a link leads, and what it is like.
type symlinkdata_t: record {
	symlink_attributes: NFS3::sattr_t;
	nfspath: string &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A symbolic link is to be made.
type symlinkargs_t: record {
	link: NFS3::diropargs_t;
	symlinkdata: NFS3::symlinkdata_t;
};
}

module GLOBAL;

module NFS3;

export {

## Something new.
type newobj_reply_t: record {
	fh: string &optional;
	obj_attr: NFS3::fattr_t &optional;
	dir_pre_attr: NFS3::wcc_attr_t &optional;
	dir_post_attr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A file is to get another name.
type linkargs_t: record {
	fh: string;
	link: NFS3::diropargs_t;
};
}

module GLOBAL;

module NFS3;

export {

## What that came to.
type link_reply_t: record {
	post_attr: NFS3::fattr_t &optional;
	preattr: NFS3::wcc_attr_t &optional;
	postattr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## How sure it has to be that data are stored.
type stable_how_t: enum {
	UNSTABLE = 0,
	DATA_SYNC = 1,
	FILE_SYNC = 2,
};
}

module GLOBAL;

module NFS3;

export {

## A file is to be written.
type writeargs_t: record {
	fh: string;
	offset: count;
	size: count;
	stable: NFS3::stable_how_t;
	data: string &optional;
};
}

module GLOBAL;

module NFS3;

export {

## What that came to.
type write_reply_t: record {
	preattr: NFS3::wcc_attr_t &optional;
	postattr: NFS3::fattr_t &optional;
	size: count &optional;
	commited: NFS3::stable_how_t &optional;
	verf: count &optional;
};
}

module GLOBAL;

module NFS3;

export {

## Something less.
type delobj_reply_t: record {
	dir_pre_attr: NFS3::wcc_attr_t &optional;
	dir_post_attr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## Something is to be renamed.
type renameopargs_t: record {
	src_dirfh: string;
	src_fname: string;
	dst_dirfh: string;
	dst_fname: string;
};
}

module GLOBAL;

module NFS3;

export {

## What that came to.
type renameobj_reply_t: record {
	src_dir_pre_attr: NFS3::wcc_attr_t &optional;
	src_dir_post_attr: NFS3::fattr_t &optional;
	dst_dir_pre_attr: NFS3::wcc_attr_t &optional;
	dst_dir_post_attr: NFS3::fattr_t &optional;
};
}

module GLOBAL;

module NFS3;

export {

## A directory is to be read.
type readdirargs_t: record {
	isplus: bool;
	dirfh: string;
	cookie: count;
	cookieverf: count;
	dircount: count;
	maxcount: count &optional;
};
}

module GLOBAL;

module NFS3;

export {

## An entry of one.
type direntry_t: record {
	fileid: count;
	fname: string;
	cookie: count;
	attr: NFS3::fattr_t &optional;
	fh: string &optional;
};
}

module GLOBAL;

type NFS3::direntry_vec_t: vector of NFS3::direntry_t;

module NFS3;

export {

## What it holds.
type readdir_reply_t: record {
	isplus: bool;
	dir_attr: NFS3::fattr_t &optional;
	cookieverf: count &optional;
	entries: NFS3::direntry_vec_t &optional;
	eof: bool;
};
}

module GLOBAL;

module NFS3;

export {

## What is called (RFC 1813 §3.3).
type proc_t: enum {
	PROC_NULL = 0,
	PROC_GETATTR = 1,
	PROC_SETATTR = 2,
	PROC_LOOKUP = 3,
	PROC_ACCESS = 4,
	PROC_READLINK = 5,
	PROC_READ = 6,
	PROC_WRITE = 7,
	PROC_CREATE = 8,
	PROC_MKDIR = 9,
	PROC_SYMLINK = 10,
	PROC_MKNOD = 11,
	PROC_REMOVE = 12,
	PROC_RMDIR = 13,
	PROC_RENAME = 14,
	PROC_LINK = 15,
	PROC_READDIR = 16,
	PROC_READDIRPLUS = 17,
	PROC_FSSTAT = 18,
	PROC_FSINFO = 19,
	PROC_PATHCONF = 20,
	PROC_COMMIT = 21,
	PROC_END_OF_PROCS = 22,
};
}

module GLOBAL;

## A call was made.
global rpc_call: event(c: connection, xid: count, prog: count, ver: count, proc: count, call_len: count);
## A call was answered.
global rpc_reply: event(c: connection, xid: count, status: rpc_status, reply_len: count);
## A call and its answer, or that there was none.
global rpc_dialogue: event(c: connection, prog: count, ver: count, proc: count, status: rpc_status, start_time: time, call_len: count, reply_len: count);
## The port mapper was called, for nothing.
global pm_request_null: event(r: connection);
## A program says where it listens.
global pm_request_set: event(r: connection, m: pm_mapping, success: bool);
## It says that it does no more.
global pm_request_unset: event(r: connection, m: pm_mapping, success: bool);
## Where a program listens was asked, and said.
global pm_request_getport: event(r: connection, pr: pm_port_request, p: port);
## Where all do.
global pm_request_dump: event(r: connection, m: pm_mappings);
## The port mapper made a call for a client.
global pm_request_callit: event(r: connection, call: pm_callit_request, p: port);
## The same, where it came to nothing.
global pm_attempt_null: event(r: connection, status: rpc_status);
## The same.
global pm_attempt_set: event(r: connection, status: rpc_status, m: pm_mapping);
## The same.
global pm_attempt_unset: event(r: connection, status: rpc_status, m: pm_mapping);
## The same.
global pm_attempt_getport: event(r: connection, status: rpc_status, pr: pm_port_request);
## The same.
global pm_attempt_dump: event(r: connection, status: rpc_status);
## The same.
global pm_attempt_callit: event(r: connection, status: rpc_status, call: pm_callit_request);
## A port was named that is too large to be one.
global pm_bad_port: event(r: connection, bad_p: count);
## MOUNT was called, for nothing.
global mount_proc_null: event(c: connection, info: MOUNT3::info_t);
## A client mounts a directory.
global mount_proc_mnt: event(c: connection, info: MOUNT3::info_t, req: MOUNT3::dirmntargs_t, rep: MOUNT3::mnt_reply_t);
## It does no more.
global mount_proc_umnt: event(c: connection, info: MOUNT3::info_t, req: MOUNT3::dirmntargs_t);
## Nor any other.
global mount_proc_umnt_all: event(c: connection, info: MOUNT3::info_t, req: MOUNT3::dirmntargs_t);
## Another procedure of MOUNT was called.
global mount_proc_not_implemented: event(c: connection, info: MOUNT3::info_t, proc: MOUNT3::proc_t);
## MOUNT answered.
global mount_reply_status: event(n: connection, info: MOUNT3::info_t);
## NFS was called, for nothing.
global nfs_proc_null: event(c: connection, info: NFS3::info_t);
## What is known of a file was asked (RFC 1813 §3.3.1).
global nfs_proc_getattr: event(c: connection, info: NFS3::info_t, fh: string, attrs: NFS3::fattr_t);
## It was set (RFC 1813 §3.3.2).
global nfs_proc_sattr: event(c: connection, info: NFS3::info_t, req: NFS3::sattrargs_t, rep: NFS3::sattr_reply_t);
## A name was looked up (RFC 1813 §3.3.3).
global nfs_proc_lookup: event(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::lookup_reply_t);
## A file was read (RFC 1813 §3.3.6).
global nfs_proc_read: event(c: connection, info: NFS3::info_t, req: NFS3::readargs_t, rep: NFS3::read_reply_t);
## A link was followed (RFC 1813 §3.3.5).
global nfs_proc_readlink: event(c: connection, info: NFS3::info_t, fh: string, rep: NFS3::readlink_reply_t);
## A symbolic link was made (RFC 1813 §3.3.10).
global nfs_proc_symlink: event(c: connection, info: NFS3::info_t, req: NFS3::symlinkargs_t, rep: NFS3::newobj_reply_t);
## A file got another name (RFC 1813 §3.3.15).
global nfs_proc_link: event(c: connection, info: NFS3::info_t, req: NFS3::linkargs_t, rep: NFS3::link_reply_t);
## A file was written (RFC 1813 §3.3.7).
global nfs_proc_write: event(c: connection, info: NFS3::info_t, req: NFS3::writeargs_t, rep: NFS3::write_reply_t);
## A file was made (RFC 1813 §3.3.8).
global nfs_proc_create: event(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::newobj_reply_t);
## A directory was made (RFC 1813 §3.3.9).
global nfs_proc_mkdir: event(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::newobj_reply_t);
## A file was removed (RFC 1813 §3.3.12).
global nfs_proc_remove: event(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::delobj_reply_t);
## A directory was (RFC 1813 §3.3.13).
global nfs_proc_rmdir: event(c: connection, info: NFS3::info_t, req: NFS3::diropargs_t, rep: NFS3::delobj_reply_t);
## Something was renamed (RFC 1813 §3.3.14).
global nfs_proc_rename: event(c: connection, info: NFS3::info_t, req: NFS3::renameopargs_t, rep: NFS3::renameobj_reply_t);
## A directory was read (RFC 1813 §3.3.16).
global nfs_proc_readdir: event(c: connection, info: NFS3::info_t, req: NFS3::readdirargs_t, rep: NFS3::readdir_reply_t);
## Another procedure of NFS was called.
global nfs_proc_not_implemented: event(c: connection, info: NFS3::info_t, proc: NFS3::proc_t);
## NFS answered.
global nfs_reply_status: event(n: connection, info: NFS3::info_t);

module Redis;

export {

## A command that sets a key.
type SetCommand: record {
	key: string &log;
	value: string &log;
	## Only where there is none.
	nx: bool;
	## Only where there is one.
	xx: bool;
	## What it was is to be told.
	get: bool;
	## Seconds until it is forgotten.
	ex: count &optional;
	## The same in milliseconds.
	px: count &optional;
	## When it is forgotten, in seconds since 1970.
	exat: count &optional;
	## The same in milliseconds.
	pxat: count &optional;
	## As long as before.
	keep_ttl: bool;
};
}

module GLOBAL;

module Redis;

export {

## Who a client says that it is.
type AuthCommand: record {
	username: string &optional;
	password: string;
};
}

module GLOBAL;

module Redis;

export {

## A client begins.
type HelloCommand: record {
	## The version of the protocol that it wants.
	requested_resp_version: string &optional;
};
}

module GLOBAL;

module Redis;

export {

## Commands that have names.
type RedisCommand: enum {
	RedisCommand_APPEND = 0,
	RedisCommand_AUTH = 1,
	RedisCommand_BITCOUNT = 2,
	RedisCommand_BITFIELD = 3,
	RedisCommand_BITFIELD_RO = 4,
	RedisCommand_BITOP = 5,
	RedisCommand_BITPOS = 6,
	RedisCommand_BLMPOP = 7,
	RedisCommand_BLPOP = 8,
	RedisCommand_BRPOP = 9,
	RedisCommand_CLIENT = 10,
	RedisCommand_COPY = 11,
	RedisCommand_DECR = 12,
	RedisCommand_DECRBY = 13,
	RedisCommand_DEL = 14,
	RedisCommand_DUMP = 15,
	RedisCommand_EXISTS = 16,
	RedisCommand_EXPIRE = 17,
	RedisCommand_EXPIREAT = 18,
	RedisCommand_EXPIRETIME = 19,
	RedisCommand_GET = 20,
	RedisCommand_GETBIT = 21,
	RedisCommand_GETDEL = 22,
	RedisCommand_GETEX = 23,
	RedisCommand_GETRANGE = 24,
	RedisCommand_GETSET = 25,
	RedisCommand_HDEL = 26,
	RedisCommand_HELLO = 27,
	RedisCommand_HGET = 28,
	RedisCommand_HSET = 29,
	RedisCommand_INCR = 30,
	RedisCommand_INCRBY = 31,
	RedisCommand_KEYS = 32,
	RedisCommand_MGET = 33,
	RedisCommand_MOVE = 34,
	RedisCommand_MSET = 35,
	RedisCommand_PERSIST = 36,
	RedisCommand_PSUBSCRIBE = 37,
	RedisCommand_PUNSUBSCRIBE = 38,
	RedisCommand_QUIT = 39,
	RedisCommand_RENAME = 40,
	RedisCommand_RESET = 41,
	RedisCommand_SET = 42,
	RedisCommand_SSUBSCRIBE = 43,
	RedisCommand_STRLEN = 44,
	RedisCommand_SUBSCRIBE = 45,
	RedisCommand_SUNSUBSCRIBE = 46,
	RedisCommand_TTL = 47,
	RedisCommand_TYPE = 48,
	RedisCommand_UNSUBSCRIBE = 49,
};
}

module GLOBAL;

module Redis;

export {

## A command.
type Command: record {
	## All its words; of very many or long ones the beginning.
	raw: vector of string;
	## The first of them.
	name: string &log;
	## What it is about, where that is known.
	key: string &log &optional;
	## What it sets, where that is known.
	value: string &log &optional;
	known: Redis::RedisCommand &optional;
};
}

module GLOBAL;

module Redis;

export {

## What a server said.
type ReplyData: record {
	## What it says about it.
	attributes: string &optional;
	## As text; of a long one the beginning.
	value: string &log;
	## The version of the protocol that has such values.
	min_protocol_version: count;
};
}

module GLOBAL;


module Redis;

export {
	## A key is set, behind which comes the event of the command.
	global set_command: event(c: connection, command: Redis::SetCommand);
}

module GLOBAL;


module Redis;

export {
	## A key is asked for, likewise.
	global get_command: event(c: connection, key: string);
}

module GLOBAL;


module Redis;

export {
	## A client says who it is, likewise.
	global auth_command: event(c: connection, command: Redis::AuthCommand);
}

module GLOBAL;


module Redis;

export {
	## A client begins, likewise.
	global hello_command: event(c: connection, command: Redis::HelloCommand);
}

module GLOBAL;


module Redis;

export {
	## A command.
	global command: event(c: connection, cmd: Redis::Command);
}

module GLOBAL;


module Redis;

export {
	## An answer.
	global reply: event(c: connection, data: Redis::ReplyData);
}

module GLOBAL;


module Redis;

export {
	## An answer that something went wrong.
	global error: event(c: connection, data: Redis::ReplyData);
}

module GLOBAL;


module Redis;

export {
	## Something happened that the client wants to know of.
	global server_push: event(c: connection, data: Redis::ReplyData);
}

module GLOBAL;


## A client asks for something: the first of so many keys, empty where there is none, and the bytes of the value that it
## brings.
global memcached_request: event(c: connection, command: string, key: string, keys: count, value_len: count);
## A server answers, with so many values and all their bytes.
global memcached_response: event(c: connection, status: string, success: bool, values: count, value_len: count);

## How a negotiation stands: 0 where it was accepted, 1 where it goes on, 2 where it was rejected (RFC 4178 §4.2.2).
global gssapi_neg_result: event(c: connection, state: count);

module NTLM;

export {

## What a side can or agrees to (MS-NLMP §2.2.2.5).
type NegotiateFlags: record {
	negotiate_56: bool;
	negotiate_key_exch: bool;
	negotiate_128: bool;
	negotiate_version: bool;
	negotiate_target_info: bool;
	request_non_nt_session_key: bool;
	negotiate_identify: bool;
	negotiate_extended_sessionsecurity: bool;
	target_type_server: bool;
	target_type_domain: bool;
	negotiate_always_sign: bool;
	negotiate_oem_workstation_supplied: bool;
	negotiate_oem_domain_supplied: bool;
	negotiate_anonymous_connection: bool;
	negotiate_ntlm: bool;
	negotiate_lm_key: bool;
	negotiate_datagram: bool;
	negotiate_seal: bool;
	negotiate_sign: bool;
	request_target: bool;
	negotiate_oem: bool;
	negotiate_unicode: bool;
};
}

module GLOBAL;

module NTLM;

export {

## The version of a system (MS-NLMP §2.2.2.10).
type Version: record {
	major: count;
	minor: count;
	build: count;
	## The revision of NTLMSSP.
	ntlmssp: count;
};
}

module GLOBAL;

module NTLM;

export {

## A first message (MS-NLMP §2.2.1.1).
type Negotiate: record {
	flags: NTLM::NegotiateFlags;
	domain_name: string &optional;
	workstation: string &optional;
	version: NTLM::Version &optional;
};
}

module GLOBAL;

module NTLM;

export {

## What a server tells of itself (MS-NLMP §2.2.2.1).
type AVs: record {
	nb_computer_name: string &optional;
	nb_domain_name: string &optional;
	dns_computer_name: string &optional;
	dns_domain_name: string &optional;
	dns_tree_name: string &optional;
	constrained_auth: bool &optional;
	timestamp: time &optional;
	single_host_id: count &optional;
	target_name: string &optional;
};
}

module GLOBAL;

module NTLM;

export {

## A server's answer (MS-NLMP §2.2.1.2).
type Challenge: record {
	flags: NTLM::NegotiateFlags;
	challenge: count;
	target_name: string &optional;
	version: NTLM::Version &optional;
	target_info: NTLM::AVs &optional;
};
}

module GLOBAL;

module NTLM;

export {

## A client's answer (MS-NLMP §2.2.1.3).
type Authenticate: record {
	flags: NTLM::NegotiateFlags;
	domain_name: string &optional;
	user_name: string &optional;
	workstation: string &optional;
	session_key: string &optional;
	version: NTLM::Version &optional;
	response: string &optional;
};
}

module GLOBAL;

## A client says what it can.
global ntlm_negotiate: event(c: connection, negotiate: NTLM::Negotiate);
## A server answers, and tells of itself.
global ntlm_challenge: event(c: connection, challenge: NTLM::Challenge);
## A client says who logs in.
global ntlm_authenticate: event(c: connection, request: NTLM::Authenticate);

module KRB;

export {

## Something of a type.
type Type_Value: record {
	data_type: count;
	val: string;
};
}

module GLOBAL;

type KRB::Type_Value_Vector: vector of KRB::Type_Value;

module KRB;

export {

## What is asked of a ticket (RFC 4120 §5.4.1).
type KDC_Options: record {
	forwardable: bool;
	forwarded: bool;
	proxiable: bool;
	proxy: bool;
	allow_postdate: bool;
	postdated: bool;
	renewable: bool;
	opt_hardware_auth: bool;
	disable_transited_check: bool;
	renewable_ok: bool;
	enc_tkt_in_skey: bool;
	renew: bool;
	validate: bool;
};
}

module GLOBAL;

module KRB;

export {

## From where a ticket may be used (RFC 4120 §5.2.5).
type Host_Address: record {
	ip: addr &optional &log;
	netbios: string &optional &log;
	unknown: KRB::Type_Value &optional;
};
}

module GLOBAL;

type KRB::Host_Address_Vector: vector of KRB::Host_Address;

module KRB;

export {

## A ticket (RFC 4120 §5.3).
type Ticket: record {
	pvno: count;
	realm: string;
	service_name: string;
	cipher: count;
	ciphertext: string &optional;
	## Never set: keys of services are not known here.
	authenticationinfo: string &optional;
};
}

module GLOBAL;

type KRB::Ticket_Vector: vector of KRB::Ticket;

module KRB;

export {

## A request for a ticket (RFC 4120 §5.4.1).
type KDC_Request: record {
	pvno: count;
	msg_type: count;
	pa_data: KRB::Type_Value_Vector &optional;
	kdc_options: KRB::KDC_Options &optional;
	client_name: string &optional;
	service_realm: string &optional;
	service_name: string &optional;
	from: time &optional;
	till: time &optional;
	rtime: time &optional;
	nonce: count &optional;
	encryption_types: vector of count &optional;
	host_addrs: KRB::Host_Address_Vector &optional;
	additional_tickets: KRB::Ticket_Vector &optional;
};
}

module GLOBAL;

module KRB;

export {

## Something encrypted (RFC 4120 §5.2.9).
type Encrypted_Data: record {
	kvno: count &optional;
	cipher: count;
	ciphertext: string;
};
}

module GLOBAL;

module KRB;

export {

## A ticket that is given (RFC 4120 §5.4.2).
type KDC_Response: record {
	pvno: count;
	msg_type: count;
	pa_data: KRB::Type_Value_Vector &optional;
	client_realm: string &optional;
	client_name: string;
	ticket: KRB::Ticket;
	## Never set, as in Zeek.
	enc_part: KRB::Encrypted_Data &optional;
};
}

module GLOBAL;

module KRB;

export {

## What is asked of whom a ticket is shown to (RFC 4120 §5.5.1).
type AP_Options: record {
	use_session_key: bool;
	mutual_required: bool;
};
}

module GLOBAL;

module KRB;

export {

## Something with a checksum (RFC 4120 §5.6.1).
type SAFE_Msg: record {
	pvno: count;
	msg_type: count;
	data: string;
	timestamp: time &optional;
	seq: count &optional;
	sender: KRB::Host_Address &optional;
	recipient: KRB::Host_Address &optional;
};
}

module GLOBAL;

module KRB;

export {

## What went wrong (RFC 4120 §5.9.1).
type Error_Msg: record {
	pvno: count &optional;
	msg_type: count &optional;
	client_time: time &optional;
	server_time: time &optional;
	error_code: count;
	client_realm: string &optional;
	client_name: string &optional;
	service_realm: string &optional;
	service_name: string &optional;
	error_text: string &optional;
	pa_data: KRB::Type_Value_Vector &optional;
};
}

module GLOBAL;

## A ticket for tickets is asked for (RFC 4120 §3.1.1).
global krb_as_request: event(c: connection, msg: KRB::KDC_Request);
## A ticket for tickets is given (RFC 4120 §3.1.3).
global krb_as_response: event(c: connection, msg: KRB::KDC_Response);
## A ticket for a service is asked for (RFC 4120 §3.3.1).
global krb_tgs_request: event(c: connection, msg: KRB::KDC_Request);
## A ticket for a service is given (RFC 4120 §3.3.3).
global krb_tgs_response: event(c: connection, msg: KRB::KDC_Response);
## A ticket is shown to a service, or to whom another is asked of (RFC 4120 §3.2.1).
global krb_ap_request: event(c: connection, ticket: KRB::Ticket, opts: KRB::AP_Options);
## A service has accepted a ticket (RFC 4120 §3.2.4).
global krb_ap_response: event(c: connection);
## Something encrypted (RFC 4120 §3.5).
global krb_priv: event(c: connection, is_orig: bool);
## Something with a checksum (RFC 4120 §3.4).
global krb_safe: event(c: connection, is_orig: bool, msg: KRB::SAFE_Msg);
## Tickets are handed on (RFC 4120 §3.6).
global krb_cred: event(c: connection, is_orig: bool, tickets: KRB::Ticket_Vector);
## Something went wrong (RFC 4120 §5.9.1).
global krb_error: event(c: connection, msg: KRB::Error_Msg);


module DCE_RPC;

export {
	## What is known of the connection or pipe that the event is about that comes next.
	global shown: event(c: connection, uuid: string, named_pipe: string);
}

module GLOBAL;

## A PDU begins.
global dce_rpc_message: event(c: connection, is_orig: bool, fid: count, ptype_id: count, ptype: DCE_RPC::PType);
## An interface is asked for, under a number.
global dce_rpc_bind: event(c: connection, fid: count, ctx_id: count, uuid: string, ver_major: count, ver_minor: count);
## Another interface is asked for, under a number.
global dce_rpc_alter_context: event(c: connection, fid: count, ctx_id: count, uuid: string, ver_major: count, ver_minor: count);
## Interfaces are given.
global dce_rpc_bind_ack: event(c: connection, fid: count, sec_addr: string);
## More interfaces are given.
global dce_rpc_alter_context_resp: event(c: connection, fid: count);
## An operation is called.
global dce_rpc_request: event(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count);
## What it is given, behind dce_rpc_request.
global dce_rpc_request_stub: event(c: connection, fid: count, ctx_id: count, opnum: count, stub: string);
## An operation was done.
global dce_rpc_response: event(c: connection, fid: count, ctx_id: count, opnum: count, stub_len: count);
## What it gave back, behind dce_rpc_response.
global dce_rpc_response_stub: event(c: connection, fid: count, ctx_id: count, opnum: count, stub: string);


module PostgreSQL;

export {
	## A client wants TLS.
	global ssl_request: event(c: connection);
}

module GLOBAL;


module PostgreSQL;

export {
	## What the server says to that: S or N.
	global ssl_reply: event(c: connection, data: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## A server tells how the client is to be authenticated, as in `PostgreSQL::auth_ids`, and the data for it.
	global authentication_request: event(c: connection, identifier: count, data: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## The client is who it says.
	global authentication_ok: event(c: connection);
}

module GLOBAL;


module PostgreSQL;

export {
	## What a client answers to be authenticated.
	global authentication_response: event(c: connection, data: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## What a client says of itself, as `user`; before the startup message that has it.
	global startup_parameter: event(c: connection, name: string, value: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## A client begins, in this version of the protocol.
	global startup_message: event(c: connection, major: count, minor: count);
}

module GLOBAL;


module PostgreSQL;

export {
	## A server waits for a query: in no transaction (I), in one (T), or in one that has failed (E).
	global ready_for_query: event(c: connection, transaction_status: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## A query.
	global simple_query: event(c: connection, query: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## A part of an error, by its code as in `PostgreSQL::error_ids`.
	global error_response_identified_field: event(c: connection, code: string, value: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## An error, behind its parts.
	global error_response: event(c: connection);
}

module GLOBAL;


module PostgreSQL;

export {
	## A part of a notice, likewise.
	global notice_response_identified_field: event(c: connection, code: string, value: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## A notice, behind its parts.
	global notice_response: event(c: connection);
}

module GLOBAL;


module PostgreSQL;

export {
	## A row of a result, and how many columns it has.
	global data_row: event(c: connection, column_values: count);
}

module GLOBAL;


module PostgreSQL;

export {
	## A setting of a server.
	global parameter_status: event(c: connection, name: string, value: string);
}

module GLOBAL;


module PostgreSQL;

export {
	## What queries of the connection are cancelled with.
	global backend_key_data: event(c: connection, process_id: count, secret_key: count);
}

module GLOBAL;


module PostgreSQL;

export {
	## A client is done.
	global terminate: event(c: connection);
}

module GLOBAL;


module PostgreSQL;

export {
	## Another message, by its type.
	global not_implemented: event(c: connection, is_orig: bool, typ: string, chunk: string);
}

module GLOBAL;


## A line of rsh's client: what it has done, and as whom.
global rsh_request: event(c: connection, client_user: string, server_user: string, line: string, new_session: bool);
## A line that comes of it.
global rsh_reply: event(c: connection, client_user: string, server_user: string, line: string);
## A login failed, as it seems.
global login_failure: event(c: connection, user: string, client_user: string, password: string, line: string);
## A login succeeded, as it seems.
global login_success: event(c: connection, user: string, client_user: string, password: string, line: string);
## A line of the client.
global login_input_line: event(c: connection, line: string);
## A line of the server.
global login_output_line: event(c: connection, line: string);
## Who logs in cannot be told any longer, for this reason.
global login_confused: event(c: connection, msg: string, line: string);
## What a client types after that.
global login_confused_text: event(c: connection, line: string);
## What a client says of its terminal.
global login_terminal: event(c: connection, terminal: string);
## What it says of its display.
global login_display: event(c: connection, display: string);
## Telnet's own authentication succeeded (RFC 2941).
global authentication_accepted: event(name: string, c: connection);
## It failed.
global authentication_rejected: event(name: string, c: connection);
## Nobody has to log in.
global authentication_skipped: event(c: connection);
## What a client says of its prompt.
global login_prompt: event(c: connection, prompt: string);
## What a side of Telnet says from now on is encrypted (RFC 2946).
global activating_encryption: event(c: connection);
## An option of Telnet does not fit what was said of it before.
global inconsistent_option: event(c: connection);
## What an option of Telnet says is none of what it may say.
global bad_option: event(c: connection);
## What an option of Telnet says does not end as it should.
global bad_option_termination: event(c: connection);

## A unit of COTP: its type is the upper half of the byte that says it.
global cotp: event(c: connection, is_orig: bool, pdu: count);
## A message. 255 stands for a function, subfunction or error that it has none of.
global s7comm_header: event(c: connection, is_orig: bool, rosctr: count, pdu_reference: count, function_code: count, subfunction: count, plc_control: string, error_class: count, error_code: count);
## A list of the controller's state is asked for, or given: what of it.
global s7comm_read_szl: event(c: connection, pdu_reference: count, method: count, return_code: count, szl_id: count, szl_index: count);
## A message of S7comm-plus. 65535 stands for a function that it has none of.
global s7comm_plus_header: event(c: connection, is_orig: bool, version: count, opcode: count, function_code: count);

## A message of EtherNet/IP.
global enip_header: event(c: connection, is_orig: bool, command: count, length: count, session_handle: count, status: count, sender_context: string, options: count);
## A message of CIP. 4294967295 stands for a class, instance or attribute that it has none of.
global cip_header: event(c: connection, is_orig: bool, cip_sequence_count: count, service: count, response: bool, status: count, class_id: count, instance_id: count, attribute_id: count);

## A datagram. 255 stands for a kind, service or number that it has none of.
global bacnet_apdu_header: event(c: connection, is_orig: bool, bvlc_function: count, pdu_type: count, pdu_service: count, invoke_id: count, result_code: count);
