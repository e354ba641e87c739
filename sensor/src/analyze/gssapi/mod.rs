//! GSS-API's negotiation inside other protocols: its event, and the mechanisms' analyzers.

pub mod events;

use nightjar_protocols::gssapi;

use crate::analyze::ntlm::{self, NtlmRow};
use crate::analyze::{Analyzer, Child, Kind, Link, Named, Protocol, Spec};
use crate::config::Config;
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    stays: true,
    events: events::EVENTS,
    // Most often NTLM is negotiated, whose login this decides.
    row: Some(NtlmRow::SCHEMA),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "GSSAPI", service: "gssapi" },
    ports: &[],
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Gssapi::default())
}

/// The analyzers of mechanisms that were seen.
#[derive(Default)]
struct Gssapi {
    ntlm: Option<Child>,
    kerberos: Option<Child>,
}

impl Analyzer for Gssapi {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, message: &[u8]) {
        match gssapi::read(message, &mut Hears { link, dir, mechanisms: self }) {
            Ok(()) => link.confirm(),
            Err(broken) => link.violation(&broken.to_string(), None),
        }
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, message: &[u8]) {
        self.datagram(link, dir, message);
    }
}

/// Hears what a message says.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    dir: Dir,
    mechanisms: &'h mut Gssapi,
}

/// Passes a message on to a mechanism's analyzer, which is started with the first.
fn pass(link: &mut Link<'_, '_>, child: &mut Option<Child>, name: &str, dir: Dir, message: &[u8]) {
    *child = child.or_else(|| link.start(name));
    if let Some(child) = *child {
        link.pass_message(child, dir, message);
    }
}

impl gssapi::Handler for Hears<'_, '_, '_> {
    fn state(&mut self, state: u64) {
        ntlm::negotiated(self.link, state);
    }

    fn ntlm(&mut self, message: &[u8]) {
        pass(self.link, &mut self.mechanisms.ntlm, "NTLM", self.dir, message);
    }

    fn kerberos(&mut self, message: &[u8]) {
        pass(self.link, &mut self.mechanisms.kerberos, "KRB", self.dir, message);
    }
}
