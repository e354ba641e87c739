//! EtherNet/IP and CIP: enip.log, cip.log and cip_identity.log. Zeek has none of it; names are those of CISA's package.

pub mod events;
mod record;

use nightjar_protocols::enip::{self, Cip, Header, Identity, PORT, Session};
use nightjar_protocols::error::ParseError;

use crate::analyze::enip::events::{CipHeader, EnipHeader};
use crate::analyze::enip::record::{CipRow, EnipRow, IdentityRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, over_udp};
use crate::event::{Conn, Owner, Proto};
use crate::flow::Dir;
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&TCP, &UDP],
    events: events::EVENTS,
    logs: &[
        LogDecl { schema: EnipRow::SCHEMA, info: "ENIP::ENIP_Header", holder: None, event: Some("log_enip") },
        LogDecl { schema: CipRow::SCHEMA, info: "ENIP::CIP_Header", holder: None, event: Some("log_cip") },
        LogDecl {
            schema: IdentityRow::SCHEMA,
            info: "ENIP::CIP_Identity_Item_Log",
            holder: None,
            event: Some("log_cip_identity"),
        },
    ],
    script: Some(include_str!("enip.zeek")),
    streams: &[
        ("enip", "LOG_ENIP", "log_policy_enip"),
        ("cip", "LOG_CIP", "log_policy_cip"),
        ("cip_identity", "LOG_CIP_IDENTITY", "log_policy_cip_identity"),
    ],
    ..Protocol::NOTHING
};

static TCP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "ENIP_TCP", service: "enip" },
    ports: &over_tcp([PORT]),
    signatures: &[Signature { over: Proto::Tcp, of: Dir::Orig, probe: enip::probe }],
    both: false,
    new: |_, flow| Box::new(Enip { session: Session::new(flow.is_partial()), rows: 0 }),
};

static UDP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "ENIP_UDP", service: "enip" },
    ports: &over_udp([PORT]),
    signatures: &[],
    both: false,
    new: |_, flow| Box::new(Enip { session: Session::new(flow.is_partial()), rows: 0 }),
};

/// One connection.
struct Enip {
    session: Session,
    rows: u64,
}

impl Analyzer for Enip {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link, rows: &mut self.rows });
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        enip::datagram(dir.is_orig(), payload, &mut Hears { link, rows: &mut self.rows });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, _: u64) {
        self.session.gap(dir.is_orig());
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what is read.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    rows: &'h mut u64,
}

impl Hears<'_, '_, '_> {
    fn owner(&mut self) -> Owner {
        Owner::next(self.link.flow.uid(), self.rows)
    }
}

impl enip::Handler for Hears<'_, '_, '_> {
    fn header(&mut self, is_orig: bool, header: &Header) {
        self.link.confirm();
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        record::with_header(cx.now, flow, is_orig, header, |row| cx.bus.log(row, owner));
        let Header { command, len: length, session: session_handle, status, context, options } = *header;
        let sender_context = &context[..];
        let c = Conn;
        let event =
            EnipHeader { c, is_orig, command, length, session_handle, status, sender_context, options };
        flow.raise(cx, &event);
    }

    fn cip(&mut self, is_orig: bool, cip: &Cip<'_>) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        record::with_cip(cx.now, flow, is_orig, cip, |row| cx.bus.log(row, owner));
        let event = CipHeader {
            c: Conn,
            is_orig,
            cip_sequence_count: cip.sequence.unwrap_or_default(),
            service: cip.service,
            response: cip.status.is_some(),
            status: cip.status.map_or(0, |(status, _)| status),
            class_id: cip.path.class.unwrap_or(u32::MAX),
            instance_id: cip.path.instance.unwrap_or(u32::MAX),
            attribute_id: cip.path.attribute.unwrap_or(u32::MAX),
        };
        flow.raise(cx, &event);
    }

    fn identity(&mut self, identity: &Identity<'_>) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        record::with_identity(cx.now, flow, identity, |row| cx.bus.log(row, owner));
    }

    fn violation(&mut self, error: &ParseError) {
        self.link.violation(&error.to_string(), None);
    }
}
