//! Calls: functions, hooks, event handlers, built-ins.

use super::{CallSite, Fault, FaultKind, Flow, Frame, FuncId, FuncKind, NativeFn, Res, Vm};
use crate::ast::{ExprRef, Flavor};
use crate::pushdown::IdleBodies;
use crate::source::Span;
use crate::types::TypeId;
use crate::value::{FuncVal, Value};
use smallvec::SmallVec;
use std::rc::Rc;

/// Arguments of a call; most calls have few.
pub type Args = SmallVec<[Value; 4]>;

impl Vm {
    /// Calls a function value as a script would.
    pub fn call_value(&mut self, f: &Rc<FuncVal>, args: Args, span: Span) -> Res {
        let closure = if f.captures.borrow().is_empty() { None } else { Some(f.clone()) };
        self.call_full(f.id, args, closure, span, None, &[], TypeId::Any, None)
    }

    /// Calls a function by number.
    pub fn call(&mut self, id: FuncId, args: Args, span: Span) -> Res {
        self.call_full(id, args, None, span, None, &[], TypeId::Any, None)
    }

    #[allow(clippy::too_many_arguments)]
    pub(crate) fn call_full(
        &mut self,
        id: FuncId,
        args: Args,
        closure: Option<Rc<FuncVal>>,
        span: Span,
        expr: Option<&ExprRef>,
        arg_types: &[TypeId],
        result: TypeId,
        trigger: Option<Rc<super::trigger::TriggerState>>,
    ) -> Res {
        let Some(func) = self.funcs.get(id.0 as usize) else { return Ok(Value::Unset) };
        if let FuncKind::Native(native) = &func.kind {
            let native = native.clone();
            return self.call_native(&native, &CallSite { span, expr, arg_types, result }, &args);
        }
        self.tick(span)?;
        let Some(func) = self.funcs.get(id.0 as usize) else { return Ok(Value::Unset) };
        let (flavor, bodies) = (func.flavor, func.active.clone());
        if bodies.is_empty() {
            return self.no_body(id, flavor, span);
        }
        if self.depth >= self.limits.depth {
            return Err(
                self.budget(span, format!("recursion budget of {} nested calls used up", self.limits.depth))
            );
        }
        self.depth += 1;
        self.calls.push(super::Call { id, from: span, base: self.stack.len() });
        let r = match flavor {
            Flavor::Function => match self.run_body(&bodies[0], args, closure, trigger) {
                Ok((Flow::Return, v)) => Ok(v),
                Ok((_, v)) => {
                    self.fell_off(id, span);
                    Ok(v)
                }
                Err(f) => Err(f),
            },
            Flavor::Hook => self.run_hook(&bodies, args, closure),
            Flavor::Event => {
                self.run_handlers(&bodies, &args, IdleBodies::default());
                Ok(Value::Unset)
            }
        };
        self.calls.pop();
        self.depth -= 1;
        r
    }

    /// Calls a function of scripts whose arguments lie on the stack, from `base` on.
    pub(crate) fn call_pushed(&mut self, id: FuncId, base: usize, span: Span) -> Res {
        let Some(function) = self.funcs.get(id.0 as usize) else { return Ok(Value::Unset) };
        let body = match (function.flavor, &*function.active) {
            (Flavor::Function, [body]) if body.args.is_none() && self.depth < self.limits.depth => {
                body.clone()
            }
            (Flavor::Hook, []) => {
                self.stack.truncate(base);
                self.tick(span)?;
                return Ok(Value::Bool(true));
            }
            _ => return self.call_gathered(id, base, span),
        };
        self.tick(span)?;
        self.depth += 1;
        self.calls.push(super::Call { id, from: span, base });
        let ran = self.run_at(&body, Frame::at(base));
        self.calls.pop();
        self.depth -= 1;
        let (flow, answer) = ran?;
        if flow != Flow::Return {
            self.fell_off(id, span);
        }
        Ok(answer)
    }

    /// The same where there are several bodies, or none.
    #[inline(never)]
    fn call_gathered(&mut self, id: FuncId, base: usize, span: Span) -> Res {
        let args = self.stack.drain(base..).collect();
        self.call(id, args, span)
    }

    pub(crate) fn call_native(&mut self, native: &NativeFn, site: &CallSite<'_>, args: &[Value]) -> Res {
        self.tick(site.span)?;
        let bytes: usize = args.iter().map(|a| a.bytes().len()).sum();
        if bytes > crate::compile::BYTES_PER_STEP {
            self.charge_work(site.span, (bytes / crate::compile::BYTES_PER_STEP) as u64)?;
        }
        native(self, site, args)
    }

    /// A function that should have answered came to its end.
    #[cold]
    fn fell_off(&mut self, id: FuncId, span: Span) {
        let f = &self.funcs[id.0 as usize];
        let answers = self.types.as_func(f.ty).is_some_and(|t| !matches!(t.ret, TypeId::Void | TypeId::Any));
        if answers {
            let text = format!("non-void function returning without a value: {}", f.name);
            self.warn(span, text);
        }
    }

    #[cold]
    fn no_body(&mut self, id: FuncId, flavor: Flavor, span: Span) -> Res {
        match flavor {
            Flavor::Hook => Ok(Value::Bool(true)),
            Flavor::Event => Ok(Value::Unset),
            Flavor::Function => {
                let name = self.funcs[id.0 as usize].name.clone();
                Err(super::fault(span, format!("function {name} is declared but has no body")))
            }
        }
    }

    fn run_hook(&mut self, bodies: &Rc<[Rc<super::Body>]>, args: Args, closure: Option<Rc<FuncVal>>) -> Res {
        for b in bodies.iter() {
            // A hook body's error ends that body only.
            match self.run_body(b, args.clone(), closure.clone(), None) {
                Ok((Flow::Break, _)) => return Ok(Value::Bool(false)),
                Ok(_) => {}
                Err(f) if matches!(f.kind, FaultKind::Exit(_) | FaultKind::Delayed | FaultKind::Budget) => {
                    return Err(f);
                }
                Err(f) => self.report_fault(&f),
            }
        }
        Ok(Value::Bool(true))
    }

    /// Runs the handlers of an event that do something; one's error does not keep the next from running.
    pub(crate) fn run_handlers(&mut self, bodies: &Rc<[Rc<super::Body>]>, args: &Args, idle: IdleBodies) {
        for (_, b) in bodies.iter().enumerate().filter(|(at, _)| !idle.contains(*at)) {
            self.counters.handlers += 1;
            self.fuel = self.limits.fuel;
            let ran = self.run_body(b, args.clone(), None, None);
            if let Err(f) = ran.and_then(|_| self.settle_patterns(b.span)) {
                self.handler_failed(f);
            }
            if self.exit_code.is_some() {
                return;
            }
        }
    }

    #[cold]
    pub(super) fn handler_failed(&mut self, f: Fault) {
        if let FaultKind::Exit(code) = f.kind {
            self.exit_code = Some(code);
            return;
        }
        self.report_fault(&f);
    }

    /// Runs one body with its arguments on the stack.
    pub(crate) fn run_body(
        &mut self,
        b: &super::Body,
        args: Args,
        closure: Option<Rc<FuncVal>>,
        trigger: Option<Rc<super::trigger::TriggerState>>,
    ) -> Res<(Flow, Value)> {
        let base = self.stack.len();
        match &b.args {
            None => self.stack.extend(args.into_iter().take(b.n_params as usize)),
            Some(map) => {
                for i in map {
                    self.stack.push(args.get(*i as usize).cloned().unwrap_or_default());
                }
            }
        }
        self.run_at(b, Frame { base, ret: Value::Unset, closure, trigger })
    }

    /// Runs one body whose arguments are the last on the stack.
    #[inline]
    pub(super) fn run_at(&mut self, b: &super::Body, mut fr: Frame) -> Res<(Flow, Value)> {
        let base = fr.base;
        self.stack.resize(base + b.frame_size as usize, Value::Unset);
        let depth = self.calls.len();
        let r = (b.code)(self, &mut fr);
        self.calls.truncate(depth);
        self.stack.truncate(base);
        r.map(|flow| (flow, fr.ret))
    }
}
