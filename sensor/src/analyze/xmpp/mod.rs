//! XMPP: its events, and what a connection becomes after STARTTLS. Zeek has no log of it.

pub mod events;

use nightjar_protocols::xmpp::{self, Session};

use crate::analyze::{Analyzer, Kind, Link, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::event::{Conn, Proto};
use crate::flow::{Dir, Flow};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { analyzers: &[&SPEC], events: events::EVENTS, ..Protocol::NOTHING };

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "XMPP", service: "xmpp" },
    ports: &over_tcp(xmpp::PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: xmpp::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: xmpp::probe },
    ],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Xmpp { session: Session::default() })
}

/// One connection.
struct Xmpp {
    session: Session,
}

impl Analyzer for Xmpp {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on it is not known where anything begins.
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link });
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
        self.session.gap();
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl xmpp::Handler for Hears<'_, '_, '_> {
    fn starttls(&mut self) {
        self.link.start("SSL");
        self.link.flow.raise(self.link.cx, &events::StartTls { c: Conn });
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.link.pass_on(if is_orig { Dir::Orig } else { Dir::Resp }, data);
    }

    fn weird(&mut self, name: &'static str) {
        self.link.weird(name, "");
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &'static str) {
        self.link.violation(reason, None);
    }
}
