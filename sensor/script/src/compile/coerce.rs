//! Making a value of one type one of another: arithmetic promotion, records to records, empty containers.

use super::{Compiler, Te};
use crate::types::{Type, TypeId};
use crate::value::{RecordVal, TableVal, Value, VectorVal};
use crate::vm::{Code, Res, Vm};
use std::rc::Rc;

impl Compiler {
    /// Makes `te` a `to`, or gives it back.
    pub fn promote(&mut self, te: Te, to: TypeId) -> Result<Te, Te> {
        if to == TypeId::Any {
            self.vm.uses.whole(te.ty);
        }
        self.promote_unseen(te, to)
    }

    /// The same where nobody looks at more of a record than the code that is compiled.
    pub(super) fn promote_unseen(&mut self, te: Te, to: TypeId) -> Result<Te, Te> {
        if te.is_err() || to == TypeId::Error {
            return Ok(Te { ty: to, ..te });
        }
        if te.ty == to || te.ty == TypeId::Any {
            return Ok(te);
        }
        if to == TypeId::Any {
            // Lists of values become sets when they are kept.
            if let Type::List(l) = self.vm.types.get(te.ty).clone()
                && let Some(first) = l.first().copied()
            {
                let set = self.vm.types.set(vec![first]);
                let e = te.e.clone();
                return Ok(self.list_to_set(&e, set));
            }
            return Ok(te);
        }
        if self.vm.types.is_arith(te.ty) && self.vm.types.is_arith(to) {
            return self.promote_number(te, to);
        }
        if te.ty == TypeId::Void {
            return Err(te);
        }
        if let (Type::Record(_), Type::Record(_)) = (self.vm.types.get(te.ty), self.vm.types.get(to)) {
            return self.promote_record(te, to);
        }
        if self.vm.types.same(te.ty, to) {
            return Ok(te);
        }
        self.promote_container(te, to)
    }

    fn promote_number(&mut self, te: Te, to: TypeId) -> Result<Te, Te> {
        let rank = |t: TypeId| match t {
            TypeId::Count => 0,
            TypeId::Int => 1,
            _ => 2,
        };
        if rank(te.ty) > rank(to) {
            // A literal that fits is what the writer meant (`local c: count = +5`).
            return Err(te);
        }
        let (code, e) = (te.code, te.e);
        let at = e.clone();
        let code = match code {
            Code::Const(v) if to != TypeId::Int || i64::try_from(v.as_count()).is_ok() => {
                Code::Const(number_to(&v, to))
            }
            code if to == TypeId::Int => Code::op(move |vm, fr| match vm.eval(&code, fr)? {
                Value::Count(n) if i64::try_from(n).is_err() => {
                    let text = "overflow promoting from unsigned/double to signed arithmetic value";
                    Err(crate::vm::expr_fault(&at, text))
                }
                v => Ok(number_to(&v, to)),
            }),
            code => Code::op(move |vm, fr| Ok(number_to(&vm.eval(&code, fr)?, to))),
        };
        Ok(Te { ty: to, code, e })
    }

    fn promote_record(&mut self, te: Te, to: TypeId) -> Result<Te, Te> {
        if self.vm.types.same(te.ty, to) && self.vm.types.short_name(te.ty) == self.vm.types.short_name(to) {
            return Ok(te);
        }
        if !self.vm.types.promotable(te.ty, to) {
            return Err(te);
        }
        self.vm.uses.whole(te.ty);
        let code = te.code;
        Ok(Te {
            ty: to,
            e: te.e,
            code: Code::op(move |vm, fr| {
                let v = vm.eval(&code, fr)?;
                convert(vm, &v, to)
            }),
        })
    }

    /// Empty containers and vectors or sets of convertible members.
    fn promote_container(&mut self, te: Te, to: TypeId) -> Result<Te, Te> {
        let types = &self.vm.types;
        let fits = match (types.get(te.ty), types.get(to)) {
            (Type::Vector(a), Type::Vector(b)) => *a == TypeId::Void || self.convertible(*a, *b),
            (Type::Table(a, x), Type::Table(b, y)) => {
                a.is_empty()
                    || (a.len() == b.len()
                        && a.iter().zip(b).all(|(p, q)| self.convertible(*p, *q))
                        && self.convertible(*x, *y))
            }
            (Type::Set(a), Type::Set(b)) => {
                a.is_empty() || (a.len() == b.len() && a.iter().zip(b).all(|(p, q)| self.convertible(*p, *q)))
            }
            (Type::Func(f), Type::Func(g)) => {
                // A function whose result was left to be inferred, or one that takes `any`.
                f.flavor == g.flavor
                    && f.params.len() == g.params.len()
                    && f.params.iter().zip(&g.params).all(|(p, q)| types.same(p.ty, q.ty))
                    && types.same(f.ret, g.ret)
            }
            (Type::File(_), Type::File(_)) => true,
            _ => false,
        };
        if !fits {
            return Err(te);
        }
        let code = te.code;
        Ok(Te {
            ty: to,
            e: te.e,
            code: Code::op(move |vm, fr| {
                let v = vm.eval(&code, fr)?;
                convert(vm, &v, to)
            }),
        })
    }

    fn convertible(&self, a: TypeId, b: TypeId) -> bool {
        let t = &self.vm.types;
        let numbers =
            matches!((a, b), (TypeId::Count, TypeId::Int | TypeId::Double) | (TypeId::Int, TypeId::Double));
        t.same(a, b)
            || numbers
            || t.promotable(a, b)
            || match (t.get(a), t.get(b)) {
                (Type::Vector(x), Type::Vector(y)) => self.convertible(*x, *y),
                (Type::Table(x, _), Type::Table(..)) | (Type::Set(x), Type::Set(_)) => x.is_empty(),
                _ => false,
            }
    }
}

pub fn number_to(v: &Value, to: TypeId) -> Value {
    match to {
        TypeId::Count => Value::Count(v.as_count()),
        TypeId::Int => Value::Int(v.as_int()),
        _ => Value::Double(v.as_double()),
    }
}

/// Converts a value at run time; what already fits is returned as it is.
pub fn convert(vm: &mut Vm, v: &Value, to: TypeId) -> Res {
    if let (Value::Count(_) | Value::Int(_), TypeId::Count | TypeId::Int | TypeId::Double) = (v, to) {
        return Ok(number_to(v, to));
    }
    match (v, vm.types.get(to)) {
        (Value::Record(r), Type::Record(_)) if r.ty != to => {
            let r = r.clone();
            convert_record(vm, &r, to)
        }
        (Value::Vector(items), Type::Vector(e)) if items.ty != to => {
            let (e, items) = (*e, items.clone());
            if items.is_empty() {
                return Ok(Value::Vector(VectorVal::new(to, Vec::new())));
            }
            let list: Vec<Value> = items.items().clone();
            let out = list.iter().map(|x| convert(vm, x, e)).collect::<Res<Vec<_>>>()?;
            Ok(Value::Vector(VectorVal::new(to, out)))
        }
        (Value::Table(t), Type::Table(..) | Type::Set(_)) if t.ty != to => {
            let t = t.clone();
            convert_table(vm, &t, to)
        }
        _ => Ok(v.clone()),
    }
}

fn convert_record(vm: &mut Vm, r: &Rc<RecordVal>, to: TypeId) -> Res {
    let (Some(from), Some(want)) = (vm.types.as_record(r.ty), vm.types.as_record(to)) else {
        return Ok(Value::Record(r.clone()));
    };
    let out = super::new_record(vm, to)?;
    for (i, f) in from.fields.iter().enumerate() {
        if let Some(j) = want.index.get(&f.name) {
            let v = r.get(i);
            if v.is_set() {
                let v = convert(vm, &v, want.fields[*j].ty)?;
                out.set(*j, v);
            }
        }
    }
    Ok(Value::Record(out))
}

fn convert_table(vm: &mut Vm, t: &Rc<TableVal>, to: TypeId) -> Res {
    let Some(index) = vm.types.index_of(to) else { return Ok(Value::Table(t.clone())) };
    let yields = vm.types.yield_of(to);
    let ordered = t.dict.borrow().is_ordered();
    let out = TableVal::new(to, yields.is_none(), ordered);
    *out.attrs.borrow_mut() = t.attrs.borrow().clone();
    for (k, v) in t.snapshot() {
        let k = match k {
            Value::List(l) => {
                let parts =
                    l.iter().zip(&index).map(|(x, ty)| convert(vm, x, *ty)).collect::<Res<Vec<_>>>()?;
                Value::List(parts.into())
            }
            k => match index.first() {
                Some(ty) => convert(vm, &k, *ty)?,
                None => k,
            },
        };
        let v = match yields {
            Some(y) => convert(vm, &v, y)?,
            None => v,
        };
        let now = vm.network_time;
        out.dict.borrow_mut().insert(k, v, now);
    }
    let out = Rc::new(out);
    if out.attrs.borrow().as_ref().is_some_and(|a| a.expires()) {
        vm.track_expiry(&out);
    }
    Ok(Value::Table(out))
}
