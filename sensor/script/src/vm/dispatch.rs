//! The event queue, scheduled events and the clock.

use super::{Args, Body, FuncId, Res, Scheduled, Vm};
use crate::ast::Flavor;
use crate::diag::{Diag, Severity};
use crate::pushdown::IdleBodies;
use crate::source::Span;
use crate::value::Value;
use std::rc::Rc;

/// Events that queue events that queue events, at most.
const MAX_ROUNDS: u32 = 20_000;

impl Vm {
    /// The number of an event some script handles or declares.
    pub fn event(&self, name: &str) -> Option<FuncId> {
        self.function(name)
    }

    /// Whether any script handles the event, or will once its group is enabled: hosts build nothing for events
    /// nobody handles.
    pub fn is_handled(&self, id: FuncId) -> bool {
        self.funcs.get(id.0 as usize).is_some_and(|f| !f.bodies.is_empty())
    }

    /// Whether some handler may look at an event's argument.
    pub fn looks_at(&self, id: FuncId, argument: usize) -> bool {
        // It shows all of them.
        if self.global("backtrace").is_some_and(|at| self.globals[at as usize].used) {
            return true;
        }
        let looks = |body: &Rc<Body>| {
            let named =
                |parameter: usize| parameter >= u64::BITS as usize || body.named >> parameter & 1 == 1;
            match &body.args {
                None => named(argument),
                Some(map) => (0..map.len()).any(|at| map[at] as usize == argument && named(at)),
            }
        };
        self.funcs.get(id.0 as usize).is_some_and(|function| function.bodies.iter().any(looks))
    }

    /// Whether some code may call one of these functions while the capture is read, and not only before and after.
    pub fn calls_later(&self, functions: &[&str]) -> bool {
        let globals = |names: &[&str]| names.iter().filter_map(|name| self.global(name)).collect::<Vec<_>>();
        let answers = |global: u32| {
            let ty = self.globals.get(global as usize).map(|global| global.ty);
            ty.and_then(|ty| self.types.as_func(ty)).is_none_or(|ty| ty.flavor != Flavor::Function)
        };
        self.uses.calls_beside(globals(functions).into_iter(), &globals(&["zeek_init", "zeek_done"]), answers)
    }

    /// Runs an event's handlers now, then everything they queued. For hosts between handlers: a native function
    /// that a handler called queues its events with [`Vm::enqueue`].
    pub fn dispatch(&mut self, id: FuncId, args: Args) {
        self.dispatch_but(id, args, IdleBodies::default());
    }

    /// The same without those handlers of which it is known that they do nothing.
    pub fn dispatch_but(&mut self, id: FuncId, args: Args, idle: IdleBodies) {
        self.raise(id, &args, idle);
        if !self.queue.is_empty() {
            self.drain();
        }
    }

    #[inline]
    fn raise(&mut self, id: FuncId, args: &Args, idle: IdleBodies) {
        let Some(func) = self.funcs.get_mut(id.0 as usize) else { return };
        func.calls += 1;
        let bodies = func.active.clone();
        // What is known is known of all.
        let idle = if bodies.len() == func.bodies.len() { idle } else { IdleBodies::default() };
        self.counters.events += 1;
        if bodies.is_empty() {
            return;
        }
        self.depth = 0;
        self.calls.clear();
        self.calls.push(super::Call { id, from: Span::default(), base: self.stack.len() });
        self.while_handling(id, |vm| vm.run_handlers(&bodies, args, idle));
        self.calls.clear();
    }

    /// Does for a handler of an event what that would have done itself; `body` is which it is, if that is known.
    /// Nothing where its group is disabled.
    pub fn stand_in(
        &mut self,
        id: FuncId,
        body: Option<usize>,
        effects: impl FnOnce(&mut Vm, Span) -> Res<()>,
    ) {
        let Some(function) = self.funcs.get(id.0 as usize) else { return };
        let from = match body {
            None => function.span,
            Some(body) => {
                let body = function.bodies.get(body);
                let runs = |body: &&Rc<Body>| function.active.iter().any(|active| Rc::ptr_eq(active, body));
                let Some(body) = body.filter(runs) else { return };
                body.span
            }
        };
        self.depth = 0;
        self.fuel = self.limits.fuel;
        self.calls.clear();
        self.calls.push(super::Call { id, from: Span::default(), base: self.stack.len() });
        self.while_handling(id, |vm| {
            if let Err(fault) = effects(vm, from) {
                vm.handler_failed(fault);
            }
        });
        self.calls.clear();
    }

    /// Queues an event; beyond the ceiling it is counted and dropped.
    pub fn enqueue(&mut self, id: FuncId, args: Args) {
        if self.queue.len() >= self.limits.queue {
            self.counters.events_dropped += 1;
            return;
        }
        self.queue.push_back((id, args));
    }

    /// Runs queued events, and those they queue, until there are none, or far too many: the others are for the next
    /// time, so that events that queue each other without end stop nothing else.
    pub fn drain(&mut self) {
        let (mut rounds, mut events) = (0, 0);
        // How many are left of those that were there when the round began.
        let mut round = self.queue.len();
        loop {
            while let Some((id, args)) = self.queue.pop_front() {
                if round == 0 {
                    (rounds, round) = (rounds + 1, self.queue.len() + 1);
                    if rounds > MAX_ROUNDS || events > self.limits.queue.saturating_mul(4) {
                        self.queue.push_front((id, args));
                        return self.tell_of_endless_events(id);
                    }
                }
                (events, round) = (events + 1, round - 1);
                self.raise(id, &args, IdleBodies::default());
                if self.exit_code.is_some() {
                    return;
                }
                if !self.triggers.is_empty() {
                    self.poll_triggers();
                }
            }
            if !self.triggers.is_empty() {
                self.poll_triggers();
            }
            if self.queue.is_empty() {
                return;
            }
        }
    }

    pub(crate) fn drop_queued(&mut self) {
        self.counters.events_dropped += self.queue.len() as u64;
        self.queue.clear();
    }

    fn tell_of_endless_events(&mut self, id: FuncId) {
        self.counters.budget_errors += 1;
        if std::mem::replace(&mut self.told_of_endless, true) {
            return;
        }
        let Some(of) = self.funcs.get(id.0 as usize) else { return };
        let text = format!("events queue events without end ({})", of.name);
        let place = of.bodies.first().map_or(of.span, |body| body.span);
        self.report(Diag::new(Severity::Warning, place, text));
    }

    /// Queues an event for later.
    pub fn schedule(&mut self, at: f64, event: FuncId, args: Args) {
        if self.terminating {
            return;
        }
        if self.scheduled.len() >= self.limits.scheduled {
            self.counters.events_dropped += 1;
            return;
        }
        self.seq += 1;
        self.scheduled.push(Scheduled { at, seq: self.seq, event, args });
    }

    /// Packet time moves on: what was scheduled up to `now` runs, tables expire.
    pub fn advance(&mut self, now: f64) {
        let first = self.network_time == 0.0;
        if now > self.network_time {
            self.network_time = now;
        }
        if first {
            (self.started, self.next_expiry) = (now, 0.0);
        }
        while self.scheduled.peek().is_some_and(|s| s.at <= now) {
            if let Some(s) = self.scheduled.pop() {
                self.enqueue(s.event, s.args);
            }
        }
        if self.expiry_due(now) {
            self.expire_tables(now);
        }
        if !self.queue.is_empty() || !self.triggers.is_empty() {
            self.drain();
        }
    }

    /// The clock was set back by so many seconds: what is scheduled comes as long from now as it would have.
    pub fn set_back(&mut self, by: f64) {
        self.network_time = (self.network_time - by).max(0.0);
        (self.started, self.next_expiry) = (self.started - by, 0.0);
        let scheduled = std::mem::take(&mut self.scheduled).into_iter();
        self.scheduled = scheduled.map(|event| crate::vm::Scheduled { at: event.at - by, ..event }).collect();
    }

    /// Everything still scheduled, at once: the end of the run.
    pub fn flush_scheduled(&mut self) {
        while let Some(s) = self.scheduled.pop() {
            self.enqueue(s.event, s.args);
        }
    }

    /// Whether members of tables are to be looked at that may have expired.
    pub fn expiry_due(&self, now: f64) -> bool {
        now >= self.next_expiry && !self.expiring.is_empty()
    }

    /// Time of the next scheduled event.
    pub fn next_scheduled(&self) -> Option<f64> {
        self.scheduled.peek().map(|s| s.at)
    }

    /// Adds a body to a function, in order of priority.
    pub fn add_body(&mut self, id: FuncId, body: Body) {
        let Some(f) = self.funcs.get_mut(id.0 as usize) else { return };
        let mut all: Vec<Rc<Body>> = f.bodies.to_vec();
        let at = all.iter().position(|b| b.priority < body.priority).unwrap_or(all.len());
        all.insert(at, Rc::new(body));
        f.bodies = all.into();
        self.refresh_groups(id);
    }

    pub fn clear_bodies(&mut self, id: FuncId) {
        if let Some(f) = self.funcs.get_mut(id.0 as usize) {
            f.bodies = Rc::from([]);
            f.active = Rc::from([]);
        }
    }

    /// Which bodies run, after event groups were switched.
    pub fn refresh_groups(&mut self, id: FuncId) {
        let Some(f) = self.funcs.get_mut(id.0 as usize) else { return };
        let off = &self.disabled_groups;
        f.active = if off.is_empty() {
            f.bodies.clone()
        } else {
            f.bodies.iter().filter(|b| !b.groups.iter().any(|g| off.contains(g))).cloned().collect()
        };
    }

    /// Runs an event by name with no arguments, if anybody handles it.
    pub fn fire(&mut self, name: &str) {
        if let Some(id) = self.event(name) {
            self.dispatch(id, Args::new());
        }
    }

    pub fn value_of(&self, id: FuncId) -> Value {
        let name = &self.funcs[id.0 as usize].name;
        self.global_value(name).cloned().unwrap_or_default()
    }
}
