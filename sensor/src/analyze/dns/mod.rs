//! DNS: dns.log, from the messages in datagrams and streams.

pub mod events;
mod record;

use nightjar_protocols::dns::{
    self, Header, Outcome, Question, Record, Row, Session, Sink, StreamParser, Transport, Weird, Workspace,
};

use crate::analyze::dns::events::Msg;
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Spec, first};
use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, Proto};
use crate::flow::{Cx, Dir, Flow, TcpEvent};
use crate::time::Interval;

pub const SCHEMA: &crate::record::Schema = <record::DnsRow<'static> as crate::record::Record>::SCHEMA;

pub type Worker = Totals;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SCHEMA),
    course: &[events::Message::ID, events::Request::ID, events::End::ID],
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "DNS::Info",
        holder: Some(("connection", "dns")),
        event: Some("log_dns"),
    }],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "DNS", service: "dns" },
    // DNS, NetBIOS names, multicast DNS, LLMNR.
    ports: &[(Proto::Udp, 53), (Proto::Tcp, 53), (Proto::Udp, 137), (Proto::Udp, 5353), (Proto::Udp, 5355)],
    signatures: &[],
    both: false,
    new,
};

const NETBIOS_PORT: u16 = 137;

/// What all DNS of a worker shares, and its counters.
#[derive(Default)]
pub struct Totals {
    space: Workspace,
    pub counters: Counters,
}

impl crate::analyze::Worker for Totals {
    type Counters = Counters;

    fn counters(&self) -> Counters {
        self.counters
    }
}

counters! {
    /// What became of DNS.
    pub struct Counters {
        /// DNS queries.
        pub queries: u64 = counter("dns_queries_total"),
        /// DNS messages that wait for their other half, nearly all of them queries.
        pub waiting: u64 = gauge("dns_queries_open"),
    }
}

impl Totals {
    /// Lets a session go on, and counts what waits in it then.
    fn follow<T>(
        &mut self,
        session: &mut Session,
        what: impl FnOnce(&mut Session, &mut Workspace) -> T,
    ) -> T {
        let before = session.waiting() as u64;
        let result = what(session, &mut self.space);
        let waiting = &mut self.counters.waiting;
        *waiting = (*waiting + session.waiting() as u64).saturating_sub(before);
        result
    }
}

/// Lets options say how the next message is read: they may have changed since the last.
fn obey(space: &mut Workspace, config: &Config) {
    let of = &config.protocols.dns;
    space.pending = of.pending;
    space.options.max_questions = of.max_questions;
    space.options.skip_authority = of.skip_authority;
    space.options.skip_additional = of.skip_additional;
}

/// As weird.log names this analyzer.
const SOURCE: &str = "DNS";

/// A flow ends when it was idle for this much less than the timeout, so that a query and its reply
/// shortly after need no second timer.
const SLACK: Interval = Interval::from_secs(1);

fn new(_: &Config, flow: &Flow) -> Box<dyn Analyzer> {
    match flow.proto() {
        Proto::Tcp => Box::new(Stream::default()),
        Proto::Udp | Proto::Icmp => Box::new(Datagrams::default()),
    }
}

/// DNS over UDP.
#[derive(Default)]
struct Datagrams {
    session: Session,
    resp_multicast: bool,
}

impl Analyzer for Datagrams {
    fn begin(&mut self, link: &mut Link<'_, '_>) {
        self.resp_multicast = link.flow.id().resp_h.is_multicast();
        link.flow.set_app_deadline(link.cx.now + link.cx.config.timeouts.dns_session);
    }

    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        message(&mut self.session, link, Transport::Udp, self.resp_multicast, dir, payload);
    }

    /// Ends the flow long before UDP's own timeout: ports are used again for other queries.
    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        let timeout = link.cx.config.timeouts.dns_session;
        if link.flow.last + timeout <= link.cx.now + SLACK {
            return true;
        }
        link.flow.set_app_deadline(link.cx.now + timeout);
        false
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        finish(&mut self.session, link);
    }
}

/// DNS over TCP.
#[derive(Default)]
struct Stream {
    session: Session,
    orig: StreamParser,
    resp: StreamParser,
    /// Of both sides, once they have ended: the header of a message that they left unfinished.
    left: [Option<[u8; HEADER_LEN]>; 2],
}

/// Bytes of a message's header (RFC 1035 §4.1.1).
const HEADER_LEN: usize = 12;

impl Stream {
    fn split(&mut self, dir: Dir) -> (&mut Session, &mut StreamParser) {
        match dir {
            Dir::Orig => (&mut self.session, &mut self.orig),
            Dir::Resp => (&mut self.session, &mut self.resp),
        }
    }
}

impl Analyzer for Stream {
    /// A message that the stream carries in something else.
    fn datagram(&mut self, link: &mut Link<'_, '_>, dir: Dir, payload: &[u8]) {
        message(&mut self.session, link, Transport::Udp, false, dir, payload);
    }

    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        let (session, parser) = self.split(dir);
        parser.data(bytes, |bytes| message(session, link, Transport::Tcp, false, dir, bytes));
    }

    fn gap(&mut self, _: &mut Link<'_, '_>, dir: Dir, len: u64) {
        // The parser gives up after anything longer than a message.
        self.split(dir).1.gap(usize::try_from(len).unwrap_or(usize::MAX));
    }

    /// Zeek reads what there is of unfinished messages, of both directions, at each end that closes. Here
    /// a direction is read to its own end, and once; only whether it can be DNS at all is judged each time.
    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        for side in [Dir::Orig, Dir::Resp] {
            if let Some(left) = self.left[side as usize] {
                check_unfinished(link, &left);
            } else if side != dir {
                check_unfinished(link, self.split(side).1.unfinished());
            } else {
                let mut left = None;
                let (session, parser) = self.split(dir);
                // Zeek does not know any more who sent it, and takes the responder.
                parser.end(|bytes| {
                    left = bytes.first_chunk().copied();
                    message(session, link, Transport::Tcp, false, Dir::Resp, bytes);
                });
                self.left[side as usize] = left;
            }
        }
    }

    fn tcp_event(&mut self, link: &mut Link<'_, '_>, event: TcpEvent) {
        if event == TcpEvent::Reset {
            self.end_of_data(link, Dir::Orig);
            self.end_of_data(link, Dir::Resp);
        }
    }

    fn flipped(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
        self.left.swap(0, 1);
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        finish(&mut self.session, link);
    }
}

fn message(
    session: &mut Session,
    link: &mut Link<'_, '_>,
    transport: Transport,
    resp_multicast: bool,
    dir: Dir,
    bytes: &[u8],
) {
    let Link { cx, flow, shared, .. } = link;
    obey(&mut shared.of.dns.space, cx.config);
    let now = cx.now.nanos();
    let ends =
        dns::Flow { orig_port: flow.orig_port(), resp_port: flow.resp_port(), transport, resp_multicast };
    let netbios = ends.resp_port == NETBIOS_PORT;
    let is_orig = dir.is_orig();
    let mut found =
        Found { listened: listened(cx), cx, flow, netbios, is_orig, len: bytes.len(), queries: 0 };
    let outcome = shared
        .of
        .dns
        .follow(session, |session, space| session.message(space, &ends, is_orig, now, bytes, &mut found));
    shared.of.dns.counters.queries += found.queries;
    match outcome {
        Outcome::Dns => link.confirm(),
        Outcome::TooManyQuestions => link.violation(Weird::TooManyQuestions.name(), None),
        Outcome::NoHeader | Outcome::Damaged => {}
    }
}

/// Looks at the header of an unfinished message only.
fn check_unfinished(link: &mut Link<'_, '_>, unfinished: &[u8]) {
    let space = &mut link.shared.of.dns.space;
    obey(space, link.cx.config);
    if space.options.refuses_message(unfinished) {
        let weird = Weird::TooManyQuestions;
        link.weird(weird.name(), SOURCE);
        link.violation(weird.name(), None);
    }
}

fn finish(session: &mut Session, link: &mut Link<'_, '_>) {
    let Link { cx, flow, shared, .. } = link;
    let listened = listened(cx);
    let mut found = Found { cx, flow, listened, netbios: false, is_orig: false, len: 0, queries: 0 };
    shared.of.dns.follow(session, |session, space| session.finish(space, &mut found));
}

/// Whether scripts handle any of the events.
fn listened(cx: &Cx<'_>) -> bool {
    cx.bus.wants_any(first::dns, events::EVENTS.len())
}

/// Takes what a session finds on this flow.
struct Found<'l, 'c> {
    cx: &'l mut Cx<'c>,
    flow: &'l mut Flow,
    /// Whether scripts handle any of the events, which are not made else.
    listened: bool,
    netbios: bool,
    /// Of the message at hand: who sent it, and its length.
    is_orig: bool,
    len: usize,
    /// Queries found.
    queries: u64,
}

impl Found<'_, '_> {
    /// Raises an event, with the row as `c$dns`, where a script handles it.
    fn raise<E: Event>(&mut self, row: Option<&Row>, event: &E) {
        self.raise_last(row, event, false);
    }

    /// The same; `closes`: handlers of later events do not find the row in the connection any more.
    fn raise_last<E: Event>(&mut self, row: Option<&Row>, event: &E, closes: bool) {
        if !self.cx.bus.wants(E::ID) {
            return;
        }
        let Some(args) = self.cx.bus.args(event) else { return };
        let mut conn = self.flow.view(self.cx.bus);
        conn.closes = closes.then_some(SCHEMA);
        if let Some(row) = row {
            let view = record::with(self.flow, row, |record| self.cx.bus.view(record));
            conn.record = view.map(|view| (record::nth(row), view));
        }
        self.flow.raised |= self.cx.bus.raise(E::ID, Some(conn), None, args);
    }
}

impl Sink for Found<'_, '_> {
    fn row(&mut self, row: &Row) {
        record::log(self.cx, self.flow, row);
    }

    fn weird(&mut self, weird: Weird) {
        self.flow.weird_about(self.cx, weird.name(), SOURCE, weird.to_string());
    }

    fn flip_roles(&mut self) {
        self.flow.flip_roles();
    }

    fn header(&mut self, header: &Header, row: Option<&Row>) {
        self.queries += u64::from(!header.is_response());
        let (msg, is_orig, len) = (Msg::of(header, self.netbios), self.is_orig, self.len as u64);
        self.raise(row, &events::Message { c: Conn, is_orig, msg, len });
    }

    fn question(&mut self, header: &Header, question: &Question<'_>, row: Option<&Row>) {
        if self.listened {
            self.raise_question(header, question, row);
        }
    }

    fn record(&mut self, header: &Header, record: &Record<'_>, row: Option<&Row>) {
        if self.listened {
            self.raise_record(header, record, row);
        }
    }

    fn end(&mut self, header: &Header, row: Option<&Row>, complete: bool) {
        let msg = Msg::of(header, self.netbios);
        // Zeek takes a query away once it was answered.
        self.raise_last(row, &events::End { c: Conn, msg }, complete);
    }
}
