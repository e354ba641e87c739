//! `SumStats::observe` and `SumStats::request_key`.

use nightjar_script::Vm;
use nightjar_script::value::{FuncVal, TableVal, Value};
use nightjar_script::vm::{CallSite, Res};
use smallvec::smallvec;
use std::rc::Rc;

use crate::script_host::sumstats::{Inner, Rule, Tap, Tapped, Watched, now};
use crate::sumstats::{Calc, Slot};

/// An observation that was counted.
struct Counted<'a> {
    site: &'a CallSite<'a>,
    rule: &'a Rule,
    source: &'a Tapped,
    slot: Slot,
    key: Value,
    explained: Option<usize>,
}

impl Inner {
    pub(super) fn observe(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [stream, key, obs] = args else { return Ok(Value::Unset) };
        let Some(taps) = self.streams.borrow().get(stream.bytes()).cloned() else { return Ok(Value::Unset) };
        for tap in taps.iter() {
            self.count(vm, site, tap, key, obs)?;
        }
        Ok(Value::Unset)
    }

    fn count(&self, vm: &mut Vm, site: &CallSite<'_>, tap: &Tap, given: &Value, obs: &Value) -> Res<()> {
        let (types, now, rule) = (self.types(vm)?, now(vm), &*tap.rule);
        let source = &rule.reducers[tap.reducer];
        let key_value = match &source.normalize {
            Some(normalize) => {
                let copy = vm.copy(given).unwrap_or_default();
                vm.call_value(normalize, smallvec![copy], site.span)?
            }
            None => given.clone(),
        };
        let key = types.key(&key_value);
        let explained = self.explains(rule, &key, source.normalize.is_some().then(|| types.key(given)));
        if let Some(pred) = &source.pred
            && !vm.call_value(pred, smallvec![key_value.clone(), obs.clone()], site.span)?.as_bool()
        {
            self.explained(explained, |told| told.rejected += 1);
            return Ok(());
        }
        let point = types.obs(obs);
        let slot = self.engine.borrow_mut().observe(rule.id, tap.reducer, &key, &point, now);
        self.adopt_orphans();
        let Some(slot) = slot else {
            self.explained(explained, |told| told.through += 1);
            return Ok(());
        };
        self.explained(explained, |told| told.counted(now));
        let counted = Counted { site, rule, source, slot, key: key_value, explained };
        if rule.full {
            self.plug_in(vm, &counted, obs, point.value())?;
        }
        match &rule.watched {
            Watched::Nothing => Ok(()),
            watched => self.watch(vm, &counted, watched),
        }
    }

    /// The key's own records, and calculations of scripts on them.
    fn plug_in(&self, vm: &mut Vm, counted: &Counted<'_>, obs: &Value, value: f64) -> Res<()> {
        let source = counted.source;
        let shown = self.show(vm, counted.rule, counted.slot)?;
        let Some(row) = shown.row(source.stream) else { return Ok(()) };
        for plugin in &source.plugins {
            let (reducer, result) = (source.record.clone(), row.record.clone());
            let args =
                smallvec![Value::Record(reducer), Value::Double(value), obs.clone(), Value::Record(result)];
            vm.call_value(plugin, args, counted.site.span)?;
        }
        Ok(())
    }

    /// Compares the value with the next threshold.
    fn watch(&self, vm: &mut Vm, counted: &Counted<'_>, watched: &Watched) -> Res<()> {
        let (rule, slot, now) = (counted.rule, counted.slot, now(vm));
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
            (next, engine.cross(slot, value / own))
        };
        self.explained(counted.explained, |told| told.compared(now, value, own, next, crossed));
        if let (Some(_), Some(function)) = (crossed, &rule.crossed) {
            self.call(vm, counted, function)?;
        }
        Ok(())
    }

    /// A key's own threshold: asked for when it is new, and again when some option has changed.
    fn own_threshold(&self, vm: &mut Vm, counted: &Counted<'_>, function: &Rc<FuncVal>) -> Res<f64> {
        let known = self.engine.borrow().entry(counted.slot).and_then(|entry| entry.own);
        let options = vm.option_changes;
        if let Some((_, own)) = known.filter(|(asked, _)| *asked == options) {
            return Ok(own);
        }
        let answer = vm.call_value(function, smallvec![counted.key.clone()], counted.site.span)?;
        let own = answer.as_double();
        if let Some(entry) = self.engine.borrow_mut().entry_mut(counted.slot) {
            entry.own = Some((options, own));
        }
        Ok(own)
    }

    /// Calls a script's function with the key and its results.
    fn call(&self, vm: &mut Vm, counted: &Counted<'_>, function: &Rc<FuncVal>) -> Res {
        let shown = self.show(vm, counted.rule, counted.slot)?;
        let args = smallvec![counted.key.clone(), Value::Table(shown.table.clone())];
        let answer = vm.call_value(function, args, counted.site.span);
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
