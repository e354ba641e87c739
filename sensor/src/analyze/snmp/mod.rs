//! SNMP: snmp.log, a row for every connection, and an event for each PDU.

pub mod events;
mod record;

use nightjar_protocols::snmp::{self, Body, Message};

use crate::analyze::snmp::record::{Known, SnmpRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec, first, over_udp};
use crate::config::Config;
use crate::event::{Event, Owner};
use crate::flow::{Cx, Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SnmpRow::SCHEMA),
    logs: &[LogDecl {
        schema: SnmpRow::SCHEMA,
        info: "SNMP::Info",
        holder: Some(("connection", "snmp")),
        event: Some("log_snmp"),
    }],
    script: Some(include_str!("snmp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SNMP", service: "snmp" },
    ports: &over_udp(snmp::PORTS),
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Snmp { known: None })
}

struct Snmp {
    known: Option<Known>,
}

/// A connection has one row.
const ONLY: u64 = 0;

impl Analyzer for Snmp {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let message = Message::parse(payload);
        if message.odd_flags {
            link.violation("Invalid v3 HeaderData msgFlags", None);
        }
        // That both sides take it for SNMP is what shows that it is.
        if message.header.is_some() && !dir.is_orig() {
            link.confirm();
        }
        let body = match &message.body {
            Ok(body) => body,
            Err(broken) => return link.violation(&broken.to_string(), None),
        };
        let Some(header) = &message.header else { return };
        let Link { cx, flow, .. } = link;
        if !matches!(body, Body::UnknownVersion) {
            let known = self.known.get_or_insert_with(|| Known::new(cx.now, header.version));
            known.take(cx.now, header, body);
        }
        if cx.bus.wants_any(first::snmp, events::EVENTS.len()) {
            let mut hears = Hears { cx, flow, known: self.known.as_ref() };
            events::raise(&mut hears, dir.is_orig(), header, body);
        }
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if let Some(known) = &self.known {
            let row = known.row(link.flow);
            link.cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }
}

/// Raises events, with the row as what the connection shows.
struct Hears<'h, 'c> {
    cx: &'h mut Cx<'c>,
    flow: &'h mut Flow,
    known: Option<&'h Known>,
}

impl events::Raise for Hears<'_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        match self.known {
            Some(known) => {
                let row = known.row(self.flow);
                self.flow.raise_with(self.cx, event, ONLY, &row);
            }
            None => self.flow.raise(self.cx, event),
        }
    }
}
