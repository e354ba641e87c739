//! Syslog over UDP: syslog.log, a row for every message.

pub mod events;
mod record;

use nightjar_protocols::syslog::{Message, PORT};

use crate::analyze::syslog::events::SyslogMessage;
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(record::SyslogRow::SCHEMA),
    logs: &[LogDecl {
        schema: record::SyslogRow::SCHEMA,
        info: "Syslog::Info",
        holder: Some(("connection", "syslog")),
        event: None,
    }],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SYSLOG", service: "syslog" },
    ports: &[(Proto::Udp, PORT)],
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Syslog { messages: 0 })
}

/// Anything at all is a message, so that this never knows for sure that it is one.
struct Syslog {
    /// Messages so far, which tell the rows of a connection apart.
    messages: u64,
}

/// What Zeek gives as facility and severity of a message without priority.
const UNSPECIFIED: u64 = 999;

impl Analyzer for Syslog {
    fn datagram(&mut self, link: &mut Link<'_, '_>, _: Dir, payload: &[u8]) {
        let Link { cx, flow, .. } = link;
        let message = Message::parse(payload);
        let (facility, severity) = record::names(&message);
        let row = record::of(cx.now, flow, &facility, &severity, message.text);
        self.messages += 1;
        if cx.bus.wants(SyslogMessage::ID) {
            let [facility, severity] =
                [message.facility(), message.severity()].map(|code| code.map_or(UNSPECIFIED, u64::from));
            flow.raise_with(
                cx,
                &SyslogMessage { c: Conn, facility, severity, msg: message.text },
                self.messages,
                &row,
            );
        }
        cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.messages });
    }
}
