//! DHCP over UDP. An exchange is of several connections, as much of it is broadcast, and so of several workers: its
//! messages are joined where all are told in their order, by the script (`dhcp.zeek`), which writes dhcp.log.

pub mod events;

use nightjar_protocols::dhcp::{self, COOKIE, Carried, Message};

use crate::analyze::dhcp::events::DhcpMessage;
use crate::analyze::{Analyzer, Kind, Link, Named, Protocol, Signature, Spec, over_udp};
use crate::config::Config;
use crate::event::{Event, Proto};
use crate::flow::{Dir, Flow};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    joined: &[DhcpMessage::ID],
    script: Some(include_str!("dhcp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DHCP", service: "dhcp" },
    ports: &over_udp(dhcp::PORTS),
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: dhcp::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: dhcp::probe },
    ],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Dhcp { carried: [Carried::default(); 2] })
}

struct Dhcp {
    /// Of the originator, and of the responder.
    carried: [Carried; 2],
}

impl Analyzer for Dhcp {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        let [orig, resp] = &mut self.carried;
        let message = match Message::parse(payload, if dir.is_orig() { orig } else { resp }) {
            Ok(message) => message,
            Err(missing) => return link.violation(&missing.to_string(), None),
        };
        if message.message_type == 0 {
            link.violation("no DHCP message type option", None);
        }
        if message.cookie != COOKIE {
            return link.violation(&format!("bad cookie ({})", message.cookie.cast_signed()), None);
        }
        let Link { cx, flow, .. } = &mut *link;
        if cx.bus.wants(DhcpMessage::ID) {
            events::with(&message, dir.is_orig(), |event| flow.raise(cx, event));
        }
        link.confirm();
    }

    fn flipped(&mut self) {
        self.carried.reverse();
    }
}
