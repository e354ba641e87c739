//! QUIC: quic.log, events of packets, and the TLS handshake within, which the analyzer of TLS reads.

pub mod events;
mod names;
mod record;

use nightjar_protocols::quic::{self, Header, Info, Limits, PORTS, Packet, Session};

use crate::analyze::quic::record::QuicRow;
use crate::analyze::{Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Record;
use crate::time::Time;

pub type Worker = Counted<Counters>;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(QuicRow::SCHEMA),
    logs: &[LogDecl {
        schema: QuicRow::SCHEMA,
        info: "QUIC::Info",
        holder: Some(("connection", "quic")),
        event: Some("log_quic"),
    }],
    script: Some(include_str!("quic.zeek")),
    constants: Some(("quic/consts", names::zeek)),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "QUIC", service: "quic" },
    ports: &[(Proto::Udp, PORTS[0]), (Proto::Udp, PORTS[1]), (Proto::Udp, PORTS[2])],
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: quic::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: quic::probe },
    ],
    both: false,
    new,
};

counters! {
    /// What became of QUIC.
    pub struct Counters {
        /// Bytes held of hellos that are not whole.
        pub bytes: u64 = gauge("quic_bytes"),
        /// Hellos given up because all together held too much.
        pub given_up: u64 = counter("quic_given_up_total")
            .lost("QUIC handshakes given up because all together held too much"),
    }
}

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Quic::default())
}

/// One connection.
#[derive(Default)]
struct Quic {
    session: Option<Box<Session>>,
    row: Rows,
    /// The analyzer of TLS, from the first hello on.
    tls: Option<Child>,
    /// Its part of [`Counters::bytes`].
    held: u64,
}

/// The row that is being made.
#[derive(Default)]
struct Rows {
    open: Option<Box<(Time, Info)>>,
    /// Those that were written.
    written: u64,
}

impl Quic {
    /// Takes note of what is held.
    fn hold(&mut self, link: &mut Link<'_, '_>, held: u64) {
        let counters = &mut link.shared.of.quic.counters;
        counters.bytes = (counters.bytes + held).saturating_sub(self.held);
        self.held = held;
    }
}

impl Analyzer for Quic {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let session = self.session.get_or_insert_with(|| Box::new(Session::new(Limits::default())));
        session.datagram(dir.is_orig(), payload, &mut Hears { link, row: &mut self.row, tls: &mut self.tls });
        let held = session.buffered() as u64;
        if held == self.held {
            return;
        }
        self.hold(link, held);
        let most = link.cx.config.limits.handshake_bytes as u64;
        if link.shared.of.quic.counters.bytes > most && held > 0 {
            link.shared.of.quic.counters.given_up += 1;
            if let Some(session) = &mut self.session {
                session.give_up();
            }
            self.hold(link, 0);
        }
    }

    fn flipped(&mut self) {
        if let Some(session) = &mut self.session {
            session.flip();
        }
    }

    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.hold(link, 0);
        self.session = None;
        self.row.open.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.hold(link, 0);
        Hears { link, row: &mut self.row, tls: &mut self.tls }.log();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    row: &'h mut Rows,
    tls: &'h mut Option<Child>,
}

impl Hears<'_, '_, '_> {
    /// Raises an event with the row as `c$quic`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match self.row.open.as_deref() {
            Some((ts, info)) => {
                record::with(*ts, flow, info, |flow, row| flow.raise_with(cx, event, self.row.written, row));
            }
            None => flow.raise(cx, event),
        }
    }

    /// Writes the row, if there is one: it is over.
    fn log(&mut self) {
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some((ts, info)) = self.row.open.take().as_deref() {
            let nth = self.row.written;
            record::with(*ts, flow, info, |_, row| cx.bus.log(row, Owner { uid: row.conn.uid, nth }));
            self.row.written += 1;
        }
    }

    /// Tells, if so, that history has just become as long as it may.
    fn note(&mut self, full: Option<quic::Full>) {
        if full.is_some() {
            self.link.weird("QUIC_max_history_length_reached", "");
        }
    }

    fn max_history(&self) -> usize {
        self.link.cx.config.protocols.quic.max_history
    }
}

impl quic::Handler for Hears<'_, '_, '_> {
    fn packet(&mut self, is_orig: bool, header: &Header<'_>, packet: &Packet<'_>) {
        let (max, ts) = (self.max_history(), self.link.cx.now);
        let open = self.row.open.get_or_insert_with(|| Box::new((ts, Info::new(header))));
        let full = open.1.packet(is_orig, header, packet, max);
        self.note(full);
        let (c, Header { version, dcid, scid }) = (Conn, *header);
        match *packet {
            Packet::Initial => self.raise(&events::InitialPacket { c, is_orig, version, dcid, scid }),
            Packet::Handshake => self.raise(&events::HandshakePacket { c, is_orig, version, dcid, scid }),
            Packet::ZeroRtt => self.raise(&events::ZeroRttPacket { c, is_orig, version, dcid, scid }),
            Packet::Retry { token: retry_token, tag: retry_integrity_tag } => {
                self.raise(&events::RetryPacket {
                    c,
                    is_orig,
                    version,
                    dcid,
                    scid,
                    retry_token,
                    retry_integrity_tag,
                });
                self.log();
            }
            Packet::Unhandled => {
                self.raise(&events::UnhandledVersion { c, is_orig, version, dcid, scid });
                self.log();
            }
        }
    }

    fn close(&mut self, is_orig: bool, header: &Header<'_>, error_code: u64, reason_phrase: &[u8]) {
        let max = self.max_history();
        if let Some(open) = self.row.open.as_deref_mut() {
            let full = open.1.close(is_orig, max);
            self.note(full);
        }
        let (c, Header { version, dcid, scid }) = (Conn, *header);
        self.raise(&events::ConnectionCloseFrame {
            c,
            is_orig,
            version,
            dcid,
            scid,
            error_code,
            reason_phrase,
        });
        self.log();
    }

    fn hello(&mut self, is_orig: bool, message: &[u8]) {
        let max = self.max_history();
        if let Some(open) = self.row.open.as_deref_mut() {
            let mut many = None;
            let full = open.1.hello(is_orig, message, max, |names| {
                let names: Vec<_> = names.map(String::from_utf8_lossy).collect();
                many = Some(format!("[{}]", names.join(", ")));
            });
            if let Some(names) = many {
                self.link.weird_about("QUIC_many_protocols", "", names);
            }
            self.note(full);
        }
        // As a record of TLS 1.2, which is what a stream would have (RFC 8446 §5.1).
        let Ok(len) = u16::try_from(message.len()) else { return };
        let [high, low] = len.to_be_bytes();
        let record = [&[0x16, 3, 3, high, low], message].concat();
        if self.tls.is_none() {
            *self.tls = self.link.start("SSL");
        }
        if let Some(tls) = *self.tls {
            self.link.pass_on_to(tls, if is_orig { Dir::Orig } else { Dir::Resp }, &record);
        }
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
