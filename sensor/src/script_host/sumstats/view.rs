//! Results as scripts see them: records whose fields are read from the engine when a script asks.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use nightjar_script::value::{NativeRecord, RecordVal, TableVal, Value};

use crate::script_host::sumstats::types::{Field, Types};
use crate::sumstats::{Calc, Engine, Entry, Held, Reducer, Slot, TopkVersion};
use crate::time::Time;

/// One stream's result.
pub(super) struct View {
    pub engine: Weak<RefCell<Engine>>,
    pub types: Rc<Types>,
    pub stream: usize,
    /// All that is calculated for the stream.
    pub reducer: Rc<Reducer>,
    pub source: RefCell<Source>,
    /// A script assigned a field that is not kept in the engine.
    pub changed: Cell<bool>,
    /// `topk` as it was read last, and the version that this is of: scripts read it for each of its values.
    pub topk: RefCell<Option<(TopkVersion, Value)>>,
}

pub(super) enum Source {
    /// In the engine, and changing with it.
    At(Slot),
    /// As it was when its epoch ended, or when the call ended whose script kept it.
    Kept(Box<Held>),
    /// The key is gone.
    Gone,
}

/// A key's results: a table by stream.
pub(super) struct Shown {
    pub table: Rc<TableVal>,
    pub rows: RefCell<Vec<Option<ResultRow>>>,
}

#[derive(Clone)]
pub(super) struct ResultRow {
    pub record: Rc<RecordVal>,
    pub view: Rc<View>,
}

impl Shown {
    pub fn new(types: &Types, streams: usize) -> Shown {
        let table = Rc::new(TableVal::new(types.result, false, false));
        Shown { table, rows: RefCell::new(vec![None; streams]) }
    }

    pub fn row(&self, stream: usize) -> Option<ResultRow> {
        self.rows.borrow().get(stream).cloned().flatten()
    }

    pub fn add(&self, stream: usize, name: &[u8], row: ResultRow) {
        self.table.dict.borrow_mut().insert(Value::str(name), Value::Record(row.record.clone()), 0.0);
        if let Some(place) = self.rows.borrow_mut().get_mut(stream) {
            *place = Some(row);
        }
    }

    /// Shows another key's results.
    pub fn point(&self, slot: Slot) {
        for row in self.rows.borrow().iter().flatten() {
            *row.view.source.borrow_mut() = Source::At(slot);
            *row.view.topk.borrow_mut() = None;
        }
    }

    /// Whether no script has kept or changed anything of it.
    pub fn is_untouched(&self) -> bool {
        let rows = self.rows.borrow();
        Rc::strong_count(&self.table) == 1
            && self.table.len() == rows.len()
            && rows.iter().flatten().all(|row| Rc::strong_count(&row.record) == 2 && !row.view.changed.get())
    }

    /// Scripts that kept it go on to see what is there now.
    pub fn keep(&self) {
        for row in self.rows.borrow().iter().flatten() {
            row.view.keep();
        }
    }

    /// The key has gone from the engine; what it came to is handed over.
    pub fn hand_over(&self, entry: &mut Entry) {
        for row in self.rows.borrow().iter().flatten() {
            let held = entry.held.get_mut(row.view.stream).and_then(Option::take);
            *row.view.source.borrow_mut() = held.map_or(Source::Gone, |held| Source::Kept(Box::new(held)));
        }
    }
}

impl View {
    fn keep(&self) {
        let held = self.with(Held::clone);
        *self.source.borrow_mut() = held.map_or(Source::Gone, |held| Source::Kept(Box::new(held)));
    }

    fn with<T>(&self, read: impl FnOnce(&Held) -> T) -> Option<T> {
        match &*self.source.borrow() {
            Source::Kept(held) => Some(read(held)),
            Source::At(slot) => {
                let engine = self.engine.upgrade()?;
                let engine = engine.try_borrow().ok()?;
                engine.entry(*slot)?.held.get(self.stream)?.as_ref().map(read)
            }
            Source::Gone => None,
        }
    }

    fn has(&self, calc: Calc) -> bool {
        self.reducer.calcs.has(calc)
    }

    fn number(&self, held: &Held, calc: Calc) -> Value {
        held.number(&self.reducer, calc).map_or(Value::Unset, Value::Double)
    }

    fn count(&self, held: &Held, calc: Calc) -> Value {
        Value::Count(held.number(&self.reducer, calc).unwrap_or(0.0).round() as u64)
    }

    fn value(&self, field: Field, held: &Held) -> Value {
        let time = |time: Time| Value::Time(time.as_secs_f64());
        let when = |calc: Calc, value: Value| if self.has(calc) { value } else { Value::Unset };
        match field {
            Field::Begin => time(held.begin()),
            Field::End => time(held.end()),
            Field::Num => Value::Count(held.num()),
            Field::Sum => self.number(held, Calc::Sum),
            Field::Average => self.number(held, Calc::Average),
            Field::Max => self.number(held, Calc::Max),
            Field::Min => self.number(held, Calc::Min),
            Field::Variance => self.number(held, Calc::Variance),
            Field::StdDev => self.number(held, Calc::StdDev),
            Field::HllUnique => self.count(held, Calc::HllUnique),
            Field::Unique => self.count(held, Calc::Unique),
            Field::Card => Value::Unset,
            Field::HllError => when(Calc::HllUnique, Value::Double(self.reducer.hll_error)),
            Field::HllConfidence => when(Calc::HllUnique, Value::Double(self.reducer.hll_confidence)),
            Field::UniqueMax => {
                when(Calc::Unique, self.reducer.unique_max.map_or(Value::Unset, Value::Count))
            }
            Field::NumSamples => {
                Value::Count(if self.has(Calc::Sample) { self.reducer.samples as u64 } else { 0 })
            }
            Field::PrevAvg | Field::VarS | Field::SampleElements => self.inner_number(field, held),
            Field::LastElements | Field::Samples | Field::Topk | Field::UniqueVals => {
                self.values(field, held)
            }
        }
    }

    fn inner_number(&self, field: Field, held: &Held) -> Value {
        let more = match held {
            Held::Epoch(tally) => tally.more(),
            Held::Window(_) => None,
        };
        match (field, more, held) {
            (Field::PrevAvg, Some(more), _) => more.prev_avg.map_or(Value::Unset, Value::Double),
            (Field::VarS, more, _) => Value::Double(more.map_or(0.0, |more| more.var_s)),
            (Field::SampleElements, _, Held::Window(window)) => Value::Count(window.sample_elements()),
            (Field::SampleElements, more, _) => Value::Count(more.map_or(0, |more| more.sample_elements)),
            _ => Value::Unset,
        }
    }

    /// Fields that hold observations.
    fn values(&self, field: Field, held: &Held) -> Value {
        let types = &self.types;
        match held {
            Held::Epoch(tally) => {
                let more = tally.more();
                match field {
                    Field::LastElements => more
                        .filter(|more| !more.last.is_empty())
                        .map_or(Value::Unset, |more| types.queue(more.last.iter(), self.reducer.last)),
                    Field::Samples => types.vector(more.iter().flat_map(|more| &more.samples)),
                    Field::Topk => more
                        .and_then(|more| more.topk.as_ref())
                        .map_or(Value::Unset, |topk| self.topk((0, topk.changes()), || types.topk(topk))),
                    _ => more
                        .filter(|more| !more.unique.is_empty())
                        .map_or(Value::Unset, |more| types.set(more.unique_values().into_iter())),
                }
            }
            Held::Window(window) => match field {
                Field::LastElements if self.has(Calc::Last) && window.last().next().is_some() => {
                    types.queue(window.last(), self.reducer.last)
                }
                Field::Samples => types.vector(window.samples(self.reducer.samples).into_iter()),
                Field::Topk if self.has(Calc::Topk) => {
                    self.topk(window.topk_version(), || types.topk(&window.topk(self.reducer.topk)))
                }
                Field::UniqueVals if window.distinct() > 0 => {
                    types.set(window.distinct_values().map(|(_, obs)| obs))
                }
                _ => Value::Unset,
            },
        }
    }

    fn topk(&self, version: TopkVersion, make: impl FnOnce() -> Value) -> Value {
        let mut last = self.topk.borrow_mut();
        match &*last {
            Some((of, value)) if *of == version => value.clone(),
            _ => last.insert((version, make())).1.clone(),
        }
    }

    /// Assigns a number that the engine keeps. `false`: it does not keep it.
    fn assign(&self, field: Field, value: &Value) -> bool {
        let Source::At(slot) = *self.source.borrow() else { return false };
        let Some(engine) = self.engine.upgrade() else { return false };
        let Ok(mut engine) = engine.try_borrow_mut() else { return false };
        let held = engine.entry_mut(slot).and_then(|entry| entry.held.get_mut(self.stream)?.as_mut());
        let Some(Held::Epoch(tally)) = held else { return false };
        let number = Some(value).filter(|value| value.is_set()).map(Value::as_double);
        let time = || Time::from_secs_f64(value.as_double());
        match (field, tally.more_mut()) {
            (Field::Begin, _) => tally.begin = time(),
            (Field::End, _) => tally.end = time(),
            (Field::Num, _) => tally.num = value.as_count(),
            (Field::Sum, _) => tally.sum = value.as_double(),
            (Field::Average, Some(more)) => more.average = number,
            (Field::Max, Some(more)) => more.max = number,
            (Field::Min, Some(more)) => more.min = number,
            (Field::Variance, Some(more)) => more.variance = number,
            (Field::StdDev, Some(more)) => more.std_dev = value.as_double(),
            _ => return false,
        }
        true
    }
}

impl NativeRecord for View {
    fn get(&self, field: usize) -> Value {
        let Some(Some(field)) = self.types.fields.get(field) else { return Value::Unset };
        self.with(|held| self.value(*field, held)).unwrap_or_default()
    }

    fn set(&self, field: usize, value: &Value) -> bool {
        let Some(Some(field)) = self.types.fields.get(field) else {
            self.changed.set(true);
            return false;
        };
        let kept = self.assign(*field, value);
        self.changed.set(self.changed.get() || !kept);
        kept
    }
}
