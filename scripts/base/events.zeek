# Events of the capture, beyond those of connections that the language's own declarations have.

global connection_reset: event(c: connection);
global connection_half_finished: event(c: connection);
global partial_connection: event(c: connection);

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

global http_request: event(c: connection, method: string, original_URI: string, unescaped_URI: string, version: string);
global http_reply: event(c: connection, version: string, code: count, reason: string);
global http_header: event(c: connection, is_orig: bool, original_name: string, name: string, value: string);
global http_begin_entity: event(c: connection, is_orig: bool);
global http_entity_data: event(c: connection, is_orig: bool, length: count, data: string);
global http_end_entity: event(c: connection, is_orig: bool);
global http_message_done: event(c: connection, is_orig: bool, stat: http_message_stat);

global conn_weird: event(name: string, c: connection, addl: string, source: string);
global flow_weird: event(name: string, src: addr, dst: addr, addl: string, source: string);
global net_weird: event(name: string, addl: string, source: string);
