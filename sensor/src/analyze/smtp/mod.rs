//! SMTP: smtp.log, mails with their parts as files, and what a connection becomes after STARTTLS.

pub mod events;
mod record;

use std::net::IpAddr;

use nightjar_protocols::mime::mail;
use nightjar_protocols::smtp::{
    Command, Detail, Handler, Limits, Message, Messages, PORTS, Received, Reply, Session, Sink, probe_client,
    probe_server,
};

use crate::analyze::files::{About, Carrier, FileCx, OpenFiles, file_id};
use crate::analyze::mime::{self, Carries, Parts};
use crate::analyze::smtp::record::SmtpRow;
use crate::analyze::{
    Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp,
};
use crate::config::Config;
use crate::config::protocols::smtp::Hosts;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, EventId, Name, Order, Owner, Proto, RecordView};
use crate::flow::{Cx, Dir, Flow, TcpEvent};
use crate::record::{Record, Uid};

pub type Worker = Counted<Counters>;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SCHEMA),
    course: &[events::Request::ID, events::Reply::ID],
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "SMTP::Info",
        holder: Some(("connection", "smtp")),
        event: Some("log_smtp"),
    }],
    script: Some(include_str!("smtp.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SMTP", service: "smtp" },
    ports: &over_tcp(PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: true,
    new,
};

/// smtp.log's columns.
pub const SCHEMA: &crate::record::Schema = <SmtpRow<'static> as Record>::SCHEMA;

counters! {
    /// What became of mail over SMTP.
    pub struct Counters {
        /// Bytes held of lines, chunks, rows and what scripts gather.
        pub bytes: u64 = gauge("smtp_bytes"),
        /// Texts that did not fit into their row of smtp.log.
        pub left_out: u64 =
            counter("smtp_left_out_total").lost("texts that did not fit into their smtp.log row"),
        /// Connections not read on because all together held too much.
        pub given_up: u64 = counter("smtp_given_up_total")
            .lost("SMTP connections not read on because all together held too much"),
    }
}

/// Bytes held of all connections of a worker; beyond it the one that adds to them is given up. Stops lines and rows
/// that never end on many connections.
const MAX_BYTES: u64 = 128 << 20;

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Smtp { exchange: None, deaf: false })
}

/// One connection.
struct Smtp {
    /// All that is known of it, from its first bytes on.
    exchange: Option<Box<Exchange>>,
    /// Nothing more is read.
    deaf: bool,
}

struct Exchange {
    session: Session,
    log: Log,
    /// Its part of [`Counters::bytes`].
    held: u64,
}

struct Log {
    messages: Messages,
    parts: Parts,
    /// What reads TLS.
    tls: Option<Child>,
    /// Whose mail it is.
    by_orig: bool,
    /// So much was out of order that nothing more is to be read.
    given_up: bool,
}

impl Exchange {
    fn new(config: &Config, flow: &Flow) -> Self {
        let settings = &config.protocols.smtp;
        let limits =
            Limits { max_bdat_line: settings.max_bdat_line, mail: mime::limits(config), ..Limits::default() };
        let id = flow.id();
        Exchange {
            session: Session::new(limits),
            log: Log {
                messages: Messages::new(settings.messages, [id.orig_h, id.resp_h]),
                parts: Parts::default(),
                tls: None,
                by_orig: true,
                given_up: false,
            },
            held: 0,
        }
    }
}

impl Smtp {
    fn with(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Session, &mut Hears<'_, '_, '_>)) {
        if self.deaf {
            return;
        }
        let exchange =
            self.exchange.get_or_insert_with(|| Box::new(Exchange::new(link.cx.config, link.flow)));
        let Exchange { session, log, held } = &mut **exchange;
        what(session, &mut Hears { link, log });
        let now = (session.buffered() + log.messages.held_bytes() + log.parts.held_bytes()) as u64;
        let counters = &mut link.shared.of.smtp.counters;
        counters.bytes = (counters.bytes + now).saturating_sub(*held);
        *held = now;
        let too_much = counters.bytes > MAX_BYTES && now > 0;
        counters.given_up += u64::from(too_much);
        if too_much || log.given_up {
            self.close(link);
        }
    }

    /// Nothing more is read; the row stays.
    fn close(&mut self, link: &mut Link<'_, '_>) {
        self.deaf = true;
        if let Some(exchange) = &mut self.exchange {
            let Exchange { session, log, .. } = &mut **exchange;
            session.close(&mut Hears { link, log });
        }
    }
}

impl Analyzer for Smtp {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // From the middle on lines are not known to begin.
        if !link.flow.is_partial() {
            self.with(link, |session, hears| session.data(dir.is_orig(), bytes, hears));
        }
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        self.with(link, |session, hears| match session.is_tls() {
            true => hears.link.pass_gap(dir, len),
            false => session.gap(dir.is_orig(), len, hears),
        });
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        if self.exchange.is_some() {
            self.with(link, |session, hears| session.end(dir.is_orig(), hears));
        }
    }

    fn tcp_event(&mut self, link: &mut Link<'_, '_>, event: TcpEvent) {
        if event == (TcpEvent::Finished { half: false }) && self.exchange.is_some() {
            self.with(link, |session, hears| session.close(hears));
        }
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        if let Some(exchange) = &mut self.exchange {
            let Log { messages, parts, .. } = &mut exchange.log;
            parts.files.timer(&mut link.files(&mut Shown(messages)));
        }
        false
    }

    fn flipped(&mut self) {
        if let Some(exchange) = &mut self.exchange {
            exchange.session.flip();
        }
    }

    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.close(link);
        self.exchange.is_some()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        // What the capture leaves open is given up before its mail is, as in Zeek.
        if let Some(exchange) = &mut self.exchange
            && link.cx.bus.order().packet == Order::END
        {
            let Log { messages, parts, .. } = &mut exchange.log;
            parts.files.give_up_all(&mut link.files(&mut Shown(messages)));
        }
        self.close(link);
        let Some(mut exchange) = self.exchange.take() else { return };
        let counters = &mut link.shared.of.smtp.counters;
        counters.bytes = counters.bytes.saturating_sub(exchange.held);
        let Log { messages, parts, .. } = &mut exchange.log;
        parts.files.give_up_all(&mut link.files(&mut Shown(messages)));
        messages.finish(&mut Out { link });
    }
}

/// The message that carries a file, as scripts see it.
struct Shown<'s>(&'s Messages);

impl Carrier for Shown<'_> {
    fn transaction(&self, cx: &mut Cx<'_>, flow: &mut Flow) -> Option<(u64, RecordView)> {
        let message = self.0.current()?;
        Some((message.number, cx.bus.view(&record::of(flow, message))?))
    }
}

/// Writes messages and their weirds.
struct Out<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
}

impl Sink for Out<'_, '_, '_> {
    fn message(&mut self, message: &Message) {
        let Link { cx, flow, .. } = &mut *self.link;
        let owner = Owner { uid: flow.uid(), nth: message.number };
        cx.bus.log(&record::of(flow, message), owner);
    }

    fn weird(&mut self, name: &'static str, addl: &str, source: &'static str) {
        self.link.weird_about(name, source, addl.to_owned());
    }

    fn is_followed(&mut self, host: IpAddr) -> bool {
        let config = self.link.cx.config;
        let is_local = config.local_nets.contains(host);
        let wanted = match config.protocols.smtp.path {
            Hosts::All => true,
            Hosts::Local => is_local,
            Hosts::Remote => !is_local,
            Hosts::None => false,
        };
        wanted || config.site.private.iter().any(|net| net.contains(&host))
    }

    fn left_out(&mut self) {
        self.link.shared.of.smtp.counters.left_out += 1;
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    log: &'h mut Log,
}

impl Hears<'_, '_, '_> {
    fn now(&self) -> i64 {
        self.link.cx.now.nanos()
    }

    fn with_messages<T>(&mut self, what: impl FnOnce(&mut Messages, i64, &mut Out<'_, '_, '_>) -> T) -> T {
        let now = self.now();
        what(&mut self.log.messages, now, &mut Out { link: self.link })
    }
}

impl Carries for Hears<'_, '_, '_> {
    fn config(&self) -> &Config {
        self.link.cx.config
    }

    fn wants(&self, id: EventId) -> bool {
        self.link.cx.bus.wants(id)
    }

    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        if !cx.bus.wants(E::ID) {
            return;
        }
        match self.log.messages.current() {
            Some(message) => {
                let row = record::of(flow, message);
                flow.raise_with(cx, event, message.number, &row);
            }
            None => flow.raise(cx, event),
        }
    }

    fn parts(&mut self) -> &mut Parts {
        &mut self.log.parts
    }

    fn with_files<T>(&mut self, what: impl FnOnce(&mut OpenFiles, &mut FileCx<'_, '_>) -> T) -> T {
        let Log { messages, parts, .. } = &mut *self.log;
        what(&mut parts.files, &mut self.link.files(&mut Shown(messages)))
    }

    fn file(&mut self) -> (Uid, About) {
        let (seed, depth) = (self.link.cx.config.seed, self.log.messages.entities);
        let fuid = file_id(self.link.flow, seed, |hasher| hasher.write_u64(depth));
        let named = self.log.messages.current().and_then(|message| message.filename.clone());
        self.with_messages(|messages, _, out| messages.file(fuid.as_bytes(), out));
        let about = About {
            source: SPEC.named.name,
            is_orig: self.log.by_orig,
            depth,
            filename: named,
            mime_type: None,
            parent: None,
            tag: 0,
        };
        (fuid, about)
    }
}

impl mail::Handler for Hears<'_, '_, '_> {
    fn begin_entity(&mut self) {
        self.log.messages.begin_entity();
        mime::begin_entity(self);
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.with_messages(|messages, _, out| messages.header(name, value, out));
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
        self.log.messages.end_entity();
    }

    fn flaw(&mut self, kind: mail::Kind, detail: &str) {
        mime::flaw(self, kind, detail);
    }

    fn mime_weird(&mut self, name: &'static str, addl: &str) {
        self.link.weird_about(name, SPEC.named.name, addl.to_owned());
    }
}

impl Handler for Hears<'_, '_, '_> {
    fn request(&mut self, is_orig: bool, command: Option<Command>, word: &[u8], arg: &[u8]) {
        let received = self.with_messages(|messages, now, out| messages.request(now, command, arg, out));
        self.log.given_up |= received == Received::GivenUp;
        self.raise(&events::Request { c: Conn, is_orig, command: word, arg });
    }

    fn reply(&mut self, is_orig: bool, reply: &Reply<'_>) {
        self.with_messages(|messages, now, out| messages.reply(now, reply, out));
        let &Reply { code, command, msg, continues: cont_resp } = reply;
        let cmd = Name(Command::word_in_reply(command));
        self.raise(&events::Reply { c: Conn, is_orig, code, cmd, msg, cont_resp });
        // Handlers have seen the message whole.
        self.with_messages(|messages, now, out| messages.replied(now, reply, out));
    }

    fn data(&mut self, is_orig: bool, data: &[u8]) {
        self.raise(&events::Data { c: Conn, is_orig, data });
    }

    fn unexpected(&mut self, is_orig: bool, msg: &'static str, detail: &Detail<'_>) {
        if self.wants(events::Unexpected::ID) {
            let detail = &detail.text();
            self.raise(&events::Unexpected { c: Conn, is_orig, msg: Name(msg), detail });
        }
    }

    fn starttls(&mut self) {
        self.log.messages.starttls();
        self.log.tls = self.link.start("SSL");
        self.raise(&events::StartTls { c: Conn });
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.link.pass_on(if is_orig { Dir::Orig } else { Dir::Resp }, data);
    }

    fn begin_mail(&mut self, is_orig: bool) {
        self.log.by_orig = is_orig;
        mime::begin_mail(self);
    }

    fn mail_gap(&mut self, len: u64) {
        mime::gap(self, len);
    }

    fn end_mail(&mut self) {
        mime::end_mail(self);
    }

    fn weird(&mut self, name: &'static str, addl: &str, source: &'static str) {
        self.link.weird_about(name, source, addl.to_owned());
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        self.link.violation(reason, Some(line));
    }
}
