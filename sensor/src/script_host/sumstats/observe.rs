//! `SumStats::observe` and `SumStats::request_key`.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::rc::Rc;

use nightjar_script::source::Span;
use nightjar_script::value::{FuncVal, TableVal, Value, text};
use nightjar_script::vm::{CallSite, Res};
use nightjar_script::{FlatNative, Vm};
use smallvec::smallvec;

use crate::script_host::sumstats::across::Counted;
use crate::script_host::sumstats::types::Types;
use crate::script_host::sumstats::{Inner, Rule, SumStats, Tap, Tapped, Watched, now};
use crate::sumstats::{Calc, Key, Obs, Slot};
use crate::time::Time;

/// What is observed, for which key.
#[derive(Clone, Copy)]
enum Given<'a> {
    /// As scripts said it.
    Values(&'a Value, &'a Value),
    /// As a worker said it for them.
    Parts(&'a Parts<'a>),
}

/// A key and an observation, and what is made of them where somebody asks: all that ask share it.
struct Parts<'a> {
    key: &'a Key,
    /// The observation without its text, which costs more than to count it.
    number: Obs,
    text: &'a dyn Fn() -> Option<Rc<[u8]>>,
    obs: OnceCell<Obs>,
    key_value: OnceCell<Value>,
    obs_value: OnceCell<Value>,
}

/// An observation that was counted.
struct Point<'a> {
    from: Span,
    rule: &'a Rule,
    source: &'a Tapped,
    slot: Slot,
    key: &'a dyn Fn() -> Value,
    /// What was observed, if that is a text.
    text: &'a dyn Fn() -> Option<Rc<[u8]>>,
    explained: Option<usize>,
    /// When it was observed.
    at: Time,
}

impl SumStats {
    /// `SumStats::observe` for a handler that stands there. The text of `obs` is made by `text`.
    pub fn observe(
        &self,
        vm: &mut Vm,
        from: Span,
        stream: &[u8],
        key: &Key,
        number: Obs,
        text: &dyn Fn() -> Option<Rc<[u8]>>,
    ) -> Res<()> {
        let (obs, key_value, obs_value) = Default::default();
        let parts = Parts { key, number, text, obs, key_value, obs_value };
        self.0.observe_given(vm, from, stream, Given::Parts(&parts))
    }
}

/// `SumStats::observe` as it is called without records: the stream, the fields of the key, those of the observation.
pub(in crate::script_host) const OBSERVE: &str = "SumStats::observe";
const OBSERVED: &[(usize, Option<&str>)] =
    &[(0, None), (1, Some("host")), (1, Some("str")), (2, Some("num")), (2, Some("dbl")), (2, Some("str"))];

impl SumStats {
    /// The same function, called so.
    pub fn flat(&self) -> FlatNative {
        let sumstats = SumStats(self.0.clone());
        let call = move |vm: &mut Vm, from: Span, given: &[Value]| {
            let [stream, host, key, num, dbl, text] = given else { return Ok(()) };
            let host = match host {
                Value::Addr(host) => Some(host.0),
                _ => None,
            };
            let key = Key { host, text: printed(key) };
            let number = Obs {
                num: num.is_set().then(|| num.as_count()),
                dbl: dbl.is_set().then(|| dbl.as_double()),
                text: None,
            };
            sumstats.observe(vm, from, stream.bytes(), &key, number, &|| printed(text))
        };
        FlatNative { parts: OBSERVED, call: Rc::new(call) }
    }
}

/// A text, or what is to be printed.
fn printed(value: &Value) -> Option<Rc<[u8]>> {
    match value {
        Value::Unset => None,
        Value::Str(text) => Some(text.clone()),
        value => Some(Rc::from(text::plain(value).into_bytes())),
    }
}

impl Inner {
    /// Counts what a sensor observed; `own` is when, where others' time is past that.
    pub(super) fn observe_theirs(
        &self,
        vm: &mut Vm,
        (name, reducer): (&[u8], usize),
        (key, obs): (&Key, &Obs),
        own: Option<Time>,
    ) -> Counted {
        let rule = self.named(name).filter(|rule| rule.shared && reducer < rule.reducers.len());
        let (Some(mut rule), Some(handler)) = (rule, vm.event("SumStats::finish_epoch")) else {
            return Counted::Unknown;
        };
        let (mut at, mut late) = (now(vm), false);
        if let Some(own) = own {
            if at - own > rule.lateness {
                return Counted::TooLate;
            }
            let sliding = self.engine.borrow().spec(rule.id).is_some_and(|spec| spec.window.is_some());
            let reached = if sliding {
                self.engine.borrow().reaches_back(rule.id, key, own)
            } else {
                own >= rule.began.get()
            };
            let behind = rule.late.borrow().clone().filter(|_| !reached);
            if sliding || behind.is_some() {
                (at, late) = (own, true);
            }
            rule = behind.unwrap_or(rule);
        }
        let tap = Tap { rule, reducer };
        let (cell, key_cell, obs_cell) = Default::default();
        let text = || obs.text.clone();
        let number = Obs { text: None, ..obs.clone() };
        let parts = Parts { key, number, text: &text, obs: cell, key_value: key_cell, obs_value: obs_cell };
        vm.stand_in(handler, None, |vm, from| {
            let types = self.types(vm)?;
            let given = Given::Parts(&parts);
            let key_value = || given.key_value(&types);
            let explained = self.explains(&tap.rule, key, None);
            self.count_for(vm, from, &tap, given, (key, &key_value), (explained, at, late))
        });
        Counted::Yes
    }

    pub(super) fn observe(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [stream, key, obs] = args else { return Ok(Value::Unset) };
        self.observe_given(vm, site.span, stream.bytes(), Given::Values(key, obs))?;
        Ok(Value::Unset)
    }

    fn observe_given(&self, vm: &mut Vm, from: Span, stream: &[u8], given: Given<'_>) -> Res<()> {
        let Some(taps) = self.streams.borrow().get(stream).cloned() else { return Ok(()) };
        taps.iter().try_for_each(|tap| self.count(vm, from, tap, given))
    }

    fn count(&self, vm: &mut Vm, from: Span, tap: &Tap, given: Given<'_>) -> Res<()> {
        let (types, now, rule) = (self.types(vm)?, now(vm), &*tap.rule);
        let source = &rule.reducers[tap.reducer];
        let normalized = match &source.normalize {
            Some(normalize) => {
                let copy = vm.copy(&given.key_value(&types)).unwrap_or_default();
                Some(vm.call_value(normalize, smallvec![copy], from)?)
            }
            None => None,
        };
        let key_value = || normalized.clone().unwrap_or_else(|| given.key_value(&types));
        let key = match &normalized {
            Some(value) => Cow::Owned(types.key(value)),
            None => given.key(&types),
        };
        let before = normalized.is_some().then(|| given.key(&types).into_owned());
        let explained = self.explains(rule, &key, before);
        if let Some(pred) = &source.pred
            && !vm.call_value(pred, smallvec![key_value(), given.obs_value(&types)], from)?.as_bool()
        {
            self.explained(explained, |explained| explained.rejected += 1);
            return Ok(());
        }
        if rule.shared {
            self.ship(rule, tap.reducer, &key, || given.obs(&types), now);
        }
        self.count_for(vm, from, tap, given, (&key, &key_value), (explained, now, false))
    }

    /// Counts what the predicate let pass, for the key that it is counted for.
    fn count_for(
        &self,
        vm: &mut Vm,
        from: Span,
        tap: &Tap,
        given: Given<'_>,
        (key, key_value): (&Key, &dyn Fn() -> Value),
        (explained, now, late): (Option<usize>, Time, bool),
    ) -> Res<()> {
        let (types, rule) = (self.types(vm)?, &*tap.rule);
        let Some(source) = rule.reducers.get(tap.reducer) else { return Ok(()) };
        let is_number = rule.is_number(tap.reducer);
        let point = if is_number { given.number(&types) } else { given.obs(&types) };
        let slot = self.engine.borrow_mut().observe_at(rule.id, tap.reducer, (key, &point), now, late);
        self.adopt_orphans();
        let Some(slot) = slot else {
            self.explained(explained, |explained| explained.through += 1);
            return Ok(());
        };
        self.explained(explained, |explained| explained.counted(now));
        let text = || given.obs(&types).text.clone();
        let counted = Point { from, rule, source, slot, key: key_value, text: &text, explained, at: now };
        if rule.full {
            self.plug_in(vm, &counted, &given.obs_value(&types), point.value())?;
        }
        match &rule.watched {
            Watched::Nothing => Ok(()),
            watched => self.watch(vm, &counted, watched),
        }
    }

    /// The key's own records, and calculations of scripts on them.
    fn plug_in(&self, vm: &mut Vm, counted: &Point<'_>, obs: &Value, value: f64) -> Res<()> {
        let source = counted.source;
        let shown = self.show(vm, counted.rule, counted.slot)?;
        let Some(row) = shown.row(source.stream) else { return Ok(()) };
        for plugin in &source.plugins {
            let (reducer, result) = (source.record.clone(), row.record.clone());
            let args =
                smallvec![Value::Record(reducer), Value::Double(value), obs.clone(), Value::Record(result)];
            vm.call_value(plugin, args, counted.from)?;
        }
        Ok(())
    }

    /// Compares the value with the next threshold.
    fn watch(&self, vm: &mut Vm, counted: &Point<'_>, watched: &Watched) -> Res<()> {
        let (rule, slot, now) = (counted.rule, counted.slot, counted.at);
        self.engine.borrow_mut().fill(slot, now);
        let (value, own) = match watched {
            Watched::Nothing => return Ok(()),
            Watched::Number { stream, calc, own, distinct } => {
                let number = {
                    let engine = self.engine.borrow();
                    let held = engine.entry(slot).and_then(|entry| entry.held.get(*stream)?.as_ref());
                    let number = |calc| held.and_then(|held| held.number(&rule.streams[*stream].1, calc));
                    let enough = *distinct == 0 || number(Calc::Unique) >= Some(*distinct as f64);
                    if enough { number(*calc).unwrap_or(0.0) } else { 0.0 }
                };
                match own {
                    Some(own) => (number, self.own_threshold(vm, counted, own)?),
                    None => (number, 1.0),
                }
            }
            Watched::Call(function) => (self.call(vm, counted, function)?.as_double(), 1.0),
        };
        let (next, crossed) = {
            let mut engine = self.engine.borrow_mut();
            let next = engine.next_step(slot);
            (next, engine.cross(slot, value / own, now))
        };
        self.explained(counted.explained, |explained| explained.compared(now, value, own, next, crossed));
        if let (Some(_), Some(function)) = (crossed, &rule.crossed) {
            if !self.decides(rule) {
                self.left.set(self.left.get() + 1);
                return Ok(());
            }
            let suppressed = self.notice.suppressed();
            *self.text.borrow_mut() = (counted.text)();
            let called = self.call(vm, counted, function);
            *self.text.borrow_mut() = None;
            if self.notice.suppressed() > suppressed {
                self.explained(counted.explained, |explained| explained.suppressed());
            }
            called?;
        }
        Ok(())
    }

    /// A key's own threshold: asked for when it is new, and again when some option has changed.
    fn own_threshold(&self, vm: &mut Vm, counted: &Point<'_>, function: &Rc<FuncVal>) -> Res<f64> {
        let known = self.engine.borrow().entry(counted.slot).and_then(|entry| entry.own);
        let options = vm.option_changes;
        if let Some((_, own)) = known.filter(|(asked, _)| *asked == options) {
            return Ok(own);
        }
        let answer = vm.call_value(function, smallvec![(counted.key)()], counted.from)?;
        let own = answer.as_double();
        if let Some(entry) = self.engine.borrow_mut().entry_mut(counted.slot) {
            entry.own = Some((options, own));
        }
        Ok(own)
    }

    /// Calls a script's function with the key and its results.
    fn call(&self, vm: &mut Vm, counted: &Point<'_>, function: &Rc<FuncVal>) -> Res {
        let shown = self.show(vm, counted.rule, counted.slot)?;
        let args = smallvec![(counted.key)(), Value::Table(shown.table.clone())];
        let answer = vm.call_value(function, args, counted.from);
        self.shown_done(counted.rule, shown);
        answer
    }

    /// `SumStats::request_key(name, key)`: the results as they are now.
    pub(super) fn request_key(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let types = self.types(vm)?;
        let empty = || Value::Table(Rc::new(TableVal::new(types.result, false, false)));
        let [name, key] = args else { return Ok(empty()) };
        let Some(rule) = self.named(name.bytes()) else { return Ok(empty()) };
        let slot = self.engine.borrow().find(rule.id, &types.key(key));
        let Some(slot) = slot else { return Ok(empty()) };
        self.engine.borrow_mut().expire(slot, now(vm));
        let shown = self.show(vm, &rule, slot)?;
        let table = Value::Table(shown.table.clone());
        self.shown_done(&rule, shown);
        Ok(table)
    }
}

impl<'a> Given<'a> {
    fn key_value(self, types: &Types) -> Value {
        match self {
            Given::Values(key, _) => key.clone(),
            Given::Parts(parts) => parts.key_value.get_or_init(|| types.key_value(parts.key)).clone(),
        }
    }

    fn obs_value(self, types: &Types) -> Value {
        match self {
            Given::Values(_, obs) => obs.clone(),
            Given::Parts(parts) => parts.obs_value.get_or_init(|| types.obs_value(parts.whole())).clone(),
        }
    }

    fn key(self, types: &Types) -> Cow<'a, Key> {
        match self {
            Given::Values(key, _) => Cow::Owned(types.key(key)),
            Given::Parts(parts) => match parts.key_value.get() {
                Some(key) => Cow::Owned(types.key(key)),
                None => Cow::Borrowed(parts.key),
            },
        }
    }

    fn obs(self, types: &Types) -> Cow<'a, Obs> {
        match self {
            Given::Values(_, obs) => Cow::Owned(types.obs(obs)),
            Given::Parts(parts) => match parts.obs_value.get() {
                Some(obs) => Cow::Owned(types.obs(obs)),
                None => Cow::Borrowed(parts.whole()),
            },
        }
    }

    /// The observation, perhaps without its text.
    fn number(self, types: &Types) -> Cow<'a, Obs> {
        match self {
            Given::Parts(parts) if parts.obs_value.get().is_none() => Cow::Borrowed(&parts.number),
            _ => self.obs(types),
        }
    }
}

impl Parts<'_> {
    fn whole(&self) -> &Obs {
        self.obs.get_or_init(|| Obs { text: (self.text)(), ..self.number.clone() })
    }
}
