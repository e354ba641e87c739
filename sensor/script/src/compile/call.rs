//! Calls, event posts, schedules.

use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{FuncType, Type, TypeId};
use crate::value::Value;
use crate::vm::{
    Args, CallSite, Code, FaultData, FaultKind, Frame, FuncId, FuncKind, GlobalKind, Res, Vm, expr_fault,
};
use std::rc::Rc;

/// What becomes of the records that a call is given.
#[derive(PartialEq, Eq)]
enum Callee {
    /// What it takes as `any` may be looked at in every part.
    Any,
    Native,
    /// What it is given is kept or copied as it is, or it looks only at what is always there.
    Copies,
    Logs,
}

impl Compiler {
    pub(super) fn call(&mut self, e: &ExprRef, f: &ExprRef, l: &[ExprRef], want: TypeId, hook: bool) -> Te {
        if let ExprKind::Name(n) = &f.kind
            && let Some(te) = self.special_call(e, n, l, want)
        {
            return te;
        }
        self.calling = matches!(f.kind, ExprKind::Name(_));
        let tf = self.expr(f);
        self.calling = false;
        if tf.is_err() {
            return Te::error(e);
        }
        if let Type::Type(t) = self.vm.types.get(tf.ty) {
            let t = *t;
            return self.type_ctor(e, t, l);
        }
        if tf.ty == TypeId::Any {
            return self.call_any(e, tf, l);
        }
        let Some(ft) = self.vm.types.as_func(tf.ty) else {
            return self.expr_err(e, "expression is not a function: not a function or event");
        };
        match (ft.flavor, hook) {
            (Flavor::Hook, false) => {
                return self.expr_err(e, "hook cannot be called directly, use hook operator");
            }
            (Flavor::Event, _) => {
                return self.expr_err(e, "function called but it is not a function: it is an event");
            }
            (Flavor::Function, true) => {
                return self.expr_err(e, "hook keyword should only be used to call hooks");
            }
            _ => {}
        }
        let flat = self.flat(&tf, &ft, l);
        let callee = self.callee(&tf);
        let unseen = callee != Callee::Any;
        let Some((args, types)) = self.args(e, &ft, l, "function call", unseen) else { return Te::error(e) };
        self.note_arguments(&callee, &types);
        if callee == Callee::Native && matches!(&f.kind, ExprKind::Name(name) if &**name == "fmt") {
            self.check_format(e, l, &types);
        }
        let ret = ft.ret;
        let code = self.call_code(e, tf, args, types, ret);
        let code = match flat {
            Some(flat) => flat.code(e, code),
            None => code,
        };
        Te { ty: ret, code, e: e.clone() }
    }

    /// What the function called does with records.
    fn callee(&self, tf: &Te) -> Callee {
        let Code::Const(Value::Func(f)) = &tf.code else { return Callee::Any };
        let Some(function) = self.vm.funcs.get(f.id.0 as usize) else { return Callee::Any };
        match (&function.kind, &*function.name) {
            (FuncKind::Native(_), "copy") => Callee::Copies,
            (FuncKind::Native(_), "Log::write") => Callee::Logs,
            (FuncKind::Native(_), "Log::__add_filter" | "Log::__create_stream" | "Files::add_analyzer") => {
                Callee::Copies
            }
            (FuncKind::Native(_), _) => Callee::Native,
            (FuncKind::Script, _) => Callee::Any,
        }
    }

    fn note_arguments(&mut self, callee: &Callee, types: &[TypeId]) {
        for ty in types {
            match callee {
                Callee::Native => self.vm.uses.whole(*ty),
                Callee::Logs => self.vm.uses.logged(*ty),
                // Script code is seen where it is compiled.
                Callee::Copies | Callee::Any => {}
            }
        }
    }

    /// Spellings of Bro 2.x and functions whose result type follows an argument's.
    fn special_call(&mut self, e: &ExprRef, n: &Name, l: &[ExprRef], want: TypeId) -> Option<Te> {
        if &**n == "list" && self.find_global("list").is_none() {
            return Some(self.vector_ctor(e, l, want));
        }
        None
    }

    fn call_any(&mut self, e: &ExprRef, tf: Te, l: &[ExprRef]) -> Te {
        let mut args = Vec::with_capacity(l.len());
        for x in l {
            let te = self.expr(x);
            self.vm.uses.whole(te.ty);
            args.push(te.code);
        }
        let (f, at) = (tf.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let f = vm.eval(&f, fr)?;
            let args = eval_args(vm, fr, &args)?;
            match f {
                Value::Func(f) => vm.call_value(&f, args, at.span),
                _ => Err(expr_fault(&at, "not a function")),
            }
        });
        Te { ty: TypeId::Any, code, e: e.clone() }
    }

    /// Checks and compiles arguments against a prototype; fills in defaults.
    pub(super) fn args(
        &mut self,
        e: &ExprRef,
        ft: &Rc<FuncType>,
        l: &[ExprRef],
        what: &str,
        unseen: bool,
    ) -> Option<(Vec<Code>, Vec<TypeId>)> {
        let mut codes = Vec::with_capacity(l.len());
        let mut types = Vec::with_capacity(l.len());
        if ft.variadic {
            for x in l {
                let te = self.expr(x);
                let te = self.keepable(te);
                if te.is_err() {
                    return None;
                }
                if te.ty == TypeId::Void {
                    self.expr_err(x, "value of type void illegal");
                    return None;
                }
                codes.push(te.code);
                types.push(te.ty);
            }
            return Some((codes, types));
        }
        let required = ft.params.iter().filter(|p| p.default.is_none()).count();
        if l.len() > ft.params.len() || l.len() < required {
            let text = if what == "function call" {
                "argument type mismatch in function call".to_string()
            } else {
                format!("argument type mismatch in {what}")
            };
            self.expr_err(e, &text);
            return None;
        }
        let mut fine = true;
        for (x, p) in l.iter().zip(&ft.params) {
            let te = self.expr_to(x, p.ty);
            if te.is_err() {
                return None;
            }
            if te.ty == TypeId::Void {
                self.expr_err(x, "value of type void illegal");
                return None;
            }
            types.push(te.ty);
            let promoted = if unseen { self.promote_unseen(te, p.ty) } else { self.promote(te, p.ty) };
            match promoted {
                Ok(te) => codes.push(te.code),
                Err(_) => {
                    self.mixed(x, p.ty);
                    fine = false;
                }
            }
        }
        if !fine {
            self.expr_err(e, &format!("argument type mismatch in {what}"));
            return None;
        }
        for p in ft.params.iter().skip(l.len()) {
            let default = p.default.clone()?;
            codes.push(Code::op(move |vm, _| vm.eval_top(&default)));
            types.push(p.ty);
        }
        Some((codes, types))
    }

    fn call_code(&mut self, e: &ExprRef, tf: Te, args: Vec<Code>, types: Vec<TypeId>, ret: TypeId) -> Code {
        let at = e.clone();
        let types: Rc<[TypeId]> = types.into();
        // A named function is called by number.
        if let Code::Const(Value::Func(f)) = &tf.code {
            let id = f.id;
            let native = self.vm.funcs.get(id.0 as usize).and_then(|function| match &function.kind {
                FuncKind::Native(native) => Some(native.clone()),
                FuncKind::Script => None,
            });
            let Some(native) = native else {
                return Code::op(move |vm, fr| {
                    if fr.trigger.is_some() {
                        return waiting_call(vm, fr, id, &args, &at);
                    }
                    let base = vm.stack.len();
                    for arg in &args {
                        match vm.eval(arg, fr) {
                            Ok(value) => vm.stack.push(value),
                            Err(fault) => {
                                vm.stack.truncate(base);
                                return Err(fault);
                            }
                        }
                    }
                    vm.call_pushed(id, base, at.span)
                });
            };
            return Code::op(move |vm, fr| {
                if fr.trigger.is_some() {
                    return waiting_call(vm, fr, id, &args, &at);
                }
                let site = CallSite { span: at.span, expr: Some(&at), arg_types: &types, result: ret };
                // Most have few, which need not be gathered.
                match &args[..] {
                    [a] => {
                        let args = [vm.eval(a, fr)?];
                        vm.call_native(&native, &site, &args)
                    }
                    [a, b] => {
                        let args = [vm.eval(a, fr)?, vm.eval(b, fr)?];
                        vm.call_native(&native, &site, &args)
                    }
                    [a, b, c] => {
                        let args = [vm.eval(a, fr)?, vm.eval(b, fr)?, vm.eval(c, fr)?];
                        vm.call_native(&native, &site, &args)
                    }
                    args => {
                        let args = eval_args(vm, fr, args)?;
                        vm.call_native(&native, &site, &args)
                    }
                }
            });
        }
        let f = tf.code;
        Code::op(move |vm, fr| {
            let f = vm.eval(&f, fr)?;
            let args = eval_args(vm, fr, &args)?;
            match f {
                Value::Func(f) => {
                    let closure = if f.captures.borrow().is_empty() { None } else { Some(f.clone()) };
                    vm.call_full(f.id, args, closure, at.span, Some(&at), &types, ret, None)
                }
                _ => Err(expr_fault(&at, "value used but not set")),
            }
        })
    }

    /// The event a name posts to; a name nobody declared is an error.
    fn event_target(&mut self, e: &ExprRef, n: &Name) -> Option<(Code, Rc<FuncType>)> {
        let n = &super::func::modern_name(n);
        let Some(found) = self.find_name(n, e.span) else {
            self.unknown_identifier(e.span, n);
            return None;
        };
        let Some(ft) = self.vm.types.as_func(found.ty) else {
            self.expr_err(e, "function is not an event");
            return None;
        };
        if ft.flavor != Flavor::Event {
            self.expr_err(e, "function is not an event");
            return None;
        }
        let code = match found.place {
            super::scope::Place::Global(i) => {
                self.vm.globals[i as usize].used = true;
                self.vm.uses.name(i, true);
                self.check_deprecated(i, e.span);
                match (&self.vm.values[i as usize], self.vm.globals[i as usize].kind) {
                    (v @ Value::Func(_), GlobalKind::Func) => Code::Const(v.clone()),
                    _ => Code::Global(i, e.span),
                }
            }
            place => self.read_place(place, e),
        };
        Some((code, ft))
    }

    pub(super) fn post_event(&mut self, e: &ExprRef, n: &Name, l: &[ExprRef]) -> Te {
        let Some((target, ft)) = self.event_target(e, n) else { return Te::error(e) };
        let Some((args, _)) = self.args(e, &ft, l, "event invocation", false) else { return Te::error(e) };
        let at = e.clone();
        let code = Code::op(move |vm, fr| {
            let args = eval_args(vm, fr, &args)?;
            match vm.eval(&target, fr)? {
                Value::Func(f) => {
                    vm.tick(at.span)?;
                    vm.enqueue(f.id, args);
                    Ok(Value::Unset)
                }
                _ => Err(expr_fault(&at, "value used but not set")),
            }
        });
        Te { ty: TypeId::Void, code, e: e.clone() }
    }

    pub(super) fn schedule(&mut self, e: &ExprRef, t: &ExprRef, n: &Name, l: &[ExprRef]) -> Te {
        let tt = self.expr(t);
        if tt.is_err() {
            return Te::error(e);
        }
        if !matches!(tt.ty, TypeId::Interval | TypeId::Time | TypeId::Any) {
            return self.expr_err(e, "schedule expression requires a time interval");
        }
        let Some((target, ft)) = self.event_target(e, n) else { return Te::error(e) };
        let Some((args, _)) = self.args(e, &ft, l, "event invocation", false) else { return Te::error(e) };
        let (when, at) = (tt.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let when = match vm.eval(&when, fr)? {
                Value::Time(t) => t,
                v => vm.network_time + v.as_double(),
            };
            let args = eval_args(vm, fr, &args)?;
            match vm.eval(&target, fr)? {
                Value::Func(f) => {
                    vm.schedule(when, f.id, args);
                    Ok(Value::Unset)
                }
                _ => Err(expr_fault(&at, "value used but not set")),
            }
        });
        Te { ty: TypeId::Void, code, e: e.clone() }
    }
}

#[inline(always)]
pub(super) fn eval_args(vm: &mut Vm, fr: &mut Frame, codes: &[Code]) -> Res<Args> {
    let mut args = Args::with_capacity(codes.len());
    for c in codes {
        args.push(vm.eval(c, fr)?);
    }
    Ok(args)
}

/// A call in the condition of a `when`: a function that itself waits answers later.
#[cold]
fn waiting_call(vm: &mut Vm, fr: &mut Frame, id: FuncId, args: &[Code], at: &ExprRef) -> Res {
    let Some(state) = fr.trigger.clone() else { return Ok(Value::Unset) };
    if let Some((_, v)) = state.results.borrow().iter().find(|(s, _)| *s == at.span) {
        return Ok(v.clone());
    }
    let delayed =
        || Box::new(FaultData { kind: FaultKind::Delayed, span: at.span, text: String::new(), expr: None });
    if state.waiting.borrow().iter().any(|(s, _)| *s == at.span) {
        return Err(delayed());
    }
    let args = eval_args(vm, fr, args)?;
    vm.state.pending_return = None;
    let v = vm.call_full(id, args, None, at.span, Some(at), &[], TypeId::Any, Some(state.clone()))?;
    match vm.state.pending_return.take() {
        None => Ok(v),
        Some(t) => {
            let answer = t.answer.borrow().clone();
            match answer {
                Some(v) => {
                    state.results.borrow_mut().push((at.span, v.clone()));
                    Ok(v)
                }
                None => {
                    state.waiting.borrow_mut().push((at.span, t));
                    Err(delayed())
                }
            }
        }
    }
}
