//! IMAP: its events, and what a connection becomes after STARTTLS. Zeek has no log of it.

pub mod events;

use nightjar_protocols::imap::{self, Session};

use crate::analyze::starttls::{Upgrade, Upgrading};
use crate::analyze::{Kind, Link, Named, Protocol, Spec};
use crate::event::{Conn, List, Proto};

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { analyzers: &[&SPEC], events: events::EVENTS, ..Protocol::NOTHING };

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "IMAP", service: "imap" },
    ports: &[(Proto::Tcp, imap::PORT)],
    signatures: &[],
    both: false,
    new: Upgrading::<Imap>::begin,
};

struct Imap;

impl Upgrade for Imap {
    type Session = Session;

    fn starttls(link: &mut Link<'_, '_>) {
        link.flow.raise(link.cx, &events::StartTls { c: Conn });
    }

    fn capabilities(link: &mut Link<'_, '_>, capabilities: &[&[u8]]) {
        link.flow.raise(link.cx, &events::Capabilities { c: Conn, capabilities: List(capabilities) });
    }

    fn login(link: &mut Link<'_, '_>, mechanism: &[u8], response: &[u8], success: bool) {
        link.flow.raise(link.cx, &events::Login { c: Conn, mechanism, response, success });
    }
}
