//! What scripts hear of files.

use nightjar_protocols::files::Content;

use crate::analyze::files::{Carrier, Open, record};
use crate::event::{
    Arena, ArgType, Argument, Conn, Event, EventId, File, FileView, Name, Part, arg_records, events,
};
use crate::flow::{Cx, Flow};
use crate::record::Record;
use crate::time::Time;

events! { [crate::analyze::first::files]
    /// A file begins.
    pub struct FileNew: "file_new" {
        f: File,
    }
    /// A file is carried by a connection that is new to it.
    pub struct FileOverNewConnection: "file_over_new_connection" {
        f: File,
        c: Conn,
        is_orig: bool,
    }
    /// A file's type is decided.
    pub struct FileSniff: "file_sniff" {
        f: File,
        meta: Metadata,
    }
    /// Some of a file's content, where scripts may ask for it; not one of Zeek's.
    pub struct FileContent<'a>: "Files::content" {
        f: File,
        data: &'a [u8],
        offset: u64,
    }
    /// A digest of a whole file.
    pub struct FileHash<'a>: "file_hash" {
        f: File,
        kind: Name,
        hash: &'a [u8],
    }
    /// Bytes of a file are missing.
    pub struct FileGap: "file_gap" {
        f: File,
        offset: u64,
        len: u64,
    }
    /// Nothing more came of a file for too long.
    pub struct FileTimeout: "file_timeout" {
        f: File,
    }
    /// A file has ended, or is given up.
    pub struct FileStateRemove: "file_state_remove" {
        f: File,
    }
}

/// All of them.
pub const ALL: [EventId; 8] = [
    FileNew::ID,
    FileOverNewConnection::ID,
    FileSniff::ID,
    FileContent::ID,
    FileHash::ID,
    FileGap::ID,
    FileTimeout::ID,
    FileStateRemove::ID,
];

arg_records! {
    /// What is known of a file's type.
    pub struct Metadata: "fa_metadata" {
        /// The type that fits best.
        mime_type: Option<Name>,
        /// All types that fit.
        mime_types: Option<Matches>,
        /// Whether it was found by content.
        inferred: bool => "&default=T",
    }
}

/// All types that fit, which are not told.
#[derive(Clone, Copy, Debug)]
pub enum Matches {}

impl Argument for Matches {
    const TYPE: ArgType = ArgType::Named("mime_matches");

    fn put(&self, _: &mut Arena) -> Part {
        match *self {}
    }
}

/// Raises an event of a file, with the connection that carries it, where a script handles it.
pub(super) fn raise<E: Event>(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    carrier: &dyn Carrier,
    open: &Open,
    event: &E,
) {
    if !cx.bus.wants(E::ID) {
        return;
    }
    let fields = cx.bus.interest().fields(record::FilesRow::SCHEMA);
    let arena = cx.bus.arena();
    let record = record::with(cx.config, flow, open, |row| arena.view(row, fields));
    let file = &open.file;
    let view = FileView {
        fuid: open.fuid,
        source: open.about.source,
        is_orig: open.about.is_orig,
        last_active: Time::from_nanos(open.life.last()),
        seen: file.seen_bytes(),
        total: file.total_bytes(),
        missing: file.missing_bytes(),
        overflow: file.overflow_bytes(),
        record,
    };
    let mut conn = flow.view(cx.bus);
    conn.record = carrier.transaction(cx, flow);
    let args = event.args(cx.bus.arena());
    let raised = cx.bus.raise(E::ID, Some(conn), Some(view), args);
    (flow.raised, flow.shown) = (flow.raised | raised, flow.shown | raised);
}

/// A file begins.
pub(super) fn begins(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    raise(cx, flow, carrier, open, &FileNew { f: File });
    let event = FileOverNewConnection { f: File, c: Conn, is_orig: open.about.is_orig };
    raise(cx, flow, carrier, open, &event);
}

/// Its type is decided.
pub(super) fn sniffed(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    let meta = Metadata { mime_type: open.file.mime_type().map(Name), mime_types: None, inferred: true };
    raise(cx, flow, carrier, open, &FileSniff { f: File, meta });
}

/// Some of its content has passed.
pub(super) fn passed(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    carrier: &dyn Carrier,
    open: &Open,
    content: &Content,
) {
    for (offset, data) in content.pieces() {
        raise(cx, flow, carrier, open, &FileContent { f: File, data, offset });
    }
}

/// It has ended.
pub(super) fn ends(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    if open.life.timed_out() {
        raise(cx, flow, carrier, open, &FileTimeout { f: File });
    }
    if cx.bus.wants(FileHash::ID) {
        for (kind, digest) in record::digests_of_file(&open.file) {
            let event = FileHash { f: File, kind: Name(kind), hash: digest.as_bytes() };
            raise(cx, flow, carrier, open, &event);
        }
    }
    raise(cx, flow, carrier, open, &FileStateRemove { f: File });
}
