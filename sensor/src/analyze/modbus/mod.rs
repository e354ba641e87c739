//! Modbus: modbus.log, a row for every message, and an event for each function.

pub mod events;
mod record;

use nightjar_protocols::modbus::{self, Body, Header, PORT, Session};

use crate::analyze::modbus::events::{Headers, ModbusMessage};
use crate::analyze::modbus::record::{EXCEPTIONS, FUNCTIONS, ModbusRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec, first, over_tcp};
use crate::config::Config;
use crate::event::{Conn, Event, Owner};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(ModbusRow::SCHEMA),
    logs: &[LogDecl {
        schema: ModbusRow::SCHEMA,
        info: "Modbus::Info",
        holder: Some(("connection", "modbus")),
        event: Some("log_modbus"),
    }],
    script: Some(include_str!("modbus.zeek")),
    constants: Some(("modbus/consts", record::consts_zeek)),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "MODBUS", service: "modbus" },
    ports: &over_tcp([PORT]),
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Modbus { session: Session::default() })
}

struct Modbus {
    session: Session,
}

/// A connection has one record, which shows one message after the other.
const ONLY: u64 = 0;

impl Analyzer for Modbus {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl Hears<'_, '_, '_> {
    fn log(&mut self, is_orig: bool, header: &Header, exception: Option<&str>) {
        let Link { cx, flow, .. } = &mut *self.link;
        let func = record::name(FUNCTIONS, header.function);
        let row = record::of(cx.now, flow, header, is_orig, &func, exception);
        cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
    }
}

/// Raises events that show the row of a message.
struct Shows<'s, 'h, 'l, 'c> {
    hears: &'s mut Hears<'h, 'l, 'c>,
    is_orig: bool,
    header: &'s Header,
    exception: Option<&'s str>,
}

impl events::Raise for Shows<'_, '_, '_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.hears.link;
        if cx.bus.wants(E::ID) {
            let func = record::name(FUNCTIONS, self.header.function);
            let row = record::of(cx.now, flow, self.header, self.is_orig, &func, self.exception);
            flow.raise_with(cx, event, ONLY, &row);
        }
    }
}

impl modbus::Handler for Hears<'_, '_, '_> {
    fn header(&mut self, is_orig: bool, header: &Header) {
        let mut shows = Shows { hears: self, is_orig, header, exception: None };
        let event = ModbusMessage { c: Conn, headers: Headers::of(header), is_orig };
        events::Raise::raise(&mut shows, &event);
        // Of a refusal there is a row once it is known why.
        if !record::name(FUNCTIONS, header.function).ends_with("_EXCEPTION") {
            self.log(is_orig, header, None);
        }
    }

    fn body(&mut self, is_orig: bool, header: &Header, body: &Body<'_>) {
        let exception = match body {
            Body::Exception(code) => Some(record::name(EXCEPTIONS, *code)),
            _ => None,
        };
        if self.link.cx.bus.wants_any(first::modbus, events::EVENTS.len()) {
            let mut shows = Shows { hears: self, is_orig, header, exception: exception.as_deref() };
            let outcome = match body.is_wrong(header.function) {
                Some(wrong) => Err(wrong),
                None => events::raise(&mut shows, is_orig, header, body),
            };
            if let Err(wrong) = outcome {
                self.link.violation(&wrong, None);
            }
        }
        if let Some(exception) = exception {
            self.log(is_orig, header, Some(&exception));
        }
    }

    fn complete(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
