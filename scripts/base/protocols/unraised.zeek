# Events and hooks of Zeek's that this sensor does not raise or call.

@load base/protocols/websocket
@load base/protocols/x509

global http_event: event(c: connection, event_type: string, detail: string);
global http_connection_upgrade: event(c: connection, protocol: string);
global raw_packet: event(p: any);
global connection_partial_close: event(c: connection);
global connection_status_update: event(c: connection);
global connection_successful: event(c: connection);
global successful_connection_remove: event(c: connection);
global new_connection_contents: event(c: connection);
global tcp_rexmit: event(c: connection, is_orig: bool, seq: count, len: count, data_in_flight: count, window: count);
global rexmit_inconsistency: event(c: connection, t1: string, t2: string, tcp_flags: string);
global udp_multiple_checksum_errors: event(u: connection, is_orig: bool, threshold: count);
global udp_session_done: event(u: connection);
global tunnel_changed: event(c: connection, e: EncapsulatingConnVector);

module WebSocket;

export {
	## How what is inside of a connection is analysed: that has begun by the time scripts hear of it.
	global configure_analyzer: hook(c: connection, aid: count, config: AnalyzerConfig);
}

module X509;

export {
	## Certificates that come again are not replayed from a cache: they have their events each time.
	global x509_certificate_cache_replay: hook(f: fa_file, e: X509::Info, sha256: string);
}
