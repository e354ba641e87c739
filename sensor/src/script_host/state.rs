//! What scripts are shown of connections and files, kept between events.

use std::collections::HashMap;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::value::{self, RecordVal, Template, Value};
use smallvec::SmallVec;

use crate::analyze;
use crate::event::{ConnParts, ConnView, FileView, Part, Raised, RecordView, RowView, Taken};
use crate::record::Uid;
use crate::script_host::layout::{Layout, Log};
use crate::script_host::values::{self, ConnSource, Subject};

/// The records of connections and files that events were about: handlers may keep things in them, and change
/// rows that are still to be written.
#[derive(Default)]
pub(super) struct State {
    conns: HashMap<Uid, Kept, foldhash::fast::RandomState>,
    files: HashMap<Uid, Kept, foldhash::fast::RandomState>,
    /// What ends of connections begin with, once looked up.
    end: Option<Option<Rc<Template>>>,
}

struct Kept {
    record: Rc<RecordVal>,
    /// Of a connection: what its record is made of.
    source: Option<Rc<ConnSource>>,
    rows: SmallVec<[Row; 1]>,
}

/// A row that is not written yet.
struct Row {
    log: usize,
    nth: u64,
    record: Rc<RecordVal>,
    /// What the sensor last said of the columns that scripts may change, by column. Where it says nothing new,
    /// what is in the record now is the scripts'.
    said: SmallVec<[(u8, Said); 1]>,
}

/// A value in a form that can be kept and compared.
type Said = SmallVec<[u8; 16]>;

/// Connections, and files, whose record is kept between events. More are open only under attack; then a handler
/// finds a fresh record.
const MAX_KEPT: usize = 1_000_000;
/// Rows of one connection that wait: pipelined requests, DNS queries without answers.
const MAX_ROWS: usize = 256;

impl State {
    /// The connection's record, brought up to date.
    pub fn conn(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (view, taken): (&ConnView, &Taken),
        parts: ConnParts,
    ) -> Value {
        let fresh = !self.conns.contains_key(&view.uid);
        let mut made = None;
        if fresh {
            let Some((record, source)) = self.new_conn(vm, layout) else { return Value::Unset };
            let kept = Kept { record, source: Some(source), rows: SmallVec::new() };
            if self.conns.len() < MAX_KEPT {
                self.conns.insert(view.uid, kept);
            } else {
                made = Some(kept);
            }
        }
        let Some(kept) = made.as_mut().or_else(|| self.conns.get_mut(&view.uid)) else { return Value::Unset };
        let source = kept.source.as_deref();
        values::update_conn(vm, &layout.conn, (&kept.record, source), (view, taken), fresh, parts);
        if let Some((nth, row)) = &view.record {
            kept.show(vm, layout, *nth, (row, taken), values::proto(view.proto));
        }
        Value::Record(kept.record.clone())
    }

    fn new_conn(&mut self, vm: &mut Vm, layout: &Layout) -> Option<(Rc<RecordVal>, Rc<ConnSource>)> {
        if self.end.is_none() {
            self.end = Some(layout.conn.orig.and_then(|place| vm.template(place.ty)));
        }
        let end = self.end.clone().flatten();
        let mut made = None;
        let record = vm.new_record_from(layout.conn.ty?, |template| {
            made.insert(Rc::new(ConnSource::new(&layout.conn, template, end))).clone()
        })?;
        Some((record, made?))
    }

    /// The file's record, brought up to date.
    pub fn file(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (view, taken): (&FileView, &Taken),
        conn: &Value,
    ) -> Value {
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
            self.files.insert(view.fuid, Kept { record, source: None, rows: SmallVec::new() });
        }
        let Some(kept) = self.files.get_mut(&view.fuid) else { return Value::Unset };
        values::update_file(&layout.file, &kept.record, view);
        kept.show(vm, layout, 0, (&view.record, taken), value::Proto::Tcp);
        Value::Record(kept.record.clone())
    }

    /// The record of a row that is finished, with what scripts made of it.
    pub fn finished(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (row, taken): (&RowView, &Taken),
    ) -> Option<(usize, Rc<RecordVal>)> {
        let log = layout.log(row.record.schema)?;
        let kept = self.conns.get_mut(&row.owner.uid).or_else(|| self.files.get_mut(&row.owner.uid));
        let waiting = kept.and_then(|kept| kept.take(log, row.owner.nth));
        let mut waiting = match waiting {
            Some(waiting) => waiting,
            None => Row::new(vm, &layout.logs[log], log, row.owner.nth)?,
        };
        let transport = transport(&row.record, taken);
        waiting.update(vm, &layout.logs[log], (&row.record, taken), transport);
        Some((log, waiting.record))
    }

    /// Whether the digest that an event tells of was asked for.
    pub fn asked_for(&self, vm: &Vm, layout: &Layout, event: &Raised, taken: &Taken) -> bool {
        let kept = event.file.and_then(|at| taken.file(at)).and_then(|view| self.files.get(&view.fuid));
        let at = layout.log(analyze::FILES).and_then(|at| layout.logs[at].holder);
        let (Some(kept), Some(at)) = (kept, at) else { return false };
        let Value::Record(info) = kept.record.get(at) else { return false };
        let kind = taken.parts_of(event.args).get(1).and_then(|kind| taken.text_of(*kind));
        DIGESTS
            .iter()
            .any(|(name, analyzer)| kind == Some(name.as_bytes()) && has_analyzer(vm, &info, analyzer))
    }

    /// The record of a connection that some event was about.
    pub fn known_conn(&self, uid: Uid) -> Option<Value> {
        self.conns.get(&uid).map(|kept| Value::Record(kept.record.clone()))
    }

    /// A connection or file has ended.
    pub fn forget(&mut self, layout: &Layout, uid: Uid) {
        if let Some(kept) = self.conns.remove(&uid) {
            if let Some(ended) = layout.conn.ended {
                kept.record.set(ended.at, Value::Bool(true));
            }
        } else {
            self.files.remove(&uid);
        }
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
fn transport(record: &RecordView, taken: &Taken) -> value::Proto {
    let name = record.schema.field("proto").and_then(|at| taken.field(record, at));
    match name.and_then(|name| taken.text_of(name)) {
        Some(b"udp") => value::Proto::Udp,
        Some(b"icmp") => value::Proto::Icmp,
        _ => value::Proto::Tcp,
    }
}

impl Kept {
    /// Lets the record hold this row (`c$http`), as far as it is filled.
    fn show(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        nth: u64,
        (view, taken): (&RecordView, &Taken),
        transport: value::Proto,
    ) {
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
        waiting.update(vm, log, (view, taken), transport);
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
    fn update(
        &mut self,
        vm: &mut Vm,
        log: &Log,
        (view, taken): (&RecordView, &Taken),
        transport: value::Proto,
    ) {
        let subject = Subject { transport: Some(transport), ..Subject::default() };
        let mut id = None;
        for (at, part) in taken.fields(view) {
            let Some(Some(column)) = log.columns.get(at) else { continue };
            if column.in_id {
                if matches!(part, Part::Unset) {
                    continue;
                }
                let id = match &mut id {
                    Some(id) => id,
                    None => match values::inner(vm, &self.record, log.id) {
                        Some(made) => id.insert(made),
                        None => continue,
                    },
                };
                let value = values::of(vm, part, taken, column.place.ty, &subject);
                id.set(column.place.at, value);
                continue;
            }
            if column.written && !self.is_news(at as u8, part, taken) {
                continue;
            }
            if self.record.peek(column.place.at, |known| values::is(known, part, taken)) == Some(true) {
                continue;
            }
            let value = values::of(vm, part, taken, column.place.ty, &subject);
            self.record.set(column.place.at, value);
        }
    }

    fn is_news(&mut self, at: u8, part: Part, taken: &Taken) -> bool {
        let mut now = Said::new();
        note(part, taken, &mut now);
        match self.said.iter_mut().find(|(column, _)| *column == at) {
            Some((_, said)) if *said == now => false,
            Some((_, said)) => {
                *said = now;
                true
            }
            None => {
                self.said.push((at, now));
                !is_nothing(part, taken)
            }
        }
    }
}

/// Writes a value down for [`Said`].
fn note(part: Part, taken: &Taken, out: &mut Said) {
    let mut add = |kind: u8, bytes: &[u8]| {
        out.push(kind);
        out.extend_from_slice(&bytes.len().to_le_bytes());
        out.extend_from_slice(bytes);
    };
    match part {
        Part::Unset | Part::Conn | Part::File => add(0, &[]),
        Part::Bool(b) => add(1, &[u8::from(b)]),
        Part::Count(n) => add(2, &n.to_le_bytes()),
        Part::Int(n) => add(3, &n.to_le_bytes()),
        Part::Double(d) => add(4, &d.to_le_bytes()),
        Part::Time(t) => add(5, &t.nanos().to_le_bytes()),
        Part::Interval(i) => add(6, &i.nanos().to_le_bytes()),
        Part::Text(_) | Part::Name(_) => add(7, taken.text_of(part).unwrap_or_default()),
        Part::Addr(std::net::IpAddr::V4(addr)) => add(8, &addr.octets()),
        Part::Addr(std::net::IpAddr::V6(addr)) => add(8, &addr.octets()),
        Part::Port(port) => add(9, &port.to_le_bytes()),
        Part::List(items) | Part::Record(items) => {
            let items = taken.parts_of(items);
            add(10, &items.len().to_le_bytes());
            items.iter().for_each(|item| note(*item, taken, out));
        }
    }
}

/// What a fresh record holds anyway.
fn is_nothing(part: Part, taken: &Taken) -> bool {
    match part {
        Part::Unset => true,
        Part::List(items) => taken.parts_of(items).is_empty(),
        _ => false,
    }
}
