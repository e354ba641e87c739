//! HTTP: http.log, the files that messages carry, and what a connection becomes after a CONNECT or
//! an Upgrade.

mod record;

use nightjar_protocols::files::{File, Step};
use nightjar_protocols::http::log::{Row, RowLimits, RowSink, Rows};
use nightjar_protocols::http::{
    Close, Content, EntityId, Handler, Handover, Header, Limits, MessageStat, PORTS, Probe, ReplyLine,
    RequestLine, Session, Source, probe_client, probe_server,
};

use crate::analyze::files::{About, OpenFiles, file_id};
use crate::analyze::{Analyzer, Heads, Link, Spec};
use crate::config::Config;
use crate::event::{ConnId, Proto, Tunnel, TunnelType};
use crate::flow::{Cx, Dir, Flow, TcpEvent};
use crate::record::Uid;

pub static SPEC: Spec = Spec { service: "http", ports: &TCP_PORTS, probe: Some(probe), new };

const TCP_PORTS: [(Proto, u16); PORTS.len()] = {
    let mut ports = [(Proto::Tcp, 0); PORTS.len()];
    let mut at = 0;
    while at < PORTS.len() {
        ports[at].1 = PORTS[at];
        at += 1;
    }
    ports
};

/// Either side is enough: of large transfers the other one may come too late.
fn probe(heads: &Heads<'_>) -> bool {
    probe_client(heads.orig) == Probe::Match || probe_server(heads.resp) == Probe::Match
}

/// What the HTTP analyzers of a worker have in common.
#[derive(Debug, Default)]
pub struct Totals {
    /// Bodies being inflated now.
    inflating: usize,
    /// Bodies that were not, because there were too many.
    pub not_inflated: u64,
    /// Texts that did not fit into their row.
    pub left_out: u64,
}

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let limits = RowLimits { capture_password: config.capture_passwords, ..RowLimits::default() };
    Box::new(Http {
        session: Session::new(Limits::default()),
        log: Log { rows: Rows::new(limits), files: OpenFiles::default(), current: [None; 2] },
        inflating: 0,
    })
}

/// One connection.
struct Http {
    session: Session,
    log: Log,
    /// Its share of [`Totals::inflating`].
    inflating: usize,
}

/// What is to be logged of a connection.
struct Log {
    rows: Rows,
    files: OpenFiles,
    /// Of the originator and the responder: the file that an entity's content belongs to. Zeek asks for
    /// it once, with the entity's first bytes.
    current: [Option<(EntityId, Uid)>; 2],
}

impl Http {
    fn with_session(
        &mut self,
        link: &mut Link<'_, '_>,
        what: impl FnOnce(&mut Session, u64, &mut Hears<'_, '_, '_>),
    ) {
        let now = link.cx.now.nanos().cast_unsigned();
        what(&mut self.session, now, &mut Hears { log: &mut self.log, link });
        let inflating = self.session.inflating();
        if inflating != self.inflating {
            let total = &mut link.shared.http.inflating;
            *total = (*total + inflating).saturating_sub(self.inflating);
            self.inflating = inflating;
        }
    }

    fn give_up_files(&mut self, link: &mut Link<'_, '_>) {
        let Log { rows, files, .. } = &mut self.log;
        files.give_up_all(link.cx, link.flow, &mut link.shared.files, &mut |about, mime_type| {
            rows.file_type(about.tag, about.is_orig, mime_type.as_bytes());
        });
    }
}

impl Analyzer for Http {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.session.set_partial(link.flow.is_partial());
        self.with_session(link, |session, now, hears| session.data(dir.is_orig(), now, bytes, hears));
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, dir: Dir, len: u64) {
        self.with_session(link, |session, now, hears| session.gap(dir.is_orig(), now, len, hears));
    }

    fn end_of_data(&mut self, link: &mut Link<'_, '_>, dir: Dir) {
        self.with_session(link, |session, now, hears| session.end(dir.is_orig(), now, hears));
    }

    fn tcp_event(&mut self, link: &mut Link<'_, '_>, event: TcpEvent) {
        let how = match event {
            TcpEvent::RstPacket | TcpEvent::Reset => Close::Reset,
            TcpEvent::Finished { .. } => Close::Finished,
        };
        self.with_session(link, |session, now, hears| session.close(how, now, hears));
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        let Log { rows, files, .. } = &mut self.log;
        files.timer(link.cx, link.flow, &mut link.shared.files, &mut |about, mime_type| {
            rows.file_type(about.tag, about.is_orig, mime_type.as_bytes());
        });
        false
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.with_session(link, |session, now, hears| session.close(Close::Removed, now, hears));
        // Pieces of a file (206) may go on in another message, but not in another connection.
        self.give_up_files(link);
        self.log.rows.finish(&mut Out { cx: link.cx, flow: link.flow });
        link.shared.http.left_out += self.log.rows.left_out;
        link.shared.http.inflating = link.shared.http.inflating.saturating_sub(self.inflating);
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
            let about =
                About { source: "HTTP", is_orig, depth: 0, filename: row.filename, tag: row.trans_depth };
            let Link { cx, flow, shared, .. } = &mut *self.link;
            let Log { rows, files, .. } = &mut *self.log;
            files.begin(cx, flow, &mut shared.files, fuid, about, &mut |about, mime_type| {
                rows.file_type(about.tag, about.is_orig, mime_type.as_bytes());
            });
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
        let Link { cx, flow, shared, .. } = &mut *self.link;
        let Log { rows, files, .. } = &mut *self.log;
        let on_type = &mut |about: &About, mime_type: &'static str| {
            rows.file_type(about.tag, about.is_orig, mime_type.as_bytes());
        };
        files.update(cx, flow, &mut shared.files, fuid, on_type, what);
    }
}

impl Handler for Hears<'_, '_, '_> {
    fn request(&mut self, line: &RequestLine<'_>) {
        let now = self.now();
        self.log.rows.request(now, line, &mut Out { cx: self.link.cx, flow: self.link.flow });
    }

    fn reply(&mut self, line: &ReplyLine<'_>) {
        let now = self.now();
        self.log.rows.reply(now, line);
        let row = self.log.rows.current();
        if line.code == 200 && row.is_some_and(|row| row.get(row.method) == Some(b"CONNECT")) {
            // One proxy carries many tunnels, each from another port: they count as one.
            let id = ConnId { orig_p: 0, ..self.link.flow.id() };
            self.link.cx.bus.tunnels(vec![Tunnel { uid: None, id, kind: TunnelType::Http }]);
        }
    }

    fn begin_entity(&mut self, is_orig: bool, _: EntityId) {
        let now = self.now();
        self.log.rows.begin_entity(now, is_orig);
    }

    fn header(&mut self, is_orig: bool, header: &Header<'_>) {
        let now = self.now();
        let sink = &mut Out { cx: self.link.cx, flow: self.link.flow };
        self.log.rows.header(now, is_orig, header, sink);
    }

    fn content(&mut self, is_orig: bool, content: &Content<'_>) {
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
        if let Some(fuid) = self.file(is_orig, entity) {
            self.update(fuid, |file| file.gap(offset, len));
        }
    }

    fn end_entity(&mut self, _: bool, _: EntityId) {
        self.log.rows.end_entity();
    }

    fn may_inflate(&mut self) -> bool {
        let totals = &mut self.link.shared.http;
        let may = totals.inflating < self.link.cx.config.limits.inflating;
        totals.not_inflated += u64::from(!may);
        may
    }

    fn end_file(&mut self, is_orig: bool, entity: EntityId) {
        let known = self.log.current[usize::from(!is_orig)].filter(|(of, _)| *of == entity);
        let Some(fuid) = known.map(|(_, fuid)| fuid).or_else(|| self.handle(is_orig)) else { return };
        let Link { cx, flow, shared, .. } = &mut *self.link;
        let Log { rows, files, .. } = &mut *self.log;
        files.end(cx, flow, &mut shared.files, fuid, &mut |about, mime_type| {
            rows.file_type(about.tag, about.is_orig, mime_type.as_bytes());
        });
    }

    fn message_done(&mut self, is_orig: bool, stat: &MessageStat) {
        let now = self.now();
        let sink = &mut Out { cx: self.link.cx, flow: self.link.flow };
        self.log.rows.message_done(now, is_orig, stat, sink);
    }

    fn handover(&mut self, _: Handover<'_>) {
        self.link.hand_over();
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

    fn violation(&mut self, _: &'static str, _: &[u8]) {
        self.link.violation();
    }
}
