//! NTP: ntp.log, a row for every message of time, and an event for messages of all modes.

pub mod events;
mod record;

use nightjar_protocols::ntp::{self, CLIENT, PORT, SERVER};

use crate::analyze::ntp::events::{Message, NtpMessage};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec, over_udp};
use crate::config::Config;
use crate::event::{Conn, Owner};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(record::NtpRow::SCHEMA),
    logs: &[LogDecl {
        schema: record::NtpRow::SCHEMA,
        info: "NTP::Info",
        holder: Some(("connection", "ntp")),
        event: Some("log_ntp"),
    }],
    script: Some(include_str!("ntp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "NTP", service: "ntp" },
    ports: &over_udp([PORT]),
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ntp { messages: 0, flipped: [false; 2] })
}

struct Ntp {
    /// Messages so far, which tell the rows of a connection apart.
    messages: u64,
    /// Of each direction: it has turned the connection round, which it may once.
    flipped: [bool; 2],
}

/// The highest of the modes that are messages of time, and of those that have a row.
const LAST_OF_TIME: u8 = 5;

impl Analyzer for Ntp {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let message = match ntp::Message::parse(payload) {
            Ok(message) => message,
            Err(missing) => return link.violation(&missing.to_string(), None),
        };
        link.confirm();
        let Link { cx, flow, .. } = link;
        let sender = if dir.is_orig() { SERVER } else { CLIENT };
        if message.mode == sender && !std::mem::replace(&mut self.flipped[dir as usize], true) {
            flow.flip_roles();
        }
        self.messages += 1;
        let read = Message::of(&message);
        let reference = record::reference(&read);
        let row = record::of(cx.now, flow, &read, reference.as_deref());
        flow.raise_with(cx, &NtpMessage { c: Conn, is_orig: dir.is_orig(), msg: read }, self.messages, &row);
        if message.mode <= LAST_OF_TIME {
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.messages });
        }
    }
}
