//! Expressions: dispatch by form; the bigger forms have files of their own.

use super::scope::Place;
use super::{Compiler, Te};
use crate::ast::*;
use crate::source::Span;
use crate::types::{Type, TypeId};
use crate::value::{Pattern, Value};
use crate::vm::{Code, GlobalKind, expr_fault};
use std::rc::Rc;

impl Compiler {
    /// An expression by itself.
    pub fn expr(&mut self, e: &ExprRef) -> Te {
        self.expr_to(e, TypeId::Void)
    }

    /// An expression where a value of type `want` is wanted (`Void`: any will do). Only constructors look at it;
    /// the caller still promotes the result.
    pub fn expr_to(&mut self, e: &ExprRef, want: TypeId) -> Te {
        let konst = |ty, v| Te { ty, code: Code::Const(v), e: e.clone() };
        match &e.kind {
            ExprKind::Bool(b) => konst(TypeId::Bool, Value::Bool(*b)),
            ExprKind::Count(n) => konst(TypeId::Count, Value::Count(*n)),
            ExprKind::Double(d) => konst(TypeId::Double, Value::Double(*d)),
            ExprKind::Interval(d) => konst(TypeId::Interval, Value::Interval(*d)),
            ExprKind::Port(p) => konst(TypeId::Port, Value::Port(*p)),
            ExprKind::Addr(a) => konst(TypeId::Addr, Value::Addr(*a)),
            ExprKind::Subnet(a, n) => konst(TypeId::Subnet, Value::Subnet(*a, *n)),
            ExprKind::Str(s) => konst(TypeId::String, Value::Str(s.clone())),
            ExprKind::Pattern(text, mods) => match Pattern::new(text, *mods) {
                Ok(p) => konst(TypeId::Pattern, Value::Pattern(Rc::new(p))),
                Err(why) => {
                    self.err(
                        e.span,
                        format!("error compiling pattern /^?({})$?/: {why}", String::from_utf8_lossy(text)),
                    );
                    Te::error(e)
                }
            },
            ExprKind::Host(h) => {
                self.err(e.span, format!("host names are not looked up ({h})"));
                Te::error(e)
            }
            ExprKind::Name(n) => self.name_expr(e, n),
            ExprKind::Unary(op, x) => self.unary(e, *op, x),
            ExprKind::Binary(op, a, b) => self.binary(e, *op, a, b),
            ExprKind::Cond(c, a, b) => self.cond(e, c, a, b, want),
            ExprKind::Assign(a, b) => self.assign(e, a, b),
            ExprKind::AddTo(a, b) => self.add_to(e, a, b, true),
            ExprKind::RemoveFrom(a, b) => self.add_to(e, a, b, false),
            ExprKind::Index(a, l) => self.index(e, a, l),
            ExprKind::Slice(a, lo, hi) => self.slice(e, a, lo.as_ref(), hi.as_ref()),
            ExprKind::Field(a, f) => self.field_expr(e, a, f),
            ExprKind::HasField(a, f) => self.has_field(e, a, f),
            ExprKind::FieldAssign(..) => self.expr_err(e, "field assignment outside a record constructor"),
            ExprKind::In(a, b) => self.in_expr(e, a, b),
            ExprKind::Size(x) => self.size(e, x),
            ExprKind::List(l) => self.list_expr(e, l, want),
            ExprKind::Braces(l) => self.braces(e, l, want),
            ExprKind::RecordCtor(l) => self.record_ctor(e, l, want),
            ExprKind::TableCtor(l, attrs) => self.table_ctor(e, l, attrs, want),
            ExprKind::SetCtor(l, attrs) => self.set_ctor(e, l, attrs, want),
            ExprKind::VectorCtor(l) => self.vector_ctor(e, l, want),
            ExprKind::Call(f, l) => self.call(e, f, l, want, false),
            ExprKind::Hook(x) => match &x.kind {
                ExprKind::Call(f, l) => self.call(x, f, l, want, true),
                _ => self.expr_err(e, "not a valid hook call expression"),
            },
            ExprKind::Copy(x) => {
                let te = self.expr_to(x, want);
                let (code, ty) = (te.code, te.ty);
                let at = e.clone();
                let code = Code::op(move |vm, fr| {
                    let v = vm.eval(&code, fr)?;
                    crate::builtins::deep_copy(vm, &v, at.span)
                });
                Te { ty, code, e: e.clone() }
            }
            ExprKind::Lambda(l) => self.lambda(e, l, want),
            ExprKind::Schedule(t, n, l) => self.schedule(e, t, n, l),
            ExprKind::Local(n, x, span) => self.local_expr(e, n, x, *span),
            ExprKind::As(x, t) => self.cast(e, x, t),
            ExprKind::Is(x, t) => self.is_type(e, x, t),
            ExprKind::Add(x) => self.add_delete_expr(e, x, true),
            ExprKind::Delete(x) => self.add_delete_expr(e, x, false),
            ExprKind::Event(n, l) => self.post_event(e, n, l),
        }
    }

    /// An expression to assign or initialise with: a constructor whose members do not fit what is wanted is still
    /// a value of its own type, and the assignment is what clashes.
    pub(super) fn expr_wanted(&mut self, e: &ExprRef, want: TypeId) -> Te {
        let ctor =
            matches!(e.kind, ExprKind::TableCtor(..) | ExprKind::SetCtor(..) | ExprKind::VectorCtor(_));
        if !ctor || want == TypeId::Void {
            return self.expr_to(e, want);
        }
        let (te, fine) = self.silently(|c| c.expr_to(e, want));
        if fine { te } else { self.expr(e) }
    }

    fn name_expr(&mut self, e: &ExprRef, n: &Name) -> Te {
        if &**n == "_" {
            return self.expr_err(e, "blank identifier may not be used as a value");
        }
        let Some(found) = self.find_name(n, e.span) else {
            self.unknown_identifier(e.span, n);
            return Te::error(e);
        };
        if let Place::Global(i) = found.place {
            return self.global_expr(e, n, i);
        }
        self.show_local(e, n);
        let code = self.read_place(found.place, e);
        Te { ty: found.ty, code, e: e.clone() }
    }

    /// Zeek shows local names with their module.
    pub(super) fn show_local(&mut self, e: &ExprRef, n: &Name) {
        if &*self.module != "GLOBAL" {
            self.vm.shown_names.insert((e.span.file, e.span.lo), self.qualified(n));
        }
    }

    fn global_expr(&mut self, e: &ExprRef, n: &Name, i: u32) -> Te {
        self.check_deprecated(i, e.span);
        self.vm.uses.name(i, self.calling);
        if !self.looking {
            self.vm.uses.hold(i);
        }
        let g = &mut self.vm.globals[i as usize];
        g.used = true;
        let (ty, kind) = (g.ty, g.kind);
        if g.name != *n {
            self.vm.shown_names.insert((e.span.file, e.span.lo), g.name.clone());
        }
        if ty == TypeId::Error && kind != GlobalKind::Type {
            return Te::error(e);
        }
        let v = &self.vm.values[i as usize];
        let code = match kind {
            GlobalKind::Type | GlobalKind::Enum | GlobalKind::Func if v.is_set() => Code::Const(v.clone()),
            _ => Code::Global(i, e.span),
        };
        let ty = if kind == GlobalKind::Type { self.vm.types.type_type(ty) } else { ty };
        Te { ty, code, e: e.clone() }
    }

    /// Code that reads a variable, complaining when it has no value.
    pub(super) fn read_place(&mut self, place: Place, e: &ExprRef) -> Code {
        let at = e.clone();
        match place {
            Place::Global(i) => Code::Global(i, e.span),
            Place::Capture(i) => Code::op(move |_, fr| {
                let v = fr.closure.as_ref().and_then(|c| c.captures.borrow().get(i as usize).cloned());
                match v {
                    Some(v) if v.is_set() => Ok(v),
                    _ => Err(expr_fault(&at, "value used but not set")),
                }
            }),
            Place::Local(i) => Code::Local(i, at),
        }
    }

    fn local_expr(&mut self, e: &ExprRef, n: &Name, x: &ExprRef, span: Span) -> Te {
        let te = self.expr(x);
        let te = self.keepable(te);
        let ty = te.ty;
        let Some(ctx) = self.fn_ctx() else {
            return self.expr_err(e, "local outside a function");
        };
        let slot = ctx.declare(n, ty, false, span);
        let code = te.code;
        let code = Code::op(move |vm, fr| {
            let v = vm.eval(&code, fr)?;
            vm.stack[fr.base + slot as usize] = v;
            Ok(Value::Bool(true))
        });
        Te { ty: TypeId::Bool, code, e: e.clone() }
    }

    /// What a variable may hold: lists become sets, anonymous empty containers stay as they are.
    pub(super) fn keepable(&mut self, te: Te) -> Te {
        if let Type::List(l) = self.vm.types.get(te.ty).clone()
            && let Some(first) = l.first().copied()
        {
            let e = te.e.clone();
            let first = l.iter().copied().fold(first, |a, b| self.join(a, b).unwrap_or(a));
            let set = self.vm.types.set(vec![first]);
            return self.list_to_set(&e, set);
        }
        te
    }

    fn cond(&mut self, e: &ExprRef, c: &ExprRef, a: &ExprRef, b: &ExprRef, want: TypeId) -> Te {
        let c = self.expr(c);
        let (a, b) = (self.expr_to(a, want), self.expr_to(b, want));
        if c.is_err() || a.is_err() || b.is_err() {
            return Te::error(e);
        }
        if let Some(elem) = self.vm.types.elem(c.ty)
            && elem == TypeId::Bool
        {
            return self.vector_cond(e, c, a, b);
        }
        if c.ty != TypeId::Bool && c.ty != TypeId::Any {
            return self.expr_err(e, "requires boolean conditional");
        }
        let Some(ty) = self.join(a.ty, b.ty) else {
            return self.expr_err(e, "operands must be of the same type");
        };
        let (Ok(a), Ok(b)) = (self.promote(a, ty), self.promote(b, ty)) else {
            return self.expr_err(e, "operands must be of the same type");
        };
        let (c, a, b) = (c.code, a.code, b.code);
        let code = Code::op(move |vm, fr| if vm.test(&c, fr)? { vm.eval(&a, fr) } else { vm.eval(&b, fr) });
        Te { ty, code, e: e.clone() }
    }

    fn vector_cond(&mut self, e: &ExprRef, c: Te, a: Te, b: Te) -> Te {
        let ty = if self.vm.types.elem(a.ty).is_some() { a.ty } else { self.vm.types.vector(a.ty) };
        let (c, a, b) = (c.code, a.code, b.code);
        let at = e.clone();
        let code = Code::op(move |vm, fr| {
            let (c, a, b) = (vm.eval(&c, fr)?, vm.eval(&a, fr)?, vm.eval(&b, fr)?);
            let Value::Vector(c) = c else { return Ok(Value::Unset) };
            let pick = |v: &Value, i: usize| match v {
                Value::Vector(x) => x.get(i),
                v => v.clone(),
            };
            if [&a, &b].iter().any(|v| matches!(v, Value::Vector(x) if x.len() != c.len())) {
                return Err(expr_fault(&at, "vector operands are of different sizes"));
            }
            let out = (0..c.len()).map(|i| pick(if c.get(i).as_bool() { &a } else { &b }, i)).collect();
            Ok(Value::Vector(crate::value::VectorVal::new(ty, out)))
        });
        Te { ty, code, e: e.clone() }
    }

    /// The type that holds both, if there is one.
    pub(super) fn join(&self, a: TypeId, b: TypeId) -> Option<TypeId> {
        let t = &self.vm.types;
        if a == b {
            return Some(a);
        }
        if t.is_arith(a) && t.is_arith(b) {
            return Some(match (a, b) {
                (TypeId::Double, _) | (_, TypeId::Double) => TypeId::Double,
                _ => TypeId::Int,
            });
        }
        if a == TypeId::Any || b == TypeId::Any {
            return Some(TypeId::Any);
        }
        if t.same(a, b) {
            return Some(a);
        }
        let empty = |x: TypeId| match t.get(x) {
            Type::Table(i, _) | Type::Set(i) => i.is_empty(),
            Type::Vector(e) => *e == TypeId::Void,
            _ => false,
        };
        match (t.get(a), t.get(b)) {
            (Type::Table(..), Type::Table(..))
            | (Type::Set(_), Type::Set(_))
            | (Type::Vector(_), Type::Vector(_)) => {
                if empty(a) {
                    Some(b)
                } else if empty(b) {
                    Some(a)
                } else {
                    None
                }
            }
            (Type::Record(_), Type::Record(_)) => {
                if t.promotable(a, b) {
                    Some(b)
                } else if t.promotable(b, a) {
                    Some(a)
                } else {
                    None
                }
            }
            _ => None,
        }
    }

    fn field_expr(&mut self, e: &ExprRef, a: &ExprRef, f: &Name) -> Te {
        let te = self.expr(a);
        if te.is_err() {
            return Te::error(e);
        }
        let Some(r) = self.vm.types.as_record(te.ty) else {
            return self.expr_err(e, "not a record");
        };
        let Some(i) = r.index.get(f).copied() else {
            return self.no_such_field(e, te.ty, f);
        };
        self.warn_field(&r, i, e.span, "$");
        let ty = r.fields[i].ty;
        self.vm.uses.read(&self.vm.types, te.ty, i, ty);
        let at = e.clone();
        let code = self.read_field(te.code, a, i, at);
        Te { ty, code, e: e.clone() }
    }

    fn read_field(&mut self, obj: Code, a: &ExprRef, i: usize, at: ExprRef) -> Code {
        // A local's field is read in place: the record is not shared once more for it.
        if let Some((slot, _)) = self.local_named(a) {
            return Code::op(move |vm, fr| match &vm.stack[fr.base + slot as usize] {
                Value::Record(r) => match r.get(i) {
                    Value::Unset => late_default(vm, &at, fr, slot, i),
                    v => Ok(v),
                },
                _ => Err(expr_fault(&at, "value used but not set")),
            });
        }
        let inner = self.field_of_local(a);
        Code::op(move |vm, fr| {
            // `c$id$orig_h` needs no `c$id`.
            if let Some((slot, outer)) = inner
                && let Value::Record(r) = &vm.stack[fr.base + slot as usize]
                && let Some(v) = r.within(outer, i)
            {
                return Ok(v);
            }
            match vm.eval(&obj, fr)? {
                Value::Record(r) => match r.get(i) {
                    Value::Unset => missing_field(vm, &at, &r, i),
                    v => Ok(v),
                },
                _ => Err(expr_fault(&at, "not a record")),
            }
        })
    }

    /// The slot of a local, and which of its fields an expression is, if it is one.
    fn field_of_local(&mut self, e: &ExprRef) -> Option<(u32, usize)> {
        let ExprKind::Field(of, field) = &e.kind else { return None };
        let (slot, ty) = self.local_named(of)?;
        Some((slot, self.vm.types.field(ty, field)?))
    }

    /// The slot and the type of a local, if an expression is one.
    fn local_named(&mut self, e: &ExprRef) -> Option<(u32, TypeId)> {
        let ExprKind::Name(n) = &e.kind else { return None };
        let found = self.find_name(n, e.span)?;
        match found.place {
            Place::Local(slot) => Some((slot, found.ty)),
            Place::Capture(_) | Place::Global(_) => None,
        }
    }

    pub(super) fn warn_field(&mut self, r: &crate::types::RecordType, i: usize, span: Span, op: &str) {
        if let Some(why) = &r.fields[i].deprecated {
            let owner = if r.name.is_empty() { "record" } else { &r.name };
            let text = match why {
                Some(w) => format!("deprecated ({owner}{op}{}): {w}", r.fields[i].name),
                None => format!("deprecated ({owner}{op}{})", r.fields[i].name),
            };
            self.warn(span, text);
        }
    }

    fn has_field(&mut self, e: &ExprRef, a: &ExprRef, f: &Name) -> Te {
        let te = self.expr(a);
        if te.is_err() {
            return Te::error(e);
        }
        let Some(r) = self.vm.types.as_record(te.ty) else {
            return self.expr_err(e, "not a record");
        };
        let Some(i) = r.index.get(f).copied() else {
            return self.no_such_field(e, te.ty, f);
        };
        self.warn_field(&r, i, e.span, "?$");
        self.vm.uses.read(&self.vm.types, te.ty, i, TypeId::Bool);
        let (code, local) = (te.code, self.local_named(a));
        let inner = self.field_of_local(a);
        let code = match (local, inner) {
            (Some((slot, _)), _) => Code::test(move |vm, fr| match &vm.stack[fr.base + slot as usize] {
                Value::Record(r) => Ok(r.has(i)),
                _ => Ok(matches!(vm.eval(&code, fr)?, Value::Record(r) if r.has(i))),
            }),
            // `c$http?$uri` needs no `c$http`.
            (None, Some((slot, outer))) => Code::test(move |vm, fr| {
                if let Value::Record(r) = &vm.stack[fr.base + slot as usize]
                    && let Some(has) = r.has_within(outer, i)
                {
                    return Ok(has);
                }
                Ok(matches!(vm.eval(&code, fr)?, Value::Record(r) if r.has(i)))
            }),
            (None, None) => {
                Code::test(move |vm, fr| Ok(matches!(vm.eval(&code, fr)?, Value::Record(r) if r.has(i))))
            }
        };
        Te { ty: TypeId::Bool, code, e: e.clone() }
    }

    fn size(&mut self, e: &ExprRef, x: &ExprRef) -> Te {
        let te = self.looked_at(x);
        if te.is_err() {
            return Te::error(e);
        }
        let te = self.keepable(te);
        let ty = match self.vm.types.get(te.ty) {
            Type::Table(..) | Type::Set(_) | Type::Vector(_) | Type::Record(_) | Type::List(_) => {
                TypeId::Count
            }
            Type::Enum(_) => TypeId::Int,
            Type::File(_) => TypeId::Double,
            Type::Func(_) => TypeId::Count,
            Type::Base(_) => match te.ty {
                TypeId::Int | TypeId::Count | TypeId::String | TypeId::Addr | TypeId::Bool | TypeId::Port => {
                    TypeId::Count
                }
                TypeId::Double | TypeId::Time | TypeId::Interval | TypeId::Subnet => TypeId::Double,
                TypeId::Any => TypeId::Any,
                _ => return self.expr_err(e, "cannot take size of this type"),
            },
            _ => return self.expr_err(e, "cannot take size of this type"),
        };
        let code = te.code;
        let code = Code::op(move |vm, fr| {
            if let Code::Global(at, _) = &code
                && let Value::Table(table) = &vm.values[*at as usize]
            {
                return Ok(Value::Count(table.len() as u64));
            }
            let v = vm.eval(&code, fr)?;
            Ok(size_of_value(vm, &v))
        });
        Te { ty, code, e: e.clone() }
    }
}

fn size_of_value(vm: &crate::vm::Vm, v: &Value) -> Value {
    match v {
        Value::Str(s) => Value::Count(s.len() as u64),
        Value::Table(t) => Value::Count(t.len() as u64),
        Value::Vector(x) => Value::Count(x.len() as u64),
        Value::Record(r) => Value::Count(vm.types.as_record(r.ty).map_or(0, |t| t.fields.len()) as u64),
        Value::Int(n) => Value::Count(n.unsigned_abs()),
        Value::Count(n) => Value::Count(*n),
        Value::Bool(b) => Value::Count(u64::from(*b)),
        Value::Double(d) | Value::Time(d) | Value::Interval(d) => Value::Double(d.abs()),
        Value::Addr(a) => Value::Count(if a.is_v4() { 32 } else { 128 }),
        Value::Subnet(_, n) => Value::Double(2f64.powi(128 - i32::from(*n))),
        Value::Port(p) => Value::Count(p.packed()),
        Value::Enum(_, n) => Value::Int(*n),
        Value::Func(f) => Value::Count(
            vm.funcs.get(f.id.0 as usize).and_then(|f| vm.types.as_func(f.ty)).map_or(0, |t| t.params.len())
                as u64,
        ),
        Value::List(l) => Value::Count(l.len() as u64),
        Value::File(f) => Value::Double(f.written.get() as f64),
        _ => Value::Count(0),
    }
}

/// A field that is not set: one added by `redef` after the record was made may have a default.
#[cold]
fn missing_field(
    vm: &mut crate::vm::Vm,
    at: &ExprRef,
    r: &Rc<crate::value::RecordVal>,
    i: usize,
) -> crate::vm::Res {
    let grown = i >= r.width();
    if grown && let Some(f) = vm.types.as_record(r.ty).and_then(|t| t.fields.get(i).cloned()) {
        let v = super::defaults::field_default(vm, &f)?;
        if v.is_set() {
            r.set(i, v.clone());
            return Ok(v);
        }
    }
    Err(expr_fault(at, "field value missing"))
}

#[cold]
fn late_default(
    vm: &mut crate::vm::Vm,
    at: &ExprRef,
    fr: &mut crate::vm::Frame,
    slot: u32,
    i: usize,
) -> crate::vm::Res {
    match vm.stack[fr.base + slot as usize].clone() {
        Value::Record(r) => missing_field(vm, at, &r, i),
        _ => Err(expr_fault(at, "value used but not set")),
    }
}
