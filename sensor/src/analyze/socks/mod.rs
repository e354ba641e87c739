//! SOCKS: socks.log, its events, and what is tunnelled, which content decides.

pub mod events;
mod record;

use nightjar_protocols::socks::{
    self, Address, Limits, PORT, Session, Violation, Weird, probe_client, probe_server,
};

use crate::analyze::socks::record::{Place, Seen, SocksRow, status_of};
use crate::analyze::{Analyzer, Child, Kind, Link, LogDecl, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::event::{Conn, ConnId, Event, Owner, Port, Proto, Tunnel, TunnelType};
use crate::flow::{Dir, Flow};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SocksRow::SCHEMA),
    logs: &[LogDecl {
        schema: SocksRow::SCHEMA,
        info: "SOCKS::Info",
        holder: Some(("connection", "socks")),
        event: Some("log_socks"),
    }],
    script: Some(include_str!("socks.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SOCKS", service: "socks" },
    ports: &[(Proto::Tcp, PORT)],
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: true,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Socks { session: Session::new(Limits::default()), state: State::default() })
}

/// One connection.
struct Socks {
    session: Session,
    state: State,
}

/// What is known of it beside what is held.
#[derive(Default)]
struct State {
    seen: Option<Box<Seen>>,
    /// What is tunnelled.
    inner: Inner,
}

/// Who reads what is tunnelled.
#[derive(Default)]
enum Inner {
    #[default]
    Nobody,
    Begun(Child),
    /// Too much is nested.
    TooDeep,
}

/// A connection has one row.
const ONLY: u64 = 0;

impl Analyzer for Socks {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // In the middle of a stream nothing is asked for.
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, state: &mut self.state });
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        match self.session.is_tunnel() {
            true => link.pass_gap(dir, len),
            false => self.session.gap(),
        }
    }

    fn stop(&mut self, _: &mut Link<'_, '_>) -> bool {
        self.session.stop();
        self.state.seen.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // What turned out to be something else has no row.
        if let Some(seen) = &self.state.seen
            && link.flow.services().contains(&SPEC.named.service)
        {
            let row = record::of(link.flow, seen);
            link.cx.bus.log(&row, Owner { uid: row.conn.uid, nth: ONLY });
        }
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    state: &'h mut State,
}

impl Hears<'_, '_, '_> {
    fn seen(&mut self, version: u8) -> &mut Seen {
        let ts = self.link.cx.now;
        self.state.seen.get_or_insert_with(|| {
            Box::new(Seen {
                ts,
                version,
                user: None,
                password: None,
                status: None,
                request: None,
                bound: None,
            })
        })
    }

    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        match &self.state.seen {
            Some(seen) if cx.bus.wants(E::ID) => {
                let row = record::of(flow, seen);
                flow.raise_with(cx, event, ONLY, &row);
            }
            _ => flow.raise(cx, event),
        }
    }
}

impl socks::Handler for Hears<'_, '_, '_> {
    fn request(&mut self, version: u8, command: u8, to: Address<'_>, port: u16, user: &[u8]) {
        self.seen(version).request = Some(Place::of(to, port));
        // A proxy has many, each from another port of the client: they are one.
        let id = ConnId { orig_p: 0, ..self.link.flow.id() };
        self.link.cx.bus.tunnels(vec![Tunnel { uid: None, id, kind: TunnelType::Socks }]);
        let sa = events::Address::of(to);
        self.raise(&events::Request { c: Conn, version, request_type: command, sa, p: Port(port), user });
    }

    fn reply(&mut self, version: u8, status: u8, bound: Address<'_>, port: u16) {
        let seen = self.seen(version);
        (seen.status, seen.bound) = (Some(status_of(version, status)), Some(Place::of(bound, port)));
        self.link.confirm();
        let sa = events::Address::of(bound);
        self.raise(&events::Reply { c: Conn, version, reply: status, sa, p: Port(port) });
    }

    fn login(&mut self, user: &[u8], password: &[u8]) {
        let captures = self.link.cx.config.protocols.socks.passwords;
        let seen = self.seen(5);
        seen.user = Some(user.into());
        seen.password = captures.then(|| password.into());
        self.raise(&events::Login { c: Conn, user, password });
    }

    fn login_reply(&mut self, status: u8) {
        self.seen(5).status = Some(status_of(5, status));
        self.raise(&events::LoginReply { c: Conn, code: status });
    }

    fn tunnelled(&mut self, is_orig: bool, bytes: &[u8]) {
        if matches!(self.state.inner, Inner::Nobody) {
            self.state.inner = self.link.hand_over(0).map_or(Inner::TooDeep, Inner::Begun);
        }
        if let Inner::Begun(child) = self.state.inner {
            self.link.pass_on_to(child, if is_orig { Dir::Orig } else { Dir::Resp }, bytes);
        }
    }

    fn weird(&mut self, weird: Weird) {
        match weird {
            Weird::Method(method) => {
                self.link.weird_about("socks5_unsupported_authentication_method", "", method.to_string());
            }
            Weird::MethodVersion { method, version } => {
                let addl = format!("method {method}, version {version}");
                self.link.weird_about("socks5_unsupported_authentication", "", addl);
            }
        }
    }

    fn violation(&mut self, violation: Violation) {
        self.link.violation(&violation.to_string(), None);
    }
}
