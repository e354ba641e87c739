//! Rows that are not written yet, as scripts see them (`c$http`).

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{NativeRecord, Proto, RecordVal, Template, Value};

use crate::event::{Arena, Excerpt, Part, RecordView};
use crate::script_host::layout::{Layout, Log};
use crate::script_host::state::Own;
use crate::script_host::state::conn::MAX_SPARE;
use crate::script_host::state::last_shown::LastShown;
use crate::script_host::values::{self, Subject};

pub(super) struct KeptRow {
    pub log: usize,
    pub nth: u64,
    /// It has been written, and stays for those who look at it in its connection.
    pub done: bool,
    /// The connection or file holds it.
    pub shown: bool,
    last_shown: LastShown,
    body: Body,
}

enum Body {
    Record(Record),
    /// Nobody holds the record: what it is made of.
    Folded(Box<Folded>),
}

struct Folded {
    own: Own,
    last_shown: Excerpt,
    transport: Proto,
}

type Record = (Rc<RecordVal>, Rc<Source>);

/// What a row's record shows beside what was put into it.
struct Source {
    shape: Rc<Shape>,
    last_shown: RefCell<Excerpt>,
    /// What its ports are of.
    transport: Cell<Proto>,
}

/// How the records of a log's rows are made.
struct Shape {
    template: Rc<Template>,
    /// The place of the connection's ends, what they begin with, and the column of each.
    id: Option<(usize, Rc<Template>, Vec<Option<usize>>)>,
    /// By field: the column that is read from what the sensor said when some script asks.
    lazy: Vec<Option<usize>>,
    /// A bit for each of those columns, and for those of the ends.
    kept: u64,
}

/// What rows are made from, of each log.
#[derive(Default)]
pub(super) struct RecordPools(Vec<RecordPool>);

#[derive(Default)]
struct RecordPool {
    shape: Option<Rc<Shape>>,
    /// Records that are no longer needed.
    spare: Vec<Record>,
}

impl RecordPools {
    fn of(&mut self, log: usize) -> &mut RecordPool {
        if self.0.len() <= log {
            self.0.resize_with(log + 1, RecordPool::default);
        }
        &mut self.0[log]
    }

    fn shape(&mut self, vm: &mut Vm, layout: &Layout, log: usize) -> Option<Rc<Shape>> {
        if let Some(shape) = &self.of(log).shape {
            return Some(shape.clone());
        }
        let shape = Rc::new(Shape::of(vm, layout.logs.get(log)?)?);
        self.of(log).shape = Some(shape.clone());
        Some(shape)
    }

    /// A record of a log whose shape is known, without those of its defaults that are evaluated.
    fn record(&mut self, layout: &Layout, log: usize) -> Option<Record> {
        let record_pool = self.of(log);
        if let Some(spare) = record_pool.spare.pop() {
            return Some(spare);
        }
        let shape = record_pool.shape.clone()?;
        let (ty, width) = (layout.logs.get(log)?.ty, shape.template.width());
        let source = Rc::new(Source::new(shape));
        Some((RecordVal::native(ty, width, source.clone()), source))
    }

    /// Keeps a record that was emptied.
    fn give_back(&mut self, log: usize, body: Body) {
        let spare = &mut self.of(log).spare;
        if let Body::Record(record) = body
            && spare.len() < MAX_SPARE
        {
            spare.push(record);
        }
    }
}

impl Shape {
    fn of(vm: &mut Vm, log: &Log) -> Option<Shape> {
        let template = vm.template(log.ty)?;
        let mut shape = Shape { template, id: None, lazy: Vec::new(), kept: 0 };
        shape.id = log.id.and_then(|id| Some((id.at, values::begins_alike(vm, log.id)?, Vec::new())));
        for (at, column) in log.columns.iter().enumerate() {
            let Some(column) = column else { continue };
            let list = match &mut shape.id {
                Some((_, _, columns)) if column.in_id => columns,
                _ if column.in_id || column.written || column.within.is_some() => continue,
                _ if !is_plain(vm, column.place.ty) => continue,
                _ => &mut shape.lazy,
            };
            if list.len() <= column.place.at {
                list.resize(column.place.at + 1, None);
            }
            list[column.place.at] = Some(at);
            shape.kept |= 1 << at;
        }
        Some(shape)
    }

    /// A bit for each column that is read when some script asks, whatever else it has seen.
    fn lazily(&self) -> u64 {
        self.lazy.iter().flatten().fold(0, |bits, at| bits | 1 << at)
    }
}

/// Whether values of a type can be made without the VM.
fn is_plain(vm: &Vm, ty: TypeId) -> bool {
    !matches!(vm.types.get(ty), Type::Enum(_)) && !vm.types.is_aggregate(ty)
}

impl Source {
    fn new(shape: Rc<Shape>) -> Source {
        Source { shape, last_shown: RefCell::default(), transport: Cell::new(Proto::Unknown) }
    }

    fn column(&self, at: usize) -> Option<Value> {
        let last_shown = self.last_shown.borrow();
        let part = last_shown.field(at)?;
        values::atom(part, last_shown.text_of(part), self.transport.get())
    }

    /// Whether a record that is made anew holds the same in this field.
    fn begins(&self, at: usize, value: &Value) -> bool {
        match (&self.shape.id, value) {
            (Some((id, ..)), Value::Record(ends)) if *id == at => Rc::strong_count(ends) == 1,
            _ => self.lazy(at).is_none() && self.shape.template.begins(at, value),
        }
    }

    fn lazy(&self, field: usize) -> Option<usize> {
        self.shape.lazy.get(field).copied().flatten()
    }
}

impl NativeRecord for Source {
    fn get(&self, field: usize) -> Value {
        if let Some(value) = self.lazy(field).and_then(|column| self.column(column)) {
            return value;
        }
        match &self.shape.id {
            Some((at, template, columns)) if *at == field => {
                let id = Template::record(template);
                for (at, column) in columns.iter().enumerate() {
                    if let Some(value) = column.and_then(|column| self.column(column)) {
                        id.set(at, value);
                    }
                }
                Value::Record(id)
            }
            _ => self.shape.template.get(field),
        }
    }

    fn within(&self, field: usize, inner: usize) -> Option<Value> {
        match &self.shape.id {
            Some((at, _, columns)) if *at == field => self.column(columns.get(inner).copied().flatten()?),
            _ => None,
        }
    }

    fn has(&self, field: usize) -> bool {
        let column = self.lazy(field).and_then(|column| self.last_shown.borrow().field(column));
        match column {
            Some(part) => !matches!(part, Part::Unset),
            None => self.shape.template.has(field),
        }
    }

    fn keeps(&self) -> bool {
        true
    }
}

impl KeptRow {
    pub fn new(
        vm: &mut Vm,
        layout: &Layout,
        record_pools: &mut RecordPools,
        (log, nth): (usize, u64),
    ) -> Option<KeptRow> {
        let shape = record_pools.shape(vm, layout, log)?;
        // Defaults that are expressions are evaluated for each row.
        let record = match shape.template.evaluated.is_empty() {
            true => record_pools.record(layout, log)?,
            false => {
                let source = Rc::new(Source::new(shape));
                (vm.new_record_from(layout.logs.get(log)?.ty, |_| source.clone())?, source)
            }
        };
        let (last_shown, body) = (LastShown::default(), Body::Record(record));
        Some(KeptRow { log, nth, done: false, shown: false, last_shown, body })
    }

    /// The row's record.
    pub fn record(&mut self, layout: &Layout, record_pools: &mut RecordPools) -> Option<Rc<RecordVal>> {
        if let Body::Folded(folded) = &mut self.body {
            let (record, source) = record_pools.record(layout, self.log)?;
            for (at, value) in std::mem::take(&mut folded.own) {
                record.set(at as usize, value);
            }
            source.last_shown.borrow_mut().copy(&folded.last_shown);
            source.transport.set(folded.transport);
            self.body = Body::Record((record, source));
        }
        match &self.body {
            Body::Record((record, _)) => Some(record.clone()),
            Body::Folded(_) => None,
        }
    }

    /// Whether this is the row's record.
    pub fn is(&self, other: &Rc<RecordVal>) -> bool {
        matches!(&self.body, Body::Record((record, _)) if Rc::ptr_eq(record, other))
    }

    /// Puts the record away, if nobody holds it.
    pub fn fold(&mut self, record_pools: &mut RecordPools) {
        let Body::Record((record, source)) = &mut self.body else { return };
        let Some(unshared) = Rc::get_mut(record) else { return };
        let mut folded =
            Folded { own: Own::new(), last_shown: Excerpt::default(), transport: source.transport.get() };
        folded.last_shown.copy(&source.last_shown.borrow());
        unshared.recycle(|at, value| {
            if !source.begins(at, &value) {
                folded.own.push((at as u32, value));
            }
        });
        source.last_shown.borrow_mut().clear();
        let body = std::mem::replace(&mut self.body, Body::Folded(Box::new(folded)));
        record_pools.give_back(self.log, body);
    }

    /// Lets go of it.
    pub fn discard(self, record_pools: &mut RecordPools) {
        let Body::Record((mut record, source)) = self.body else { return };
        let Some(unshared) = Rc::get_mut(&mut record) else { return };
        unshared.recycle(|_, _| {});
        source.last_shown.borrow_mut().clear();
        record_pools.give_back(self.log, Body::Record((record, source)));
    }

    /// Takes over what the sensor says of those columns that have a bit in `only`. What scripts changed stays, unless
    /// the sensor has news of it.
    pub fn update(
        &mut self,
        vm: &mut Vm,
        log: &Log,
        (view, arena): (&RecordView, &Arena),
        transport: Proto,
        only: u64,
    ) {
        let Body::Record((record, source)) = &self.body else { return };
        if source.shape.kept & only != 0 {
            source.last_shown.borrow_mut().update((view, arena), source.shape.kept);
        }
        source.transport.set(transport);
        let seen = log.id.is_some_and(|id| record.peek(id.at, |_| ()).is_some());
        let left = match (seen, &source.shape.id) {
            (false, Some(_)) => !source.shape.kept,
            // A record of ends that scripts have seen is changed.
            _ => !source.shape.lazily(),
        };
        let left = left & only;
        if view.fields & left == 0 {
            return;
        }
        let subject = Subject { transport: Some(transport), ..Subject::default() };
        for (at, part) in arena.fields(view).filter(|(at, _)| left >> at & 1 == 1) {
            let Some(Some(column)) = log.columns.get(at) else { continue };
            if column.in_id {
                if matches!(part, Part::Unset) {
                    continue;
                }
                if let Some(id) = values::inner(vm, record, log.id) {
                    let value = values::of(vm, part, arena, column.place.ty, &subject);
                    id.set(column.place.at, value);
                }
                continue;
            }
            if column.written && !self.last_shown.is_news(at as u8, part, arena) {
                continue;
            }
            if column.within.is_some() {
                if !matches!(part, Part::Unset)
                    && let Some(within) = values::inner(vm, record, column.within)
                {
                    let value = values::of(vm, part, arena, column.place.ty, &subject);
                    within.set(column.place.at, value);
                }
                continue;
            }
            let value = values::of(vm, part, arena, column.place.ty, &subject);
            // To sets the sensor adds, as scripts do.
            let known = record.peek(column.place.at, Value::clone).filter(|_| column.written);
            if let (Some(Value::Table(known)), Value::Table(news)) = (known, &value)
                && known.is_set
            {
                for (member, _) in news.snapshot() {
                    vm.table_insert(&known, member, Value::Unset);
                }
                continue;
            }
            record.set(column.place.at, value);
        }
    }
}
