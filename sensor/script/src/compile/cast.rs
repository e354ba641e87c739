//! `as` and `is`, and what type a value has at run time.

use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::{TableVal, Value, VectorVal};
use crate::vm::{Code, Vm, expr_fault};
use std::rc::Rc;

impl Compiler {
    pub(super) fn cast(&mut self, e: &ExprRef, x: &ExprRef, t: &TypeExpr) -> Te {
        let te = self.expr(x);
        let ty = self.ty(t);
        if te.is_err() || ty == TypeId::Error {
            return Te::error(e);
        }
        let broker = matches!(self.vm.types.get(te.ty), Type::Record(r) if r.name == "Broker::Data");
        if let Some(te) = self.between_set_and_vector(e, x, te.ty, ty) {
            return te;
        }
        if te.ty != TypeId::Any && !self.vm.types.same(te.ty, ty) && !broker {
            let (a, b) = (self.vm.types.told(te.ty), self.vm.types.told(ty));
            return self.expr_err(
                e,
                &format!("cast not supported: {a} as {b}").replace(&format!(": {a} as {b}"), ""),
            );
        }
        let (code, at) = (te.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let v = vm.eval(&code, fr)?;
            match cast_value(vm, &v, ty) {
                Some(v) => Ok(v),
                None => {
                    let have = value_type(vm, &v);
                    let (a, b) = (vm.types.told(have), vm.types.told(ty));
                    Err(expr_fault(&at, format!("invalid cast of value with type '{a}' to type '{b}'")))
                }
            }
        });
        Te { ty, code, e: e.clone() }
    }

    /// `set as vector of T` and `vector as set[T]`.
    fn between_set_and_vector(&mut self, e: &ExprRef, x: &ExprRef, have: TypeId, ty: TypeId) -> Option<Te> {
        let (from, to) = match (self.vm.types.get(have), self.vm.types.get(ty)) {
            (Type::Set(index), Type::Vector(elem)) | (Type::Vector(elem), Type::Set(index)) => {
                (*index.first().filter(|_| index.len() == 1)?, *elem)
            }
            _ => return None,
        };
        if !self.vm.types.same(from, to) {
            return None;
        }
        let code = self.expr(x).code;
        let at = e.span;
        let code = Code::op(move |vm, fr| {
            Ok(match vm.eval(&code, fr)? {
                Value::Table(t) => {
                    vm.charge_work(at, t.len() as u64)?;
                    let members = t.snapshot().into_iter().map(|(k, _)| k).collect();
                    Value::Vector(VectorVal::new(ty, members))
                }
                Value::Vector(v) => {
                    vm.charge_work(at, v.len() as u64)?;
                    let set = TableVal::new(ty, true, false);
                    for member in v.items().iter().filter(|member| member.is_set()) {
                        set.dict.borrow_mut().insert(member.clone(), Value::Unset, vm.network_time);
                    }
                    Value::Table(Rc::new(set))
                }
                other => other,
            })
        });
        Some(Te { ty, code, e: e.clone() })
    }

    pub(super) fn is_type(&mut self, e: &ExprRef, x: &ExprRef, t: &TypeExpr) -> Te {
        let te = self.expr(x);
        let ty = self.ty(t);
        if te.is_err() || ty == TypeId::Error {
            return Te::error(e);
        }
        let code = te.code;
        let code = Code::op(move |vm, fr| {
            let v = vm.eval(&code, fr)?;
            Ok(Value::Bool(value_is(vm, &v, ty)))
        });
        Te { ty: TypeId::Bool, code, e: e.clone() }
    }
}

fn cast_value(vm: &mut Vm, v: &Value, ty: TypeId) -> Option<Value> {
    if value_is(vm, v, ty) { Some(v.clone()) } else { None }
}

/// Whether a value is of a type, by what it is.
pub(crate) fn value_is(vm: &Vm, v: &Value, ty: TypeId) -> bool {
    if ty == TypeId::Any {
        return true;
    }
    let have = match v {
        Value::Func(f) => match vm.funcs.get(f.id.0 as usize) {
            Some(f) => f.ty,
            None => return false,
        },
        Value::List(_) => return false,
        v => match value_type_shallow(v) {
            Some(t) => t,
            None => match (v, vm.types.get(ty)) {
                (Value::Opaque(o), Type::Opaque(n)) => return o.type_name() == &**n,
                (Value::File(_), Type::File(_)) => return true,
                _ => return false,
            },
        },
    };
    if have == ty {
        return true;
    }
    match (vm.types.get(have), vm.types.get(ty)) {
        // Records are told apart by name.
        (Type::Record(a), Type::Record(b)) if !a.name.is_empty() && !b.name.is_empty() => a.name == b.name,
        _ => vm.types.identical(have, ty),
    }
}

fn value_type_shallow(v: &Value) -> Option<TypeId> {
    Some(match v {
        Value::Bool(_) => TypeId::Bool,
        Value::Int(_) => TypeId::Int,
        Value::Count(_) => TypeId::Count,
        Value::Double(_) => TypeId::Double,
        Value::Time(_) => TypeId::Time,
        Value::Interval(_) => TypeId::Interval,
        Value::Str(_) => TypeId::String,
        Value::Pattern(_) => TypeId::Pattern,
        Value::Addr(_) => TypeId::Addr,
        Value::Subnet(..) => TypeId::Subnet,
        Value::Port(_) => TypeId::Port,
        Value::Enum(t, _) => *t,
        Value::Record(r) => r.ty,
        Value::Table(t) => t.ty,
        Value::Vector(v) => v.ty,
        _ => return None,
    })
}

/// The type of a value.
pub fn value_type(vm: &mut Vm, v: &Value) -> TypeId {
    if let Some(t) = value_type_shallow(v) {
        return t;
    }
    match v {
        Value::Func(f) => vm.funcs.get(f.id.0 as usize).map_or(TypeId::Any, |f| f.ty),
        Value::Type(t) => vm.types.type_type(*t),
        Value::Opaque(o) => vm.types.opaque(o.type_name().into()),
        Value::File(_) => vm.types.file(TypeId::String),
        Value::List(l) => {
            let parts: Vec<TypeId> = l.iter().map(|x| value_type(vm, x)).collect();
            vm.types.list(parts)
        }
        _ => TypeId::Any,
    }
}
