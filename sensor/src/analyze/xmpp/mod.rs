//! XMPP: its events, and what a connection becomes after STARTTLS. Zeek has no log of it.

pub mod events;

use nightjar_protocols::xmpp::{self, Session};

use crate::analyze::starttls::{Upgrade, Upgrading};
use crate::analyze::{Kind, Link, Named, Protocol, Signature, Spec, over_tcp};
use crate::event::{Conn, Proto};
use crate::flow::Dir;

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
    new: Upgrading::<Xmpp>::begin,
};

struct Xmpp;

impl Upgrade for Xmpp {
    type Session = Session;

    fn starttls(link: &mut Link<'_, '_>) {
        link.flow.raise(link.cx, &events::StartTls { c: Conn });
    }
}
