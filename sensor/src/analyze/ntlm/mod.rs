//! NTLM inside other protocols: ntlm.log, a row for a connection that somebody logs in on, and its events.

pub mod events;
mod record;

pub use record::NtlmRow;

use nightjar_protocols::ntlm::{self, Message};
use nightjar_protocols::utf16;

use crate::analyze::gssapi::events::NegResult;
use crate::analyze::ntlm::events::{Authenticated, Challenged, Negotiated};
use crate::analyze::ntlm::record::Login;
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, Owner};
use crate::flow::{Cx, Dir, Flow, Kept};
use crate::record::Record;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    stays: true,
    events: events::EVENTS,
    row: Some(NtlmRow::SCHEMA),
    logs: &[LogDecl {
        schema: NtlmRow::SCHEMA,
        info: "NTLM::Info",
        holder: Some(("connection", "ntlm")),
        event: None,
    }],
    script: Some(include_str!("ntlm.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "NTLM", service: "ntlm" },
    ports: &[],
    signatures: &[],
    both: false,
    new,
};

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Ntlm)
}

/// What is known stands with the connection: negotiation around it, and others of these, add to it.
struct Ntlm;

impl Analyzer for Ntlm {
    fn datagram(&mut self, link: &mut Link<'_, '_>, _: Dir, message: &[u8]) {
        match Message::parse(message) {
            Ok(message) => {
                take(link, &message);
                link.confirm();
            }
            Err(broken) => link.violation(&broken.to_string(), None),
        }
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, message: &[u8]) {
        self.datagram(link, dir, message);
    }
}

/// Takes note of a message, and tells of it.
fn take(link: &mut Link<'_, '_>, message: &Message<'_>) {
    match message {
        Message::Negotiate(said) => {
            let names = Names::of(link, &[said.domain, said.workstation]);
            let request = events::Negotiate::of(said, names.get(0), names.get(1));
            tell(link, |_| {}, &Negotiated { c: Conn, request });
        }
        Message::Challenge(said) => {
            let info = said.info.unwrap_or_default();
            if info.underflows {
                link.violation(ntlm::UNDERFLOW, None);
            }
            let texts = [
                said.target,
                info.nb_computer,
                info.nb_domain,
                info.dns_computer,
                info.dns_domain,
                info.dns_tree,
                info.target,
            ];
            let names = Names::of(link, &texts);
            let challenge = events::Challenge::of(said, &|at| names.get(at));
            let note = |login: &mut Login| {
                login.challenged(names.get(1), names.get(3), names.get(5));
            };
            tell(link, note, &Challenged { c: Conn, challenge });
        }
        Message::Authenticate(said) => {
            let names = Names::of(link, &[said.domain, said.user, said.workstation]);
            let request = events::Authenticate::of(said, names.get(0), names.get(1), names.get(2));
            let note = |login: &mut Login| login.answered(names.get(0), names.get(1), names.get(2));
            tell(link, note, &Authenticated { c: Conn, request });
        }
        Message::Other(_) => {}
    }
}

/// Texts as they are shown.
struct Names(Vec<Option<Vec<u8>>>);

impl Names {
    fn of(link: &mut Link<'_, '_>, texts: &[Option<&[u8]>]) -> Names {
        let mut shown = |text: &[u8]| {
            utf16::utf8(text).unwrap_or_else(|| {
                let why = "utf16 conversion failed in utf16_to_utf8_val".to_owned();
                link.weird_about("utf16_conversion_failed", "", why);
                text.to_vec()
            })
        };
        Names(texts.iter().map(|text| text.map(&mut shown)).collect())
    }

    fn get(&self, at: usize) -> Option<&[u8]> {
        self.0.get(at)?.as_deref()
    }
}

/// Adds to what is known of the connection's login, and raises an event that shows it.
fn tell<E: Event>(link: &mut Link<'_, '_>, note: impl FnOnce(&mut Login), event: &E) {
    let Link { cx, flow, .. } = link;
    let mut login = flow.take_kept::<Login>().unwrap_or_else(|| Box::new(Login::new(cx.now)));
    note(&mut login);
    login.raise(cx, flow, event);
    flow.keep(login);
}

/// A negotiation around it says how it stands.
pub(super) fn negotiated(link: &mut Link<'_, '_>, state: u64) {
    let Link { cx, flow, .. } = link;
    let event = NegResult { c: Conn, state };
    let Some(mut login) = flow.take_kept::<Login>() else { return flow.raise(cx, &event) };
    login.decided(state);
    login.raise(cx, flow, &event);
    if login.is_decided() {
        login.log(cx, flow);
    }
    flow.keep(login);
}

impl Login {
    fn raise<E: Event>(&self, cx: &mut Cx<'_>, flow: &mut Flow, event: &E) {
        if cx.bus.wants(E::ID) {
            let row = self.row(flow);
            flow.raise_with(cx, event, self.rows, &row);
        }
    }

    /// Writes the row, unless it was written.
    fn log(&mut self, cx: &mut Cx<'_>, flow: &mut Flow) {
        if self.rows == 0 {
            let row = self.row(flow);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.rows });
            self.rows = 1;
        }
    }
}

impl Kept for Login {
    fn over(mut self: Box<Self>, cx: &mut Cx<'_>, flow: &mut Flow) {
        self.log(cx, flow);
    }
}
