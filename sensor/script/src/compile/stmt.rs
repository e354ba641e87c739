//! Statements.

use super::scope::{FnCtx, Place};
use super::{Compiler, Te};
use crate::ast::*;
use crate::source::Span;
use crate::types::{Type, TypeId};
use crate::value::Value;
use crate::vm::{Code, Flow, Op, Res, StmtOp, TriggerBody, Vm, silent};
use std::rc::Rc;

impl Compiler {
    /// `None` when there were errors (which have been told).
    pub(super) fn stmt(&mut self, s: &StmtRef) -> Option<StmtOp> {
        match &s.kind {
            StmtKind::Block(l) => self.block(l),
            StmtKind::Null => Some(Box::new(|_, _| Ok(Flow::Normal))),
            StmtKind::Expr(e) => self.expr_stmt(e),
            StmtKind::Print(l) => self.print(s.span, l),
            StmtKind::Event(n, l) => {
                let e =
                    Rc::new(Expr { kind: ExprKind::Event(n.clone(), l.clone()), span: s.span, paren: false });
                let te = self.post_event(&e, n, l);
                if te.is_err() { None } else { Some(run(te.code)) }
            }
            StmtKind::If(c, yes, no) => self.if_stmt(c, yes, no.as_ref()),
            StmtKind::Switch(e, cases) => self.switch(s.span, e, cases),
            StmtKind::For(h, b) => self.for_stmt(s.span, h, b),
            StmtKind::While(c, b) => self.while_stmt(s.span, c, b),
            StmtKind::Next => {
                if self.fn_ctx().is_none_or(|f| f.loops == 0) {
                    self.err(s.span, "next statement used outside of a loop");
                    return None;
                }
                Some(Box::new(|_, _| Ok(Flow::Next)))
            }
            StmtKind::Break => {
                let fine =
                    self.fn_ctx().is_some_and(|f| f.loops > 0 || f.switches > 0 || f.flavor == Flavor::Hook);
                if !fine {
                    self.err(s.span, "break statement used outside of for, while, or switch statement and not within a hook");
                    return None;
                }
                Some(Box::new(|_, _| Ok(Flow::Break)))
            }
            StmtKind::Fallthrough => {
                if self.fn_ctx().is_none_or(|f| f.switches == 0) {
                    self.err(s.span, "fallthrough only allowed inside a switch statement");
                    return None;
                }
                Some(Box::new(|_, _| Ok(Flow::Fallthrough)))
            }
            StmtKind::Return(e) => self.return_stmt(s.span, e.as_ref()),
            StmtKind::ReturnWhen(w) => self.when(w, true),
            StmtKind::Add(e) => self.add_member(e).map(run),
            StmtKind::Delete(e) => self.delete_code(e).map(run),
            StmtKind::Local { names, ty, init, attrs, constant } => {
                self.local(s.span, names, ty.as_ref(), init.as_ref(), attrs, *constant)
            }
            StmtKind::When(w) => self.when(w, false),
            StmtKind::Assert(c, m) => self.assert(s.span, c, m.as_ref()),
        }
    }

    pub(super) fn block(&mut self, l: &[StmtRef]) -> Option<StmtOp> {
        self.push_scope();
        let mut codes = Vec::with_capacity(l.len());
        let mut fine = true;
        for s in l {
            match self.stmt(s) {
                Some(c) => codes.push(c),
                None => fine = false,
            }
        }
        self.pop_scope();
        if !fine {
            return None;
        }
        Some(sequence(codes))
    }

    fn expr_stmt(&mut self, e: &ExprRef) -> Option<StmtOp> {
        let te = self.expr(e);
        if te.is_err() {
            return None;
        }
        let useful = matches!(
            e.kind,
            ExprKind::Call(..)
                | ExprKind::Assign(..)
                | ExprKind::AddTo(..)
                | ExprKind::RemoveFrom(..)
                | ExprKind::Unary(UnOp::Incr | UnOp::Decr, _)
                | ExprKind::Schedule(..)
                | ExprKind::Hook(_)
                | ExprKind::Event(..)
                | ExprKind::Local(..)
                | ExprKind::Add(_)
                | ExprKind::Delete(_)
        );
        if !useful {
            let shown = crate::describe::expr(e, &self.vm);
            self.warn(e.span, format!("expression value ignored ({shown})"));
        }
        Some(run(te.code))
    }

    fn print(&mut self, span: Span, l: &[ExprRef]) -> Option<StmtOp> {
        let mut codes = Vec::new();
        let mut fine = true;
        let mut to_file = false;
        for (i, x) in l.iter().enumerate() {
            let te = self.expr(x);
            fine &= !te.is_err();
            self.vm.uses.whole(te.ty);
            if te.ty == TypeId::Void {
                self.expr_err(x, "value of type void illegal");
                fine = false;
            }
            if i == 0 {
                to_file = matches!(self.vm.types.get(te.ty), Type::File(_)) && l.len() > 1;
            }
            codes.push(te.code);
        }
        if !fine {
            return None;
        }
        Some(Box::new(move |vm, fr| {
            let args = codes.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
            crate::builtins::print(vm, &args, to_file, span)?;
            Ok(Flow::Normal)
        }))
    }

    /// A condition of `if`, `while` and `when`.
    pub(super) fn condition_code(&mut self, c: &ExprRef, text: &str) -> Option<Code> {
        let te = self.expr(c);
        if te.is_err() {
            return None;
        }
        if !matches!(te.ty, TypeId::Bool | TypeId::Any) {
            self.expr_err(c, text);
            return None;
        }
        Some(te.code)
    }

    fn if_stmt(&mut self, c: &ExprRef, yes: &StmtRef, no: Option<&StmtRef>) -> Option<StmtOp> {
        let c = self.condition_code(c, "conditional in test must be boolean");
        let yes = self.scoped(yes);
        let no = match no {
            Some(n) => Some(self.scoped(n)?),
            None => None,
        };
        let (c, yes) = (c?, yes?);
        Some(match no {
            Some(no) => Box::new(move |vm, fr| if vm.test(&c, fr)? { yes(vm, fr) } else { no(vm, fr) }),
            None => Box::new(move |vm, fr| if vm.test(&c, fr)? { yes(vm, fr) } else { Ok(Flow::Normal) }),
        })
    }

    pub(super) fn scoped(&mut self, s: &StmtRef) -> Option<StmtOp> {
        self.push_scope();
        let c = self.stmt(s);
        self.pop_scope();
        c
    }

    fn return_stmt(&mut self, span: Span, e: Option<&ExprRef>) -> Option<StmtOp> {
        let Some(ctx) = self.fns.last() else {
            self.err(span, "return statement outside of function/event");
            return None;
        };
        let (ret, flavor, infer) = (ctx.ret, ctx.flavor, ctx.infer_ret);
        let Some(e) = e else {
            if flavor == Flavor::Function && !matches!(ret, TypeId::Void | TypeId::Any) && !infer {
                self.err(span, "return statement needs expression");
                return None;
            }
            return Some(Box::new(|_, _| Ok(Flow::Return)));
        };
        let te = self.expr_to(e, ret);
        if te.is_err() {
            return None;
        }
        let te = if infer && ret == TypeId::Void {
            let te = self.keepable(te);
            let ty = te.ty;
            if let Some(ctx) = self.fns.last_mut() {
                ctx.ret = ty;
            }
            te
        } else if ret == TypeId::Void && flavor == Flavor::Function || flavor == Flavor::Event {
            self.err(span, "no return expression allowed");
            return None;
        } else {
            match self.promote(te, ret) {
                Ok(te) => te,
                Err(_) => {
                    self.mixed_first(e, ret);
                    return None;
                }
            }
        };
        let code = te.code;
        Some(Box::new(move |vm, fr| {
            fr.ret = vm.eval(&code, fr)?;
            Ok(Flow::Return)
        }))
    }

    fn local(
        &mut self,
        span: Span,
        names: &[(Name, Span)],
        ty: Option<&Rc<TypeExpr>>,
        init: Option<&Init>,
        attrs: &[Attr],
        constant: bool,
    ) -> Option<StmtOp> {
        let declared = ty.map(|t| self.ty(t));
        if declared == Some(TypeId::Error) {
            names.iter().for_each(|(n, _)| self.declare_error(n));
            return None;
        }
        self.check_duplicate_attrs(attrs);
        let te = match init {
            Some(i) => {
                let te = self.expr_wanted(&i.expr, declared.unwrap_or(TypeId::Void));
                let te = self.keepable_unless(te, declared);
                match self.init_value(te, declared, &names[0].0) {
                    Some(te) => Some(te),
                    None => {
                        // Later uses must not complain as well.
                        let ty = declared.unwrap_or(TypeId::Error);
                        for (n, _) in names {
                            self.declare_local(n, span, ty, constant);
                        }
                        return None;
                    }
                }
            }
            None => None,
        };
        let ty = declared.or(te.as_ref().map(|t| t.ty))?;
        let ordered = attrs.iter().any(|a| a.kind == AttrKind::Ordered);
        let member = self.default_is_member(attrs);
        let table_attrs = self.container_attrs(attrs, ty, member);
        let table_attrs = self.bound_attrs(table_attrs);
        let mut slots = Vec::new();
        for (n, s) in names {
            slots.push(self.declare_local(n, *s, ty, constant)?);
        }
        let plain = table_attrs.is_none() && !ordered;
        Some(match te {
            Some(te) if plain => {
                let (code, slot) = (te.code, slots[0] as usize);
                Box::new(move |vm, fr| {
                    let v = vm.eval(&code, fr)?;
                    vm.stack[fr.base + slot] = v;
                    Ok(Flow::Normal)
                })
            }
            te => {
                let code = te.map(|t| t.code);
                Box::new(move |vm, fr| {
                    for slot in &slots {
                        let v = match &code {
                            Some(c) => vm.eval(c, fr)?,
                            None => super::empty_value(vm, ty)?,
                        };
                        let attrs = table_attrs.make(vm, fr)?;
                        attach_attrs(vm, &v, &attrs, ordered);
                        vm.stack[fr.base + *slot as usize] = v;
                    }
                    Ok(Flow::Normal)
                })
            }
        })
    }

    pub(super) fn default_is_member(&self, attrs: &[Attr]) -> bool {
        attrs.iter().any(|a| a.kind == AttrKind::Default)
    }

    pub(super) fn keepable_unless(&mut self, te: Te, declared: Option<TypeId>) -> Te {
        if declared.is_some() { te } else { self.keepable(te) }
    }

    /// Checks an initialiser against the declared type.
    pub(super) fn init_value(&mut self, te: Te, declared: Option<TypeId>, name: &str) -> Option<Te> {
        if te.is_err() {
            return None;
        }
        if te.ty == TypeId::Void {
            self.expr_err(&te.e.clone(), "value of type void illegal");
            return None;
        }
        let Some(ty) = declared else { return Some(te) };
        let (e, got) = (te.e.clone(), te.ty);
        match self.promote(te, ty) {
            Ok(te) => Some(te),
            Err(_) => {
                let shown = crate::describe::expr(&e, &self.vm);
                let text = self.clash_text(ty, got);
                self.err(e.span, format!("{text} ({name} = {shown})"));
                None
            }
        }
    }

    fn declare_error(&mut self, n: &Name) {
        if let Some(f) = self.fn_ctx() {
            f.declare(n, TypeId::Error, false, Span::default());
        }
    }

    /// Zeek's locals live to the end of their function's body: declaring one again is an error unless the scopes
    /// are beside each other.
    pub(super) fn declare_local(&mut self, n: &Name, span: Span, ty: TypeId, constant: bool) -> Option<u32> {
        let ctx = self.fns.last_mut()?;
        // `_` takes any number of values that nobody asks for.
        if &**n != "_"
            && let Some(old) = ctx.scopes.last().and_then(|s| s.get(n))
        {
            let old = old.span;
            self.already_defined(old, span, n);
            return None;
        }
        if let Some(g) = self.find_global(n) {
            use crate::vm::GlobalKind::*;
            let g = &self.vm.globals[g as usize];
            if matches!(g.kind, Type | Enum) && !self.in_base && g.name == *n {
                let shown = g.name.clone();
                self.err(span, format!("already defined ({shown})"));
                return None;
            }
            // Names that ship here and not in Zeek are no mistake of the script's.
            if !self.in_base && !self.load.is_bundled(g.span.file) {
                let shown = g.name.clone();
                self.err(span, format!("already a global identifier ({shown})"));
                return None;
            }
        }
        self.fns.last_mut().map(|c| c.declare(n, ty, constant, span))
    }

    fn when(&mut self, w: &Rc<When>, is_return: bool) -> Option<StmtOp> {
        if self.fns.is_empty() {
            self.err(w.span, "when statement outside of a function");
            return None;
        }
        let (ret, flavor) = self.fns.last().map(|f| (f.ret, f.flavor))?;
        let mut ctx = FnCtx::new(
            if is_return { Flavor::Function } else { flavor },
            if is_return { ret } else { TypeId::Void },
        );
        ctx.auto_capture = Some(false);
        if !is_return {
            ctx.flavor = Flavor::Event;
        }
        let listed = w.captures.as_deref().unwrap_or_default();
        for (i, c) in listed.iter().enumerate() {
            if listed.iter().take(i).any(|d| d.name == c.name) {
                self.err(c.span, format!("{} listed multiple times in capture", c.name));
            } else if !super::func::when_uses(w, &c.name) {
                self.err(c.span, format!("{} is captured but not used inside \"when\" statement", c.name));
            }
            match self.find_name(&c.name, c.span) {
                Some(f) if !matches!(f.place, Place::Global(_)) => {
                    ctx.captured.push((c.name.clone(), f.ty));
                    ctx.capture_from.push((f.place, c.copy));
                }
                Some(_) => {}
                None => self.err(c.span, format!("no such local identifier: {}", c.name)),
            }
        }
        self.fns.push(ctx);
        let outside = self.vm.uses.later(true);
        let cond = self.condition_code(&w.cond, "conditional in test must be boolean");
        let timeout = w.timeout.as_ref().map(|(t, b)| {
            let t = self.expr(t);
            let bad = !matches!(t.ty, TypeId::Interval | TypeId::Error | TypeId::Any);
            if bad {
                let e = t.e.clone();
                self.expr_err(&e, "when timeout requires a time interval");
            }
            (t.code, self.scoped(b))
        });
        let body = self.scoped(&w.body);
        self.vm.uses.later(outside);
        let ctx = self.fns.pop()?;
        let (cond, body) = (cond?, body?);
        let timeout = match timeout {
            Some((t, Some(b))) => Some((t, b)),
            Some((_, None)) => return None,
            None => None,
        };
        let trigger =
            Rc::new(TriggerBody { cond, body, timeout, frame_size: ctx.frame_size, span: w.span, is_return });
        let captures = super::func::closure_code(crate::vm::FuncId(0), ctx.capture_from);
        Some(Box::new(move |vm, fr| {
            let Value::Func(c) = vm.eval(&captures, fr)? else { return Ok(Flow::Normal) };
            let t = vm.start_trigger(trigger.clone(), c, fr)?;
            if trigger.is_return {
                if let Some(v) = t.answer.borrow().clone() {
                    fr.ret = v;
                }
                vm.state.pending_return = Some(t);
                return Ok(Flow::Return);
            }
            Ok(Flow::Normal)
        }))
    }

    fn assert(&mut self, span: Span, c: &ExprRef, m: Option<&ExprRef>) -> Option<StmtOp> {
        let cond = self.expr(c);
        if cond.is_err() {
            return None;
        }
        if !matches!(cond.ty, TypeId::Bool | TypeId::Any) {
            self.expr_err(c, "conditional must be boolean");
            return None;
        }
        let msg = match m {
            Some(m) => {
                let te = self.expr(m);
                if te.is_err() {
                    return None;
                }
                if !matches!(te.ty, TypeId::String | TypeId::Any) {
                    self.expr_err(m, "message must be string");
                    return None;
                }
                Some(te.code)
            }
            None => None,
        };
        let (cond, at) = (cond.code, c.clone());
        Some(Box::new(move |vm, fr| {
            let held = vm.eval(&cond, fr)?.as_bool();
            crate::builtins::assertion(vm, fr, held, &at, msg.as_ref(), span)?;
            if held { Ok(Flow::Normal) } else { Err(silent()) }
        }))
    }
}

pub(super) fn run(code: Code) -> StmtOp {
    match code {
        Code::Op(f) => run_op(f),
        code => Box::new(move |vm, fr| vm.eval(&code, fr).map(|_| Flow::Normal)),
    }
}

fn run_op(f: Op) -> StmtOp {
    Box::new(move |vm, fr| f(vm, fr).map(|_| Flow::Normal))
}

/// Statements one after the other.
pub(super) fn sequence(mut codes: Vec<StmtOp>) -> StmtOp {
    match codes.len() {
        0 => Box::new(|_, _| Ok(Flow::Normal)),
        1 => codes.remove(0),
        _ => Box::new(move |vm, fr| {
            for c in &codes {
                match c(vm, fr)? {
                    Flow::Normal => {}
                    other => return Ok(other),
                }
            }
            Ok(Flow::Normal)
        }),
    }
}

pub(super) fn attach_attrs(
    vm: &mut Vm,
    v: &Value,
    attrs: &Option<Rc<crate::value::TableAttrs>>,
    ordered: bool,
) {
    let Value::Table(t) = v else { return };
    if ordered && !t.dict.borrow().is_ordered() {
        let mut d = crate::value::Dict::new(true);
        for (k, v) in t.snapshot() {
            d.insert(k, v, vm.network_time);
        }
        *t.dict.borrow_mut() = d;
    }
    if let Some(a) = attrs {
        *t.attrs.borrow_mut() = Some(a.clone());
        if a.expires() {
            vm.track_expiry(t);
        }
    }
}
