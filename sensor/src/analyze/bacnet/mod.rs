//! BACnet/IP: bacnet.log, bacnet_discovery.log and bacnet_property.log. Zeek has none of it; names are those of CISA's
//! package for it.

pub mod events;
mod record;

use nightjar_protocols::bacnet::{self, PORT};

use crate::analyze::bacnet::events::Header;
use crate::analyze::bacnet::record::{BacnetRow, DiscoveryRow, PropertyRow};
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_udp};
use crate::event::{Conn, Owner, Proto};
use crate::flow::Dir;
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    logs: &[
        LogDecl {
            schema: BacnetRow::SCHEMA,
            info: "Bacnet::BACnet_Header",
            holder: None,
            event: Some("log_bacnet"),
        },
        LogDecl {
            schema: DiscoveryRow::SCHEMA,
            info: "Bacnet::BACnet_Discovery",
            holder: None,
            event: Some("log_bacnet_discovery"),
        },
        LogDecl {
            schema: PropertyRow::SCHEMA,
            info: "Bacnet::BACnet_Property",
            holder: None,
            event: Some("log_bacnet_property"),
        },
    ],
    script: Some(include_str!("bacnet.zeek")),
    streams: &[
        ("bacnet", "LOG_BACNET", "log_policy_bacnet"),
        ("bacnet_discovery", "LOG_BACNET_DISCOVERY", "log_policy_bacnet_discovery"),
        ("bacnet_property", "LOG_BACNET_PROPERTY", "log_policy_bacnet_property"),
    ],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "BACNET", service: "bacnet" },
    ports: &over_udp([PORT]),
    signatures: &[Signature { over: Proto::Udp, of: Dir::Orig, probe: bacnet::probe }],
    both: false,
    new: |_, _| Box::new(Bacnet { rows: 0 }),
};

/// One connection.
struct Bacnet {
    rows: u64,
}

impl Analyzer for Bacnet {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let message = match bacnet::read(payload) {
            Ok(message) => message,
            Err(error) => return link.violation(&error.to_string(), None),
        };
        link.confirm();
        let is_orig = dir.is_orig();
        let Link { cx, flow, .. } = link;
        let uid = flow.uid();
        let mut owner = || Owner::next(uid, &mut self.rows);
        record::with(cx.now, flow, is_orig, &message, |row| cx.bus.log(row, owner()));
        let apdu = message.apdu.unwrap_or(bacnet::Apdu { kind: u8::MAX, ..bacnet::Apdu::default() });
        record::with_discovery(cx.now, flow, is_orig, &apdu.said, |row| cx.bus.log(row, owner()));
        record::with_property(cx.now, flow, is_orig, &message, |row| cx.bus.log(row, owner()));
        let event = Header {
            c: Conn,
            is_orig,
            bvlc_function: message.function,
            pdu_type: apdu.kind,
            pdu_service: apdu.service.unwrap_or(u8::MAX),
            invoke_id: apdu.invoke.unwrap_or(u8::MAX),
            result_code: apdu.reason.or(message.result.map(u32::from)).unwrap_or_default(),
        };
        flow.raise(cx, &event);
    }
}
