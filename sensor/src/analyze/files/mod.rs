//! The files that a connection carries: which are open, what becomes of them, files.log.
//!
//! A protocol's analyzer keeps [`OpenFiles`], names each file by an identifier that it derives from
//! what the file is to the connection ([`file_id`]), and passes on what it hears of it. When a file
//! has ended its row is written.
//!
//! Zeek gives the pieces of one URL that several connections ask for (HTTP ranges) a file in common,
//! by the address that asked and the URL. Connections that different workers own cannot share one
//! without the outcome depending on how many workers there are; here a file belongs to one connection.

pub mod events;
mod record;

pub use record::{analyzer_of_file, digests_of_file};

use std::hash::Hasher;

use nightjar_protocols::files::{File, Lifetime, Limits, Step, TimerVerdict};

use crate::analyze::{HTTP, LogDecl, Protocol};
use crate::counters::{counter, counters, gauge};
use crate::event::{self, Event, RecordView};
use crate::flow::{Cx, Flow};
use crate::record::Uid;
use crate::time::Time;

pub type Worker = Held;

pub const PROTOCOL: Protocol = Protocol {
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

impl Held {
    pub fn counters(&self) -> Counters {
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
    fn file_type(&mut self, about: &About, mime_type: &'static str);

    /// The transaction that is going on, as scripts see it (`c$http`), where one looks at it.
    fn transaction(&self, cx: &mut Cx<'_>, flow: &mut Flow) -> Option<(u64, RecordView)>;
}

/// The identifier of a file of `flow`, from what tells it from the flow's other files.
pub fn file_id(flow: &mut Flow, seed: u64, handle: impl FnOnce(&mut dyn Hasher)) -> Uid {
    let uid = flow.uid();
    Uid::derive(b'F', seed, |hasher| {
        hasher.write(uid.as_bytes());
        handle(hasher);
    })
}

impl OpenFiles {
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub fn contains(&self, fuid: Uid) -> bool {
        self.open.iter().any(|open| open.fuid == fuid)
    }

    /// A file begins.
    pub fn begin(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        fuid: Uid,
        about: About,
        carrier: &mut dyn Carrier,
    ) {
        if self.open.len() >= cx.config.limits.open_files {
            held.counters.too_many += 1;
            self.give_up(0, cx, flow, held, carrier);
        }
        held.counters.begun += 1;
        held.counters.open += 1;
        let mut file = File::new(Limits::default(), cx.config.hashing());
        if cx.bus.wants(events::FileContent::ID) {
            file.keep_content();
        }
        let look_at = cx.now + cx.config.timeouts.file;
        flow.wake_by(look_at);
        // Rarely more than one at a time.
        self.open.reserve_exact(1);
        self.open.push(Open { fuid, about, file, life: Lifetime::new(cx.now.nanos()), look_at });
        if let Some(open) = self.open.last() {
            events::begins(cx, flow, carrier, open);
        }
    }

    /// Something is heard of a file that has begun; `what` passes it on.
    pub fn update(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        fuid: Uid,
        carrier: &mut dyn Carrier,
        what: impl FnOnce(&mut File) -> Step,
    ) {
        let Some(at) = self.position(fuid) else { return };
        self.open[at].life.touch(cx.now.nanos());
        self.step(at, cx, flow, held, carrier, what);
    }

    /// `len` bytes of a file are missing from `offset` on.
    #[allow(clippy::too_many_arguments, reason = "what every call on a file is given, and the gap")]
    pub fn gap(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        fuid: Uid,
        carrier: &mut dyn Carrier,
        offset: u64,
        len: u64,
    ) {
        if let Some(at) = self.position(fuid) {
            let event = events::FileGap { f: event::File, offset, len };
            events::raise(cx, flow, carrier, &self.open[at], &event);
        }
        self.update(cx, flow, held, fuid, carrier, |file| file.gap(offset, len));
    }

    /// Nothing more of a file will come.
    pub fn end(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        fuid: Uid,
        carrier: &mut dyn Carrier,
    ) {
        if let Some(at) = self.position(fuid) {
            self.step(at, cx, flow, held, carrier, File::finish);
        }
    }

    /// The flow's timer came: gives up the files of which nothing was heard for long.
    pub fn timer(&mut self, cx: &mut Cx<'_>, flow: &mut Flow, held: &mut Held, carrier: &mut dyn Carrier) {
        let mut at = 0;
        while let Some(open) = self.open.get_mut(at) {
            if open.look_at <= cx.now {
                match open.life.timer(cx.now.nanos(), cx.config.timeouts.file.nanos()) {
                    TimerVerdict::TimedOut => {
                        let before = self.open.len();
                        self.step(at, cx, flow, held, carrier, File::finish);
                        debug_assert!(self.open.len() < before, "a file that was finished is open no more");
                        at += usize::from(self.open.len() >= before);
                        continue;
                    }
                    TimerVerdict::CheckAt(when) => open.look_at = Time::from_nanos(when),
                }
            }
            flow.wake_by(open.look_at);
            at += 1;
        }
    }

    /// Gives up all files: their connection has ended.
    pub fn give_up_all(
        &mut self,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        carrier: &mut dyn Carrier,
    ) {
        for _ in 0..self.open.len() {
            self.give_up(0, cx, flow, held, carrier);
        }
        debug_assert!(self.open.is_empty(), "a file that was given up is open no more");
    }

    fn give_up(
        &mut self,
        at: usize,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        carrier: &mut dyn Carrier,
    ) {
        self.open[at].life.expire();
        self.step(at, cx, flow, held, carrier, File::finish);
    }

    fn position(&self, fuid: Uid) -> Option<usize> {
        // Most often the youngest is meant.
        self.open.iter().rposition(|open| open.fuid == fuid)
    }

    fn step(
        &mut self,
        at: usize,
        cx: &mut Cx<'_>,
        flow: &mut Flow,
        held: &mut Held,
        carrier: &mut dyn Carrier,
        what: impl FnOnce(&mut File) -> Step,
    ) {
        let open = &mut self.open[at];
        let before = open.file.held_bytes();
        let mut step = what(&mut open.file);
        held.bytes = (held.bytes + open.file.held_bytes()).saturating_sub(before);
        if held.bytes > cx.config.limits.file_bytes && !step.ended {
            // The file that adds to what is held pays for it, so that an attacker spoils his own.
            let before = open.file.held_bytes();
            let given_up = open.file.give_up_waiting();
            held.counters.given_up += 1;
            held.bytes = (held.bytes + open.file.held_bytes()).saturating_sub(before);
            step = Step { sniffed: step.sniffed || given_up.sniffed, ended: given_up.ended };
        }
        if step.sniffed {
            let open = &self.open[at];
            if let Some(mime_type) = open.file.mime_type() {
                carrier.file_type(&open.about, mime_type);
            }
            events::sniffed(cx, flow, carrier, open);
        }
        if cx.bus.wants(events::FileContent::ID) {
            let before = self.open[at].file.held_bytes();
            let content = self.open[at].file.take_content();
            held.bytes = (held.bytes + self.open[at].file.held_bytes()).saturating_sub(before);
            events::passed(cx, flow, carrier, &self.open[at], &content);
        }
        if step.ended {
            let open = self.open.remove(at);
            held.counters.open = held.counters.open.saturating_sub(1);
            events::ends(cx, flow, carrier, &open);
            record::log(cx, flow, &open);
        }
    }
}
