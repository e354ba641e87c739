//! What scripts are shown of connections and files, kept between events.

mod conn;
mod last_shown;
mod row;

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use nightjar_script::value::{self, RecordVal, Value};
use nightjar_script::{Args, Vm};
use smallvec::SmallVec;

use crate::analyze;
use crate::event::{
    Arena, ConnId, ConnParts, ConnView, Effects, FileView, Owner, Proto, Raised, RecordView, RowView,
};
use crate::record::{Schema, Uid};
use crate::script_host::files;
use crate::script_host::layout::Layout;
use crate::script_host::state::row::{KeptRow, RecordPools};
use crate::script_host::values;

/// The records of connections and files that events were about: handlers may keep things in them, and change
/// rows that are still to be written.
///
/// Those of connections that no event was about for a while are folded: nobody holds the record, so that only what
/// scripts have put into it is kept, and it is made again when the next event comes. Attackers open many connections.
#[derive(Default)]
pub(super) struct RecordState {
    conns: HashMap<Uid, Box<Kept>, foldhash::fast::RandomState>,
    files: HashMap<Uid, Box<Kept>, foldhash::fast::RandomState>,
    /// A connection that is beyond those that are kept.
    current: Option<(Uid, Box<Kept>)>,
    /// Connections that are not folded, some of which may have ended, the first that was told of first.
    recent: VecDeque<Uid>,
    /// The connection of the last event was among them.
    known: bool,
    record_pool: conn::RecordPool,
    record_pools: RecordPools,
    added: Added,
}

/// What was put into sets of rows before anybody looked at these.
#[derive(Default)]
struct Added(HashMap<Uid, SmallVec<[Addition; 1]>, foldhash::fast::RandomState>);

struct Addition {
    log: usize,
    nth: u64,
    field: usize,
    element: Value,
}

impl Added {
    fn put_into(&mut self, vm: &mut Vm, uid: Uid, (log, nth): (usize, u64), record: &RecordVal) {
        let Some(all) = self.0.get_mut(&uid) else { return };
        all.retain(|addition| {
            let due = (addition.log, addition.nth) == (log, nth);
            if due && let Value::Table(set) = record.get(addition.field) {
                vm.table_insert(&set, addition.element.clone(), Value::Unset);
            }
            !due
        });
        if all.is_empty() {
            self.0.remove(&uid);
        }
    }
}

struct Kept {
    body: Body,
    rows: SmallVec<[KeptRow; 1]>,
    /// It is among the recent ones.
    recent: bool,
}

enum Body {
    Conn(conn::Record),
    File(Rc<RecordVal>),
    /// A connection whose record nobody holds.
    Folded(Own),
}

/// What was put into a record, by field.
type Own = SmallVec<[(u32, Value); 1]>;

/// Connections, and files, whose record is kept between events. More are open only under attack; then a handler
/// finds a fresh record.
const MAX_KEPT: usize = 1_000_000;
/// So many connections are not folded: the events of one often come close to each other. Tests are to see others.
const MAX_RECENT: usize = if cfg!(debug_assertions) { 2 } else { 64 };
/// Rows of one connection that wait: pipelined requests, DNS queries without answers.
const MAX_ROWS: usize = 256;
/// Elements that wait for rows of one connection.
const MAX_ADDED: usize = 4 * MAX_ROWS;

/// Runs the hooks that scripts have registered for the end of a connection.
pub(super) fn run_removal_hooks(vm: &mut Vm, layout: &Layout, conn: &Value) {
    let (Value::Record(record), Some(place)) = (conn, layout.conn.removal_hooks) else { return };
    let Value::Table(hooks) = record.get(place.at) else { return };
    for (hook, _) in hooks.snapshot() {
        if let Value::Func(hook) = hook {
            vm.invoke(&hook, Args::from_iter([conn.clone()]));
        }
    }
    vm.drain();
}

impl RecordState {
    /// The connection's record, brought up to date.
    pub fn conn(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (view, arena): (&ConnView, &Arena),
        parts: ConnParts,
    ) -> Value {
        let RecordState { conns, current, known, record_pool, record_pools, added, .. } = self;
        let kept = match conns.get_mut(&view.uid) {
            Some(kept) => {
                *known = kept.recent;
                kept
            }
            None => {
                *known = false;
                let Some(record) = record_pool.begin(vm, &layout.conn) else { return Value::Unset };
                let kept = Box::new(Kept { body: Body::Conn(record), rows: SmallVec::new(), recent: false });
                &mut current.insert((view.uid, kept)).1
            }
        };
        if !kept.unfold(layout, record_pool, record_pools) {
            return Value::Unset;
        }
        let Body::Conn(record) = &kept.body else { return Value::Unset };
        conn::update(vm, &layout.conn, record, (view, arena), parts);
        let record = record.0.clone();
        if let Some((nth, row)) = &view.record {
            kept.show(vm, layout, record_pools, (&record, *nth), (row, arena), values::proto(view.proto));
            if let Some(log) = layout.log(row.schema)
                && let Some(of) = layout.logs[log].holder
                && let Value::Record(row) = record.get(of)
            {
                added.put_into(vm, view.uid, (log, *nth), &row);
            }
        }
        Value::Record(record)
    }

    /// Puts an element of an enum into a set of a row before anybody has looked at that, under its name. Beyond the
    /// ceilings on what is kept of connections it is lost, as what handlers put into records is.
    pub fn add(&mut self, vm: &Vm, layout: &Layout, effects: &Effects, column: usize, element: &[u8]) {
        let log = analyze::row_of(effects.id).and_then(|schema| layout.log(schema));
        let element = std::str::from_utf8(element).ok().and_then(|name| vm.global_value(name));
        let (Some(log), Some(element)) = (log, element) else { return };
        let (Some(Some(column)), Value::Enum(_, number)) = (layout.logs[log].columns.get(column), element)
        else {
            return;
        };
        let (field, number) = (column.place.at, *number);
        let Owner { uid, nth } = effects.owner;
        let room = self.added.0.len() < MAX_KEPT || self.added.0.contains_key(&uid);
        let Some(all) = room.then(|| self.added.0.entry(uid).or_default()) else { return };
        let is = |known: &Addition| {
            let same = (known.log, known.nth, known.field) == (log, nth, field);
            same && matches!(known.element, Value::Enum(_, of) if of == number)
        };
        if all.len() < MAX_ADDED && !all.iter().any(is) {
            all.push(Addition { log, nth, field, element: element.clone() });
        }
    }

    /// The connection does not hold the row of a log any more (`c$dns`).
    pub fn take_away(&mut self, layout: &Layout, uid: Uid, schema: &Schema) {
        let RecordState { conns, current, .. } = self;
        let held = conns.get(&uid).or(current.as_ref().filter(|(of, _)| *of == uid).map(|(_, kept)| kept));
        if let (Some(kept), Some(holder)) = (held, layout.holder(schema))
            && let Body::Conn((record, _)) = &kept.body
        {
            record.set(holder, Value::Unset);
        }
    }

    /// An event is over.
    pub fn settle_event(&mut self, layout: &Layout, uid: Uid) {
        if !self.known {
            self.settle(layout, uid);
        }
    }

    /// An event is over, or a row is written: what nobody else holds is folded, of connections that were last told
    /// of before others.
    pub fn settle(&mut self, layout: &Layout, uid: Uid) {
        let RecordState { conns, current, recent, record_pool, record_pools, .. } = self;
        if let Some((uid, mut kept)) = current.take() {
            if conns.len() < MAX_KEPT {
                kept.recent = true;
                conns.insert(uid, kept);
                recent.push_back(uid);
            } else {
                kept.fold(layout, record_pool, record_pools);
            }
        } else if let Some(kept) = conns.get_mut(&uid).filter(|kept| !kept.recent) {
            kept.recent = true;
            recent.push_back(uid);
        }
        while recent.len() > MAX_RECENT {
            let Some(uid) = recent.pop_front() else { return };
            let Some(kept) = conns.get_mut(&uid) else { continue };
            kept.recent = false;
            kept.fold(layout, record_pool, record_pools);
            if kept.is_empty() {
                conns.remove(&uid);
            }
        }
    }

    /// The file's record, brought up to date.
    pub fn file(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (view, arena): (&FileView, &Arena),
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
                // As a file begins, it belongs to the transaction that is going on.
                if let Some((http, held)) = layout.file.http.zip(layout.holder(analyze::HTTP)) {
                    record.set(http.at, carrier.get(held));
                }
            }
            if self.files.len() >= MAX_KEPT {
                values::update_file(&layout.file, &record, view);
                return Value::Record(record);
            }
            let kept = Kept { body: Body::File(record), rows: SmallVec::new(), recent: false };
            self.files.insert(view.fuid, Box::new(kept));
        }
        let Some(kept) = self.files.get_mut(&view.fuid) else { return Value::Unset };
        let Body::File(record) = &kept.body else { return Value::Unset };
        let record = record.clone();
        values::update_file(&layout.file, &record, view);
        kept.show(vm, layout, &mut self.record_pools, (&record, 0), (&view.record, arena), value::Proto::Tcp);
        Value::Record(record)
    }

    /// The record of a row that is finished, with what scripts made of it: `write` is called with its log. It looks
    /// only at columns that have a bit in `only`, and those that scripts have added.
    pub fn finished(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        (row, arena): (&RowView, &Arena),
        only: u64,
        write: impl FnOnce(&mut Vm, usize, Rc<RecordVal>),
    ) {
        let Some(log) = layout.log(row.record.schema) else { return };
        let transport = transport(&row.record, arena);
        let (uid, nth) = (row.owner.uid, row.owner.nth);
        let RecordState { conns, files, record_pools, added, .. } = self;
        let kept = conns.get_mut(&uid).or_else(|| files.get_mut(&uid));
        let known = kept.and_then(|kept| kept.rows.iter_mut().find(|row| (row.log, row.nth) == (log, nth)));
        let (mut alone, mut shown) = (None, false);
        let waiting = match known {
            Some(known) => {
                shown = !layout.logs[log].passing;
                known
            }
            None => match KeptRow::new(vm, layout, record_pools, (log, nth)) {
                Some(row) => alone.insert(row),
                None => return,
            },
        };
        let Some(record) = waiting.record(layout, record_pools) else { return };
        // Who looks at it later looks at all of it.
        let only = if shown { u64::MAX } else { only };
        waiting.update(vm, &layout.logs[log], (&row.record, arena), transport, only);
        added.put_into(vm, uid, (log, nth), &record);
        waiting.done = true;
        write(vm, log, record);
        match alone {
            Some(row) => row.discard(record_pools),
            None => {
                if let Some(kept) = conns.get_mut(&uid).filter(|_| layout.logs[log].passing) {
                    kept.let_go(layout, record_pools, (log, nth));
                }
                self.settle(layout, uid);
            }
        }
    }

    /// Whether the digest that an event tells of was asked for.
    pub fn asked_for(&self, vm: &Vm, layout: &Layout, event: &Raised, arena: &Arena) -> bool {
        let kept = event.file.and_then(|at| arena.file(at)).and_then(|view| self.files.get(&view.fuid));
        let at = layout.log(analyze::FILES).and_then(|at| layout.logs[at].holder);
        let (Some(kept), Some(at)) = (kept, at) else { return false };
        let Body::File(record) = &kept.body else { return false };
        let Value::Record(info) = record.get(at) else { return false };
        let kind = arena.parts_of(event.args).get(1).and_then(|kind| arena.text_of(*kind));
        DIGESTS
            .iter()
            .any(|(name, analyzer)| kind == Some(name.as_bytes()) && files::has_analyzer(vm, &info, analyzer))
    }

    /// The record of a connection of which no more is told than who it is. To be settled by
    /// [`RecordState::settle_named`].
    pub fn named_conn(
        &mut self,
        vm: &mut Vm,
        layout: &Layout,
        uid: Uid,
        id: ConnId,
        proto: Proto,
    ) -> Option<Value> {
        let RecordState { conns, current, record_pool, record_pools, .. } = self;
        let record = match conns.get_mut(&uid) {
            Some(kept) => {
                if !kept.unfold(layout, record_pool, record_pools) {
                    return None;
                }
                let Body::Conn(record) = &kept.body else { return None };
                record.clone()
            }
            None => {
                let record = record_pool.begin(vm, &layout.conn)?;
                let kept =
                    Box::new(Kept { body: Body::Conn(record.clone()), rows: SmallVec::new(), recent: false });
                *current = Some((uid, kept));
                record
            }
        };
        conn::name(&record, uid, id, proto);
        Some(Value::Record(record.0))
    }

    /// Folds a connection again. One that no event was about is not kept: its end will not be told.
    pub fn settle_named(&mut self, layout: &Layout, uid: Uid) {
        match self.current.take() {
            Some((_, mut kept)) => kept.fold(layout, &mut self.record_pool, &mut self.record_pools),
            None => self.settle(layout, uid),
        }
    }

    /// A connection or file has ended.
    pub fn forget(&mut self, layout: &Layout, uid: Uid) {
        if !self.added.0.is_empty() {
            self.added.0.remove(&uid);
        }
        match self.conns.remove(&uid) {
            Some(kept) => {
                let Kept { body, rows, .. } = *kept;
                if let Body::Conn(mut record) = body {
                    match Rc::get_mut(&mut record.0) {
                        Some(unshared) => {
                            unshared.recycle(|_, _| {});
                            self.record_pool.give_back(record);
                        }
                        None => {
                            if let Some(ended) = layout.conn.ended {
                                record.0.set(ended.at, Value::Bool(true));
                            }
                        }
                    }
                }
                rows.into_iter().for_each(|row| row.discard(&mut self.record_pools));
            }
            None => {
                self.files.remove(&uid);
            }
        }
    }
}

/// The digests that files.log has columns for, and the names of their analyzers.
const DIGESTS: [(&str, &str); 3] = [("md5", "MD5"), ("sha1", "SHA1"), ("sha256", "SHA256")];

/// Leaves the digests out of a file's row that nobody asked for: where scripts may ask, all are made.
pub(super) fn hide_digests(vm: &Vm, info: &RecordVal) {
    for (column, analyzer) in DIGESTS {
        if !files::has_analyzer(vm, info, analyzer) {
            vm.set_field(info, column, Value::Unset);
        }
    }
}

/// The transport that a row's ports are of.
fn transport(record: &RecordView, arena: &Arena) -> value::Proto {
    let name = record.schema.field("proto").and_then(|at| arena.field(record, at));
    match name.and_then(|name| arena.text_of(name)) {
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
        record_pools: &mut RecordPools,
        (holder, nth): (&RecordVal, u64),
        (view, arena): (&RecordView, &Arena),
        transport: value::Proto,
    ) {
        let Some(at) = layout.log(view.schema) else { return };
        let log = &layout.logs[at];
        // Those that are written stay for as long as there is no other.
        self.rows.retain(|row| row.log != at || row.nth == nth || !row.done);
        let place = match self.rows.iter().position(|row| (row.log, row.nth) == (at, nth)) {
            Some(place) => place,
            None => {
                if self.rows.len() >= MAX_ROWS {
                    self.rows.remove(0);
                }
                let Some(row) = KeptRow::new(vm, layout, record_pools, (at, nth)) else { return };
                self.rows.push(row);
                self.rows.len() - 1
            }
        };
        let row = &mut self.rows[place];
        let Some(record) = row.record(layout, record_pools) else { return };
        row.update(vm, log, (view, arena), transport, u64::MAX);
        if let Some(field) = log.holder {
            let shown =
                holder.peek(field, |held| matches!(held, Value::Record(held) if Rc::ptr_eq(held, &record)));
            if shown != Some(true) {
                holder.set(field, Value::Record(record));
            }
        }
    }

    /// Lets go of a row that is written, for which nobody looks any more, unless somebody holds the connection.
    fn let_go(&mut self, layout: &Layout, record_pools: &mut RecordPools, (log, nth): (usize, u64)) {
        let Body::Conn((record, _)) = &self.body else { return };
        let Some(at) = self.rows.iter().position(|row| (row.log, row.nth) == (log, nth)) else { return };
        if Rc::strong_count(record) > 1 {
            return;
        }
        let row = self.rows.remove(at);
        if let Some(holder) = layout.logs[log].holder
            && record.peek(holder, |held| matches!(held, Value::Record(held) if row.is(held))) == Some(true)
        {
            record.set(holder, Value::Unset);
        }
        row.discard(record_pools);
    }

    /// Makes the record again. False if that cannot be.
    fn unfold(
        &mut self,
        layout: &Layout,
        record_pool: &mut conn::RecordPool,
        record_pools: &mut RecordPools,
    ) -> bool {
        let Body::Folded(own) = &mut self.body else { return true };
        let Some(record) = record_pool.record() else { return false };
        for (at, value) in std::mem::take(own) {
            record.0.set(at as usize, value);
        }
        for row in self.rows.iter_mut().filter(|row| row.shown) {
            row.shown = false;
            let holder = layout.logs.get(row.log).and_then(|log| log.holder);
            if let (Some(holder), Some(row)) = (holder, row.record(layout, record_pools)) {
                record.0.set(holder, Value::Record(row));
            }
        }
        self.body = Body::Conn(record);
        true
    }

    /// Puts a connection's record away, and its rows', if nobody holds them.
    fn fold(&mut self, layout: &Layout, record_pool: &mut conn::RecordPool, record_pools: &mut RecordPools) {
        if let Body::Conn((record, source)) = &mut self.body
            && let Some(unshared) = Rc::get_mut(record)
        {
            let mut own = Own::new();
            let holders: SmallVec<[usize; 4]> = layout.logs.iter().filter_map(|log| log.holder).collect();
            unshared.recycle(|at, value| {
                if source.begins(at, &value) {
                    return;
                }
                if holders.contains(&at)
                    && let Value::Record(held) = &value
                    && let Some(row) = self.rows.iter_mut().find(|row| row.is(held))
                {
                    row.shown = true;
                    return;
                }
                own.push((at as u32, value));
            });
            if let Body::Conn(record) = std::mem::replace(&mut self.body, Body::Folded(own)) {
                record_pool.give_back(record);
            }
        }
        if matches!(self.body, Body::Folded(_)) {
            self.rows.retain(|row| !row.done || row.shown);
        }
        self.rows.iter_mut().for_each(|row| row.fold(record_pools));
    }

    /// Whether it is worth keeping.
    fn is_empty(&self) -> bool {
        matches!(&self.body, Body::Folded(own) if own.is_empty()) && self.rows.is_empty()
    }
}
