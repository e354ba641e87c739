# Events and hooks of Zeek's that this sensor does not raise or call.

@load base/protocols/websocket

type icmp_info: record {
	v6: bool;
	itype: count;
	icode: count;
	len: count;
	ttl: count;
};

type icmp_context: record {
	id: conn_id;
	len: count;
	proto: count;
	frag_offset: count;
	bad_hdr_len: bool;
	bad_checksum: bool;
	MF: bool;
	DF: bool;
};

type SYN_packet: record {
	is_orig: bool;
	DF: bool;
	ttl: count;
	size: count;
	win_size: count;
	win_scale: int;
	MSS: count;
	SACK_OK: bool;
	TSval: count &optional;
	TSecr: count &optional;
};

global http_event: event(c: connection, event_type: string, detail: string);
global http_connection_upgrade: event(c: connection, protocol: string);
global new_packet: event(c: connection, p: any);
global raw_packet: event(p: any);
global packet_contents: event(c: connection, contents: string);
global content_gap: event(c: connection, is_orig: bool, seq: count, length: count);
global connection_SYN_packet: event(c: connection, pkt: SYN_packet);
global connection_first_ACK: event(c: connection);
global connection_EOF: event(c: connection, is_orig: bool);
global connection_partial_close: event(c: connection);
global connection_reused: event(c: connection);
global connection_status_update: event(c: connection);
global connection_successful: event(c: connection);
global successful_connection_remove: event(c: connection);
global new_connection_contents: event(c: connection);
global tcp_packet: event(c: connection, is_orig: bool, flags: string, seq: count, ack: count, len: count, payload: string);
global tcp_contents: event(c: connection, is_orig: bool, seq: count, contents: string);
global tcp_rexmit: event(c: connection, is_orig: bool, seq: count, len: count, data_in_flight: count, window: count);
global rexmit_inconsistency: event(c: connection, t1: string, t2: string, tcp_flags: string);
global udp_request: event(u: connection);
global udp_reply: event(u: connection);
global udp_contents: event(u: connection, is_orig: bool, contents: string);
global udp_session_done: event(u: connection);
global icmp_sent: event(c: connection, info: icmp_info);
global icmp_echo_request: event(c: connection, info: icmp_info, id: count, seq: count, payload: string);
global icmp_echo_reply: event(c: connection, info: icmp_info, id: count, seq: count, payload: string);
global icmp_unreachable: event(c: connection, info: icmp_info, code: count, context: icmp_context);
global icmp_time_exceeded: event(c: connection, info: icmp_info, code: count, context: icmp_context);
global tunnel_changed: event(c: connection, e: EncapsulatingConnVector);

module WebSocket;

export {
	## How what is inside of a connection is analysed: that has begun by the time scripts hear of it.
	global configure_analyzer: hook(c: connection, aid: count, config: AnalyzerConfig);
}
