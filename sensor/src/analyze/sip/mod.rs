//! SIP: sip.log, and events of requests, replies and headers.
//!
//! It is set on UDP. Zeek reads no SIP over TCP; here an analyzer that `Analyzer::register_for_port` sets on a port of TCP
//! does.

pub mod events;
mod record;

use nightjar_protocols::sip::{self, Dialog, Limits, PORT, Session};

use crate::analyze::mime::events::{HeaderList, HeaderRecord};
use crate::analyze::sip::record::SipRow;
use crate::analyze::{Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, Owner, Proto, UpperCase};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::Time;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SipRow::SCHEMA),
    logs: &[LogDecl {
        schema: SipRow::SCHEMA,
        info: "SIP::Info",
        holder: Some(("connection", "sip")),
        event: Some("log_sip"),
    }],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SIP", service: "sip" },
    ports: &[(Proto::Udp, PORT)],
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: sip::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: sip::probe },
    ],
    both: false,
    new,
};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not kept of SIP.
    pub struct Counters {
        /// Texts that did not fit into their row of sip.log.
        pub left_out: u64 = counter("sip_left_out_total").lost("texts that did not fit into their sip.log row"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Sip { session: Session::new(Limits::default()), known: Known::default() })
}

/// One connection.
struct Sip {
    session: Session,
    known: Known,
}

#[derive(Default)]
struct Known {
    dialog: Dialog,
    /// When what is at hand began.
    since: Time,
    /// Which transaction of the connection it is.
    nth: u64,
    /// The headers of the message at hand, where scripts want them all at once.
    headers: Vec<Header>,
}

/// A header's name and value.
struct Header {
    name: Box<[u8]>,
    value: Box<[u8]>,
}

/// More headers of one message are not kept for scripts.
const MAX_HEADERS: usize = 1_000;

impl Analyzer for Sip {
    fn datagram(&mut self, link: &mut Link<'_, '_>, _: Dir, payload: &[u8]) {
        self.session.datagram(payload, &mut Hears { link, known: &mut self.known });
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, known: &mut self.known });
        }
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session = Session::new(Limits::default());
        self.known.dialog.current.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        let mut hears = Hears { link, known: &mut self.known };
        if hears.known.dialog.current.is_some() {
            hears.log();
        }
        link.shared.of.sip.counters.left_out += self.known.dialog.left_out;
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

impl Hears<'_, '_, '_> {
    /// The transaction at hand, which may begin now.
    fn dialog(&mut self) -> &mut Dialog {
        if self.known.dialog.current.is_none() {
            self.known.since = self.link.cx.now;
            self.known.nth += 1;
        }
        &mut self.known.dialog
    }

    /// Raises an event with the transaction as `c$sip`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match &self.known.dialog.current {
            Some(of) => {
                let nth = self.known.nth;
                record::with_row(self.known.since, of, flow, |flow, row| {
                    flow.raise_with(cx, event, nth, row)
                });
            }
            None => flow.raise(cx, event),
        }
    }

    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(of) = &self.known.dialog.current {
            let nth = self.known.nth;
            record::with_row(self.known.since, of, flow, |_, row| {
                cx.bus.log(row, Owner { uid: row.conn.uid, nth });
            });
        }
    }
}

impl sip::Handler for Hears<'_, '_, '_> {
    fn request(&mut self, method: &[u8], uri: &[u8], version: &[u8]) {
        self.dialog().request(method, uri);
        let known = std::str::from_utf8(method)
            .is_ok_and(|method| self.link.cx.config.protocols.sip.methods.contains(method));
        if !known {
            self.link.weird_about("unknown_SIP_method", "", String::from_utf8_lossy(method).into_owned());
        }
        self.raise(&events::Request { c: Conn, method, original_uri: uri, version });
        self.raise(&events::BeginEntity { c: Conn, is_orig: true });
    }

    fn reply(&mut self, version: &[u8], code: u16, reason: &[u8]) {
        self.link.confirm();
        self.dialog().reply(code, reason);
        self.raise(&events::Reply { c: Conn, version, code: u64::from(code), reason });
        self.raise(&events::BeginEntity { c: Conn, is_orig: false });
    }

    fn header(&mut self, is_request: bool, name: &[u8], value: &[u8]) {
        self.dialog().header(is_request, &name.to_ascii_uppercase(), value);
        self.raise(&events::OneHeader { c: Conn, is_orig: is_request, name: UpperCase(name), value });
        if self.link.cx.bus.wants(events::AllHeaders::ID) && self.known.headers.len() < MAX_HEADERS {
            self.known.headers.push(Header { name: name.into(), value: value.into() });
        }
    }

    fn headers_done(&mut self, is_request: bool) {
        let headers = std::mem::take(&mut self.known.headers);
        if self.link.cx.bus.wants(events::AllHeaders::ID) {
            let records: Vec<HeaderRecord<'_>> = headers
                .iter()
                .map(|Header { name, value }| HeaderRecord {
                    original_name: name,
                    name: UpperCase(name),
                    value,
                })
                .collect();
            self.raise(&events::AllHeaders { c: Conn, is_orig: is_request, hlist: HeaderList(&records) });
        }
    }

    fn done(&mut self, is_request: bool) {
        self.dialog().current();
        self.raise(&events::EndEntity { c: Conn, is_orig: is_request });
        if !is_request {
            self.log();
            self.known.dialog.replied();
        }
    }

    fn junk(&mut self, junk: &[u8]) {
        let mut addl = String::new();
        for byte in junk.iter().take(MAX_SHOWN) {
            match byte {
                0x20..0x7f => addl.push(char::from(*byte)),
                _ => addl.push_str(&format!("\\x{byte:02x}")),
            }
        }
        self.link.weird_about("sip_junk_before_request", SPEC.named.name, addl);
    }

    fn violation(&mut self, reason: &str) {
        self.known.headers.clear();
        self.link.violation(reason, None);
    }
}

/// Bytes of junk that its weird shows.
const MAX_SHOWN: usize = 1024;
