//! Finger: its events. Zeek has no log of it.

pub mod events;

use nightjar_protocols::finger::{self, PORT, Request, Session};

use crate::analyze::{Analyzer, Kind, Link, Named, Protocol, Spec, over_tcp};
use crate::config::Config;
use crate::event::Conn;
use crate::flow::{Dir, Flow};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { analyzers: &[&SPEC], events: events::EVENTS, ..Protocol::NOTHING };

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "FINGER", service: "finger" },
    ports: &over_tcp([PORT]),
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Finger { session: Session::default() })
}

/// One connection.
struct Finger {
    session: Session,
}

impl Analyzer for Finger {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.data(dir.is_orig(), bytes, &mut Hears { link });
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        self.session.end(dir.is_orig(), &mut Hears { link });
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
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

impl finger::Handler for Hears<'_, '_, '_> {
    fn request(&mut self, request: &Request<'_>) {
        let Request { full, user: username, host: hostname } = *request;
        self.link.flow.raise(self.link.cx, &events::Asked { c: Conn, full, username, hostname });
    }

    fn reply(&mut self, line: &[u8]) {
        self.link.flow.raise(self.link.cx, &events::Said { c: Conn, reply_line: line });
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &'static str) {
        self.link.violation(reason, None);
    }
}
