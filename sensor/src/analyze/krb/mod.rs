//! Kerberos over TCP and UDP, and inside other protocols: kerberos.log, a row for what a connection asks for, its
//! events, and certificates as files.

pub mod events;
mod names;
mod record;

use nightjar_protocols::krb::{self, Limits, Message, PORT, Session, StreamHandler};

use crate::analyze::files::{self, About, file_id};
use crate::analyze::krb::events as e;
use crate::analyze::krb::record::{Certificate, Exchange, KrbRow};
use crate::analyze::{
    Analyzer, Counted, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp, over_udp, x509,
};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Cx, Dir, Flow, Kept};
use crate::record::Record;

pub type Worker = Counted<Counters>;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&UDP, &TCP],
    events: events::EVENTS,
    row: Some(KrbRow::SCHEMA),
    logs: &[LogDecl {
        schema: KrbRow::SCHEMA,
        info: "KRB::Info",
        holder: Some(("connection", "krb")),
        event: Some("log_krb"),
    }],
    script: Some(include_str!("krb.zeek")),
    constants: Some(("krb/consts", names::zeek)),
    ..Protocol::NOTHING
};

static UDP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "KRB", service: "krb" },
    ports: &over_udp([PORT]),
    signatures: &[
        Signature { over: Proto::Udp, of: Dir::Orig, probe: krb::probe },
        Signature { over: Proto::Udp, of: Dir::Resp, probe: krb::probe },
    ],
    both: false,
    new: |_, _| Box::new(Datagrams),
};

static TCP: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "KRB_TCP", service: "krb_tcp" },
    ports: &over_tcp([PORT]),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: krb::probe_stream },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: krb::probe_stream },
    ],
    both: false,
    new: |_: &Config, _: &Flow| Box::new(Stream { session: Session::new(Limits::default()) }),
};

counters! {
    /// What became of messages.
    pub struct Counters {
        /// Messages that were too long.
        pub too_long: u64 = counter("krb_too_long_total").lost("messages of Kerberos passed over, being too long"),
    }
}

/// What is told of it stands with the connection: in other protocols there may be several of these.
struct Datagrams;

impl Analyzer for Datagrams {
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, message: &[u8]) {
        if let Err(broken) = krb::read(message, &mut Hears { link, dir, source: "KRB" }) {
            link.violation(&broken.to_string(), None);
        }
    }
}

struct Stream {
    session: Session,
}

impl Analyzer for Stream {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        // In the middle of a stream it is not known where messages begin.
        if !link.flow.is_partial() {
            self.session.data(dir.is_orig(), bytes, &mut Hears { link, dir, source: "KRB_TCP" });
        }
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
    }

    fn flipped(&mut self) {
        self.session.flip();
    }
}

/// What a connection asks for.
#[derive(Default)]
struct Asked {
    exchange: Option<Exchange>,
    /// Those that came to nothing, which tells rows apart.
    nth: u64,
}

impl Asked {
    /// What is known of it, where its row is still to be written.
    fn open(&mut self, cx: &Cx<'_>) -> Option<&mut Exchange> {
        let exchange = self.exchange.get_or_insert_with(|| Exchange::new(cx.now));
        (!exchange.logged).then_some(exchange)
    }

    fn raise<E: Event>(&self, cx: &mut Cx<'_>, flow: &mut Flow, event: &E) {
        match &self.exchange {
            _ if !cx.bus.wants(E::ID) => {}
            Some(exchange) => {
                let row = exchange.row(flow);
                flow.raise_with(cx, event, self.nth + u64::from(exchange.logged), &row);
            }
            None => flow.raise(cx, event),
        }
    }

    /// Writes the row, if there is one that was not.
    fn log(&mut self, cx: &mut Cx<'_>, flow: &mut Flow) {
        if let Some(exchange) = self.exchange.as_mut().filter(|exchange| !exchange.logged) {
            let row = exchange.row(flow);
            cx.bus.log(&row, Owner { uid: row.conn.uid, nth: self.nth });
            exchange.logged = true;
        }
    }

    /// It is as if nothing had been asked for.
    fn forget(&mut self) {
        self.exchange = None;
        self.nth += 1;
    }
}

impl Kept for Asked {
    fn over(mut self: Box<Self>, cx: &mut Cx<'_>, flow: &mut Flow) {
        self.log(cx, flow);
    }
}

/// Hears what messages say.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    dir: Dir,
    source: &'static str,
}

impl Hears<'_, '_, '_> {
    fn take(&mut self, asked: &mut Asked, message: &Message<'_>) {
        let (c, is_orig) = (Conn, self.dir.is_orig());
        self.certificates(asked, message);
        let Link { cx, flow, .. } = &mut *self.link;
        match message {
            Message::AsRequest(said) => {
                if let Some(open) = asked.open(cx) {
                    open.request("AS", said);
                }
                asked.raise(cx, flow, &e::AsRequest { c, msg: e::Request::of(said) });
            }
            Message::TgsRequest(said) => {
                if let Some(open) = asked.open(cx) {
                    open.request("TGS", said);
                }
                asked.raise(cx, flow, &e::TgsRequest { c, msg: e::Request::of(said) });
            }
            Message::AsResponse(said) => {
                if let Some(open) = asked.open(cx) {
                    open.response(said);
                }
                asked.raise(cx, flow, &e::AsResponse { c, msg: e::Response::of(said) });
                asked.log(cx, flow);
            }
            Message::TgsResponse(said) => {
                if let Some(open) = asked.open(cx) {
                    open.response(said);
                }
                asked.raise(cx, flow, &e::TgsResponse { c, msg: e::Response::of(said) });
                asked.log(cx, flow);
            }
            Message::ApRequest(ticket, options) => {
                asked.open(cx);
                let krb::ApOptions { use_session_key, mutual_required } = *options;
                let opts = e::ApOptions { use_session_key, mutual_required };
                asked.raise(cx, flow, &e::ApRequest { c, ticket: e::Ticket::of(ticket), opts });
            }
            Message::Error(said) => {
                let ignored = &cx.config.protocols.krb.ignored;
                let is_ignored = said
                    .text
                    .and_then(|text| std::str::from_utf8(text).ok())
                    .is_some_and(|text| ignored.contains(text));
                match asked.open(cx) {
                    Some(_) if is_ignored => asked.forget(),
                    Some(open) => open.error(said),
                    None => {}
                }
                asked.raise(cx, flow, &e::Error { c, msg: e::ErrorMessage::of(said) });
                asked.log(cx, flow);
            }
            Message::ApResponse => asked.raise(cx, flow, &e::ApResponse { c }),
            Message::Private => asked.raise(cx, flow, &e::Private { c, is_orig }),
            Message::Safe(said) => {
                asked.raise(cx, flow, &e::Safe { c, is_orig, msg: e::SafeMessage::of(said) });
            }
            Message::Credentials(tickets) => {
                asked.raise(cx, flow, &e::Credentials { c, is_orig, tickets: e::Tickets(tickets) });
            }
        }
    }

    /// Certificates that a message carries, which are files, and addresses that are none.
    fn certificates(&mut self, asked: &mut Asked, message: &Message<'_>) {
        let (by_client, pa_data) = match message {
            Message::AsRequest(said) | Message::TgsRequest(said) => {
                let is_odd = |address: &krb::Address<'_>| match address.kind {
                    2 => address.bytes.len() != 4,
                    24 => address.bytes.len() != 16,
                    _ => false,
                };
                for _odd in said.addresses.iter().filter(|address| is_odd(address)) {
                    self.link.weird("invalid_kerberos_addr_len", self.source);
                }
                (true, &said.pa_data)
            }
            Message::AsResponse(said) | Message::TgsResponse(said) => (false, &said.pa_data),
            _ => return,
        };
        for der in pa_data.iter().flat_map(|pa_data| &pa_data.certificates) {
            let certificate = self.certificate(by_client, der);
            if let Some(open) = asked.open(self.link.cx)
                && let Some(place) = open.certificates.get_mut(usize::from(!by_client))
            {
                *place = Some(certificate);
            }
        }
    }

    fn certificate(&mut self, is_orig: bool, der: &[u8]) -> Certificate {
        let source = self.source;
        let fuid = file_id(self.link.flow, 0, |hasher| {
            hasher.write(source.as_bytes());
            hasher.write_u8(u8::from(is_orig));
        });
        if x509::are_files(self.link.cx) {
            let mime_type = Some(x509::mime_type(0));
            let about = About { source, is_orig, depth: 0, filename: None, mime_type, parent: None, tag: 0 };
            files::whole(&mut self.link.files(&mut ()), fuid, about, der);
        }
        let found = x509::carried(self.link, der, true, is_orig);
        Certificate { fuid, subject: found.map(|found| found.certificate.subject.as_str().into()) }
    }
}

impl krb::Handler for Hears<'_, '_, '_> {
    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn message(&mut self, message: &Message<'_>) {
        let mut asked = self.link.flow.take_kept::<Asked>().unwrap_or_default();
        self.take(&mut asked, message);
        self.link.flow.keep(asked);
    }
}

impl StreamHandler for Hears<'_, '_, '_> {
    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }

    fn too_long(&mut self) {
        self.link.shared.of.krb.counters.too_long += 1;
    }
}
