//! SumStats for scripts: Zeek's framework on the engine in `crate::sumstats`.
//!
//! Results are kept by the engine and read field by field when a script asks ([`view`]), so an observation
//! builds nothing. A SumStat with calculations of scripts' own keeps a record for each key, for the fields
//! that only scripts know; others show all keys through one.

pub(super) mod across;
mod create;
mod epoch;
mod explain;
pub(super) mod observe;
mod state;
mod types;
mod view;

use std::any::Any;
use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::source::Span;
use nightjar_script::value::{self, Addr, FuncVal, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res, fault};
use smallvec::smallvec;

use crate::aggregate::Origin;
use crate::script_host::notice::Notice;
use crate::script_host::sumstats::across::Role;
use crate::script_host::sumstats::epoch::Pending;
use crate::script_host::sumstats::explain::Explain;
use crate::script_host::sumstats::types::Types;
use crate::script_host::sumstats::view::{ResultRow, Shown, Source, View};
use crate::script_host::values;
use crate::sumstats::{Calc, Counters, Engine, Entry, Limits, Reducer, Saved, Slot, StatId};
use crate::time::{Interval, Time};

#[derive(Clone, Default)]
pub(super) struct SumStats(Rc<Inner>);

#[derive(Default)]
struct Inner {
    /// What thresholds lead to may be suppressed there.
    notice: Notice,
    /// The connection that an observation comes from, as far as one is at hand.
    origin: Cell<Option<Origin>>,
    /// What becomes of SumStats that several sensors share.
    role: RefCell<Role>,
    /// Crossings that were left to those who count for all.
    left: Cell<u64>,
    /// What was observed when a threshold was crossed.
    text: RefCell<Option<Rc<[u8]>>>,
    engine: Rc<RefCell<Engine>>,
    types: OnceCell<Rc<Types>>,
    rules: RefCell<Vec<Option<Rc<Rule>>>>,
    names: ByName<StatId>,
    streams: ByName<Rc<[Tap]>>,
    /// What scripts calculate, by number of the calculation.
    plugins: RefCell<HashMap<i64, Rc<FuncVal>>>,
    dependencies: RefCell<HashMap<i64, Vec<i64>>>,
    /// Results of the run before that no SumStat has taken yet.
    saved: RefCell<Saved>,
    explain: RefCell<Option<Explain>>,
    /// Results were saved for whoever goes on with them: epochs do not end with the run.
    handed_on: Cell<bool>,
}

type ByName<T> = RefCell<HashMap<Box<[u8]>, T, foldhash::fast::RandomState>>;

/// A reducer that takes from a stream.
#[derive(Clone)]
struct Tap {
    rule: Rc<Rule>,
    reducer: usize,
}

/// A SumStat as its script gave it.
struct Rule {
    id: StatId,
    name: Rc<str>,
    /// Sensors count it together.
    shared: bool,
    /// How late observations of sensors may come.
    lateness: Interval,
    /// What counts those that windows and epochs have left behind.
    late: RefCell<Option<Rc<Rule>>>,
    record: Rc<RecordVal>,
    /// In seconds; 0: ended by hand.
    epoch: f64,
    reducers: Vec<Tapped>,
    /// For each stream its name, and all that is calculated for it.
    streams: Vec<(Rc<[u8]>, Rc<Reducer>)>,
    watched: Watched,
    crossed: Option<Rc<FuncVal>>,
    result: Option<Rc<FuncVal>>,
    finished: Option<Rc<FuncVal>>,
    /// Scripts calculate something: each key has records of its own.
    full: bool,
    /// What shows keys one after the other where there are none of their own.
    shown: RefCell<Option<Rc<Shown>>>,
    /// Results of an epoch that has ended, not all handed out.
    pending: RefCell<Option<Pending>>,
    /// The run has ended, and so has the last epoch.
    over: Cell<bool>,
    began: Cell<Time>,
    due: Cell<Option<Time>>,
}

impl Rule {
    /// Whether a reducer wants no more of an observation than its number.
    fn is_number(&self, reducer: usize) -> bool {
        let source = self.reducers.get(reducer);
        source.is_some_and(|source| source.is_number && source.pred.is_none() && source.plugins.is_empty())
    }
}

/// The script's side of a reducer.
struct Tapped {
    record: Rc<RecordVal>,
    stream: usize,
    pred: Option<Rc<FuncVal>>,
    normalize: Option<Rc<FuncVal>>,
    plugins: Vec<Rc<FuncVal>>,
    /// Its calculations are about numbers.
    is_number: bool,
}

/// The value that thresholds are about.
#[derive(Clone)]
enum Watched {
    Nothing,
    Call(Rc<FuncVal>),
    Number {
        stream: usize,
        calc: Calc,
        /// Gives the threshold of a key.
        own: Option<Rc<FuncVal>>,
        /// With fewer distinct values it is nothing.
        distinct: u64,
    },
}

type Native = fn(&Inner, &mut Vm, &CallSite<'_>, &[Value]) -> Res;

const NATIVES: [(&str, Native); 13] = [
    ("SumStats::create", Inner::create),
    ("SumStats::observe", Inner::observe),
    ("SumStats::request_key", Inner::request_key),
    ("SumStats::next_epoch", Inner::next_epoch),
    ("SumStats::get_stats", Inner::get_stats),
    ("SumStats::origin", Inner::origin),
    ("SumStats::register_observe_plugin", Inner::register_plugin),
    ("SumStats::add_observe_plugin_dependency", Inner::register_dependency),
    ("SumStats::__start", Inner::start),
    ("SumStats::__save", Inner::save_file),
    ("SumStats::__finish_epoch", Inner::finish_epoch),
    ("SumStats::__finish_all", Inner::finish_all),
    ("SumStats::__deliver", Inner::deliver_next),
];

impl SumStats {
    pub fn new(notice: &Notice) -> SumStats {
        SumStats(Rc::new(Inner { notice: notice.clone(), ..Inner::default() }))
    }

    /// The connection that an event or effect is about which is dealt with now.
    pub fn set_origin(&self, origin: Option<Origin>) {
        self.0.origin.set(origin);
    }

    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let native = |(name, function): (&'static str, Native)| {
            let inner = self.0.clone();
            let call: NativeFn = Rc::new(move |vm: &mut Vm, site: &CallSite<'_>, args: &[Value]| {
                function(&inner, vm, site, args)
            });
            (name, call)
        };
        NATIVES.into_iter().map(native).collect()
    }

    /// Keeps what becomes of this key, an address or a text, for [`SumStats::report`].
    pub fn explain(&self, key: &str) {
        *self.0.explain.borrow_mut() = Some(Explain::new(key));
    }

    /// What became of the key given to [`SumStats::explain`].
    pub fn report(&self) -> Option<String> {
        let explain = self.0.explain.borrow();
        explain.as_ref().map(|explain| self.0.report(explain))
    }
}

impl SumStats {
    pub fn counters(&self) -> Counters {
        Counters { left: self.0.left.get(), shipped: self.0.shipped(), ..self.0.engine.borrow().counters() }
    }
}

impl Inner {
    fn types(&self, vm: &Vm) -> Res<Rc<Types>> {
        if let Some(types) = self.types.get() {
            return Ok(types.clone());
        }
        let found = Types::find(vm).map(Rc::new);
        let types = found.ok_or_else(|| fault(Span::default(), "the types of SumStats are not declared"))?;
        Ok(self.types.get_or_init(|| types).clone())
    }

    fn rule(&self, id: StatId) -> Option<Rc<Rule>> {
        self.rules.borrow().get(id).cloned().flatten()
    }

    fn named(&self, name: &[u8]) -> Option<Rc<Rule>> {
        let id = *self.names.borrow().get(name)?;
        self.rule(id)
    }

    /// The SumStat that this record is of, unless another has replaced it.
    fn of_record(&self, vm: &Vm, value: &Value) -> Option<Rc<Rule>> {
        let Value::Record(record) = value else { return None };
        let rule = self.named(vm.field(record, "name").bytes())?;
        Rc::ptr_eq(&rule.record, record).then_some(rule)
    }

    /// `SumStats::__start()`: before the first SumStat is created.
    fn start(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        self.types(vm)?;
        self.read_limits(vm);
        self.load_file(vm);
        Ok(Value::Unset)
    }

    fn read_limits(&self, vm: &Vm) {
        let number = |name: &str| vm.global_value(name).map_or(0, Value::as_count).max(1) as usize;
        self.engine.borrow_mut().set_limits(Limits {
            keys: number("SumStats::max_keys"),
            bytes: number("SumStats::max_memory"),
            elements: number("SumStats::max_elements"),
        });
    }

    fn get_stats(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        let counters = self.engine.borrow().counters();
        let Some(record) = vm.new_record("SumStats::Stats") else { return Ok(Value::Unset) };
        let fields = [
            ("keys", counters.keys),
            ("memory", counters.bytes),
            ("evicted", counters.evicted),
            ("cut", counters.cut),
        ];
        for (name, number) in fields {
            vm.set_field(&record, name, Value::Count(number));
        }
        Ok(Value::Record(record))
    }

    /// `SumStats::origin()`.
    fn origin(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        let Some(record) = vm.new_record("SumStats::Origin") else { return Ok(Value::Unset) };
        if let Some(Origin { uid, id: ends, proto }) = self.origin.get()
            && let Some(id) = vm.new_record("conn_id")
        {
            let port = |num| Value::Port(value::Port { num, proto: values::proto(proto) });
            let addr = |addr| Value::Addr(Addr::from_ip(addr));
            for (name, value) in [
                ("orig_h", addr(ends.orig_h)),
                ("orig_p", port(ends.orig_p)),
                ("resp_h", addr(ends.resp_h)),
                ("resp_p", port(ends.resp_p)),
            ] {
                vm.set_field(&id, name, value);
            }
            vm.set_field(&record, "uid", Value::str(uid.as_bytes()));
            vm.set_field(&record, "id", Value::Record(id));
        }
        if let Some(text) = &*self.text.borrow() {
            vm.set_field(&record, "str", Value::Str(text.clone()));
        }
        Ok(Value::Record(record))
    }

    /// What scripts kept of keys that are gone stays as it was.
    fn adopt_orphans(&self) {
        let orphans = self.engine.borrow_mut().orphans();
        for mut entry in orphans {
            if let Some(shown) = attached(&entry) {
                shown.hand_over(&mut entry);
            }
        }
    }

    /// A record for one stream's result.
    fn row(&self, vm: &mut Vm, rule: &Rule, stream: usize, source: Source) -> Res<Option<ResultRow>> {
        let types = self.types(vm)?;
        let Some((_, reducer)) = rule.streams.get(stream) else { return Ok(None) };
        let width = types.fields.len();
        let view = Rc::new(View {
            engine: Rc::downgrade(&self.engine),
            types: types.clone(),
            stream,
            reducer: reducer.clone(),
            source: RefCell::new(source),
            changed: Cell::new(false),
            topk: RefCell::default(),
        });
        let record = RecordVal::native(types.val, width, view.clone());
        // What scripts added starts with its defaults.
        if types.fields.iter().any(Option::is_none)
            && let Some(defaults) = vm.new_record_of(types.val)
        {
            for (i, _) in types.fields.iter().enumerate().filter(|(_, field)| field.is_none()) {
                record.set(i, defaults.get(i));
            }
        }
        if rule.full
            && let Some(Value::Func(hook)) = vm.global_value("SumStats::init_resultval_hook").cloned()
            && let Some(source) = rule.reducers.iter().find(|source| source.stream == stream)
        {
            let args = smallvec![Value::Record(source.record.clone()), Value::Record(record.clone())];
            vm.call_value(&hook, args, Span::default())?;
        }
        view.changed.set(false);
        Ok(Some(ResultRow { record, view }))
    }

    /// The key's results for a call; give them back with [`Inner::shown_done`].
    fn show(&self, vm: &mut Vm, rule: &Rule, slot: Slot) -> Res<Rc<Shown>> {
        let types = self.types(vm)?;
        let kept = if rule.full {
            self.engine.borrow().entry(slot).and_then(attached)
        } else {
            rule.shown.borrow_mut().take()
        };
        let fresh = kept.is_none();
        let shown = kept.unwrap_or_else(|| Rc::new(Shown::new(&types, rule.streams.len())));
        for (stream, (name, _)) in rule.streams.iter().enumerate() {
            let there =
                |engine: &Engine| engine.entry(slot).is_some_and(|entry| entry.held[stream].is_some());
            if shown.row(stream).is_none()
                && there(&self.engine.borrow())
                && let Some(row) = self.row(vm, rule, stream, Source::At(slot))?
            {
                shown.add(stream, name, row);
            }
        }
        if rule.full && fresh {
            let row = types.fields.len() * size_of::<Value>() + ROW;
            self.engine.borrow_mut().attach(slot, shown.clone(), rule.streams.len() * row + ROW);
            self.adopt_orphans();
        } else if !rule.full {
            shown.point(slot);
        }
        Ok(shown)
    }

    /// After a call: what the script kept stays as it is now.
    fn shown_done(&self, rule: &Rule, shown: Rc<Shown>) {
        if rule.full {
            return;
        }
        if shown.is_untouched() {
            *rule.shown.borrow_mut() = Some(shown);
        } else {
            shown.keep();
        }
    }

    /// Results that are in the engine no more, as a value.
    fn past(&self, vm: &mut Vm, rule: &Rule, entry: &mut Entry) -> Res {
        if let Some(shown) = attached(entry) {
            shown.hand_over(entry);
            return Ok(Value::Table(shown.table.clone()));
        }
        let shown = Shown::new(&*self.types(vm)?, rule.streams.len());
        for (stream, (name, _)) in rule.streams.iter().enumerate() {
            if let Some(held) = entry.held.get_mut(stream).and_then(Option::take)
                && let Some(row) = self.row(vm, rule, stream, Source::Kept(Box::new(held)))?
            {
                shown.add(stream, name, row);
            }
        }
        Ok(Value::Table(shown.table))
    }
}

/// About what a record or a table costs beside its fields.
const ROW: usize = 256;

/// What scripts see of a key that has records of its own.
fn attached(entry: &Entry) -> Option<Rc<Shown>> {
    let attached: Rc<dyn Any> = entry.attached.clone()?;
    attached.downcast::<Shown>().ok()
}

fn now(vm: &Vm) -> Time {
    Time::from_secs_f64(vm.network_time)
}
