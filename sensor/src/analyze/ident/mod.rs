//! Ident: its events. Zeek has no log of it, and sets it on no port; scripts register one.

pub mod events;

use nightjar_protocols::ident::{self, Ports, Session};
use nightjar_protocols::lines::Flaw;

use crate::analyze::{Analyzer, Kind, Link, Named, Protocol, Spec};
use crate::config::Config;
use crate::event::{Conn, Port};
use crate::flow::{Dir, EndpointState, Flow};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { analyzers: &[&SPEC], events: events::EVENTS, ..Protocol::NOTHING };

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "IDENT", service: "ident" },
    ports: &[],
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ident { session: Session::default() })
}

/// One connection.
struct Ident {
    session: Session,
}

impl Analyzer for Ident {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        let [orig, resp] = link.flow.states;
        let spoke =
            orig == EndpointState::Closed && !link.flow.is_partial() && resp != EndpointState::Inactive;
        if spoke && self.session.is_partial() {
            link.flow.weird(link.cx, "partial_ident_request", SPEC.named.name);
        }
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl ident::Handler for Hears<'_, '_, '_> {
    // Zeek tells what is read first as the remote port.
    fn request(&mut self, (rport, lport): Ports) {
        let (lport, rport) = (Port(lport), Port(rport));
        self.link.flow.raise(self.link.cx, &events::Asked { c: Conn, lport, rport });
    }

    fn reply(&mut self, (rport, lport): Ports, user_id: &[u8], system: &[u8]) {
        let (lport, rport) = (Port(lport), Port(rport));
        self.link.flow.raise(self.link.cx, &events::Said { c: Conn, lport, rport, user_id, system });
    }

    fn error(&mut self, (rport, lport): Ports, line: &[u8]) {
        let (lport, rport) = (Port(lport), Port(rport));
        self.link.flow.raise(self.link.cx, &events::Refused { c: Conn, lport, rport, line });
    }

    fn weird(&mut self, name: &'static str, about: &[u8]) {
        let about = String::from_utf8_lossy(about).into_owned();
        self.link.flow.weird_about(self.link.cx, name, SPEC.named.name, about);
    }

    fn flaw(&mut self, flaw: Flaw) {
        self.link.flow.weird(self.link.cx, flaw.weird(), Flaw::SOURCE);
    }
}
