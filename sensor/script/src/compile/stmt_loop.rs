//! Loops and `switch`.

use super::{Compiler, fold};
use crate::ast::*;
use crate::source::Span;
use crate::types::{Type, TypeId};
use crate::value::Value;
use crate::vm::{Code, Flow, Res, StmtOp, Vm};
use std::collections::HashMap;
use std::rc::Rc;

/// Where a loop puts its variables; `None` for `_`.
type Slots = Vec<Option<u32>>;

impl Compiler {
    pub(super) fn while_stmt(&mut self, span: Span, c: &ExprRef, b: &StmtRef) -> Option<StmtOp> {
        let c = self.condition_code(c, "conditional in test must be boolean");
        let b = self.loop_body(b);
        let (c, b) = (c?, b?);
        Some(Box::new(move |vm, fr| {
            while vm.test(&c, fr)? {
                vm.tick(span)?;
                match b(vm, fr)? {
                    Flow::Break => break,
                    Flow::Return => return Ok(Flow::Return),
                    _ => {}
                }
            }
            Ok(Flow::Normal)
        }))
    }

    fn loop_body(&mut self, b: &StmtRef) -> Option<StmtOp> {
        if let Some(f) = self.fn_ctx() {
            f.loops += 1;
        }
        let code = self.scoped(b);
        if let Some(f) = self.fn_ctx() {
            f.loops -= 1;
        }
        code
    }

    pub(super) fn for_stmt(&mut self, span: Span, h: &ForHead, b: &StmtRef) -> Option<StmtOp> {
        let over = self.looked_at(&h.over);
        let over = self.keepable(over);
        if over.is_err() {
            return None;
        }
        let (keys, value) = match self.vm.types.get(over.ty).clone() {
            Type::Table(i, y) => (i, Some(y)),
            Type::Set(i) => (i, None),
            Type::Vector(e) => (vec![TypeId::Count], Some(e)),
            Type::Base(_) if over.ty == TypeId::String => (vec![TypeId::String], None),
            Type::Base(_) if over.ty == TypeId::Any => (vec![TypeId::Any], Some(TypeId::Any)),
            _ => {
                self.expr_err(&h.over, "target to iterate over must be a table, set, vector, or string");
                return None;
            }
        };
        if h.value.is_some() && value.is_none() {
            let text = if over.ty == TypeId::String {
                "key/value iteration is not supported for strings"
            } else {
                "key value loop is not applicable to sets"
            };
            self.err(h.over.span, text);
            return None;
        }
        self.push_scope();
        let slots = self.loop_slots(h, &keys);
        let value_slot = match (&h.value, value) {
            (Some((n, s)), Some(ty)) => self.loop_var(n, *s, ty),
            _ => Some(None),
        };
        let body = self.loop_body(b);
        self.pop_scope();
        let (slots, value_slot, body) = (slots?, value_slot?, body?);
        let code = over.code;
        let several = keys.len() > 1;
        Some(Box::new(move |vm, fr| {
            let over = vm.eval(&code, fr)?;
            let items = iterate(&over);
            for (k, v) in items {
                vm.tick(span)?;
                match (&k, several) {
                    (Value::List(l), true) if slots.len() > 1 => {
                        for (slot, x) in slots.iter().zip(l.iter()) {
                            if let Some(slot) = slot {
                                vm.stack[fr.base + *slot as usize] = x.clone();
                            }
                        }
                    }
                    _ => {
                        if let Some(Some(slot)) = slots.first() {
                            vm.stack[fr.base + *slot as usize] = k;
                        }
                    }
                }
                if let Some(slot) = value_slot {
                    vm.stack[fr.base + slot as usize] = v;
                }
                match body(vm, fr)? {
                    Flow::Break => break,
                    Flow::Return => return Ok(Flow::Return),
                    _ => {}
                }
            }
            Ok(Flow::Normal)
        }))
    }

    fn loop_slots(&mut self, h: &ForHead, keys: &[TypeId]) -> Option<Slots> {
        if h.keys.len() == keys.len() {
            let mut slots = Vec::new();
            for ((n, s), ty) in h.keys.iter().zip(keys) {
                slots.push(self.loop_var(n, *s, *ty)?);
            }
            return Some(slots);
        }
        if h.keys.len() == 1 && !h.multi && &*h.keys[0].0 == "_" {
            return Some(vec![None]);
        }
        if h.keys.len() == 1 && keys.len() > 1 {
            // One name for several indices holds them as a list.
            let ty = self.vm.types.list(keys.to_vec());
            let slot = self.loop_var(&h.keys[0].0, h.keys[0].1, ty)?;
            if !h.multi {
                self.err(
                    h.over.span,
                    format!("wrong index size ({})", crate::describe::expr(&h.over, &self.vm)),
                );
                return None;
            }
            return Some(vec![slot]);
        }
        self.err(h.over.span, format!("wrong index size ({})", crate::describe::expr(&h.over, &self.vm)));
        None
    }

    /// A loop variable: a new local, or one declared before.
    fn loop_var(&mut self, n: &Name, span: Span, ty: TypeId) -> Option<Option<u32>> {
        if &**n == "_" {
            return Some(None);
        }
        if let Some(v) = self.fns.last().and_then(|f| f.find_open(n)).cloned() {
            if self.vm.types.same(v.ty, ty) {
                return Some(Some(v.slot));
            }
            self.err(span, format!("type clash in iteration ({n})"));
            return None;
        }
        self.fns.last_mut().map(|f| Some(f.declare(n, ty, false, span)))
    }

    pub(super) fn switch(&mut self, span: Span, e: &ExprRef, cases: &[Case]) -> Option<StmtOp> {
        let te = self.expr(e);
        if te.is_err() {
            return None;
        }
        if let Some(f) = self.fn_ctx() {
            f.switches += 1;
        }
        let r = self.switch_cases(span, e, te.ty, cases);
        if let Some(f) = self.fn_ctx() {
            f.switches -= 1;
        }
        let (labels, default, bodies) = r?;
        let code = te.code;
        Some(Box::new(move |vm, fr| {
            let v = vm.eval(&code, fr)?;
            let Some(mut at) = labels.find(vm, fr, &v)?.or(default) else { return Ok(Flow::Normal) };
            while let Some(b) = bodies.get(at) {
                match b(vm, fr)? {
                    Flow::Fallthrough => at += 1,
                    Flow::Break | Flow::Normal => break,
                    other => return Ok(other),
                }
            }
            Ok(Flow::Normal)
        }))
    }

    #[allow(clippy::type_complexity)]
    fn switch_cases(
        &mut self,
        span: Span,
        e: &ExprRef,
        ty: TypeId,
        cases: &[Case],
    ) -> Option<(Labels, Option<usize>, Vec<StmtOp>)> {
        let mut labels = Labels { plain: HashMap::new(), other: Vec::new(), types: Vec::new() };
        let mut default = None;
        let mut bodies = Vec::new();
        let mut fine = true;
        let typed = cases.iter().any(|c| !c.types.is_empty());
        for (i, c) in cases.iter().enumerate() {
            if c.default {
                if default.is_some() {
                    self.err(span, "multiple default labels");
                    fine = false;
                }
                default = Some(i);
            }
            if typed && !c.exprs.is_empty() {
                let shown = crate::describe::switch(e, cases, &self.vm);
                let at = Span { hi: span.lo + 1, ..span };
                self.err(at, format!("cannot mix cases with expressions and types ({shown})"));
                return None;
            }
            fine &= self.ends_in_order(c);
            fine &= self.case_exprs(c, ty, i, &mut labels);
            self.push_scope();
            fine &= self.case_types(c, ty, i, &mut labels);
            let body = self.block(&c.body);
            self.pop_scope();
            match body {
                Some(b) => bodies.push(b),
                None => fine = false,
            }
        }
        fine.then_some((labels, default, bodies))
    }

    /// Whether a case says at its end where to go on.
    fn ends_in_order(&mut self, c: &Case) -> bool {
        let ends = c.body.last().map(last_statement).is_some_and(|last| {
            matches!(last.kind, StmtKind::Break | StmtKind::Fallthrough | StmtKind::Return(_))
                || matches!(last.kind, StmtKind::ReturnWhen(_))
        });
        if !ends {
            self.err(c.span, "case block must end in break/fallthrough/return statement");
        }
        let named = c.types.iter().any(|(_, name)| name.is_some());
        let through = c.body.iter().any(falls_through);
        if named && through {
            self.err(c.span, "invalid 'fallthrough' in type-casting 'case' block");
        }
        ends && !(named && through)
    }

    fn case_exprs(&mut self, c: &Case, ty: TypeId, i: usize, labels: &mut Labels) -> bool {
        let mut fine = true;
        for x in &c.exprs {
            let te = self.expr_to(x, ty);
            if te.is_err() {
                fine = false;
                continue;
            }
            let te = match self.promote(te, ty) {
                Ok(t) => t,
                Err(_) => {
                    self.expr_err(x, "type mismatch in switch case");
                    fine = false;
                    continue;
                }
            };
            let v = match &te.code {
                Code::Const(v) => Some(v.clone()),
                _ => {
                    let constant = matches!(&te.code, Code::Global(g, _)
                        if self.vm.globals[*g as usize].kind == crate::vm::GlobalKind::Const);
                    if constant || matches!(x.kind, ExprKind::Unary(..) | ExprKind::Binary(..)) {
                        self.run_now(&te)
                    } else {
                        self.expr_err(x, "case label expression isn't constant");
                        fine = false;
                        continue;
                    }
                }
            };
            let Some(v) = v else { continue };
            if let Value::List(l) = &v {
                for v in l.iter() {
                    labels.add(v.clone(), i);
                }
                continue;
            }
            if labels.has(&v) {
                let shown = crate::describe::expr(x, &self.vm);
                self.err(x.span, format!("duplicate case label value ({shown})"));
                fine = false;
            }
            labels.add(v, i);
        }
        fine
    }

    fn case_types(&mut self, c: &Case, ty: TypeId, i: usize, labels: &mut Labels) -> bool {
        let mut fine = true;
        for (t, name) in &c.types {
            let case_ty = self.ty(t);
            if case_ty == TypeId::Error {
                return false;
            }
            if ty != TypeId::Any && !self.vm.types.same(ty, case_ty) {
                let shown = crate::describe::case(c, &self.vm);
                self.err(c.span, format!("cannot cast switch expression to case type ({shown})"));
                fine = false;
            }
            if labels.types.iter().any(|(t, ..)| *t == case_ty) {
                self.err(t.span, "duplicate case label type");
                fine = false;
            }
            let slot = match name {
                Some((n, s)) => match self.declare_local(n, *s, case_ty, false) {
                    Some(slot) => Some(slot),
                    None => {
                        fine = false;
                        None
                    }
                },
                None => None,
            };
            labels.types.push((case_ty, slot, i));
        }
        fine
    }
}

/// What `case` labels there are.
struct Labels {
    plain: HashMap<Rc<[u8]>, usize>,
    other: Vec<(Value, usize)>,
    types: Vec<(TypeId, Option<u32>, usize)>,
}

impl Labels {
    fn add(&mut self, v: Value, i: usize) {
        match v {
            Value::Str(s) => {
                self.plain.entry(s).or_insert(i);
            }
            v => self.other.push((v, i)),
        }
    }

    fn has(&self, v: &Value) -> bool {
        match v {
            Value::Str(s) => self.plain.contains_key(s),
            v => self.other.iter().any(|(w, _)| w.same(v)),
        }
    }

    fn find(&self, vm: &mut Vm, fr: &mut crate::vm::Frame, v: &Value) -> Res<Option<usize>> {
        for (ty, slot, i) in &self.types {
            if super::cast::value_is(vm, v, *ty) {
                if let Some(s) = slot {
                    vm.stack[fr.base + *s as usize] = v.clone();
                }
                return Ok(Some(*i));
            }
        }
        Ok(match v {
            Value::Str(s) => self.plain.get(s).copied(),
            v => self
                .other
                .iter()
                .find(|(w, _)| fold(BinOp::Eq, w, v, TypeId::Bool).is_ok_and(|b| b.as_bool()))
                .map(|(_, i)| *i),
        })
    }
}

/// What a loop visits: the members as they are when it begins.
fn iterate(v: &Value) -> Vec<(Value, Value)> {
    match v {
        Value::Table(t) => t.snapshot(),
        Value::Vector(items) => items
            .items()
            .iter()
            .enumerate()
            .filter(|(_, x)| x.is_set())
            .map(|(i, x)| (Value::Count(i as u64), x.clone()))
            .collect(),
        Value::Str(s) => s.iter().map(|b| (Value::str([*b]), Value::Unset)).collect(),
        _ => Vec::new(),
    }
}

/// The statement that a block ends with.
fn last_statement(s: &StmtRef) -> &StmtRef {
    let mut s = s;
    while let StmtKind::Block(l) = &s.kind
        && let Some(last) = l.last()
    {
        s = last;
    }
    s
}

/// Whether a `fallthrough` of this `switch` stands somewhere in a statement.
fn falls_through(s: &StmtRef) -> bool {
    match &s.kind {
        StmtKind::Fallthrough => true,
        StmtKind::Block(l) => l.iter().any(falls_through),
        StmtKind::If(_, yes, no) => falls_through(yes) || no.as_ref().is_some_and(falls_through),
        StmtKind::For(_, body) | StmtKind::While(_, body) => falls_through(body),
        _ => false,
    }
}
