//! The files that a connection carries: which are open, what becomes of them, files.log.
//!
//! A protocol's analyzer keeps [`OpenFiles`], names each file by an identifier that it derives from
//! what the file is to the connection ([`file_id`]), and passes on what it hears of it. When a file
//! has ended its row is written.
//!
//! Zeek gives the pieces of one URL that several connections ask for (HTTP ranges) a file in common,
//! by the address that asked and the URL. Connections that different workers own cannot share one
//! without the outcome depending on how many workers there are; here a file belongs to one connection.

mod analyzer;
pub mod events;
mod record;

pub use analyzer::{FileAnalyzer, FileLink, FileSpec, Whole, analyzers_of_type, file_analyzers};
pub use record::digests_of_file;

use std::hash::Hasher;

use nightjar_protocols::files::{File, Hashing, Lifetime, Limits, Step, TimerVerdict};

use crate::analyze::files::analyzer::Running;
use crate::analyze::{HTTP, LogDecl, Protocol, x509};
use crate::counters::{counter, counters, gauge};
use crate::event::{self, Event, RecordView};
use crate::flow::{Cx, Flow};
use crate::record::Uid;
use crate::time::Time;

pub type Worker = Held;

pub const PROTOCOL: Protocol = Protocol {
    file_analyzers: &[
        &FileSpec { name: "MD5", mime_types: &[], new: None },
        &FileSpec { name: "SHA1", mime_types: &[], new: None },
        &FileSpec { name: "SHA256", mime_types: &[], new: None },
        &FileSpec { name: "EXTRACT", mime_types: &[], new: None },
        &FileSpec { name: "DATA_EVENT", mime_types: &[], new: None },
        &FileSpec { name: "ENTROPY", mime_types: &[], new: None },
    ],
    events: events::EVENTS,
    // Files come with the transaction that carries them.
    row: Some(HTTP),
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "Files::Info",
        holder: Some(("fa_file", "info")),
        event: Some("log_files"),
    }],
    ..Protocol::NOTHING
};

pub const SCHEMA: &crate::record::Schema = <record::FilesRow<'static> as crate::record::Record>::SCHEMA;

/// What all files of a worker hold together.
#[derive(Debug, Default)]
pub struct Held {
    /// Bytes of beginnings whose type is not decided and of pieces that wait for what comes before.
    bytes: usize,
    counters: Counters,
}

counters! {
    /// What became of files.
    pub struct Counters {
        /// Files begun.
        pub begun: u64 = counter("files_total"),
        /// Files that have not ended.
        pub open: u64 = gauge("files_open"),
        /// Memory for beginnings of files whose type is not decided and for pieces that wait for what comes before.
        pub bytes: u64 = gauge("file_bytes"),
        /// Files ended early because their connection had too many.
        pub too_many: u64 =
            counter("files_too_many_total").lost("files ended early, their connection having too many"),
        /// How often pieces of a file were taken with holes because all files together held too much.
        pub given_up: u64 = counter("files_given_up_total")
            .lost("times pieces of a file were taken with holes because too much was waiting"),
    }
}

impl crate::analyze::Worker for Held {
    type Counters = Counters;

    fn counters(&self) -> Counters {
        Counters { bytes: self.bytes as u64, ..self.counters }
    }
}

/// What is known of a file beside its content.
#[derive(Debug)]
pub struct About {
    /// The protocol, as files.log names it.
    pub source: &'static str,
    pub is_orig: bool,
    pub depth: u64,
    pub filename: Option<Vec<u8>>,
    /// Its type, where the protocol says it: it is not looked for in the content.
    pub mime_type: Option<&'static str>,
    /// The file that it was taken out of.
    pub parent: Option<Uid>,
    /// Whatever the analyzer wants to know it by when its type is found.
    pub tag: u64,
}

/// A file that has not ended.
struct Open {
    fuid: Uid,
    about: About,
    file: File,
    life: Lifetime,
    /// When to see whether it is still being sent.
    look_at: Time,
    /// What reads its content.
    running: Vec<Running>,
    /// How much of it those were told of.
    passed: u64,
}

/// The files of one connection that have not ended.
#[derive(Default)]
pub struct OpenFiles {
    /// Oldest first.
    open: Vec<Open>,
}

/// What carries files: the analyzer of their protocol.
pub trait Carrier {
    /// A file's type is known.
    fn file_type(&mut self, _about: &About, _mime_type: &'static str) {}

    /// The transaction that is going on, as scripts see it (`c$http`), where one looks at it.
    fn transaction(&self, _cx: &mut Cx<'_>, _flow: &mut Flow) -> Option<(u64, RecordView)> {
        None
    }
}

/// What has no rows that files are shown in.
impl Carrier for () {}

/// What every call on files is given.
pub struct FileCx<'a, 'c> {
    pub cx: &'a mut Cx<'c>,
    pub flow: &'a mut Flow,
    pub held: &'a mut Held,
    pub carrier: &'a mut dyn Carrier,
}

/// The identifier of a file of `flow`, from what tells it from the flow's other files.
pub fn file_id(flow: &mut Flow, seed: u64, handle: impl FnOnce(&mut dyn Hasher)) -> Uid {
    let uid = flow.uid();
    Uid::derive(b'F', seed, |hasher| {
        hasher.write(uid.as_bytes());
        handle(hasher);
    })
}

/// Whether scripts want to know of files.
pub fn are_wanted(cx: &Cx<'_>) -> bool {
    events::ALL.iter().any(|id| cx.bus.wants(*id))
}

/// A file that is there at once.
pub fn whole(to: &mut FileCx<'_, '_>, fuid: Uid, about: About, content: &[u8]) {
    let mut files = OpenFiles::default();
    files.begin(to, fuid, about);
    files.data(to, fuid, content);
    files.end(to, fuid);
}

impl OpenFiles {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn len(&self) -> usize {
        self.open.len()
    }

    pub fn contains(&self, fuid: Uid) -> bool {
        self.open.iter().any(|open| open.fuid == fuid)
    }

    /// A file begins. Its identifier comes of [`file_id`].
    pub fn begin(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid, about: About) {
        if self.open.len() >= to.cx.config.limits.open_files {
            to.held.counters.too_many += 1;
            self.give_up(0, to);
        }
        to.held.counters.begun += 1;
        to.held.counters.open += 1;
        let hashing = match about.mime_type {
            Some(mime_type) if x509::is_certificate(mime_type) => Hashing::ALL,
            _ => to.cx.config.hashing(),
        };
        let mut file = File::new(Limits::default(), hashing);
        file.keep_content_of(analyzer::kept_types(to.cx.config));
        if to.cx.bus.wants(events::FileContent::ID) {
            file.keep_content();
        }
        let look_at = to.cx.now + to.cx.config.timeouts.file;
        to.flow.wake_by(look_at);
        let (told, life) = (about.mime_type, Lifetime::new(to.cx.now.nanos()));
        // Rarely more than one at a time.
        self.open.reserve_exact(1);
        self.open.push(Open { fuid, about, file, life, look_at, running: Vec::new(), passed: 0 });
        if let Some(open) = self.open.last() {
            events::begins(to.cx, to.flow, to.carrier, open);
        }
        if let (Some(mime_type), Some(at)) = (told, self.open.len().checked_sub(1)) {
            self.step(at, to, |file| file.set_type(mime_type));
        }
    }

    /// Raises an event of a file that has begun, where a script handles it.
    pub fn raise<E: Event>(&self, to: &mut FileCx<'_, '_>, fuid: Uid, event: &E) {
        if let Some(at) = self.position(fuid) {
            events::raise(to.cx, to.flow, to.carrier, &self.open[at], event);
        }
    }

    /// Something is heard of a file that has begun; `what` passes it on.
    pub fn update(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid, what: impl FnOnce(&mut File) -> Step) {
        let Some(at) = self.position(fuid) else { return };
        self.open[at].life.touch(to.cx.now.nanos());
        self.step(at, to, what);
    }

    /// The next bytes of a file that comes in order.
    pub fn data(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid, bytes: &[u8]) {
        self.update(to, fuid, |file| file.data(bytes));
    }

    /// The next `len` bytes of a file that comes in order are missing.
    pub fn miss(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid, len: u64) {
        let Some(at) = self.position(fuid) else { return };
        let file = &self.open[at].file;
        let offset = file.seen_bytes() + file.missing_bytes();
        self.gap(to, fuid, offset, len);
    }

    /// `len` bytes of a file are missing from `offset` on.
    pub fn gap(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid, offset: u64, len: u64) {
        if let Some(at) = self.position(fuid) {
            let event = events::FileGap { f: event::File, offset, len };
            events::raise(to.cx, to.flow, to.carrier, &self.open[at], &event);
        }
        self.update(to, fuid, |file| file.gap(offset, len));
    }

    /// Nothing more of a file will come.
    pub fn end(&mut self, to: &mut FileCx<'_, '_>, fuid: Uid) {
        if let Some(at) = self.position(fuid) {
            self.step(at, to, File::finish);
        }
    }

    /// The flow's timer came: gives up the files of which nothing was heard for long.
    pub fn timer(&mut self, to: &mut FileCx<'_, '_>) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.look_at <= to.cx.now {
                match open.life.timer(to.cx.now.nanos(), to.cx.config.timeouts.file.nanos()) {
                    TimerVerdict::TimedOut => {
                        let before = self.open.len();
                        self.step(at, to, File::finish);
                        debug_assert!(self.open.len() < before, "a file that was finished is open no more");
                        at += usize::from(self.open.len() >= before);
                        continue;
                    }
                    TimerVerdict::CheckAt(when) => open.look_at = Time::from_nanos(when),
                }
            }
            to.flow.wake_by(open.look_at);
            at += 1;
        }
    }

    /// Gives up all files: their connection has ended.
    pub fn give_up_all(&mut self, to: &mut FileCx<'_, '_>) {
        for _ in 0..self.open.len() {
            self.give_up(0, to);
        }
        debug_assert!(self.open.is_empty(), "a file that was given up is open no more");
    }

    fn give_up(&mut self, at: usize, to: &mut FileCx<'_, '_>) {
        self.open[at].life.expire();
        self.step(at, to, File::finish);
    }

    fn position(&self, fuid: Uid) -> Option<usize> {
        // Most often the youngest is meant.
        self.open.iter().rposition(|open| open.fuid == fuid)
    }

    fn step(&mut self, at: usize, to: &mut FileCx<'_, '_>, what: impl FnOnce(&mut File) -> Step) {
        let open = &mut self.open[at];
        let before = open.file.held_bytes();
        let mut step = what(&mut open.file);
        to.held.bytes = (to.held.bytes + open.file.held_bytes()).saturating_sub(before);
        if to.held.bytes > to.cx.config.limits.file_bytes && !step.ended {
            // The file that adds to what is held pays for it, so that an attacker spoils his own.
            let before = open.file.held_bytes();
            let given_up = open.file.give_up_waiting();
            to.held.counters.given_up += 1;
            to.held.bytes = (to.held.bytes + open.file.held_bytes()).saturating_sub(before);
            step = Step { sniffed: step.sniffed || given_up.sniffed, ended: given_up.ended };
        }
        if step.sniffed {
            let open = &mut self.open[at];
            if let Some(mime_type) = open.file.mime_type() {
                to.carrier.file_type(&open.about, mime_type);
                open.running = analyzer::start(to.cx.config, mime_type);
            }
            if open.running.is_empty() && !to.cx.bus.wants(events::FileContent::ID) {
                let before = open.file.held_bytes();
                open.file.drop_content();
                to.held.bytes = (to.held.bytes + open.file.held_bytes()).saturating_sub(before);
            }
            events::sniffed(to.cx, to.flow, to.carrier, open);
        }
        let told = to.cx.bus.wants(events::FileContent::ID);
        let open = &mut self.open[at];
        if told || !open.running.is_empty() {
            let before = open.file.held_bytes();
            let content = open.file.take_content();
            to.held.bytes = (to.held.bytes + open.file.held_bytes()).saturating_sub(before);
            if told {
                events::passed(to.cx, to.flow, to.carrier, open, &content);
            }
            if !open.running.is_empty() {
                analyzer::pass(to, open, &content, step.ended);
            }
        }
        if step.ended {
            let open = self.open.remove(at);
            to.held.counters.open = to.held.counters.open.saturating_sub(1);
            events::ends(to.cx, to.flow, to.carrier, &open);
            record::log(to.cx, to.flow, &open);
        }
    }
}
