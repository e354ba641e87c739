//! HTTP: http.log, the files that messages carry, and what a connection becomes after a CONNECT or
//! an Upgrade.

pub mod events;
mod lasting;
mod patterns;
mod record;
mod upgrade;

use nightjar_protocols::files::{File, Step};
use nightjar_protocols::http::log::{Row, RowLimits, RowSink, Rows};
use nightjar_protocols::http::{
    Close, Content, EntityId, Handler, Handover, Header, Limits, MessageStat, PORTS, ReplyLine, RequestLine,
    Session, Source, Version, probe_client, probe_server,
};

use crate::analyze::files::{About, Carrier, OpenFiles, file_id};
use crate::analyze::mime::events::{HeaderList, Heads as Headers};
use crate::analyze::signatures::Text;
use crate::analyze::{Analyzer, Kind, Link, LogDecl, Named, Protocol, Signature, Spec, over_tcp};
use crate::config::Config;
use crate::counters::{counter, counters};
use crate::event::{Conn, ConnId, Event, Owner, Proto, RecordView, Shown, Subject, Tunnel, TunnelType};
use crate::flow::{Cx, Dir, Flow, TcpEvent};
use crate::record::Uid;
use crate::signature;

pub type Worker = Totals;

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    row: Some(SCHEMA),
    apart: &[events::Stats::ID],
    course: &[events::Request::ID, events::ContentType::ID, events::Reply::ID, events::MessageDone::ID],
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "HTTP::Info",
        holder: Some(("connection", "http")),
        event: Some("log_http"),
    }],
    script: Some(include_str!("http.zeek")),
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "HTTP", service: "http" },
    ports: &over_tcp(PORTS),
    // Either side is enough: of large transfers the other one may come too late.
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: probe_client },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: probe_server },
    ],
    both: false,
    new,
};

/// http.log's columns.
pub const SCHEMA: &crate::record::Schema = <record::HttpRow<'static> as crate::record::Record>::SCHEMA;

/// What the HTTP analyzers of a worker have in common.
#[derive(Default)]
pub struct Totals {
    held: Held,
    pub counters: Counters,
    /// What connections that are over have allocated, for new ones.
    #[allow(clippy::vec_box, reason = "a kilobyte each, which would be moved twice for every connection")]
    spare: Vec<Box<Exchange>>,
}

impl crate::analyze::Worker for Totals {
    type Counters = Counters;

    fn counters(&self) -> Counters {
        self.counters
    }
}

counters! {
    /// What HTTP gave up.
    pub struct Counters {
        /// Compressed bodies logged as they were sent because too many were being inflated.
        pub not_inflated: u64 = counter("http_not_inflated_total")
            .lost("compressed HTTP bodies logged as sent because too many were being decoded"),
        /// How often a connection was held short because all together held too much.
        pub pressed: u64 = counter("http_held_short_total")
            .lost("times an HTTP connection was held short because all together held too much"),
        /// Texts that did not fit into their row of http.log.
        pub left_out: u64 =
            counter("http_left_out_total").lost("texts that did not fit into their http.log row"),
    }
}

/// What is held in memory, of one connection or of all.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    /// Bodies being inflated.
    inflating: usize,
    /// Bytes of lines and rows that are not complete.
    bytes: usize,
}

impl Held {
    /// Replaces one connection's part in the whole.
    fn replace(&mut self, before: Held, now: Held) {
        self.inflating = (self.inflating + now.inflating).saturating_sub(before.inflating);
        self.bytes = (self.bytes + now.bytes).saturating_sub(before.bytes);
    }
}

/// So many are kept; far fewer connections are usually in the middle of an exchange.
const MAX_SPARE: usize = 256;

fn new(_: &Config, _: &Flow) -> Box<dyn Analyzer> {
    Box::new(Http { exchange: None, trans_depth: 0 })
}

/// One connection. Many are kept for a while after they have ended; then this is all that is left.
struct Http {
    exchange: Option<Box<Exchange>>,
    /// Transactions of exchanges that are over.
    trans_depth: u64,
}

/// All that is known of a connection while it is used.
struct Exchange {
    session: Session,
    log: Log,
    /// Its part of [`Totals::held`].
    held: Held,
    /// It may only hold little.
    pressed: bool,
}

/// What is to be logged of a connection.
struct Log {
    rows: Rows,
    files: OpenFiles,
    /// Of the originator and the responder: the file that an entity's content belongs to. Zeek asks for
    /// it once, with the entity's first bytes.
    current: [Option<(EntityId, Uid)>; 2],
    /// Of both sides: the headers so far, where a script wants them all at once.
    heads: [Headers; 2],
    totals: MessageTotals,
    asking: Option<lasting::Asking>,
    /// What is told to the analyzer of what the connection may be upgraded to.
    upgrade: upgrade::Kept,
    /// Of both sides: what signatures have looked at.
    looked: [patterns::Looked; 2],
    /// Of both sides: what of a body was not told yet, where a script wants to see it.
    undelivered: [Vec<u8>; 2],
    /// What is held of a request's body, where a script wants to see its beginning.
    body: Vec<u8>,
    /// Replies that end a request.
    answers: u32,
    /// The number of the request whose head was complete last.
    head_of: u32,
    /// Something was read since the totals were told.
    reads: bool,
    /// Scripts were shown transactions up to the one with this number: they may have changed them.
    shown: u64,
}

/// So much of a request's body is told to scripts: logins are smaller, and whoever sends more is not held for long.
const MAX_BODY: usize = 4096;

/// What `http_stats` tells when a connection is over.
#[derive(Clone, Copy, Default)]
struct MessageTotals {
    requests: u32,
    replies: u32,
    versions: [Version; 2],
}

impl Log {
    /// What `http_stats` tells, at the end of what was read.
    fn tell_totals(&mut self, link: &mut Link<'_, '_>) {
        let totals = std::mem::take(&mut self.totals);
        if std::mem::take(&mut self.reads) {
            link.flow.raise(link.cx, &events::Stats::of(&totals));
        }
    }

    /// What of bodies is held for scripts.
    fn text_bytes(&self) -> usize {
        self.body.len() + self.upgrade.bytes() + self.undelivered.iter().map(Vec::len).sum::<usize>()
    }

    /// Nothing of the messages so far matters any more; the rows stay.
    fn forget(&mut self) {
        self.current = [None; 2];
        self.heads.iter_mut().for_each(Headers::clear);
        self.totals = MessageTotals::default();
        (self.asking, self.answers, self.head_of) = (None, 0, 0);
        self.body.clear();
        self.upgrade.clear();
        self.shown = 0;
        self.undelivered.iter_mut().for_each(Vec::clear);
    }
}

/// The ceilings of one connection.
fn limits(config: &Config, pressed: bool) -> (Limits, RowLimits) {
    let (mut limits, mut row_limits) = (Limits::default(), RowLimits::default());
    row_limits.capture_password = config.capture_passwords;
    row_limits.proxy_headers.clone_from(&config.protocols.http.other_proxy_headers);
    row_limits.methods.clone_from(&config.protocols.http.other_methods);
    limits.max_depth = config.protocols.http.mime_depth;
    row_limits.max_pending = config.protocols.http.max_pending;
    (row_limits.max_files_orig, row_limits.max_files_resp) =
        (config.protocols.http.max_files_orig, config.protocols.http.max_files_resp);
    if pressed {
        // Servers take no longer heads either.
        limits.max_line = 16 << 10;
        row_limits.max_text = 8 << 10;
        row_limits.max_pending = 8;
    }
    (limits, row_limits)
}

impl Exchange {
    fn new(config: &Config) -> Box<Self> {
        let (limits, row_limits) = limits(config, false);
        Box::new(Exchange {
            session: Session::new(limits),
            log: Log {
                rows: Rows::new(row_limits),
                files: OpenFiles::default(),
                current: [None; 2],
                heads: Default::default(),
                totals: MessageTotals::default(),
                asking: None,
                upgrade: upgrade::Kept::default(),
                looked: Default::default(),
                undelivered: Default::default(),
                body: Vec::new(),
                answers: 0,
                head_of: 0,
                reads: false,
                shown: 0,
            },
            held: Held::default(),
            pressed: false,
        })
    }

    /// Holds the connection short, or lets it go again.
    fn press(&mut self, config: &Config, pressed: bool) {
        let (limits, row_limits) = limits(config, pressed);
        self.session.set_limits(limits);
        self.log.rows.set_limits(row_limits);
        self.pressed = pressed;
    }

    /// Nothing is open, nothing waits to be logged, and nothing that may follow depends on what was.
    fn is_settled(&self) -> bool {
        self.log.rows.is_settled() && self.log.files.is_empty() && !self.session.is_handed_over()
    }

    fn with_session(
        &mut self,
        link: &mut Link<'_, '_>,
        what: impl FnOnce(&mut Session, u64, &mut Hears<'_, '_, '_>),
    ) {
        let now = link.cx.now.nanos().cast_unsigned();
        what(&mut self.session, now, &mut Hears { log: &mut self.log, link });
        let bytes = self.session.buffered() + self.log.rows.held_bytes() + self.log.text_bytes();
        let held = Held { inflating: self.session.inflating(), bytes };
        if held != self.held {
            let totals = &mut link.shared.of.http;
            totals.held.replace(self.held, held);
            self.held = held;
            let pressed = totals.held.bytes > link.cx.config.limits.http_bytes;
            if pressed != self.pressed {
                totals.counters.pressed += u64::from(pressed);
                self.press(link.cx.config, pressed);
            }
        }
    }

    /// The analyzer is taken off the flow with rows that wait. It may come back, and a reply with it.
    fn stop(&mut self, link: &mut Link<'_, '_>) {
        self.log.tell_totals(link);
        self.log.forget();
        self.session.reset();
        // Counts anew what is held.
        self.with_session(link, |_, _, _| {});
    }

    /// Nothing more is read of the connection. Rows that wait for their reply go on waiting.
    fn close(&mut self, link: &mut Link<'_, '_>) {
        self.with_session(link, |session, now, hears| session.close(Close::Removed, now, hears));
        // Pieces of a file (206) may go on in another message, but not in another connection.
        let Log { rows, files, .. } = &mut self.log;
        files.give_up_all(&mut link.files(rows));
    }
}

impl Http {
    /// The exchange that goes on, or a new one.
    fn exchange(&mut self, link: &mut Link<'_, '_>) -> &mut Exchange {
        let trans_depth = self.trans_depth.max(link.transactions_before());
        let (totals, config) = (&mut link.shared.of.http, link.cx.config);
        let exchange = self.exchange.get_or_insert_with(|| {
            let mut exchange = match totals.spare.pop() {
                Some(mut spare) => {
                    // Options may have changed since it was made.
                    spare.press(config, false);
                    spare
                }
                None => Exchange::new(config),
            };
            exchange.log.rows.reset(trans_depth);
            exchange
        });
        exchange.log.reads = true;
        exchange
    }

    /// Gives back what the exchange has allocated.
    fn release(&mut self, link: &mut Link<'_, '_>) {
        let Some(mut exchange) = self.exchange.take() else { return };
        exchange.log.tell_totals(link);
        let totals = &mut link.shared.of.http;
        self.trans_depth = exchange.log.rows.trans_depth();
        totals.counters.left_out += exchange.log.rows.left_out;
        totals.held.replace(exchange.held, Held::default());
        if totals.spare.len() < MAX_SPARE {
            exchange.session.reset();
            exchange.log.rows.reset(0);
            exchange.log.forget();
            exchange.held = Held::default();
            totals.spare.push(exchange);
        }
    }
}

impl Analyzer for Http {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        let exchange = self.exchange(link);
        exchange.session.set_partial(link.flow.is_partial());
        exchange.with_session(link, |session, now, hears| {
            session.data(dir.is_orig(), now, bytes, hears);
            if dir.is_orig() {
                hears.watch(session.is_asking(), bytes.len() as u64);
            } else if session.is_in_request() {
                hears.answered();
            }
        });
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        let exchange = self.exchange(link);
        exchange.with_session(link, |session, now, hears| {
            session.gap(dir.is_orig(), now, len, hears);
            if dir.is_orig() {
                hears.watch(session.is_asking(), len);
            }
        });
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        if let Some(exchange) = &mut self.exchange {
            exchange.with_session(link, |session, now, hears| session.end(dir.is_orig(), now, hears));
        }
    }

    fn tcp_event(&mut self, link: &mut Link<'_, '_>, event: TcpEvent) {
        let Some(exchange) = &mut self.exchange else { return };
        let how = match event {
            TcpEvent::RstPacket | TcpEvent::Reset => Close::Reset,
            TcpEvent::Finished { .. } => Close::Finished,
            _ => return,
        };
        exchange.log.asking = None;
        exchange.with_session(link, |session, now, hears| session.close(how, now, hears));
        // What an attacker makes follow a false end is still read, by a new exchange.
        if event == (TcpEvent::Finished { half: false }) && exchange.is_settled() {
            self.release(link);
        }
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        if let Some(exchange) = &mut self.exchange {
            let Log { rows, files, .. } = &mut exchange.log;
            files.timer(&mut link.files(rows));
            Hears { log: &mut exchange.log, link }.look_at_request();
        }
        false
    }

    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        if let Some(exchange) = &mut self.exchange {
            exchange.close(link);
            if exchange.is_settled() {
                self.release(link);
            } else {
                exchange.stop(link);
            }
        }
        true
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        if let Some(exchange) = &mut self.exchange {
            exchange.close(link);
            exchange.log.rows.finish(&mut Out { cx: link.cx, flow: link.flow });
            self.release(link);
        }
    }
}

/// Notes the types of files in their rows.
impl Carrier for Rows {
    fn file_type(&mut self, about: &About, mime_type: &'static str) {
        Rows::file_type(self, about.tag, about.is_orig, mime_type.as_bytes());
    }

    fn transaction(&self, cx: &mut Cx<'_>, flow: &mut Flow) -> Option<(u64, RecordView)> {
        let row = self.current()?;
        Some((row.trans_depth, cx.bus.view(&record::of(flow, row))?))
    }
}

/// Writes rows and the weirds of their pairing.
struct Out<'l, 'c> {
    cx: &'l mut Cx<'c>,
    flow: &'l mut Flow,
}

impl RowSink for Out<'_, '_> {
    fn row(&mut self, row: &Row) {
        record::log(self.cx, self.flow, row);
    }

    fn weird(&mut self, name: &'static str, addl: &[u8]) {
        weird(self.cx, self.flow, name, addl, "");
    }
}

fn weird(cx: &mut Cx<'_>, flow: &mut Flow, name: &'static str, addl: &[u8], source: &'static str) {
    flow.weird_about(cx, name, source, String::from_utf8_lossy(addl).into_owned());
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    log: &'h mut Log,
    link: &'h mut Link<'l, 'c>,
}

impl Hears<'_, '_, '_> {
    fn now(&self) -> u64 {
        self.link.cx.now.nanos().cast_unsigned()
    }

    /// Raises an event, with the transaction as `c$http`, where a script handles it.
    fn raise<E: Event>(&mut self, event: &E) {
        if !self.link.cx.bus.wants(E::ID) {
            return;
        }
        let Link { cx, flow, .. } = &mut *self.link;
        let Some(args) = cx.bus.args(event) else { return };
        let row = self.log.rows.current();
        if std::mem::take(&mut flow.shown) {
            self.log.shown = self.log.rows.trans_depth();
        }
        let record = row.filter(|_| cx.bus.interest().fields(SCHEMA) != 0).map(|row| record::of(flow, row));
        let nth = record.as_ref().map_or(0, |record| record.trans_depth);
        let owner = Owner { uid: flow.uid(), nth };
        let row = record.as_ref().map(|record| Shown::Row(SCHEMA, record));
        let raised = if row.is_some() { nth <= self.log.shown } else { flow.raised };
        let subject = Subject { id: flow.id(), proto: flow.proto(), raised, row, view: None };
        let Some(idle) = cx.bus.settle(E::ID, owner, &subject, args) else { return };
        let mut conn = flow.view(cx.bus);
        conn.record = self.log.rows.transaction(cx, flow);
        cx.bus.raise_to(E::ID, Some(conn), None, args, idle);
        flow.raised = true;
        self.log.shown = self.log.shown.max(nth);
    }

    fn take_request(&mut self, now: u64, line: &RequestLine<'_>) {
        self.log.rows.request(now, line, &mut Out { cx: self.link.cx, flow: self.link.flow });
        self.raise(&events::Request::of(line, &line.version.text()));
    }

    /// Tells of a body in pieces of the size that `http_entity_data_delivery_size` says, as Zeek does.
    fn deliver(&mut self, is_orig: bool, mut data: &[u8]) {
        if !self.link.cx.bus.wants(events::EntityData::ID) {
            return;
        }
        let size = self.link.cx.config.protocols.http.delivery;
        let mut held = std::mem::take(&mut self.log.undelivered[usize::from(!is_orig)]);
        while !data.is_empty() {
            let (now, later) = data.split_at(data.len().min(size.saturating_sub(held.len()).max(1)));
            data = later;
            held.extend_from_slice(now);
            if held.len() >= size {
                self.tell_data(is_orig, &held);
                held.clear();
            }
        }
        self.log.undelivered[usize::from(!is_orig)] = held;
    }

    /// Tells what there is of a piece.
    fn deliver_rest(&mut self, is_orig: bool) {
        let mut held = std::mem::take(&mut self.log.undelivered[usize::from(!is_orig)]);
        if !held.is_empty() {
            self.tell_data(is_orig, &held);
            held.clear();
        }
        self.log.undelivered[usize::from(!is_orig)] = held;
    }

    fn tell_data(&mut self, is_orig: bool, data: &[u8]) {
        self.raise(&events::EntityData { c: Conn, is_orig, length: data.len() as u64, data });
    }

    /// Takes some of a request's body for scripts.
    fn gather(&mut self, data: &[u8]) {
        let before = self.log.body.len();
        if before < MAX_BODY && self.link.cx.bus.wants(events::RequestBody::ID) {
            self.log.body.extend_from_slice(data.get(..MAX_BODY - before).unwrap_or(data));
            if self.log.body.len() == MAX_BODY {
                self.tell_body();
            }
        }
    }

    /// Tells what was gathered. It stays until the body ends, if it is all that is told of it.
    fn tell_body(&mut self) {
        let data = std::mem::take(&mut self.log.body);
        self.raise(&events::RequestBody { c: Conn, data: &data });
        self.log.body = data;
    }

    /// The file that an entity's content belongs to; it begins where it is new. `None` before the first
    /// message.
    fn file(&mut self, is_orig: bool, entity: EntityId) -> Option<Uid> {
        let side = usize::from(!is_orig);
        let known =
            self.log.current[side].filter(|(of, fuid)| *of == entity && self.log.files.contains(*fuid));
        if let Some((_, fuid)) = known {
            return Some(fuid);
        }
        let fuid = self.handle(is_orig)?;
        if !self.log.files.contains(fuid) {
            let row = self.log.rows.file_new(is_orig, fuid.as_bytes())?;
            let about = About {
                source: "HTTP",
                is_orig,
                depth: 0,
                filename: row.filename,
                mime_type: None,
                parent: None,
                tag: row.trans_depth,
            };
            let Log { rows, files, .. } = &mut *self.log;
            files.begin(&mut self.link.files(rows), fuid, about);
        }
        self.log.current[side] = Some((entity, fuid));
        Some(fuid)
    }

    /// Names the file of a direction as Zeek's `HTTP::get_file_handle` does, but within the connection.
    fn handle(&mut self, is_orig: bool) -> Option<Uid> {
        let row = self.log.rows.current()?;
        let seed = self.link.cx.config.seed;
        Some(file_id(self.link.flow, seed, |hasher| {
            hasher.write_u8(u8::from(is_orig));
            if row.range_request && !is_orig {
                // All that comes in answer to ranges of one URL is pieces of one file.
                let uri = row.get(row.uri).unwrap_or_default();
                if !uri.windows(3).any(|three| three == b"://") {
                    hasher.write(row.get(row.host).unwrap_or_default());
                }
                hasher.write(uri);
            } else {
                hasher.write_u64(row.trans_depth);
                hasher.write_u64(row.files(is_orig).entities);
            }
        }))
    }

    fn update(&mut self, fuid: Uid, what: impl FnOnce(&mut File) -> Step) {
        let Log { rows, files, .. } = &mut *self.log;
        files.update(&mut self.link.files(rows), fuid, what);
    }
}

impl Handler for Hears<'_, '_, '_> {
    fn request(&mut self, line: &RequestLine<'_>) {
        self.link.text(&Text::whole(signature::Kind::HttpRequest, Dir::Orig, line.unescaped_uri));
        let now = self.now();
        self.log.totals.requests += 1;
        self.log.totals.versions[0] = line.version;
        let most = usize::try_from(self.link.cx.config.protocols.http.max_uri).unwrap_or(usize::MAX);
        if line.uri.len().max(line.unescaped_uri.len()) > most {
            let (original, unescaped) =
                (events::truncated(line.uri, most), events::truncated(line.unescaped_uri, most));
            let line = RequestLine { uri: &original, unescaped_uri: &unescaped, ..*line };
            return self.take_request(now, &line);
        }
        self.take_request(now, line);
    }

    fn reply(&mut self, line: &ReplyLine<'_>) {
        let now = self.now();
        self.log.totals.replies += 1;
        self.log.answers += u32::from(line.code >= 200);
        self.log.totals.versions[1] = line.version;
        self.log.rows.reply(now, line);
        let row = self.log.rows.current();
        if line.code == 200 && row.is_some_and(|row| row.get(row.method) == Some(b"CONNECT")) {
            // One proxy carries many tunnels, each from another port: they count as one.
            let id = ConnId { orig_p: 0, ..self.link.flow.id() };
            self.link.cx.bus.tunnels(vec![Tunnel { uid: None, id, kind: TunnelType::Http }]);
        }
        self.raise(&events::Reply::of(line, &line.version.text()));
    }

    fn begin_entity(&mut self, is_orig: bool, _: EntityId) {
        let now = self.now();
        self.log.rows.begin_entity(now, is_orig);
        self.match_entity(is_orig);
        self.raise(&events::BeginEntity { c: Conn, is_orig });
    }

    fn header(&mut self, is_orig: bool, header: &Header<'_>) {
        self.match_header(is_orig, header);
        let now = self.now();
        let sink = &mut Out { cx: self.link.cx, flow: self.link.flow };
        self.log.rows.header(now, is_orig, header, sink);
        self.raise(&events::OneHeader::of(is_orig, header));
        if !self.log.upgrade.header(is_orig, header) {
            self.link.shared.of.http.counters.left_out += 1;
        }
        let interest = self.link.cx.bus.interest();
        if interest.headers.iter().any(|name| name.eq_ignore_ascii_case(header.name)) {
            self.raise(&events::HeaderOfInterest::of(is_orig, header));
        }
        if self.link.cx.bus.wants(events::AllHeaders::ID) {
            self.log.heads[usize::from(!is_orig)].add(header.name, header.value);
        }
    }

    fn headers_done(&mut self, is_orig: bool, content_type: &[u8]) {
        let heads = std::mem::take(&mut self.log.heads[usize::from(!is_orig)]);
        if self.link.cx.bus.wants(events::AllHeaders::ID) {
            let hlist = HeaderList(&heads.records());
            self.raise(&events::AllHeaders { c: Conn, is_orig, hlist });
        }
        self.raise(&events::ContentType::of(is_orig, content_type));
        // Parts of a body have heads, too.
        if is_orig && self.log.head_of != self.log.totals.requests {
            self.log.head_of = self.log.totals.requests;
            self.raise(&events::RequestHead { c: Conn });
        }
    }

    fn content(&mut self, is_orig: bool, content: &Content<'_>) {
        let data = content.data;
        self.match_content(is_orig, data);
        self.deliver(is_orig, data);
        if is_orig {
            self.gather(data);
        }
        let Some(mut fuid) = self.file(is_orig, content.entity) else { return };
        if let Some(total) = content.total {
            self.update(fuid, |file| file.set_total(total));
            match self.file(is_orig, content.entity) {
                Some(again) => fuid = again,
                None => return,
            }
        }
        self.update(fuid, |file| match content.offset {
            Some(offset) => file.data_at(offset, content.data),
            None => file.data(content.data),
        });
    }

    fn content_gap(&mut self, is_orig: bool, entity: EntityId, offset: u64, len: u64) {
        self.deliver_rest(is_orig);
        if let Some(fuid) = self.file(is_orig, entity) {
            let Log { rows, files, .. } = &mut *self.log;
            files.gap(&mut self.link.files(rows), fuid, offset, len);
        }
    }

    fn end_entity(&mut self, is_orig: bool, _: EntityId) {
        self.deliver_rest(is_orig);
        if is_orig {
            if (1..MAX_BODY).contains(&self.log.body.len()) {
                self.tell_body();
            }
            self.log.body.clear();
        }
        self.raise(&events::EndEntity { c: Conn, is_orig });
        self.log.rows.end_entity();
    }

    fn may_inflate(&mut self) -> bool {
        let totals = &mut self.link.shared.of.http;
        let may = totals.held.inflating < self.link.cx.config.limits.inflating;
        totals.counters.not_inflated += u64::from(!may);
        may
    }

    fn end_file(&mut self, is_orig: bool, entity: EntityId) {
        let known = self.log.current[usize::from(!is_orig)].filter(|(of, _)| *of == entity);
        let Some(fuid) = known.map(|(_, fuid)| fuid).or_else(|| self.handle(is_orig)) else { return };
        let Log { rows, files, .. } = &mut *self.log;
        files.end(&mut self.link.files(rows), fuid);
    }

    fn message_done(&mut self, is_orig: bool, stat: &MessageStat) {
        self.match_end(is_orig);
        let now = self.now();
        // Before the row is written: handlers see the transaction whole.
        self.raise(&events::MessageDone::of(is_orig, stat));
        let sink = &mut Out { cx: self.link.cx, flow: self.link.flow };
        self.log.rows.message_done(now, is_orig, stat, sink);
    }

    fn handover(&mut self, to: Handover<'_>) {
        match to {
            Handover::Connect => _ = self.link.hand_over(self.log.rows.trans_depth()),
            Handover::Upgrade(to) => {
                if let Some(analyzer) = upgrade::analyzer(to) {
                    let opening = self.log.upgrade.opening(self.log.rows.current());
                    self.link.start_with(analyzer, opening, self.log.rows.trans_depth());
                }
            }
        }
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.link.pass_on(if is_orig { Dir::Orig } else { Dir::Resp }, data);
    }

    fn passed_gap(&mut self, is_orig: bool, len: u64) {
        self.link.pass_gap(if is_orig { Dir::Orig } else { Dir::Resp }, len);
    }

    fn weird(&mut self, name: &'static str, addl: &[u8], source: Source) {
        weird(self.link.cx, self.link.flow, name, addl, source.name().unwrap_or_default());
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &'static str, _: &[u8]) {
        // Zeek does not tell the line.
        self.link.violation(reason, None);
    }
}
