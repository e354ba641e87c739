//! The end of an epoch: results are handed to scripts, some at a time, and counting starts anew.

use std::collections::VecDeque;

use nightjar_script::Vm;
use nightjar_script::value::Value;
use nightjar_script::vm::{CallSite, Res};
use smallvec::smallvec;

use crate::script_host::sumstats::{Inner, Rule, SumStats, now};
use crate::sumstats::{Entry, Key, StatId};
use crate::time::{Interval, Time};

/// Results that wait to be handed out.
pub(super) struct Pending {
    /// When their epoch ended, as scripts are told.
    ended: f64,
    /// How many at a time.
    batch: usize,
    results: VecDeque<(Value, Waiting)>,
}

enum Waiting {
    /// Out of an epoch that is over.
    Ended(Box<Entry>),
    /// Of a sliding window, which goes on.
    Sliding(Key),
}

/// Zeek hands out this many at a time, and pauses.
const BATCH: usize = 50;
const PAUSE: f64 = 0.01;
/// The most pauses: many keys must not take longer than the next epoch.
const BATCHES: usize = 100;
/// Handed out within the handler of `zeek_done`; a handler's budget is not for more.
const AT_END: usize = 10_000;

impl SumStats {
    /// The clock was set back by this. Epochs end as long from now as they would have; sliding windows begin anew,
    /// for what they hold lies in the future.
    pub fn set_back(&self, by: Interval) {
        let back = |time: Time| Time::from_nanos(time.nanos().saturating_sub(by.nanos()));
        let inner = &self.0;
        let ids: Vec<StatId> = (0..inner.rules.borrow().len()).collect();
        for rule in ids.into_iter().filter_map(|id| inner.rule(id)) {
            rule.began.set(back(rule.began.get()));
            rule.due.set(rule.due.get().map(back));
            if inner.engine.borrow().spec(rule.id).is_some_and(|spec| spec.window.is_some()) {
                let gone = inner.engine.borrow_mut().take_all(rule.id);
                for mut entry in gone {
                    if let Some(shown) = super::attached(&entry) {
                        shown.hand_over(&mut entry);
                    }
                }
            }
        }
    }
}

impl Inner {
    /// `SumStats::next_epoch(name)`.
    pub(super) fn next_epoch(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let rule = args.first().and_then(|name| self.named(name.bytes()));
        let Some(rule) = rule.filter(|rule| rule.epoch == 0.0) else { return Ok(Value::Bool(false)) };
        if let Some(event) = vm.event("SumStats::finish_epoch") {
            vm.enqueue(event, smallvec![Value::Record(rule.record.clone())]);
        }
        Ok(Value::Bool(true))
    }

    /// `SumStats::__finish_epoch(ss)`: the time is up.
    pub(super) fn finish_epoch(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(rule) = args.first().and_then(|record| self.of_record(vm, record)) else {
            return Ok(Value::Unset);
        };
        // What is left of the epoch before, however much, comes first.
        self.deliver(vm, &rule, usize::MAX)?;
        self.end_epoch(vm, &rule)?;
        rule.began.set(now(vm));
        let waiting = rule.pending.borrow().as_ref().map_or(0, |pending| pending.results.len());
        match vm.event("SumStats::process_epoch_result") {
            Some(event) if waiting > 0 => vm.enqueue(event, smallvec![Value::Record(rule.record.clone())]),
            _ => self.deliver(vm, &rule, 0)?,
        }
        self.read_limits(vm);
        if rule.epoch > 0.0 {
            let from = self.epoch_began(vm, &rule);
            self.schedule_end(vm, &rule, Time::from_secs_f64(from + rule.epoch));
        }
        Ok(Value::Unset)
    }

    /// When the epoch began that begins now. As in Zeek that is with the packet at which the one before ended; those who
    /// count for several sensors do not all see that packet, and take the time at which it was due.
    fn epoch_began(&self, vm: &Vm, rule: &Rule) -> f64 {
        let due = rule.due.get().filter(|_| self.engine.borrow().tracks()).map(Time::as_secs_f64);
        due.filter(|due| vm.network_time - due < rule.epoch).unwrap_or(vm.network_time)
    }

    /// `SumStats::__finish_all()`: the end of the run.
    pub(super) fn finish_all(&self, vm: &mut Vm, _: &CallSite<'_>, _: &[Value]) -> Res {
        let ids: Vec<StatId> = (0..self.rules.borrow().len()).collect();
        for rule in ids.into_iter().filter_map(|id| self.rule(id)) {
            self.deliver(vm, &rule, AT_END)?;
            self.end_last_epoch(vm, &rule)?;
        }
        Ok(Value::Unset)
    }

    /// Where results were saved the last epoch does not end; it goes on in the next run.
    fn end_last_epoch(&self, vm: &mut Vm, rule: &Rule) -> Res<()> {
        let goes_on = self.handed_on.get() || self.state_file(vm).is_some();
        if rule.epoch == 0.0 || rule.pending.borrow().is_some() || goes_on {
            return Ok(());
        }
        if rule.over.replace(true) {
            return Ok(());
        }
        self.end_epoch(vm, rule)?;
        self.deliver(vm, rule, AT_END)
    }

    /// `SumStats::__deliver(ss)`: some more results.
    pub(super) fn deliver_next(&self, vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(rule) = args.first().and_then(|record| self.of_record(vm, record)) else {
            return Ok(Value::Unset);
        };
        let batch = rule.pending.borrow().as_ref().map_or(0, |pending| pending.batch);
        if batch > 0 {
            self.deliver(vm, &rule, batch)?;
            if vm.terminating {
                self.end_last_epoch(vm, &rule)?;
            }
        }
        Ok(Value::Unset)
    }

    /// Takes what the epoch has come to, keys in the order in which they came.
    fn end_epoch(&self, vm: &mut Vm, rule: &Rule) -> Res<()> {
        let types = self.types(vm)?;
        let told = rule.result.is_some() && self.decides(rule);
        let mut results = VecDeque::new();
        let sliding = self.engine.borrow().spec(rule.id).is_some_and(|spec| spec.window.is_some());
        if sliding {
            if told {
                let engine = self.engine.borrow();
                for slot in engine.slots(rule.id) {
                    if let Some(entry) = engine.entry(slot) {
                        results.push_back((types.key_value(&entry.key), Waiting::Sliding(entry.key.clone())));
                    }
                }
            }
        } else {
            let entries = self.engine.borrow_mut().take_all(rule.id);
            for mut entry in entries {
                if told {
                    results.push_back((types.key_value(&entry.key), Waiting::Ended(Box::new(entry))));
                } else if let Some(shown) = super::attached(&entry) {
                    shown.hand_over(&mut entry);
                }
            }
        }
        if told {
            let batch = BATCH.max(results.len().div_ceil(BATCHES));
            *rule.pending.borrow_mut() = Some(Pending { ended: vm.network_time, batch, results });
        }
        Ok(())
    }

    /// Hands out so many results. What remains comes with a later event.
    fn deliver(&self, vm: &mut Vm, rule: &Rule, how_many: usize) -> Res<()> {
        let Some(function) = &rule.result else { return Ok(()) };
        for _ in 0..how_many {
            let next = rule.pending.borrow_mut().as_mut().and_then(|pending| {
                let (key, waiting) = pending.results.pop_front()?;
                Some((pending.ended, key, waiting))
            });
            let Some((ended, key, waiting)) = next else { break };
            let results = match waiting {
                Waiting::Ended(mut entry) => self.past(vm, rule, &mut entry)?,
                Waiting::Sliding(key) => match self.sliding(vm, rule, &key)? {
                    Some(results) => results,
                    None => continue,
                },
            };
            vm.invoke(function, smallvec![Value::Time(ended), key, results]);
            if vm.exit_code.is_some() {
                return Ok(());
            }
        }
        let left = rule.pending.borrow().as_ref().map(|pending| (pending.ended, pending.results.len()));
        match left {
            None => {}
            Some((ended, 0)) => {
                *rule.pending.borrow_mut() = None;
                if let Some(finished) = &rule.finished {
                    vm.invoke(finished, smallvec![Value::Time(ended)]);
                }
            }
            Some(_) => {
                if let Some(event) = vm.event("SumStats::process_epoch_result") {
                    let args = smallvec![Value::Record(rule.record.clone())];
                    // At the end of the run no time passes.
                    if vm.terminating {
                        vm.enqueue(event, args);
                    } else {
                        vm.schedule(vm.network_time + PAUSE, event, args);
                    }
                }
            }
        }
        Ok(())
    }

    /// A window's results as they are now; `None` where nothing is left in it.
    fn sliding(&self, vm: &mut Vm, rule: &Rule, key: &Key) -> Res<Option<Value>> {
        let Some(slot) = self.engine.borrow().find(rule.id, key) else { return Ok(None) };
        self.engine.borrow_mut().expire(slot, now(vm));
        let some = |entry: &Entry| entry.held.iter().flatten().any(|held| held.num() > 0);
        if !self.engine.borrow().entry(slot).is_some_and(some) {
            return Ok(None);
        }
        let shown = self.show(vm, rule, slot)?;
        shown.keep();
        *rule.shown.borrow_mut() = None;
        Ok(Some(Value::Table(shown.table.clone())))
    }
}
