//! What scripts hear of files.

use nightjar_protocols::files::Content;

use crate::analyze::files::{Carrier, Open, record};
use crate::event::{EventId, FileView, Part};
use crate::flow::{Cx, Flow};
use crate::record::Record;
use crate::time::Time;

/// Raises an event of a file, with the connection that carries it, where a script handles it.
pub(super) fn raise(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    carrier: &dyn Carrier,
    open: &Open,
    id: EventId,
    args: &[Part],
) {
    if !cx.bus.wants(id) {
        return;
    }
    let fields = cx.bus.interest().fields(record::FilesRow::SCHEMA);
    let taken = cx.bus.taken();
    let record = record::with(cx.config, flow, open, |row| taken.view(row, fields));
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
    let args = cx.bus.taken().parts(args);
    flow.told |= cx.bus.raise(id, Some(conn), Some(view), args);
}

/// A file begins.
pub(super) fn begins(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    raise(cx, flow, carrier, open, EventId::FileNew, &[Part::File]);
    let args = [Part::File, Part::Conn, Part::Bool(open.about.is_orig)];
    raise(cx, flow, carrier, open, EventId::FileOverNewConnection, &args);
}

/// Its type is decided.
pub(super) fn sniffed(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    if !cx.bus.wants(EventId::FileSniff) {
        return;
    }
    let mime_type = open.file.mime_type().map_or(Part::Unset, Part::Name);
    // Zeek's `fa_metadata`: the type, all types that fit, and that it was inferred.
    let metadata = cx.bus.taken().record(&[mime_type, Part::Unset, Part::Bool(true)]);
    raise(cx, flow, carrier, open, EventId::FileSniff, &[Part::File, metadata]);
}

/// Some of its content has passed.
pub(super) fn passed(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    carrier: &dyn Carrier,
    open: &Open,
    content: &Content,
) {
    for (offset, piece) in content.pieces() {
        let piece = cx.bus.taken().text(piece);
        raise(cx, flow, carrier, open, EventId::FileContent, &[Part::File, piece, Part::Count(offset)]);
    }
}

/// It has ended.
pub(super) fn ends(cx: &mut Cx<'_>, flow: &mut Flow, carrier: &dyn Carrier, open: &Open) {
    if open.life.timed_out() {
        raise(cx, flow, carrier, open, EventId::FileTimeout, &[Part::File]);
    }
    if cx.bus.wants(EventId::FileHash) {
        for (kind, digest) in record::digests_of_file(&open.file) {
            let digest = cx.bus.taken().text(digest.as_bytes());
            raise(cx, flow, carrier, open, EventId::FileHash, &[Part::File, Part::Name(kind), digest]);
        }
    }
    raise(cx, flow, carrier, open, EventId::FileStateRemove, &[Part::File]);
}
