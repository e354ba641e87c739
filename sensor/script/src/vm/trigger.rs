//! `when` statements: conditions looked at again whenever an event has been handled or time has passed.

use super::{Args, Code, FaultKind, Flow, Frame, Res, StmtOp, Vm};
use crate::source::Span;
use crate::value::{FuncVal, Value};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// A compiled `when`.
pub struct TriggerBody {
    pub cond: Code,
    pub body: StmtOp,
    pub timeout: Option<(Code, StmtOp)>,
    pub frame_size: u32,
    pub span: Span,
    pub is_return: bool,
}

/// What a waiting condition remembers: results of the functions it called that answered late.
#[derive(Default)]
pub struct TriggerState {
    pub results: RefCell<Vec<(Span, Value)>>,
    pub waiting: RefCell<Vec<(Span, Rc<Trigger>)>>,
}

/// One waiting `when`.
pub struct Trigger {
    body: Rc<TriggerBody>,
    closure: Rc<FuncVal>,
    deadline: Cell<f64>,
    timeout: f64,
    done: Cell<bool>,
    state: Rc<TriggerState>,
    /// For `return when`: the answer, once there is one.
    pub answer: RefCell<Option<Value>>,
}

/// Ceiling for waiting `when`s of one VM.
const MAX_TRIGGERS: usize = 100_000;

impl Vm {
    /// Starts a `when`; if its condition already holds, the body runs at once.
    pub fn start_trigger(
        &mut self,
        body: Rc<TriggerBody>,
        closure: Rc<FuncVal>,
        fr: &mut Frame,
    ) -> Res<Rc<Trigger>> {
        let timeout = match &body.timeout {
            Some((t, _)) => {
                let mut inner = Frame { closure: Some(closure.clone()), ..Frame::at(fr.base) };
                self.eval(t, &mut inner)?.as_double()
            }
            None => f64::INFINITY,
        };
        let t = Rc::new(Trigger {
            body,
            closure,
            deadline: Cell::new(f64::NAN),
            timeout,
            done: Cell::new(false),
            state: Rc::default(),
            answer: RefCell::new(None),
        });
        if self.triggers.len() >= MAX_TRIGGERS {
            return Err(self.budget(t.body.span, format!("more than {MAX_TRIGGERS} when statements waiting")));
        }
        self.poll(&t);
        if !t.done.get() {
            self.triggers.push(t.clone());
        }
        Ok(t)
    }

    /// Looks at every waiting condition once.
    pub(crate) fn poll_triggers(&mut self) {
        let all = std::mem::take(&mut self.triggers);
        for t in &all {
            if !t.done.get() {
                self.poll(t);
            }
        }
        let mut kept: Vec<Rc<Trigger>> = all.into_iter().filter(|t| !t.done.get()).collect();
        kept.append(&mut self.triggers);
        self.triggers = kept;
    }

    /// The end of the run: what still waits times out.
    pub fn timeout_triggers(&mut self) {
        for t in std::mem::take(&mut self.triggers) {
            if !t.done.get() {
                t.done.set(true);
                self.run_timeout(&t);
            }
        }
    }

    fn in_frame<T>(&mut self, t: &Trigger, f: impl FnOnce(&mut Vm, &mut Frame) -> T) -> T {
        let base = self.stack.len();
        self.stack.resize(base + t.body.frame_size as usize, Value::Unset);
        let mut fr = Frame {
            base,
            ret: Value::Unset,
            closure: Some(t.closure.clone()),
            trigger: Some(t.state.clone()),
        };
        let r = f(self, &mut fr);
        self.stack.truncate(base);
        r
    }

    fn poll(&mut self, t: &Rc<Trigger>) {
        if t.deadline.get().is_nan() {
            t.deadline.set(self.network_time + t.timeout);
        }
        for (span, inner) in t.state.waiting.borrow().iter() {
            if let Some(v) = inner.answer.borrow().as_ref() {
                let mut r = t.state.results.borrow_mut();
                if !r.iter().any(|(s, _)| s == span) {
                    r.push((*span, v.clone()));
                }
            }
        }
        // The body sees what the condition declared: both run in one frame.
        let r: Res<Option<(Flow, Value)>> = self.in_frame(t, |vm, fr| {
            if !vm.eval(&t.body.cond, fr)?.as_bool() {
                return Ok(None);
            }
            t.done.set(true);
            fr.trigger = None;
            let flow = (t.body.body)(vm, fr)?;
            Ok(Some((flow, std::mem::take(&mut fr.ret))))
        });
        match r {
            Ok(Some((flow, v))) => self.answer(t, Ok((flow, v))),
            Ok(None) => self.check_deadline(t),
            Err(f) if f.kind == FaultKind::Delayed && !t.done.get() => self.check_deadline(t),
            Err(f) => {
                t.done.set(true);
                self.answer(t, Err(f));
            }
        }
    }

    fn check_deadline(&mut self, t: &Rc<Trigger>) {
        if self.network_time >= t.deadline.get() && t.timeout.is_finite() && self.network_time > 0.0 {
            t.done.set(true);
            self.run_timeout(t);
        }
    }

    fn run_timeout(&mut self, t: &Rc<Trigger>) {
        if t.body.timeout.is_some() {
            self.finish(t, |vm, fr| match &t.body.timeout {
                Some((_, stmt)) => stmt(vm, fr),
                None => Ok(Flow::Normal),
            });
        }
    }

    fn finish(&mut self, t: &Rc<Trigger>, run: impl FnOnce(&mut Vm, &mut Frame) -> Res<Flow>) {
        let r = self.in_frame(t, |vm, fr| {
            fr.trigger = None;
            run(vm, fr).map(|flow| (flow, std::mem::take(&mut fr.ret)))
        });
        self.answer(t, r);
    }

    /// Keeps what a `return when` answered; reports what went wrong.
    fn answer(&mut self, t: &Rc<Trigger>, r: Res<(Flow, Value)>) {
        match r {
            Ok((Flow::Return, v)) if t.body.is_return => *t.answer.borrow_mut() = Some(v),
            Ok(_) if t.body.is_return => *t.answer.borrow_mut() = Some(Value::Unset),
            Ok(_) => {}
            Err(f) => {
                if let FaultKind::Exit(code) = f.kind {
                    self.exit_code = Some(code);
                }
                self.report_fault(&f);
            }
        }
    }

    pub fn has_triggers(&self) -> bool {
        !self.triggers.is_empty()
    }

    /// The earliest moment a `when` gives up.
    pub fn next_deadline(&self) -> Option<f64> {
        self.triggers.iter().map(|t| t.deadline.get()).filter(|d| d.is_finite()).min_by(f64::total_cmp)
    }

    /// Events are run by name with arguments; a convenience for hosts and tests.
    pub fn fire_with(&mut self, name: &str, args: Args) {
        if let Some(id) = self.event(name) {
            self.dispatch(id, args);
        }
    }
}
