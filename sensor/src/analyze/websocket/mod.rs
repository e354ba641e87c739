//! WebSocket: websocket.log, events of frames and messages, and what these carry, analysed as the content of a
//! connection.

pub mod events;
mod record;

use nightjar_protocols::websocket::{self, Frame, Limits, Session, accept_for, listed, opcode};

use crate::analyze::websocket::record::{Handshake, WebsocketRow};
use crate::analyze::{Analyzer, Child, Kind, Link, LogDecl, Named, Opening, Protocol, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, Owner};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::Time;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(WebsocketRow::SCHEMA),
    logs: &[LogDecl {
        schema: WebsocketRow::SCHEMA,
        info: "WebSocket::Info",
        holder: Some(("connection", "websocket")),
        event: Some("log_websocket"),
    }],
    script: Some(include_str!("websocket.zeek")),
    ..Protocol::NOTHING
};

/// HTTP sets it on what it hands over: nothing else shows that a stream is WebSocket.
static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "WEBSOCKET", service: "websocket" },
    ports: &[],
    signatures: &[],
    both: false,
    new,
};

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let limits = Limits { chunk: config.protocols.websocket.chunk };
    Box::new(Websocket { session: Session::new(limits), seen: Seen::default() })
}

/// One connection, from where HTTP ended.
struct Websocket {
    session: Session,
    seen: Seen,
}

#[derive(Default)]
struct Seen {
    since: Time,
    handshake: Handshake,
    inside: Option<Child>,
}

/// A connection has one row.
const ONLY: u64 = 0;

/// Whose weirds they are.
const SOURCE: &str = "WebSocket";

impl Analyzer for Websocket {
    fn begin(&mut self, link: &mut Link<'_, '_>) {
        let opening = link.shared.opening.take();
        self.seen.since = link.cx.now;
        self.seen.handshake = read(opening.as_deref(), link);
        let aid = link.flow.ordinal;
        raise(&self.seen, link, &events::Established { c: Conn, aid });
        let Link { cx, flow, .. } = &mut *link;
        self.seen.handshake.with_row(self.seen.since, flow, |_, row| {
            cx.bus.log(row, Owner { uid: row.conn.uid, nth: ONLY });
        });
        if link.cx.config.protocols.websocket.looks_inside {
            self.seen.inside = link.hand_over(link.transactions_before());
        }
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, seen: &self.seen });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }
}

/// Reads what the HTTP exchange said, and tells what is odd about it.
fn read(opening: Option<&Opening>, link: &mut Link<'_, '_>) -> Handshake {
    let mut handshake = Handshake::default();
    let (mut key, mut accept) = (None, None);
    let headers = opening.map(|opening| &opening.headers[..]).unwrap_or_default();
    if headers.is_empty() {
        link.weird("websocket_established_unexpected", SOURCE);
    }
    for header in headers {
        let value = &header.value[..];
        let is = |name: &str| header.name.eq_ignore_ascii_case(name.as_bytes());
        let more = |list: &mut Option<Vec<Box<[u8]>>>| {
            list.get_or_insert_default().extend(listed(value).map(Box::from));
        };
        let mut again = |name, is_again: bool| {
            if is_again {
                link.weird(name, SOURCE);
            }
        };
        match header.is_orig {
            true if is("Sec-WebSocket-Protocol") => more(&mut handshake.client_protocols),
            true if is("Sec-WebSocket-Extensions") => more(&mut handshake.client_extensions),
            true if is("Sec-WebSocket-Key") => {
                again("websocket_multiple_key_headers", key.replace(value).is_some());
            }
            false if is("Sec-WebSocket-Protocol") => {
                let before = handshake.subprotocol.replace(value.into());
                again("websocket_multiple_protocol_headers", before.is_some());
            }
            false if is("Sec-WebSocket-Extensions") => more(&mut handshake.server_extensions),
            false if is("Sec-WebSocket-Accept") => {
                again("websocket_multiple_accept_headers", accept.replace(value).is_some());
            }
            _ => {}
        }
    }
    if key.is_none() {
        link.weird("websocket_missing_key_header", SOURCE);
    }
    if accept.is_none() {
        link.weird("websocket_missing_accept_header", SOURCE);
    }
    if let (Some(key), Some(accept)) = (key, accept) {
        let expected = accept_for(key);
        if expected.as_bytes() != accept {
            let addl = format!("expected={expected}, found={}", String::from_utf8_lossy(accept));
            link.weird_about("websocket_wrong_accept_header", SOURCE, addl);
        }
    }
    if let Some(Opening { host, uri, user_agent, .. }) = opening {
        handshake.host.clone_from(host);
        handshake.uri.clone_from(uri);
        handshake.user_agent.clone_from(user_agent);
    }
    handshake
}

/// Raises an event with the row as `c$websocket`, where a script handles it.
fn raise<E: Event>(seen: &Seen, link: &mut Link<'_, '_>, event: &E) {
    let Link { cx, flow, .. } = link;
    if cx.bus.wants(E::ID) {
        seen.handshake.with_row(seen.since, flow, |flow, row| flow.raise_with(cx, event, ONLY, row));
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    seen: &'h Seen,
}

impl websocket::Handler for Hears<'_, '_, '_> {
    fn frame(&mut self, is_orig: bool, frame: &Frame) {
        let event = events::FrameBegan {
            c: Conn,
            is_orig,
            fin: frame.fin,
            rsv: u64::from(frame.reserved),
            opcode: u64::from(frame.opcode),
            payload_len: frame.len,
        };
        raise(self.seen, self.link, &event);
    }

    fn data(&mut self, is_orig: bool, opcode: u8, data: &[u8]) {
        raise(self.seen, self.link, &events::FrameData { c: Conn, is_orig, data });
        if let Some(inside) = self.seen.inside
            && matches!(opcode, opcode::TEXT | opcode::BINARY)
        {
            self.link.pass_on_to(inside, if is_orig { Dir::Orig } else { Dir::Resp }, data);
        }
    }

    fn close(&mut self, is_orig: bool, status: u16, reason: &[u8]) {
        raise(self.seen, self.link, &events::Close { c: Conn, is_orig, status: u64::from(status), reason });
    }

    fn message(&mut self, is_orig: bool, opcode: u8) {
        self.link.confirm();
        raise(self.seen, self.link, &events::Message { c: Conn, is_orig, opcode: u64::from(opcode) });
    }

    fn violation(&mut self, reason: &str, data: &[u8]) {
        self.link.violation(reason, Some(data));
    }
}
