//! DNP3 over TCP and UDP: dnp3.log, a row for every request with its answer, and events for headers.

pub mod events;
mod record;

use nightjar_protocols::dnp3::{self, Application, Limits, PORT, Session, Weird, objects};

use crate::analyze::dnp3::events::{HeaderBlock, ObjectHeader, RequestHeader, ResponseHeader};
use crate::analyze::dnp3::record::{Dnp3Row, Exchange};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, over_udp};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&TCP, &UDP],
    events: events::EVENTS,
    row: Some(Dnp3Row::SCHEMA),
    logs: &[LogDecl {
        schema: Dnp3Row::SCHEMA,
        info: "DNP3::Info",
        holder: Some(("connection", "dnp3")),
        event: Some("log_dnp3"),
    }],
    script: Some(include_str!("dnp3.zeek")),
    constants: Some(("dnp3/consts", record::consts_zeek)),
    ..Protocol::NOTHING
};

static TCP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DNP3_TCP", service: "dnp3_tcp" },
    ports: &over_tcp([PORT]),
    signatures: &[Signature { over: Proto::Tcp, of: Dir::Resp, probe: dnp3::probe }],
    both: false,
    new: |_, _| new("DNP3_TCP"),
};

static UDP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DNP3_UDP", service: "dnp3_udp" },
    ports: &over_udp([PORT]),
    signatures: &[],
    both: false,
    new: |_: &Config, _: &Flow| new("DNP3_UDP"),
};

fn new(source: &'static str) -> Box<dyn Analyzer> {
    Box::new(Dnp3 {
        session: Session::new(Limits::default()),
        progress: Progress { source, exchanges: 0, exchange: None },
    })
}

struct Dnp3 {
    session: Session,
    progress: Progress,
}

/// What was told so far.
struct Progress {
    /// Which of the analyzers it is, in weird.log.
    source: &'static str,
    /// Exchanges that are over, which tell the rows of a connection apart.
    exchanges: u64,
    exchange: Option<Exchange>,
}

impl Analyzer for Dnp3 {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, progress: &mut self.progress });
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        self.data(link, dir, payload);
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if let Some(exchange) = self.progress.exchange.take() {
            Hears { link, progress: &mut self.progress }.log(&exchange);
        }
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    progress: &'h mut Progress,
}

impl Hears<'_, '_, '_> {
    fn log(&mut self, exchange: &Exchange) {
        let (nth, Link { cx, flow, .. }) = (self.progress.exchanges, &mut *self.link);
        record::with(exchange, flow, |_, row| cx.bus.log(row, Owner { uid: row.conn.uid, nth }));
        self.progress.exchanges += 1;
    }

    /// Raises an event, with the exchange as what the connection shows.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        match &self.progress.exchange {
            _ if !cx.bus.wants(E::ID) => {}
            Some(exchange) => {
                let nth = self.progress.exchanges;
                record::with(exchange, flow, |flow, row| flow.raise_with(cx, event, nth, row));
            }
            None => flow.raise(cx, event),
        }
    }

    fn application(&mut self, is_orig: bool, application: &Application, objects: &[u8]) {
        let ts = self.link.cx.now;
        let exchange = self.progress.exchange.get_or_insert(Exchange { ts, request: None, reply: None });
        exchange.ts = ts;
        let Application { control: application_control, function: fc, indications } = *application;
        let (c, answered) = (Conn, indications.is_some());
        match indications {
            None => {
                exchange.request = Some(fc);
                self.raise(&RequestHeader { c, is_orig, application_control, fc });
            }
            Some(iin) => {
                exchange.reply = Some((fc, iin));
                self.raise(&ResponseHeader { c, is_orig, application_control, fc, iin });
            }
        }
        if let Some((header, _)) = objects::header(objects) {
            let objects::ObjectHeader { kind: obj_type, qualifier: qua_field, number, low, high } = header;
            self.raise(&ObjectHeader { c, is_orig, obj_type, qua_field, number, rf_low: low, rf_high: high });
        }
        if answered && let Some(exchange) = self.progress.exchange.take() {
            self.log(&exchange);
        }
    }
}

impl dnp3::Handler for Hears<'_, '_, '_> {
    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn message(&mut self, is_orig: bool, link: &dnp3::Link, bytes: &[u8]) {
        let dnp3::Link { len, control: ctrl, destination: dest_addr, source: src_addr } = *link;
        self.raise(&HeaderBlock { c: Conn, is_orig, len, ctrl, dest_addr, src_addr });
        match Application::read(is_orig, bytes) {
            Ok((application, objects)) => self.application(is_orig, &application, objects),
            Err(short) => self.violation(&short),
        }
    }

    fn weird(&mut self, weird: Weird) {
        self.link.weird(weird.name(), self.progress.source);
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
