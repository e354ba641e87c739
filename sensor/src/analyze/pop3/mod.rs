//! POP3: its events, the parts of mails as files, and what a connection becomes after STLS. Zeek has no log of it.

pub mod events;

use nightjar_protocols::mime::mail;
use nightjar_protocols::pop3::{Handler, Limits, PORT, Session, probe_client, probe_server};

use crate::analyze::files::{About, FileCx, OpenFiles, file_id};
use crate::analyze::mime::{self, Carries, Parts};
use crate::analyze::{Analyzer, Kind, Link, Named, Protocol, Signature, Spec};
use crate::config::Config;
use crate::event::{Conn, Event, EventId, Name, Order, Proto};
use crate::flow::{Dir, Flow};
use crate::record::Uid;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { analyzers: &[&SPEC], events: events::EVENTS, ..Protocol::NOTHING };

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "POP3", service: "pop3" },
    ports: &[(Proto::Tcp, PORT)],
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: true,
    new,
};

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let max_pending = config.protocols.pop3.max_pending;
    let limits = Limits { max_pending, mail: mime::limits(config), ..Limits::default() };
    Box::new(Pop3 { session: Session::new(limits), fetched: Fetched::default() })
}

/// One connection.
struct Pop3 {
    session: Session,
    fetched: Fetched,
}

/// The mails of a connection.
#[derive(Default)]
struct Fetched {
    parts: Parts,
    /// Files so far.
    files: u64,
}

impl Pop3 {
    fn with(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Session, &mut Hears<'_, '_, '_>)) {
        what(&mut self.session, &mut Hears { link, fetched: &mut self.fetched });
    }
}

impl Analyzer for Pop3 {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on it is not known whose turn it is.
        if !link.flow.is_partial() {
            self.with(link, |session, hears| session.data(dir.is_orig(), bytes, hears));
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        if self.session.is_tls() {
            link.pass_gap(dir, len);
        }
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        self.with(link, |session, hears| session.end(dir.is_orig(), hears));
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.fetched.parts.files.timer(&mut link.files(&mut ()));
        false
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // What the capture leaves open is given up before its mail is, as in Zeek.
        if link.cx.bus.order().packet == Order::END {
            self.fetched.parts.files.give_up_all(&mut link.files(&mut ()));
        }
        self.with(link, |session, hears| session.close(hears));
        self.fetched.parts.files.give_up_all(&mut link.files(&mut ()));
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    fetched: &'h mut Fetched,
}

impl Carries for Hears<'_, '_, '_> {
    fn config(&self) -> &Config {
        self.link.cx.config
    }

    fn wants(&self, id: EventId) -> bool {
        self.link.cx.bus.wants(id)
    }

    fn raise<E: Event>(&mut self, event: &E) {
        self.link.flow.raise(self.link.cx, event);
    }

    fn parts(&mut self) -> &mut Parts {
        &mut self.fetched.parts
    }

    fn with_files<T>(&mut self, what: impl FnOnce(&mut OpenFiles, &mut FileCx<'_, '_>) -> T) -> T {
        what(&mut self.fetched.parts.files, &mut self.link.files(&mut ()))
    }

    fn file(&mut self) -> (Uid, About) {
        self.fetched.files += 1;
        let (seed, nth) = (self.link.cx.config.seed, self.fetched.files);
        let fuid = file_id(self.link.flow, seed, |hasher| hasher.write_u64(nth));
        let source = SPEC.named.name;
        let about =
            About { source, is_orig: false, depth: 0, filename: None, mime_type: None, parent: None, tag: 0 };
        (fuid, about)
    }
}

impl mail::Handler for Hears<'_, '_, '_> {
    fn begin_entity(&mut self) {
        mime::begin_entity(self);
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        mime::header(self, name, value);
    }

    fn headers_done(&mut self) {
        mime::headers_done(self);
    }

    fn content(&mut self, data: &[u8]) {
        mime::content(self, data);
    }

    fn end_entity(&mut self) {
        mime::end_entity(self);
    }

    fn flaw(&mut self, kind: mail::Kind, detail: &str) {
        mime::flaw(self, kind, detail);
    }

    fn mime_weird(&mut self, name: &'static str, addl: &str) {
        self.link.weird_about(name, SPEC.named.name, addl.to_owned());
    }
}

impl Handler for Hears<'_, '_, '_> {
    fn request(&mut self, command: &'static str, arg: &[u8]) {
        self.raise(&events::Request { c: Conn, is_orig: true, command: Name(command), arg });
    }

    fn reply(&mut self, status: &'static str, msg: &[u8]) {
        self.raise(&events::Reply { c: Conn, is_orig: false, cmd: Name(status), msg });
    }

    fn data(&mut self, data: &[u8]) {
        self.raise(&events::Data { c: Conn, is_orig: false, data });
    }

    fn unexpected(&mut self, is_orig: bool, msg: &'static str, detail: &[u8]) {
        self.raise(&events::Unexpected { c: Conn, is_orig, msg: Name(msg), detail });
    }

    fn login(&mut self, success: bool, user: &[u8], password: &[u8]) {
        match success {
            true => self.raise(&events::LoginSuccess { c: Conn, is_orig: false, user, password }),
            false => self.raise(&events::LoginFailure { c: Conn, is_orig: false, user, password }),
        }
    }

    fn starttls(&mut self) {
        self.link.start("SSL");
        self.raise(&events::StartTls { c: Conn });
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.link.pass_on(if is_orig { Dir::Orig } else { Dir::Resp }, data);
    }

    fn begin_mail(&mut self) {
        mime::begin_mail(self);
    }

    fn end_mail(&mut self) {
        mime::end_mail(self);
    }

    fn weird(&mut self, name: &'static str, addl: &[u8], source: &'static str) {
        self.link.weird_about(name, source, String::from_utf8_lossy(addl).into_owned());
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str, line: &[u8]) {
        self.link.violation(reason, Some(line).filter(|line| !line.is_empty()));
    }
}
