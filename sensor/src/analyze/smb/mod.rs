//! SMB: smb_files.log, smb_mapping.log, the files that are read and written, and what pipes carry.

mod args;
pub mod events;
mod names;
mod record;
mod shown;
mod state;
mod tell;
// settings.rs is a part of `config` (tools/lists).

use nightjar_protocols::smb::{self, Discarded, Limits, PORTS, Pipe, Place, Session, Transform, v1, v2};

use crate::analyze::files::{About, OpenFiles, are_wanted, file_id};
use crate::analyze::smb::args::TransformHeader;
use crate::analyze::smb::record::{FilesRow, MappingRow};
use crate::analyze::smb::state::{Deferred, State};
use crate::analyze::smb::tell::Raise;
use crate::analyze::{
    Analyzer, Child, Counted, Kind, Link, LogDecl, Named, Opening, Protocol, Signature, Spec, first, over_tcp,
};
use crate::config::Config;
use crate::counters::{counter, counters, gauge};
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Dir, Flow};
use crate::record::{Record, Uid};

/// What the analyzers of one worker share.
pub type Worker = Counted<Counters>;

counters! {
    /// What was not read of SMB.
    pub struct Counters {
        /// Memory for messages that are not whole.
        pub bytes: u64 = gauge("smb_bytes"),
        /// Times messages that were not whole were let go because there were too many.
        pub given_up: u64 = counter("smb_given_up_total")
            .lost("times SMB messages were given up because too much of them was waiting"),
        /// Times messages of a frame were not read: where the next one was to begin was none, or there were too many.
        pub compounded: u64 = counter("smb_compounded_total")
            .lost("times SMB messages compounded behind others could not be read"),
        /// Messages that were encrypted.
        pub encrypted: u64 = counter("smb_encrypted_total"),
        /// Times what was known of a connection's requests, files or shares was forgotten because there was too much.
        pub forgotten: u64 = counter("smb_forgotten_total")
            .lost("times an SMB connection's files and requests were forgotten because there were too many"),
    }
}

pub const PROTOCOL: Protocol = Protocol {
    analyzers: &[&SPEC],
    events: events::EVENTS,
    logs: &[
        LogDecl { schema: FilesRow::SCHEMA, info: "SMB::FileInfo", holder: None, event: None },
        LogDecl { schema: MappingRow::SCHEMA, info: "SMB::TreeInfo", holder: None, event: None },
    ],
    script: Some(include_str!("smb.zeek")),
    constants: Some(("smb/consts", names::consts_zeek)),
    streams: &[
        ("smb_files", "FILES_LOG", "log_policy_files"),
        ("smb_mapping", "MAPPING_LOG", "log_policy_mapping"),
    ],
    ..Protocol::NOTHING
};

static SPEC: Spec = Spec {
    named: Named { kind: Kind::Protocol, name: "SMB", service: "smb" },
    ports: &over_tcp(PORTS),
    signatures: &[
        Signature { over: Proto::Tcp, of: Dir::Orig, probe: smb::probe },
        Signature { over: Proto::Tcp, of: Dir::Resp, probe: smb::probe },
    ],
    both: false,
    new,
};

/// Messages that are not whole, of all connections of a worker. Stops clients that begin large ones on many connections.
const MAX_BYTES: u64 = 256 << 20;

/// Pipes that are read at a time, of one connection, whatever the setting says: others inside an analyzer need room too.
const MAX_PIPES: usize = 60;

fn new(config: &Config, _: &Flow) -> Box<dyn Analyzer> {
    let settings = &config.protocols.smb;
    let limits = Limits { pending: settings.max_pending, ..Limits::default() };
    Box::new(Smb { session: Session::new(limits), known: Known::default(), held: 0 })
}

/// One connection.
struct Smb {
    session: Session,
    known: Known,
    /// Its part of [`Counters::bytes`].
    held: u64,
}

/// What is known of it beside its messages.
#[derive(Default)]
struct Known {
    state: State,
    files: OpenFiles,
    /// What reads pipes, by their files; none where there is no such analyzer.
    pipes: Vec<(Pipe, Child)>,
    gssapi: Option<Child>,
    ntlm: Option<Child>,
    rows: u64,
}

impl Smb {
    fn read(&mut self, link: &mut Link<'_, '_>, what: impl FnOnce(&mut Session, &mut Hears<'_, '_, '_>)) {
        what(&mut self.session, &mut Hears { link, known: &mut self.known });
        let held = self.session.buffered() as u64;
        let counters = &mut link.shared.of.smb.counters;
        counters.bytes = (counters.bytes + held).saturating_sub(self.held);
        self.held = held;
        counters.compounded += self.session.take_compounds().0;
        counters.forgotten += std::mem::take(&mut self.known.state.forgotten);
        if counters.bytes > MAX_BYTES && held > 0 {
            counters.given_up += 1;
            self.forget(link);
        }
    }

    /// Lets go of messages that are not whole.
    fn forget(&mut self, link: &mut Link<'_, '_>) {
        self.session.lose();
        let counters = &mut link.shared.of.smb.counters;
        counters.bytes = counters.bytes.saturating_sub(std::mem::take(&mut self.held));
    }
}

impl Analyzer for Smb {
    fn data(&mut self, link: &mut Link<'_, '_>, dir: Dir, bytes: &[u8]) {
        self.read(link, |session, hears| session.data(dir.is_orig(), bytes, hears));
    }

    fn gap(&mut self, link: &mut Link<'_, '_>, _: Dir, _: u64) {
        self.session.gap();
        self.forget(link);
    }

    fn flipped(&mut self) {
        self.session.flip();
    }

    fn timer(&mut self, link: &mut Link<'_, '_>) -> bool {
        Hears { link, known: &mut self.known }.files(|files, link| files.timer(&mut link.files(&mut ())));
        false
    }

    fn stop(&mut self, link: &mut Link<'_, '_>) -> bool {
        self.forget(link);
        !self.known.files.is_empty()
    }

    fn done(&mut self, link: &mut Link<'_, '_>) {
        self.forget(link);
        Hears { link, known: &mut self.known }
            .files(|files, link| files.give_up_all(&mut link.files(&mut ())));
    }
}

/// Hears what a session tells.
struct Hears<'h, 'l, 'c> {
    link: &'h mut Link<'l, 'c>,
    known: &'h mut Known,
}

/// Raises events that scripts may look at `c$smb_state` in.
impl Raise for Hears<'_, '_, '_> {
    fn raise<E: Event>(&mut self, event: &E) {
        let Link { cx, flow, .. } = &mut *self.link;
        shown::raise(&self.known.state, cx, flow, event);
    }
}

impl Hears<'_, '_, '_> {
    /// Whether scripts hear of what messages say.
    fn tells(&self) -> bool {
        self.link.cx.bus.wants_any(first::smb, events::EVENTS.len())
    }

    fn owner(&mut self) -> Owner {
        Owner::next(self.link.flow.uid(), &mut self.known.rows)
    }

    /// Writes the row of the file at hand, where what is done to it is logged.
    fn log_file(&mut self) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        let logged = &cx.config.protocols.smb.logged;
        if let Some(file) = self.known.state.row(|action| logged.contains(action.name()), cx.now) {
            let row = record::of_file(flow, file);
            cx.bus.log(&row, owner);
        }
    }

    fn log_tree(&mut self) {
        let owner = self.owner();
        let Link { cx, flow, .. } = &mut *self.link;
        if let Some(tree) = self.known.state.current_tree() {
            let row = record::of_tree(flow, tree);
            cx.bus.log(&row, owner);
        }
    }

    /// Does something with files that may end some: with each the file at hand may have a row, as in Zeek.
    fn files(&mut self, what: impl FnOnce(&mut OpenFiles, &mut Link<'_, '_>)) {
        let before = self.known.files.len();
        what(&mut self.known.files, self.link);
        for _ in self.known.files.len()..before {
            self.log_file();
        }
    }

    /// The identifier of the file at hand in files.log: of its name, its share, and when it was last changed.
    fn fuid(&mut self) -> Option<Uid> {
        let file = self.known.state.current_file()?;
        if file.name.is_none() && file.path.is_none() {
            return None;
        }
        let modified = file.times.map_or(0, |times| times.modified);
        let (path, name) = (file.path.clone().unwrap_or_default(), file.name.clone().unwrap_or_default());
        Some(file_id(self.link.flow, self.link.cx.config.seed, |hasher| {
            hasher.write_u64(path.len() as u64);
            hasher.write(&path);
            hasher.write(&name);
            hasher.write_u64(modified);
        }))
    }

    /// A part of the file at hand.
    fn content(&mut self, is_orig: bool, offset: u64, data: &[u8]) {
        if data.is_empty() {
            return;
        }
        let Some(fuid) = self.fuid() else { return };
        if !self.known.files.contains(fuid) {
            self.known.state.carried(fuid);
            let file = self.known.state.current_file();
            let (size, filename) = file.map_or((0, None), |file| (file.size, file.name.as_deref()));
            let about = About {
                source: SPEC.named.name,
                is_orig,
                depth: 0,
                filename: filename.map(<[u8]>::to_vec),
                mime_type: None,
                parent: None,
                tag: 0,
            };
            if are_wanted(self.link.cx) {
                let Link { cx, flow, .. } = &mut *self.link;
                shown::show(&self.known.state, cx, flow);
            }
            self.known.files.begin(&mut self.link.files(&mut ()), fuid, about);
            if !self.known.state.waits() {
                self.log_file();
            }
            if size > 0 {
                self.files(|files, link| {
                    files.update(&mut link.files(&mut ()), fuid, |file| file.set_total(size));
                });
            }
        }
        self.files(|files, link| {
            files.update(&mut link.files(&mut ()), fuid, |file| file.data_at(offset, data));
        });
    }

    /// The file at hand is closed.
    fn close(&mut self) {
        if let Some(fuid) = self.fuid() {
            self.files(|files, link| files.end(&mut link.files(&mut ()), fuid));
        }
    }

    /// A pipe is closed.
    fn close_pipe(&mut self, file: v2::Guid) {
        let pipe = Pipe(file.sum());
        if let Some(at) = self.known.pipes.iter().position(|(known, _)| *known == pipe) {
            let (_, child) = self.known.pipes.remove(at);
            self.link.end_inner(child);
        }
    }

    /// What reads a pipe.
    fn reader(&mut self, pipe: Pipe) -> Option<Child> {
        if let Some((_, child)) = self.known.pipes.iter().find(|(known, _)| *known == pipe) {
            return Some(*child);
        }
        let most = self.link.cx.config.protocols.smb.max_pipes;
        if self.known.pipes.len() >= MAX_PIPES.min(if most == 0 { MAX_PIPES } else { most }) {
            for (_, child) in std::mem::take(&mut self.known.pipes) {
                self.link.end_inner(child);
            }
            self.raise(&events::PipesDiscarded { c: Conn });
            self.link.weird("SMB_discarded_dce_rpc_analyzers", SPEC.named.name);
        }
        let opening = Opening { fid: pipe.0, ..Opening::default() };
        let transactions = self.link.transactions_before();
        let child = self.link.start_with("DCE_RPC", Box::new(opening), transactions)?;
        self.known.pipes.push((pipe, child));
        Some(child)
    }
}

fn direction(is_orig: bool) -> Dir {
    if is_orig { Dir::Orig } else { Dir::Resp }
}

impl smb::Handler for Hears<'_, '_, '_> {
    fn v1_header(&mut self, is_orig: bool, header: &v1::Header) {
        self.known.state.v1_header(is_orig, header, self.link.cx.now);
        self.raise(&events::V1Message { c: Conn, hdr: events::header(header), is_orig });
        self.known.state.v1_header_done(is_orig, header);
    }

    fn v1(&mut self, is_orig: bool, header: &v1::Header, body: &v1::Body<'_>, at: Place) {
        if self.known.state.v1(header, body, self.link.cx.now) {
            self.log_file();
        }
        if self.tells() {
            tell::v1(self, is_orig, header, body);
        }
        if matches!(body, v1::Body::TreeConnectResponse { .. }) {
            self.log_tree();
        }
        if self.known.state.v1_done(body) {
            self.log_file();
        }
        match body {
            v1::Body::ReadResponse { data } | v1::Body::WriteRequest { data, .. } if !at.is_pipe => {
                self.content(is_orig, at.offset, data);
            }
            v1::Body::CloseRequest { .. } => self.close(),
            _ => {}
        }
    }

    fn v2_header(&mut self, is_orig: bool, header: &v2::Header<'_>) {
        self.known.state.v2_header(is_orig, header, self.link.cx.now);
        self.raise(&events::V2Message { c: Conn, hdr: args::V2::of(header), is_orig });
        self.known.state.v2_header_done(is_orig, header);
    }

    fn v2(&mut self, is_orig: bool, header: &v2::Header<'_>, body: &v2::Body<'_>, at: Place) {
        self.known.state.v2(header, body);
        if self.tells() {
            tell::v2(self, header, body);
        }
        if matches!(body, v2::Body::TreeConnectResponse { .. }) {
            self.log_tree();
        }
        if self.known.state.v2_done(body) {
            self.log_file();
        }
        if let Some(file) = self.known.state.deletes_on_close(header, body) {
            self.known.state.delete(file, true);
            let change = v2::Change::Delete(true);
            tell::v2(self, header, &v2::Body::SetInfo { file, change });
            self.log_file();
        }
        match body {
            v2::Body::ReadResponse { data } | v2::Body::WriteRequest { data, .. } if !at.is_pipe => {
                self.content(is_orig, at.offset, data);
            }
            v2::Body::CloseRequest { file } if !file.is_of_before() => {
                self.close();
                self.close_pipe(*file);
            }
            _ => {}
        }
        match if is_orig { None } else { self.known.state.settle() } {
            Some(Deferred::Close) => {
                self.log_file();
                self.close();
                self.close_pipe(v2::Guid::OF_BEFORE);
            }
            Some(_) => self.log_file(),
            None => {}
        }
    }

    fn encrypted(&mut self, transform: &Transform<'_>) {
        self.link.shared.of.smb.counters.encrypted += 1;
        let Transform { signature, nonce, original_size: orig_msg_size, flags, session_id } = *transform;
        let hdr = TransformHeader { signature, nonce, orig_msg_size, flags, session_id };
        let Link { cx, flow, .. } = &mut *self.link;
        flow.raise(cx, &events::Encrypted { c: Conn, hdr });
    }

    fn pipe(&mut self, is_orig: bool, pipe: Pipe, data: &[u8]) {
        if let Some(child) = self.reader(pipe) {
            self.link.pass_message(child, direction(is_orig), data);
        }
    }

    fn security(&mut self, is_orig: bool, blob: &[u8]) {
        // What ends a login often brings none.
        if blob.is_empty() {
            return;
        }
        let is_ntlm = blob.starts_with(b"NTLMSSP");
        let known = if is_ntlm { self.known.ntlm } else { self.known.gssapi };
        let Some(child) = known.or_else(|| self.link.start(if is_ntlm { "NTLM" } else { "GSSAPI" })) else {
            return;
        };
        *(if is_ntlm { &mut self.known.ntlm } else { &mut self.known.gssapi }) = Some(child);
        self.link.pass_message(child, direction(is_orig), blob);
    }

    fn pipe_found(&mut self) {
        self.known.state.pipe_found();
        self.raise(&events::PipeFound { c: Conn });
    }

    fn is_name_of_pipe(&self, name: &[u8]) -> bool {
        std::str::from_utf8(name).is_ok_and(|name| self.link.cx.config.protocols.smb.pipes.contains(name))
    }

    fn discarded(&mut self, what: Discarded) {
        self.raise(&events::Discarded { c: Conn, request: what.name() });
        self.link.weird_about("SMB_discarded_messages_state", "SMB2", what.name().to_owned());
        if self.link.cx.config.protocols.smb.clears {
            self.known.state.clear();
        }
    }

    fn confirmed(&mut self) {
        self.link.confirm();
    }

    fn violation(&mut self, reason: &str) {
        self.link.violation(reason, None);
    }
}
