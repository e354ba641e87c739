//! Assignment in all its forms, `add` and `delete`.

use super::index::{KeyCode, lookup};
use super::ops::binary_value;
use super::scope::Place;
use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::{TableVal, Value, VectorVal};
use crate::vm::{Code, Frame, Res, Vm, expr_fault};
use std::rc::Rc;

/// Something that can be assigned to.
pub(super) enum Lv {
    Place(Place),
    Field(Code, usize),
    Member(Code, KeyCode),
    Elem(Code, Code),
    Slice(Code, Option<Code>, Option<Code>),
    List(Vec<Lv>),
    AnyIndex(Code, Code),
}

/// Ceiling for a vector grown by assignment past its end.
const MAX_VECTOR_GAP: usize = 1 << 24;

impl Compiler {
    pub(super) fn assign(&mut self, e: &ExprRef, a: &ExprRef, b: &ExprRef) -> Te {
        let Some((ty, lv)) = self.lvalue(a) else { return Te::error(e) };
        let te = self.expr_wanted(b, ty);
        if te.is_err() {
            return Te::error(e);
        }
        if te.ty == TypeId::Void {
            return self.expr_err(e, "can't assign void value");
        }
        let te = match self.promote(te, ty) {
            Ok(te) => te,
            Err(te) => {
                let text = self.clash_text(ty, te.ty);
                return self.expr_err(e, &text);
            }
        };
        let code = store(lv, te.code, e.clone());
        Te { ty, code, e: e.clone() }
    }

    /// Zeek's words for a value that does not fit what it is assigned to.
    pub(super) fn clash_text(&self, want: TypeId, got: TypeId) -> String {
        let t = &self.vm.types;
        if t.is_arith(want) && !t.is_arith(got) {
            let word = |x: TypeId| super::index::tag_word(t.get(x));
            return format!(
                "assignment of non-arithmetic value to arithmetic ({}/{})",
                word(want),
                word(got)
            );
        }
        "type clash in assignment".to_string()
    }

    /// The place an expression names; reports what cannot be assigned to.
    pub(super) fn lvalue(&mut self, a: &ExprRef) -> Option<(TypeId, Lv)> {
        match &a.kind {
            ExprKind::Name(n) => self.name_lvalue(a, n),
            ExprKind::Field(r, f) => {
                let te = self.expr(r);
                if te.is_err() {
                    return None;
                }
                let Some(rt) = self.vm.types.as_record(te.ty) else {
                    self.expr_err(a, "not a record");
                    return None;
                };
                let Some(i) = rt.index.get(f).copied() else {
                    self.no_such_field(a, te.ty, f);
                    return None;
                };
                self.warn_field(&rt, i, a.span, "$");
                self.vm.uses.write(te.ty, i);
                Some((rt.fields[i].ty, Lv::Field(te.code, i)))
            }
            ExprKind::Index(t, l) => self.index_lvalue(a, t, l),
            ExprKind::Slice(v, lo, hi) => {
                let te = self.expr(v);
                let lo = lo.as_ref().map(|x| self.expr(x).code);
                let hi = hi.as_ref().map(|x| self.expr(x).code);
                if te.is_err() {
                    return None;
                }
                if self.vm.types.elem(te.ty).is_none() {
                    self.expr_err(a, "cannot assign to string index expression");
                    return None;
                }
                Some((te.ty, Lv::Slice(te.code, lo, hi)))
            }
            ExprKind::List(l) => {
                let mut parts = Vec::new();
                for x in l {
                    parts.push(self.lvalue(x)?.1);
                }
                Some((TypeId::Any, Lv::List(parts)))
            }
            _ => {
                self.expr_err(a, "can't be assigned to");
                None
            }
        }
    }

    fn name_lvalue(&mut self, a: &ExprRef, n: &Name) -> Option<(TypeId, Lv)> {
        if &**n == "_" {
            self.expr_err(a, "blank identifier may not be used as a value");
            return None;
        }
        let Some(found) = self.find_name(n, a.span) else {
            self.unknown_identifier(a.span, n);
            return None;
        };
        if found.ty == TypeId::Error {
            return None;
        }
        if let Place::Global(i) = found.place {
            use crate::vm::GlobalKind::*;
            let g = &self.vm.globals[i as usize];
            if g.name != *n {
                let full = g.name.clone();
                self.vm.shown_names.insert((a.span.file, a.span.lo), full);
            }
            let text = match self.vm.globals[i as usize].kind {
                Const => Some("const is not a modifiable lvalue"),
                Option => Some("option is not a modifiable lvalue"),
                Type => Some("Type name is not an lvalue"),
                Enum => Some("can't be assigned to"),
                Var | Func => None,
            };
            if let Some(text) = text {
                self.expr_err(a, text);
                return None;
            }
        } else if found.constant {
            self.expr_err(a, "const is not a modifiable lvalue");
            return None;
        }
        if !matches!(found.place, Place::Global(_)) {
            self.show_local(a, n);
        }
        Some((found.ty, Lv::Place(found.place)))
    }

    fn index_lvalue(&mut self, a: &ExprRef, t: &ExprRef, l: &[ExprRef]) -> Option<(TypeId, Lv)> {
        let te = self.expr(t);
        if te.is_err() {
            return None;
        }
        match self.vm.types.get(te.ty).clone() {
            Type::Table(index, of) => {
                let key = self.key(a, l, &index)?;
                Some((of, Lv::Member(te.code, key)))
            }
            Type::Vector(elem) => {
                // `vector()` kept as it is holds anything.
                let elem = if elem == TypeId::Void { TypeId::Any } else { elem };
                let [i] = l else {
                    self.expr_err(a, "not an index type");
                    return None;
                };
                let ti = self.expr(i);
                if ti.is_err() {
                    return None;
                }
                if !matches!(ti.ty, TypeId::Count | TypeId::Int | TypeId::Any) {
                    self.expr_err(a, "index expression is not an integral type");
                    return None;
                }
                Some((elem, Lv::Elem(te.code, ti.code)))
            }
            Type::Base(_) if te.ty == TypeId::String => {
                self.expr_err(a, "cannot assign to string index expression");
                None
            }
            Type::Base(_) if te.ty == TypeId::Any => {
                let ti = self.expr(&l[0]);
                Some((TypeId::Any, Lv::AnyIndex(te.code, ti.code)))
            }
            Type::Set(_) => {
                self.expr_err(a, "expression with type 'table' is not a type that can be indexed");
                None
            }
            other => {
                let word = super::index::tag_word(&other);
                self.expr_err(a, &format!("expression with type '{word}' is not a type that can be indexed"));
                None
            }
        }
    }

    pub(super) fn incr(&mut self, e: &ExprRef, x: &ExprRef, up: bool) -> Te {
        let Some((ty, lv)) = self.lvalue(x) else { return Te::error(e) };
        let elem = self.vm.types.elem(ty).unwrap_or(ty);
        if !matches!(elem, TypeId::Int | TypeId::Count | TypeId::Any | TypeId::Double) {
            return self.expr_err(e, "requires an integral operand");
        }
        let read = self.expr(x).code;
        let at = e.clone();
        let step = move |vm: &mut Vm, v: &Value| match v {
            Value::Int(n) => Value::Int(if up { n.wrapping_add(1) } else { n.wrapping_sub(1) }),
            Value::Double(d) => Value::Double(if up { d + 1.0 } else { d - 1.0 }),
            v => {
                let n = v.as_count();
                if n == 0 && !up {
                    let shown = crate::describe::expr(&at, vm);
                    vm.warn(at.span, format!("count underflow ({shown})"));
                }
                Value::Count(if up { n.wrapping_add(1) } else { n.wrapping_sub(1) })
            }
        };
        if let (Lv::Place(Place::Local(slot)), TypeId::Count, true) = (&lv, ty, up) {
            let slot = *slot as usize;
            let code = Code::op(move |vm, fr| {
                if let Value::Count(n) = &mut vm.stack[fr.base + slot] {
                    *n = n.wrapping_add(1);
                    return Ok(Value::Count(*n));
                }
                vm.eval(&read, fr)
            });
            return Te { ty, code, e: e.clone() };
        }
        // Counting in a table is the commonest statement there is: one look-up, not two.
        if let Lv::Member(table, key) = lv {
            return Te { ty, code: bump_member(table, key, read, step, e.clone()), e: e.clone() };
        }
        let value = Code::op(move |vm, fr| {
            let v = vm.eval(&read, fr)?;
            Ok(match &v {
                Value::Vector(items) => {
                    let old = items.items().clone();
                    let new: Vec<Value> = old.iter().map(|x| step(vm, x)).collect();
                    items.update(|l| *l = new);
                    v
                }
                v => step(vm, v),
            })
        });
        let code = store(lv, value, e.clone());
        Te { ty, code, e: e.clone() }
    }

    pub(super) fn add_to(&mut self, e: &ExprRef, a: &ExprRef, b: &ExprRef, add: bool) -> Te {
        let Some((ty, lv)) = self.lvalue(a) else { return Te::error(e) };
        let kind = self.vm.types.get(ty).clone();
        let op = if add { BinOp::Add } else { BinOp::Sub };
        match kind {
            Type::Vector(elem) if add => {
                let elem = if elem == TypeId::Void { TypeId::Any } else { elem };
                let want = if matches!(b.kind, ExprKind::Braces(_)) { ty } else { elem };
                let tb = self.expr_to(b, want);
                if tb.is_err() {
                    return Te::error(e);
                }
                return self.append(e, a, tb, ty, elem);
            }
            Type::Table(..) | Type::Set(_) => return self.bulk(e, a, b, ty, add),
            _ => {}
        }
        let tb = self.expr_to(b, ty);
        if tb.is_err() {
            return Te::error(e);
        }
        if ty == TypeId::Pattern && tb.ty == TypeId::Pattern && add {
            let read = self.expr(a).code;
            let (y, at) = (tb.code, e.clone());
            let value = Code::op(move |vm, fr| {
                let (p, q) = (vm.eval(&read, fr)?, vm.eval(&y, fr)?);
                binary_value(vm, BinOp::BitOr, &p, &q, TypeId::Pattern, &at)
            });
            return Te { ty, code: store(lv, value, e.clone()), e: e.clone() };
        }
        let t = &self.vm.types;
        let fits = match (ty, tb.ty) {
            (TypeId::Any, _) | (_, TypeId::Any) => true,
            // The left side keeps its type: a count may be changed by an int.
            (x, y) if t.is_arith(x) && t.is_arith(y) => {
                !matches!((x, y), (TypeId::Count | TypeId::Int, TypeId::Double))
            }
            (TypeId::String, TypeId::String) => add,
            (TypeId::Interval, TypeId::Interval) | (TypeId::Time, TypeId::Interval) => true,
            _ => false,
        };
        if !fits {
            if ty == TypeId::Pattern && add {
                return self.expr_err(e, "pattern += op requires op to be a pattern");
            }
            let text = if add {
                "requires two arithmetic or two string operands"
            } else {
                "requires two arithmetic operands"
            };
            return self.expr_err(e, text);
        }
        let read = self.expr(a).code;
        let (y, at) = (tb.code, e.clone());
        if let Lv::Member(table, key) = lv {
            // Reading first keeps `&default` at work.
            let value = Code::op(move |vm, fr| {
                let (p, q) = (vm.eval(&read, fr)?, vm.eval(&y, fr)?);
                let v = binary_value(vm, op, &p, &q, ty, &at)?;
                super::convert(vm, &v, ty)
            });
            return Te { ty, code: store(Lv::Member(table, key), value, e.clone()), e: e.clone() };
        }
        let value = Code::op(move |vm, fr| {
            let (p, q) = (vm.eval(&read, fr)?, vm.eval(&y, fr)?);
            let v = binary_value(vm, op, &p, &q, ty, &at)?;
            super::convert(vm, &v, ty)
        });
        Te { ty, code: store(lv, value, e.clone()), e: e.clone() }
    }

    /// `v += x`: appends; a vector of the same type is appended member by member.
    fn append(&mut self, e: &ExprRef, a: &ExprRef, tb: Te, ty: TypeId, elem: TypeId) -> Te {
        let read = self.expr(a).code;
        let whole = self.vm.types.same(tb.ty, ty) && tb.ty != TypeId::Any && elem != TypeId::Any
            || self.vm.types.elem(tb.ty).is_some_and(|x| {
                elem != TypeId::Any && self.vm.types.elem(elem).is_none() && self.vm.types.same(x, elem)
            });
        let any_elem = elem == TypeId::Any;
        let tb = if whole {
            tb
        } else {
            match self.promote(tb, elem) {
                Ok(t) => t,
                Err(_) => {
                    return self.expr_err(e, "incompatible vector append");
                }
            }
        };
        let (y, at) = (tb.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let (x, y) = (vm.eval(&read, fr)?, vm.eval(&y, fr)?);
            let Value::Vector(x) = x else { return Err(expr_fault(&at, "not a vector")) };
            vm.tick(at.span)?;
            match &y {
                Value::Vector(items) if whole => {
                    let more = items.items().clone();
                    vm.charge_work(at.span, more.len() as u64)?;
                    x.update(|l| l.extend(more));
                }
                y => {
                    if any_elem {
                        check_elem(vm, &x, y, &at)?;
                    }
                    x.update(|l| l.push(y.clone()));
                }
            }
            Ok(Value::Vector(x))
        });
        Te { ty, code, e: e.clone() }
    }

    /// `t += { … }`, `s -= other`.
    fn bulk(&mut self, e: &ExprRef, a: &ExprRef, b: &ExprRef, ty: TypeId, add: bool) -> Te {
        let tb = self.expr_to(b, ty);
        if tb.is_err() {
            return Te::error(e);
        }
        let tb = match self.promote(tb, ty) {
            Ok(t) => t,
            Err(_) => {
                let op = if add { "+=" } else { "-=" };
                return self.expr_err(e, &format!("RHS type mismatch for table/set {op}"));
            }
        };
        let read = self.expr(a).code;
        let (y, at) = (tb.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let (x, y) = (vm.eval(&read, fr)?, vm.eval(&y, fr)?);
            let (Value::Table(x), Value::Table(y)) = (&x, &y) else {
                return Err(expr_fault(&at, "not a table"));
            };
            for (k, v) in y.snapshot() {
                vm.tick(at.span)?;
                if add {
                    store_member(vm, x, k, v);
                } else {
                    remove_member(vm, x, &k);
                }
            }
            Ok(Value::Table(x.clone()))
        });
        Te { ty, code, e: e.clone() }
    }

    pub(super) fn add_delete_expr(&mut self, e: &ExprRef, x: &ExprRef, add: bool) -> Te {
        let code = if add { self.add_member(x) } else { self.delete_code(x) };
        match code {
            Some(code) => Te { ty: TypeId::Bool, code, e: e.clone() },
            None => Te::error(e),
        }
    }

    fn statement_err(&mut self, x: &ExprRef, word: &str) {
        let shown = crate::describe::expr(x, &self.vm);
        self.err(x.span, format!("illegal {word} statement ({word} {shown})"));
    }

    /// `add s[x]`.
    pub(super) fn add_member(&mut self, x: &ExprRef) -> Option<Code> {
        let ExprKind::Index(t, l) = &x.kind else {
            let te = self.expr(x);
            if !te.is_err() {
                self.statement_err(x, "add");
            }
            return None;
        };
        let te = self.expr(t);
        if te.is_err() {
            return None;
        }
        let Type::Set(index) = self.vm.types.get(te.ty).clone() else {
            self.statement_err(x, "add");
            return None;
        };
        let key = self.key(x, l, &index)?;
        let (table, at) = (te.code, x.clone());
        Some(Code::op(move |vm, fr| {
            let t = vm.eval(&table, fr)?;
            let k = key.eval(vm, fr)?;
            let Value::Table(t) = t else { return Err(expr_fault(&at, "not a set")) };
            vm.tick(at.span)?;
            let was = t.dict.borrow().contains(&k);
            if !was {
                store_member(vm, &t, k, Value::Unset);
            } else if t
                .attrs
                .borrow()
                .as_ref()
                .is_some_and(|a| a.write_expire.is_some() || a.read_expire.is_some())
                && let Some(m) = t.dict.borrow_mut().get_mut(&k)
            {
                m.stamp = vm.network_time;
            }
            Ok(Value::Bool(!was))
        }))
    }

    /// `delete t[x]`, `delete r$f`, `delete t`.
    pub(super) fn delete_code(&mut self, x: &ExprRef) -> Option<Code> {
        match &x.kind {
            ExprKind::Index(t, l) => {
                let te = self.expr(t);
                if te.is_err() {
                    return None;
                }
                let Some(index) = self.vm.types.index_of(te.ty) else {
                    self.statement_err(x, "delete");
                    return None;
                };
                let key = self.key(x, l, &index)?;
                let table = te.code;
                Some(Code::op(move |vm, fr| {
                    let t = vm.eval(&table, fr)?;
                    let k = key.eval(vm, fr)?;
                    let Value::Table(t) = t else { return Ok(Value::Unset) };
                    let had = remove_member(vm, &t, &k);
                    Ok(Value::Bool(had))
                }))
            }
            ExprKind::Field(r, f) => {
                let te = self.expr(r);
                if te.is_err() {
                    return None;
                }
                let Some(rt) = self.vm.types.as_record(te.ty) else {
                    self.expr_err(x, "not a record");
                    return None;
                };
                let Some(i) = rt.index.get(f).copied() else {
                    self.no_such_field(x, te.ty, f);
                    return None;
                };
                if !rt.fields[i].optional
                    && rt.fields[i].default.is_none()
                    && !self.vm.types.is_aggregate(rt.fields[i].ty)
                {
                    self.statement_err(x, "delete");
                    return None;
                }
                self.vm.uses.write(te.ty, i);
                let code = te.code;
                Some(Code::op(move |vm, fr| {
                    if let Value::Record(r) = vm.eval(&code, fr)? {
                        let field = vm.types.as_record(r.ty).and_then(|t| t.fields.get(i).cloned());
                        let v = match field {
                            Some(f) => super::defaults::field_default(vm, &f)?,
                            None => Value::Unset,
                        };
                        r.set(i, v);
                    }
                    Ok(Value::Unset)
                }))
            }
            ExprKind::Name(_) => {
                let te = self.expr(x);
                if te.is_err() {
                    return None;
                }
                if !matches!(self.vm.types.get(te.ty), Type::Table(..) | Type::Set(_) | Type::Vector(_)) {
                    self.statement_err(x, "delete");
                    return None;
                }
                let code = te.code;
                Some(Code::op(move |vm, fr| {
                    match vm.eval(&code, fr)? {
                        Value::Table(t) => clear_table(vm, &t),
                        Value::Vector(v) => v.update(Vec::clear),
                        _ => {}
                    }
                    Ok(Value::Unset)
                }))
            }
            _ => {
                let te = self.expr(x);
                if !te.is_err() {
                    self.statement_err(x, "delete");
                }
                None
            }
        }
    }
}

/// A vector of `any` that began with other members keeps to their kind.
fn check_elem(vm: &Vm, x: &VectorVal, y: &Value, at: &ExprRef) -> Res<()> {
    let elem = vm.types.elem(x.ty).unwrap_or(TypeId::Any);
    if matches!(elem, TypeId::Any | TypeId::Void) || super::cast::value_is(vm, y, elem) {
        return Ok(());
    }
    Err(expr_fault(at, "type mismatch in vector append"))
}

fn bump_member(
    table: Code,
    key: KeyCode,
    read: Code,
    step: impl Fn(&mut Vm, &Value) -> Value + 'static,
    at: ExprRef,
) -> Code {
    Code::op(move |vm, fr| {
        let t = vm.eval(&table, fr)?;
        let k = key.eval(vm, fr)?;
        let Value::Table(t) = t else { return Err(expr_fault(&at, "not a table")) };
        let watched = t.attrs.borrow().as_ref().is_some_and(|a| a.on_change.is_some() || a.expires());
        if !watched {
            let mut d = t.dict.borrow_mut();
            if let Some(m) = d.get_mut(&k)
                && let Value::Count(n @ 1..=0xffff_ffff_ffff_fff0) = m.value
            {
                // Stays clear of both ends, so the step is plain.
                let new = step(vm, &Value::Count(n));
                m.value = new.clone();
                return Ok(new);
            }
        }
        let v = match lookup(&t, &k) {
            Some(v) => v,
            None => vm.eval(&read, fr)?,
        };
        let new = step(vm, &v);
        store_member(vm, &t, k, new.clone());
        Ok(new)
    })
}

/// Code that evaluates `value` and stores it; its own value is what was stored.
pub(super) fn store(lv: Lv, value: Code, at: ExprRef) -> Code {
    match lv {
        Lv::Place(Place::Local(i)) => Code::op(move |vm, fr| {
            let v = vm.eval(&value, fr)?;
            vm.stack[fr.base + i as usize] = v.clone();
            Ok(v)
        }),
        Lv::Field(obj, i) => Code::op(move |vm, fr| {
            let v = vm.eval(&value, fr)?;
            match vm.eval(&obj, fr)? {
                Value::Record(r) => r.set(i, v.clone()),
                _ => return Err(expr_fault(&at, "not a record")),
            }
            Ok(v)
        }),
        lv => Code::op(move |vm, fr| {
            let v = vm.eval(&value, fr)?;
            put(vm, fr, &lv, v.clone(), &at)?;
            Ok(v)
        }),
    }
}

/// Stores a value.
pub(super) fn put(vm: &mut Vm, fr: &mut Frame, lv: &Lv, v: Value, at: &ExprRef) -> Res<()> {
    match lv {
        Lv::Place(p) => put_place(vm, fr, *p, v),
        Lv::Field(obj, i) => match vm.eval(obj, fr)? {
            Value::Record(r) => r.set(*i, v),
            _ => return Err(expr_fault(at, "not a record")),
        },
        Lv::Member(t, k) => {
            let t = vm.eval(t, fr)?;
            let k = k.eval(vm, fr)?;
            let Value::Table(t) = t else { return Err(expr_fault(at, "not a table")) };
            vm.tick(at.span)?;
            store_member(vm, &t, k, v);
        }
        Lv::Elem(x, i) => {
            let (x, i) = (vm.eval(x, fr)?, vm.eval(i, fr)?);
            let Value::Vector(x) = x else { return Err(expr_fault(at, "not a vector")) };
            vm.tick(at.span)?;
            put_elem(vm, &x, &i, v, at)?;
        }
        Lv::AnyIndex(x, i) => {
            let (x, i) = (vm.eval(x, fr)?, vm.eval(i, fr)?);
            match x {
                Value::Vector(x) => put_elem(vm, &x, &i, v, at)?,
                Value::Table(t) => store_member(vm, &t, i, v),
                _ => return Err(expr_fault(at, "not an index type")),
            }
        }
        Lv::Slice(x, lo, hi) => {
            let Value::Vector(x) = vm.eval(x, fr)? else { return Err(expr_fault(at, "not a vector")) };
            let len = x.len() as i64;
            let lo = match lo {
                Some(c) => vm.eval(c, fr)?.as_int(),
                None => 0,
            };
            let hi = match hi {
                Some(c) => vm.eval(c, fr)?.as_int(),
                None => len,
            };
            let fix = |n: i64| if n < 0 { n + len } else { n };
            let (lo, hi) = (fix(lo), fix(hi).min(len));
            let Value::Vector(new) = &v else { return Err(expr_fault(at, "not a vector")) };
            if lo < 0 || lo > hi {
                return Err(expr_fault(at, "invalid slice"));
            }
            let new = new.items().clone();
            x.update(|l| drop(l.splice(lo as usize..hi as usize, new)));
        }
        Lv::List(parts) => {
            let items: Vec<Value> = match &v {
                Value::List(l) => l.to_vec(),
                Value::Vector(l) => l.items().clone(),
                _ => return Err(expr_fault(at, "mismatch in list lengths")),
            };
            if items.len() != parts.len() {
                return Err(expr_fault(at, "mismatch in list lengths"));
            }
            for (p, v) in parts.iter().zip(items) {
                put(vm, fr, p, v, at)?;
            }
        }
    }
    Ok(())
}

pub(super) fn put_place(vm: &mut Vm, fr: &mut Frame, p: Place, v: Value) {
    match p {
        Place::Local(i) => vm.stack[fr.base + i as usize] = v,
        Place::Global(i) => vm.values[i as usize] = v,
        Place::Capture(i) => {
            if let Some(c) = &fr.closure {
                let old = c.captures.borrow_mut().get_mut(i as usize).map(|slot| std::mem::replace(slot, v));
                drop(old);
            }
        }
    }
}

fn put_elem(vm: &Vm, x: &Rc<VectorVal>, i: &Value, v: Value, at: &ExprRef) -> Res<()> {
    let n = i.as_int();
    let k = if n < 0 { n + x.len() as i64 } else { n };
    let Ok(k) = usize::try_from(k) else {
        return Err(expr_fault(at, "vector index assignment failed for invalid index"));
    };
    if k > x.len() + MAX_VECTOR_GAP {
        return Err(vm.budget(at.span, format!("vector grown by more than {MAX_VECTOR_GAP} at once")));
    }
    let old = x.update(|l| {
        if k >= l.len() {
            l.resize(k + 1, Value::Unset);
        }
        std::mem::replace(&mut l[k], v)
    });
    drop(old);
    Ok(())
}

/// Stores a table's member with all that hangs on it: expiry stamps, `&on_change`.
pub fn store_member(vm: &mut Vm, t: &Rc<TableVal>, k: Value, v: Value) {
    let attrs = t.attrs.borrow().clone();
    let k = freeze(vm, k);
    match attrs {
        None => {
            let old = t.dict.borrow_mut().insert(k, v, vm.network_time);
            drop(old);
        }
        Some(a) => {
            let now = vm.network_time;
            let keep =
                if a.create_expire.is_some() { t.dict.borrow().get(&k).map(|e| e.stamp) } else { None };
            let watched = a.on_change.is_some();
            let key = if watched { Some(k.clone()) } else { None };
            let old = t.dict.borrow_mut().insert(k, v.clone(), keep.unwrap_or(now));
            if let Some(k) = key {
                use crate::vm::Change;
                match old {
                    Some(before) if !t.is_set && before.same(&v) => {}
                    Some(before) if !t.is_set => vm.table_changed(t, Change::Changed, &k, before),
                    Some(_) => {}
                    None => vm.table_changed(t, Change::New, &k, v),
                }
            }
        }
    }
}

/// Records and containers used as an index are copied: changing them later must not move the member.
fn freeze(vm: &mut Vm, k: Value) -> Value {
    match &k {
        Value::Record(_) | Value::Vector(_) | Value::Table(_) => {
            crate::builtins::deep_copy(vm, &k, crate::source::Span::default()).unwrap_or(k)
        }
        Value::List(l)
            if l.iter().any(|x| matches!(x, Value::Record(_) | Value::Vector(_) | Value::Table(_))) =>
        {
            crate::builtins::deep_copy(vm, &k, crate::source::Span::default()).unwrap_or(k)
        }
        _ => k,
    }
}

/// Removes a member; whether it was there.
pub fn remove_member(vm: &mut Vm, t: &Rc<TableVal>, k: &Value) -> bool {
    let e = t.dict.borrow_mut().remove(k);
    match e {
        Some(e) => {
            if t.attrs.borrow().as_ref().is_some_and(|a| a.on_change.is_some()) {
                vm.table_changed(t, crate::vm::Change::Removed, &e.key, e.value);
            }
            true
        }
        None => false,
    }
}

pub fn clear_table(vm: &mut Vm, t: &Rc<TableVal>) {
    if t.attrs.borrow().as_ref().is_some_and(|a| a.on_change.is_some()) {
        for (k, _) in t.snapshot() {
            remove_member(vm, t, &k);
        }
    }
    t.dict.borrow_mut().clear();
}

/// A member or `Unset`, for natives.
pub fn member(t: &TableVal, k: &Value) -> Value {
    lookup(t, k).unwrap_or_default()
}
