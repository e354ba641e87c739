//! RDPEUDP: RDP's transport over UDP, of which there are events and no rows. As in Zeek the TLS or DTLS that it carries is
//! not read.

use nightjar_protocols::rdp::PORT;
use nightjar_protocols::rdp::eudp::{self, Session};

use crate::analyze::rdp::events::{EudpData, EudpEstablished, EudpSyn, EudpSynAck};
use crate::analyze::{Analyzer, Kind, Link, Named, Signature, Spec, over_udp};
use crate::config::Config;
use crate::event::{Conn, Proto};
use crate::flow::{Dir, Flow};

pub(super) static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "RDPEUDP", service: "rdpeudp" },
    ports: &over_udp([PORT]),
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: eudp::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: eudp::probe },
    ],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Eudp(Session::default()))
}

struct Eudp(Session);

impl Analyzer for Eudp {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        if let Err(broken) = self.0.datagram(dir.is_orig(), payload, &mut Hears { link }) {
            link.violation(&broken.to_string(), None);
        }
    }
}

struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl eudp::Handler for Hears<'_, '_, '_> {
    fn syn(&mut self) {
        self.link.flow.raise(self.link.cx, &EudpSyn { c: Conn });
    }

    fn synack(&mut self) {
        self.link.flow.raise(self.link.cx, &EudpSynAck { c: Conn });
        self.link.confirm();
    }

    fn established(&mut self, version: u64) {
        self.link.flow.raise(self.link.cx, &EudpEstablished { c: Conn, version });
    }

    fn data(&mut self, is_orig: bool, version: u64, data: &[u8]) {
        self.link.flow.raise(self.link.cx, &EudpData { c: Conn, is_orig, version, data });
    }
}
