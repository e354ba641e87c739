//! What scripts hear of files.

use crate::analyze::files::{Open, record};
use crate::event::{Arg, EventId, FileView, Raised, RecordView};
use crate::flow::{Cx, Flow};
use crate::record::Record;
use crate::time::Time;

/// Raises an event of a file, with the connection that carries it, where a script handles it.
pub(super) fn raise(cx: &mut Cx<'_>, flow: &mut Flow, open: &Open, id: EventId, args: Vec<Arg>) {
    if !cx.bus.wants(id) {
        return;
    }
    let interest = cx.bus.interest();
    let fields = interest.fields(record::FilesRow::SCHEMA);
    let record = record::with(cx.config, flow, open, |row| RecordView::of(row, fields));
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
    let conn = Some(flow.view(interest.conn));
    cx.bus.raise(Raised { id, conn, file: Some(Box::new(view)), args });
}

/// A file begins.
pub(super) fn begins(cx: &mut Cx<'_>, flow: &mut Flow, open: &Open) {
    raise(cx, flow, open, EventId::FileNew, vec![Arg::File]);
    let args = vec![Arg::File, Arg::Conn, Arg::Bool(open.about.is_orig)];
    raise(cx, flow, open, EventId::FileOverNewConnection, args);
}

/// Its type is decided.
pub(super) fn sniffed(cx: &mut Cx<'_>, flow: &mut Flow, open: &Open) {
    if !cx.bus.wants(EventId::FileSniff) {
        return;
    }
    let mime_type = open.file.mime_type().map_or(Arg::Unset, Arg::text);
    // Zeek's `fa_metadata`: the type, all types that fit, and that it was inferred.
    let metadata = Arg::Record(vec![mime_type, Arg::Unset, Arg::Bool(true)]);
    raise(cx, flow, open, EventId::FileSniff, vec![Arg::File, metadata]);
}

/// It has ended.
pub(super) fn ends(cx: &mut Cx<'_>, flow: &mut Flow, open: &Open) {
    if open.life.timed_out() {
        raise(cx, flow, open, EventId::FileTimeout, vec![Arg::File]);
    }
    if cx.bus.wants(EventId::FileHash) {
        for (kind, digest) in record::digests(&open.file) {
            let args = vec![Arg::File, Arg::text(kind), Arg::text(&digest)];
            raise(cx, flow, open, EventId::FileHash, args);
        }
    }
    raise(cx, flow, open, EventId::FileStateRemove, vec![Arg::File]);
}
