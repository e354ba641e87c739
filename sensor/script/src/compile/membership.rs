//! `in`.

use super::index::KeyCode;
use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::Value;
use crate::vm::{Args, Code};

impl Compiler {
    pub(super) fn in_expr(&mut self, e: &ExprRef, a: &ExprRef, b: &ExprRef) -> Te {
        let tb = self.looked_at(b);
        if tb.is_err() {
            return Te::error(e);
        }
        let tb = self.keepable(tb);
        let done = |code| Te { ty: TypeId::Bool, code, e: e.clone() };
        match self.vm.types.get(tb.ty).clone() {
            Type::Table(index, _) | Type::Set(index) => {
                let l: Vec<ExprRef> = match &a.kind {
                    ExprKind::List(l) => l.clone(),
                    _ => vec![a.clone()],
                };
                // `[a, b] in set_of_lists…`: one list for one index is itself the list.
                let l = if l.len() != index.len() && index.len() == 1 { vec![a.clone()] } else { l };
                if l.len() == 1 && index.len() == 1 && index[0] == TypeId::Pattern {
                    return self.in_pattern_set(e, &l[0], tb);
                }
                let Some(key) = self.in_key(e, &l, &index) else { return Te::error(e) };
                done(in_table(tb.code, key))
            }
            _ => {
                let ta = self.expr(a);
                if ta.is_err() {
                    return Te::error(e);
                }
                self.in_scalar(e, ta, tb)
            }
        }
    }

    fn in_key(&mut self, e: &ExprRef, l: &[ExprRef], index: &[TypeId]) -> Option<KeyCode> {
        let (key, fine) = self.silently(|c| c.key(e, l, index));
        if fine && key.is_some() {
            return key;
        }
        // Errors inside the operands are theirs; otherwise the types do not fit.
        let (_, operands_fine) = self.silently(|c| l.iter().for_each(|x| drop(c.expr(x))));
        if !operands_fine {
            l.iter().for_each(|x| drop(self.expr(x)));
            return None;
        }
        self.expr_err(e, "not an index type");
        None
    }

    /// A string in a set of patterns: matched by any of them.
    fn in_pattern_set(&mut self, e: &ExprRef, a: &ExprRef, tb: Te) -> Te {
        let ta = self.expr(a);
        let (x, y) = (ta.code, tb.code);
        let code = Code::op(move |vm, fr| {
            let (x, t) = (vm.eval(&x, fr)?, vm.eval(&y, fr)?);
            let Value::Table(t) = t else { return Ok(Value::Bool(false)) };
            let d = t.dict.borrow();
            Ok(Value::Bool(match &x {
                Value::Str(s) => d.iter().any(|m| matches!(&m.key, Value::Pattern(p) if p.matches(s))),
                x => d.contains(x),
            }))
        });
        Te { ty: TypeId::Bool, code, e: e.clone() }
    }

    fn in_scalar(&mut self, e: &ExprRef, ta: Te, tb: Te) -> Te {
        use TypeId as T;
        let vector = self.vm.types.elem(tb.ty).is_some();
        let fits = match (ta.ty, tb.ty) {
            (T::Any, _) | (_, T::Any) => true,
            (T::Pattern, T::String) | (T::String, T::String) => true,
            (T::Addr, T::Subnet) | (T::Subnet, T::Subnet) => true,
            (T::Count | T::Int, _) if vector => true,
            _ => false,
        };
        if !fits {
            return self.expr_err(e, "not an index type");
        }
        let (x, y) = (ta.code, tb.code);
        let code = match x {
            Code::Const(x) => Code::test(move |vm, fr| vm.look(&y, fr, |y| contains(&x, y))),
            x => Code::test(move |vm, fr| {
                let x = vm.eval(&x, fr)?;
                vm.look(&y, fr, |y| contains(&x, y))
            }),
        };
        Te { ty: T::Bool, code, e: e.clone() }
    }
}

fn in_table(table: Code, key: KeyCode) -> Code {
    match key {
        KeyCode::One(k) => Code::test(move |vm, fr| {
            let k = vm.eval(&k, fr)?;
            vm.look(&table, fr, |table| contains(&k, table))
        }),
        KeyCode::Many(l) => Code::test(move |vm, fr| {
            let mut parts = Args::new();
            for c in &l {
                parts.push(vm.eval(c, fr)?);
            }
            let t = vm.eval(&table, fr)?;
            let Value::Table(t) = t else { return Ok(false) };
            let hit = t.dict.borrow().get_list(&parts).is_some();
            Ok(hit)
        }),
    }
}

/// `x in y` on values.
pub(super) fn contains(x: &Value, y: &Value) -> bool {
    match (x, y) {
        (x, Value::Table(t)) => super::index::lookup(t, x).is_some(),
        (Value::Pattern(p), Value::Str(s)) => p.found_in(s),
        (Value::Str(needle), Value::Str(s)) => needle.is_empty() || memmem(s, needle),
        (Value::Addr(a), Value::Subnet(net, n)) => a.mask(*n) == *net,
        (Value::Subnet(a, m), Value::Subnet(net, n)) => m >= n && a.mask(*n) == *net,
        (i, Value::Vector(v)) => super::vector_index(v, i).is_some(),
        (x, Value::List(l)) => l.iter().any(|y| x.same(y)),
        _ => false,
    }
}

/// Whether `needle` occurs in `s`.
pub(super) fn memmem(s: &[u8], needle: &[u8]) -> bool {
    crate::builtins::find_bytes(s, needle, 0).is_some()
}
