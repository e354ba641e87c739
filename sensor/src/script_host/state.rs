//! What scripts are shown of connections and files, kept between events.

use std::collections::HashMap;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::value::{self, RecordVal, Value};
use smallvec::SmallVec;

use crate::analyze;
use crate::event::{Arg, ConnParts, ConnView, FileView, Raised, RecordView, RowView};
use crate::record::Uid;
use crate::script_host::layout::{Layout, Log};
use crate::script_host::values::{self, Subject};

/// The records of connections and files that events were about: handlers may keep things in them, and change
/// rows that are still to be written.
#[derive(Default)]
pub(super) struct State {
    conns: HashMap<Uid, Kept, foldhash::fast::RandomState>,
    files: HashMap<Uid, Kept, foldhash::fast::RandomState>,
}

struct Kept {
    record: Rc<RecordVal>,
    rows: SmallVec<[Row; 1]>,
}

/// A row that is not written yet.
struct Row {
    log: usize,
    nth: u64,
    record: Rc<RecordVal>,
    /// What the sensor last said of the columns that scripts may change, by column. Where it says nothing new,
    /// what is in the record now is the scripts'.
    said: SmallVec<[(u8, Arg); 1]>,
}

/// Connections, and files, whose record is kept between events. More are open only under attack; then a handler
/// finds a fresh record.
const MAX_KEPT: usize = 1_000_000;
/// Rows of one connection that wait: pipelined requests, DNS queries without answers.
const MAX_ROWS: usize = 256;

impl State {
    /// The connection's record, brought up to date.
    pub fn conn(&mut self, vm: &mut Vm, layout: &Layout, view: &ConnView, parts: ConnParts) -> Value {
        let known = self.conns.get_mut(&view.uid);
        let fresh = known.is_none();
        let mut made = None;
        let kept = match known {
            Some(kept) => kept,
            None => {
                let Some(record) = layout.conn.ty.and_then(|ty| vm.new_record_of(ty)) else {
                    return Value::Unset;
                };
                let kept = Kept { record, rows: SmallVec::new() };
                if self.conns.len() < MAX_KEPT {
                    self.conns.entry(view.uid).or_insert(kept)
                } else {
                    made.insert(kept)
                }
            }
        };
        values::update_conn(vm, &layout.conn, &kept.record, view, fresh, parts);
        if let Some((nth, row)) = &view.record {
            kept.show(vm, layout, *nth, row, values::proto(view.proto));
        }
        Value::Record(kept.record.clone())
    }

    /// The file's record, brought up to date.
    pub fn file(&mut self, vm: &mut Vm, layout: &Layout, view: &FileView, conn: &Value) -> Value {
        let fresh = !self.files.contains_key(&view.fuid);
        if fresh {
            let Some(record) = layout.file.ty.and_then(|ty| vm.new_record_of(ty)) else {
                return Value::Unset;
            };
            if let (Some(conns), Value::Record(carrier)) = (layout.file.conns, conn)
                && let Some(id) = layout.conn.id
            {
                let table = value::TableVal::new(conns.ty, false, true);
                table.dict.borrow_mut().insert(carrier.get(id.at), conn.clone(), vm.network_time);
                record.set(conns.at, Value::Table(Rc::new(table)));
            }
            if self.files.len() >= MAX_KEPT {
                values::update_file(&layout.file, &record, view);
                return Value::Record(record);
            }
            self.files.insert(view.fuid, Kept { record, rows: SmallVec::new() });
        }
        let Some(kept) = self.files.get_mut(&view.fuid) else { return Value::Unset };
        values::update_file(&layout.file, &kept.record, view);
        kept.show(vm, layout, 0, &view.record, value::Proto::Tcp);
        Value::Record(kept.record.clone())
    }

    /// The record of a row that is finished, with what scripts made of it.
    pub fn finished(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        row: &RowView,
    ) -> Option<(usize, Rc<RecordVal>)> {
        let log = layout.log(row.record.schema)?;
        let kept = self.conns.get_mut(&row.owner.uid).or_else(|| self.files.get_mut(&row.owner.uid));
        let waiting = kept.and_then(|kept| kept.take(log, row.owner.nth));
        let mut waiting = match waiting {
            Some(waiting) => waiting,
            None => Row::new(vm, &layout.logs[log], log, row.owner.nth)?,
        };
        let transport = transport(&row.record);
        waiting.update(vm, &layout.logs[log], &row.record, transport);
        Some((log, waiting.record))
    }

    /// Whether the digest that an event tells of was asked for.
    pub fn asked_for(&self, vm: &Vm, layout: &Layout, event: &Raised) -> bool {
        let kept = event.file.as_ref().and_then(|view| self.files.get(&view.fuid));
        let at = layout.log(analyze::FILES).and_then(|at| layout.logs[at].holder);
        let (Some(kept), Some(at)) = (kept, at) else { return false };
        let Value::Record(info) = kept.record.get(at) else { return false };
        let kind = event.args.get(1);
        DIGESTS
            .iter()
            .any(|(name, analyzer)| kind == Some(&Arg::text(name)) && has_analyzer(vm, &info, analyzer))
    }

    /// The record of a connection that some event was about.
    pub fn known_conn(&self, uid: Uid) -> Option<Value> {
        self.conns.get(&uid).map(|kept| Value::Record(kept.record.clone()))
    }

    pub fn forget_conn(&mut self, layout: &Layout, uid: Uid) {
        if let Some(kept) = self.conns.remove(&uid)
            && let Some(ended) = layout.conn.ended
        {
            kept.record.set(ended.at, Value::Bool(true));
        }
    }

    pub fn forget_file(&mut self, fuid: Uid) {
        self.files.remove(&fuid);
    }
}

/// The digests that files.log has columns for, and the names of their analyzers.
const DIGESTS: [(&str, &str); 3] = [("md5", "MD5"), ("sha1", "SHA1"), ("sha256", "SHA256")];

/// Leaves the digests out of a file's row that nobody asked for: where scripts may ask, all are made.
pub(super) fn hide_digests(vm: &Vm, info: &RecordVal) {
    for (column, analyzer) in DIGESTS {
        if !has_analyzer(vm, info, analyzer) {
            vm.set_field(info, column, Value::Unset);
        }
    }
}

fn has_analyzer(vm: &Vm, info: &RecordVal, analyzer: &str) -> bool {
    let Value::Table(analyzers) = vm.field(info, "analyzers") else { return false };
    vm.table_get(&analyzers, &Value::str(analyzer)).is_some()
}

/// The transport that a row's ports are of.
fn transport(record: &RecordView) -> value::Proto {
    let at = record.schema.field("proto");
    let name = at.and_then(|at| record.fields().find(|(field, _)| *field == at));
    match name {
        Some((_, Arg::Bytes(name))) if name == b"udp" => value::Proto::Udp,
        Some((_, Arg::Bytes(name))) if name == b"icmp" => value::Proto::Icmp,
        _ => value::Proto::Tcp,
    }
}

impl Kept {
    /// Lets the record hold this row (`c$http`), as far as it is filled.
    fn show(&mut self, vm: &mut Vm, layout: &Layout, nth: u64, view: &RecordView, transport: value::Proto) {
        let Some(at) = layout.log(view.schema) else { return };
        let log = &layout.logs[at];
        let waiting = match self.rows.iter().position(|row| (row.log, row.nth) == (at, nth)) {
            Some(place) => &mut self.rows[place],
            None => {
                if self.rows.len() >= MAX_ROWS {
                    self.rows.remove(0);
                }
                let Some(row) = Row::new(vm, log, at, nth) else { return };
                self.rows.push(row);
                let last = self.rows.len() - 1;
                &mut self.rows[last]
            }
        };
        waiting.update(vm, log, view, transport);
        if let Some(holder) = log.holder {
            self.record.set(holder, Value::Record(waiting.record.clone()));
        }
    }

    fn take(&mut self, log: usize, nth: u64) -> Option<Row> {
        let at = self.rows.iter().position(|row| (row.log, row.nth) == (log, nth))?;
        Some(self.rows.remove(at))
    }
}

impl Row {
    fn new(vm: &mut Vm, log: &Log, at: usize, nth: u64) -> Option<Row> {
        let record = vm.new_record_of(log.ty)?;
        Some(Row { log: at, nth, record, said: SmallVec::new() })
    }

    /// Takes over what the sensor says. What scripts changed stays, unless the sensor has news of it.
    fn update(&mut self, vm: &mut Vm, log: &Log, view: &RecordView, transport: value::Proto) {
        let subject = Subject { transport: Some(transport), ..Subject::default() };
        let mut id = None;
        for (at, arg) in view.fields() {
            let Some(Some(column)) = log.columns.get(at) else { continue };
            if column.in_id {
                if matches!(arg, Arg::Unset) {
                    continue;
                }
                let id = match &mut id {
                    Some(id) => id,
                    None => match values::inner(vm, &self.record, log.id) {
                        Some(made) => id.insert(made),
                        None => continue,
                    },
                };
                let value = values::of(vm, arg, column.place.ty, &subject);
                id.set(column.place.at, value);
                continue;
            }
            if column.written && !self.is_news(at as u8, arg) {
                continue;
            }
            let value = values::of(vm, arg, column.place.ty, &subject);
            self.record.set(column.place.at, value);
        }
    }

    fn is_news(&mut self, at: u8, arg: &Arg) -> bool {
        match self.said.iter_mut().find(|(column, _)| *column == at) {
            Some((_, said)) if said == arg => false,
            Some((_, said)) => {
                *said = arg.clone();
                true
            }
            None => {
                self.said.push((at, arg.clone()));
                !is_nothing(arg)
            }
        }
    }
}

/// What a fresh record holds anyway.
fn is_nothing(arg: &Arg) -> bool {
    match arg {
        Arg::Unset => true,
        Arg::List(items) => items.is_empty(),
        _ => false,
    }
}
