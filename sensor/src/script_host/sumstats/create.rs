//! `SumStats::create`: from the script's record to what the engine counts.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::TypeId;
use nightjar_script::value::{FuncVal, RecordVal, Value, VectorVal};
use nightjar_script::vm::{CallSite, Res};
use smallvec::smallvec;

use crate::script_host::sumstats::{Inner, Rule, Tap, Tapped, Watched, now};
use crate::sumstats::{Calc, Calcs, Reducer, Spec};
use crate::time::{Interval, Time};

/// Reads a record's fields by name.
struct Fields<'a>(&'a Vm, &'a RecordVal);

impl Fields<'_> {
    fn get(&self, name: &str) -> Value {
        self.0.field(self.1, name)
    }

    fn function(&self, name: &str) -> Option<Rc<FuncVal>> {
        match self.get(name) {
            Value::Func(function) => Some(function),
            _ => None,
        }
    }

    fn number(&self, name: &str) -> Option<f64> {
        Some(self.get(name)).filter(Value::is_set).map(|value| value.as_double())
    }

    fn count(&self, name: &str) -> Option<u64> {
        Some(self.get(name)).filter(Value::is_set).map(|value| value.as_count())
    }

    fn text(&self, name: &str) -> Rc<[u8]> {
        match self.get(name) {
            Value::Str(text) => text,
            _ => Rc::from([]),
        }
    }
}

/// A SumStat while it is being put together.
#[derive(Default)]
struct Draft {
    reducers: Vec<Reducer>,
    sources: Vec<Tapped>,
    streams: Vec<(Rc<[u8]>, Rc<Reducer>)>,
    /// Counts asked for beyond the ceiling.
    lowered: bool,
}

impl Inner {
    pub(super) fn register_plugin(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        if let [Value::Enum(_, calc), Value::Func(function)] = args {
            self.plugins.borrow_mut().insert(*calc, function.clone());
        }
        Ok(Value::Unset)
    }

    pub(super) fn register_dependency(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        if let [Value::Enum(_, calc), Value::Enum(_, on)] = args {
            self.dependencies.borrow_mut().entry(*calc).or_default().push(*on);
        }
        Ok(Value::Unset)
    }

    pub(super) fn create(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(Value::Record(record)) = args.first() else { return Ok(Value::Unset) };
        self.types(vm)?;
        self.read_limits(vm);
        let fields = Fields(vm, record);
        let (name, epoch) = (fields.text("name"), fields.get("epoch").as_double());
        let shown = String::from_utf8_lossy(&name).into_owned();
        let window = fields.number("window");
        if epoch < 0.0 || !epoch.is_finite() || window.is_some_and(|span| span.is_nan() || span < 1e-6) {
            let what = if epoch < 0.0 || !epoch.is_finite() { "epoch" } else { "window" };
            vm.error(site.span, format!("SumStat {shown}: the {what} must be a length of time"));
            return Ok(Value::Unset);
        }
        let remind = fields.number("remind").filter(|after| *after > 0.0);
        let series: Vec<f64> = match fields.get("threshold_series") {
            Value::Vector(series) => series.items().iter().map(Value::as_double).collect(),
            _ => Vec::new(),
        };
        let (threshold, value) = (fields.number("threshold"), fields.function("threshold_val"));
        let crossed = fields.function("threshold_crossed");
        let (result, finished) = (fields.function("epoch_result"), fields.function("epoch_finished"));
        let shared = fields.get("aggregate").as_bool();
        let usual = || vm.global_value("SumStats::allowed_lateness").map_or(0.0, Value::as_double);
        let lateness = Interval::from_secs_f64(fields.number("lateness").unwrap_or_else(usual));
        let own = fields.function("threshold_for");
        let distinct = fields.count("threshold_unique").unwrap_or(0);
        // A key's own threshold is reached where its value divided by it is 1.
        let threshold = threshold.or(own.as_ref().filter(|_| series.is_empty()).map(|_| 1.0));
        let Some(draft) = self.reducers(vm, site, record, &name) else { return Ok(Value::Unset) };
        let full = self.asks_scripts(vm, &draft);
        if full && window.is_some() {
            let text = format!("SumStat {shown}: scripts' own calculations cannot be done over a window");
            vm.error(site.span, text);
            return Ok(Value::Unset);
        }
        if draft.lowered {
            let text = format!("SumStat {shown}: keeps no more values than SumStats::max_elements");
            vm.warn(site.span, text);
        }
        let thresholds = threshold.is_some() || !series.is_empty();
        let watched = match value {
            Some(value) if thresholds || crossed.is_some() => Watched::Call(value),
            Some(_) => Watched::Nothing,
            None if thresholds => plain_number(&draft, own, distinct),
            None => Watched::Nothing,
        };
        if thresholds && matches!(watched, Watched::Nothing) {
            vm.error(site.span, "SumStats given a threshold with no $threshold_val function");
        }
        let spec = Spec {
            name: shown,
            streams: draft.streams.iter().map(|(name, _)| name.to_vec()).collect(),
            reducers: draft.reducers,
            window: window.map(Interval::from_secs_f64),
            remind: remind.map(Interval::from_secs_f64),
            threshold,
            series,
            crossings: crossed.is_some(),
            results: result.is_some(),
        };
        self.replace(&name);
        let late = self.late_spec(&spec, epoch).filter(|_| shared && !full);
        let (id, due) = self.add(vm, spec, epoch);
        let mut rule = Rule {
            id,
            name: self.name_of(id),
            shared,
            lateness,
            late: RefCell::default(),
            record: record.clone(),
            epoch,
            reducers: draft.sources,
            streams: draft.streams,
            watched,
            crossed,
            result,
            finished,
            full,
            shown: RefCell::default(),
            pending: RefCell::default(),
            over: Cell::default(),
            began: Cell::new(now(vm)),
            due: Cell::new(None),
        };
        if let Some(late) = late {
            rule.late = RefCell::new(Some(Rc::new(self.add_late(late, &rule))));
        }
        let rule = Rc::new(rule);
        self.enter(&name, &rule);
        if epoch > 0.0 {
            self.schedule_end(vm, &rule, due);
        }
        Ok(Value::Unset)
    }

    /// Starts counting, from where the run before left off if it left something. Says when the epoch ends.
    fn add(&self, vm: &Vm, spec: Spec, epoch: f64) -> (usize, Time) {
        let mut engine = self.engine.borrow_mut();
        let id = engine.add(spec);
        let end = Time::from_secs_f64(vm.network_time + epoch);
        match engine.adopt(id, &mut self.saved.borrow_mut()) {
            Some(Some(due)) => (id, due),
            _ => (id, end),
        }
    }

    /// Asks for the event that ends the epoch.
    pub(super) fn schedule_end(&self, vm: &mut Vm, rule: &Rule, due: Time) {
        rule.due.set(Some(due));
        if let Some(event) = vm.event("SumStats::finish_epoch") {
            vm.schedule(due.as_secs_f64(), event, smallvec![Value::Record(rule.record.clone())]);
        }
    }

    fn replace(&self, name: &[u8]) {
        let Some(old) = self.named(name) else { return };
        for id in [old.id].into_iter().chain(old.late.borrow().as_ref().map(|late| late.id)) {
            self.engine.borrow_mut().remove(id);
            if let Some(rule) = self.rules.borrow_mut().get_mut(id) {
                *rule = None;
            }
        }
        let mut streams = self.streams.borrow_mut();
        for taps in streams.values_mut() {
            *taps = taps.iter().filter(|tap| tap.rule.id != old.id).cloned().collect();
        }
        streams.retain(|_, taps| !taps.is_empty());
    }

    fn enter(&self, name: &[u8], rule: &Rc<Rule>) {
        let mut rules = self.rules.borrow_mut();
        for rule in [Some(rule.clone()), rule.late.borrow().clone()].into_iter().flatten() {
            let id = rule.id;
            if rules.len() <= id {
                rules.resize(id + 1, None);
            }
            rules[id] = Some(rule);
        }
        self.names.borrow_mut().insert(name.into(), rule.id);
        let mut streams = self.streams.borrow_mut();
        for (reducer, source) in rule.reducers.iter().enumerate() {
            let Some((stream, _)) = rule.streams.get(source.stream) else { continue };
            let taps = streams.entry((&**stream).into()).or_insert_with(|| Rc::from([]));
            *taps = taps.iter().cloned().chain([Tap { rule: rule.clone(), reducer }]).collect();
        }
    }

    /// Whether results must be records that scripts can write to.
    fn asks_scripts(&self, vm: &Vm, draft: &Draft) -> bool {
        let hooked = vm.function("SumStats::init_resultval_hook").is_some_and(|hook| vm.is_handled(hook));
        hooked || draft.sources.iter().any(|source| !source.plugins.is_empty())
    }

    fn reducers(&self, vm: &mut Vm, site: &CallSite<'_>, record: &RecordVal, name: &[u8]) -> Option<Draft> {
        let Value::Table(set) = vm.field(record, "reducers") else { return None };
        let mut draft = Draft::default();
        for (member, _) in set.snapshot() {
            if let Value::Record(reducer) = member {
                self.reducer(vm, site, &reducer, name, &mut draft)?;
            }
        }
        Some(draft)
    }

    fn reducer(
        &self,
        vm: &mut Vm,
        site: &CallSite<'_>,
        record: &Rc<RecordVal>,
        name: &[u8],
        draft: &mut Draft,
    ) -> Option<()> {
        let wanted: Vec<(TypeId, i64)> = match vm.field(record, "apply") {
            Value::Table(set) => set
                .snapshot()
                .into_iter()
                .filter_map(|(calc, _)| if let Value::Enum(ty, n) = calc { Some((ty, n)) } else { None })
                .collect(),
            _ => Vec::new(),
        };
        let all = self.with_dependencies(wanted.iter().map(|(_, calc)| *calc));
        let own: Vec<(i64, Calc)> = Calc::ALL
            .into_iter()
            .filter_map(|(calc, name)| match vm.enum_value(&format!("SumStats::{name}")) {
                Some(Value::Enum(_, number)) => Some((number, calc)),
                _ => None,
            })
            .collect();
        let (mut calcs, mut plugins) = (Calcs::default(), Vec::new());
        for calc in &all {
            let plugin = self.plugins.borrow().get(calc).cloned();
            match (plugin, own.iter().find(|(number, _)| number == calc)) {
                (Some(plugin), _) => plugins.push(plugin),
                (None, Some((_, own))) => calcs.add(*own),
                (None, None) => {
                    let named = wanted.first().and_then(|(ty, _)| vm.types.enum_name(*ty, *calc));
                    let text = format!(
                        "SumStat {}: nothing is registered that calculates {}",
                        String::from_utf8_lossy(name),
                        named.unwrap_or_else(|| calc.to_string())
                    );
                    vm.error(site.span, text);
                    return None;
                }
            }
        }
        let fields = Fields(vm, record);
        let ceiling = vm.global_value("SumStats::max_elements").map_or(0, Value::as_count).max(1);
        let mut kept = |name: &str, calc: Calc| {
            let asked = fields.count(name).unwrap_or(0);
            draft.lowered |= asked > ceiling && calcs.has(calc);
            asked.min(ceiling) as usize
        };
        let (last, samples) = (kept("num_last_elements", Calc::Last), kept("num_samples", Calc::Sample));
        let topk = kept("topk_size", Calc::Topk);
        let stream = fields.text("stream");
        let known = draft.streams.iter().position(|(name, _)| *name == stream);
        let reducer = Reducer {
            stream: known.unwrap_or(draft.streams.len()),
            calcs,
            last,
            samples,
            topk,
            unique_max: fields.count("unique_max"),
            hll_error: fields.number("hll_error_margin").unwrap_or(0.01),
            hll_confidence: fields.number("hll_confidence").unwrap_or(0.95),
        };
        draft.sources.push(Tapped {
            record: record.clone(),
            stream: reducer.stream,
            pred: fields.function("pred"),
            normalize: fields.function("normalize_key"),
            plugins,
            is_number: !reducer.calcs.keep_values(),
        });
        match known {
            Some(known) => {
                let both = draft.streams[known].1.calcs.union(calcs);
                draft.streams[known].1 =
                    Rc::new(Reducer { calcs: both, ..(*draft.streams[known].1).clone() });
            }
            None => draft.streams.push((stream, Rc::new(reducer.clone()))),
        }
        draft.reducers.push(reducer);
        // As plug-ins see it.
        vm.set_field(record, "ssname", Value::str(name));
        if let Some(ty) = wanted.first().map(|(ty, _)| *ty) {
            let vector = vm.types.vector(ty);
            let items = all.iter().map(|calc| Value::Enum(ty, *calc)).collect();
            vm.set_field(record, "calc_funcs", Value::Vector(VectorVal::new(vector, items)));
        }
        Some(())
    }

    /// Calculations with all that they are computed from, those first.
    fn with_dependencies(&self, wanted: impl Iterator<Item = i64>) -> Vec<i64> {
        let mut all = Vec::new();
        wanted.for_each(|calc| self.depend(calc, &mut all, &mut Vec::new()));
        all
    }

    /// `path`: what is being added; plug-ins may depend on each other in a circle.
    fn depend(&self, calc: i64, all: &mut Vec<i64>, path: &mut Vec<i64>) {
        if all.contains(&calc) || path.contains(&calc) {
            return;
        }
        path.push(calc);
        let on = self.dependencies.borrow().get(&calc).cloned().unwrap_or_default();
        on.into_iter().for_each(|on| self.depend(on, all, path));
        path.pop();
        all.push(calc);
    }
}

/// What a threshold is about when nothing is said: the one number there is. Distinct values that a threshold needs
/// beside are not it.
fn plain_number(draft: &Draft, own: Option<Rc<FuncVal>>, distinct: u64) -> Watched {
    let ([reducer], [source]) = (&draft.reducers[..], &draft.sources[..]) else { return Watched::Nothing };
    let mut asked = Calc::ALL.into_iter().map(|(calc, _)| calc).filter(|calc| {
        let mut wanted = Calcs::default();
        wanted.add(*calc);
        if distinct > 0 {
            wanted.add(Calc::Unique);
        }
        reducer.calcs == wanted
    });
    match asked.next().filter(|calc| calc.is_number() && source.plugins.is_empty()) {
        Some(calc) => Watched::Number { stream: reducer.stream, calc, own, distinct },
        None => Watched::Nothing,
    }
}
