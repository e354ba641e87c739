//! `a[i]`, slices, and reading tables.

use super::{Compiler, Te};
use crate::ast::*;
use crate::types::{Type, TypeId};
use crate::value::{TableVal, Value, VectorVal};
use crate::vm::{Args, Code, Frame, Res, Vm, expr_fault};
use std::rc::Rc;

/// How an index reaches its table.
pub(super) enum KeyCode {
    One(Code),
    Many(Vec<Code>),
}

impl Compiler {
    pub(super) fn index(&mut self, e: &ExprRef, a: &ExprRef, l: &[ExprRef]) -> Te {
        let ta = self.expr(a);
        if ta.is_err() {
            return Te::error(e);
        }
        match self.vm.types.get(ta.ty).clone() {
            Type::Table(index, of) => {
                if let ([one], [TypeId::Pattern]) = (l, index.as_slice())
                    && let Some(te) = self.pattern_matches(e, a, one, of)
                {
                    return te;
                }
                let Some(key) = self.key(e, l, &index) else { return Te::error(e) };
                let code = table_read(ta.code, key, e.clone());
                Te { ty: of, code, e: e.clone() }
            }
            Type::Set(_) => {
                self.expr_err(e, "expression with type 'table' is not a type that can be indexed")
            }
            Type::Vector(elem) => {
                let elem = if elem == TypeId::Void { TypeId::Any } else { elem };
                let ti = match l {
                    [i] => self.expr(i),
                    _ => return self.expr_err(e, "not an index type"),
                };
                if ti.is_err() {
                    return Te::error(e);
                }
                if let Some(by) = self.vm.types.elem(ti.ty) {
                    return self.vector_select(e, ta, ti, by);
                }
                if !matches!(ti.ty, TypeId::Count | TypeId::Int | TypeId::Any | TypeId::Bool) {
                    return self.expr_err(e, "index expression is not an integral type");
                }
                let (x, i, at) = (ta.code, ti.code, e.clone());
                let code = Code::op(move |vm, fr| {
                    let (x, i) = (vm.eval(&x, fr)?, vm.eval(&i, fr)?);
                    let Value::Vector(x) = x else { return Err(expr_fault(&at, "not a vector")) };
                    vector_index(&x, &i).ok_or_else(|| expr_fault(&at, "no such index"))
                });
                Te { ty: elem, code, e: e.clone() }
            }
            Type::Base(_) if ta.ty == TypeId::String => self.string_index(e, ta, l),
            Type::Base(_) if ta.ty == TypeId::Any => self.any_index(e, ta, l),
            other => {
                let word = tag_word(&other);
                self.expr_err(e, &format!("expression with type '{word}' is not a type that can be indexed"))
            }
        }
    }

    /// A table of patterns indexed by a string: what stands behind every pattern that matches it.
    fn pattern_matches(&mut self, e: &ExprRef, table: &ExprRef, one: &ExprRef, of: TypeId) -> Option<Te> {
        let (key, fine) = self.silently(|c| c.expr(one));
        if !fine || key.ty != TypeId::String {
            return None;
        }
        let ty = self.vm.types.vector(of);
        let (x, y) = (self.expr(table).code, self.expr(one).code);
        let code = Code::op(move |vm, fr| {
            let (Value::Table(t), Value::Str(s)) = (vm.eval(&x, fr)?, vm.eval(&y, fr)?) else {
                return Ok(Value::Unset);
            };
            let dict = t.dict.borrow();
            let matching = dict.iter().filter(|m| matches!(&m.key, Value::Pattern(p) if p.matches(&s)));
            Ok(Value::Vector(VectorVal::new(ty, matching.map(|m| m.value.clone()).collect())))
        });
        Some(Te { ty, code, e: e.clone() })
    }

    /// `any` is indexed by what it holds.
    fn any_index(&mut self, e: &ExprRef, ta: Te, l: &[ExprRef]) -> Te {
        let keys: Vec<Code> = l.iter().map(|x| self.expr(x).code).collect();
        let (x, at) = (ta.code, e.clone());
        let code = Code::op(move |vm, fr| {
            let x = vm.eval(&x, fr)?;
            let keys = keys.iter().map(|k| vm.eval(k, fr)).collect::<Res<Vec<_>>>()?;
            match (&x, keys.first()) {
                (Value::Vector(v), Some(i)) => {
                    vector_index(v, i).ok_or_else(|| expr_fault(&at, "no such index"))
                }
                (Value::List(items), Some(i)) => {
                    items.get(i.as_count() as usize).cloned().ok_or_else(|| expr_fault(&at, "no such index"))
                }
                (Value::Table(t), Some(one)) => {
                    let k = if keys.len() == 1 { one.clone() } else { Value::List(keys.clone().into()) };
                    read_member(vm, t, &k, &at)
                }
                _ => Err(expr_fault(&at, "not an index type")),
            }
        });
        Te { ty: TypeId::Any, code, e: e.clone() }
    }

    /// `v[indices]` and `v[mask]`.
    fn vector_select(&mut self, e: &ExprRef, ta: Te, ti: Te, by: TypeId) -> Te {
        let ty = ta.ty;
        let (x, i, at, mask) = (ta.code, ti.code, e.clone(), by == TypeId::Bool);
        let code = Code::op(move |vm, fr| {
            let (Value::Vector(x), Value::Vector(i)) = (vm.eval(&x, fr)?, vm.eval(&i, fr)?) else {
                return Ok(Value::Unset);
            };
            let mut out = Vec::new();
            if mask {
                if x.len() != i.len() {
                    return Err(expr_fault(&at, "size mismatch, boolean index and vector"));
                }
                for k in 0..x.len() {
                    if i.get(k).as_bool() {
                        out.push(x.get(k));
                    }
                }
            } else {
                for k in i.items().iter() {
                    out.push(vector_index(&x, k).ok_or_else(|| expr_fault(&at, "no such index"))?);
                }
            }
            Ok(Value::Vector(VectorVal::new(ty, out)))
        });
        Te { ty, code, e: e.clone() }
    }

    fn string_index(&mut self, e: &ExprRef, ta: Te, l: &[ExprRef]) -> Te {
        let [i] = l else { return self.expr_err(e, "not a valid string index") };
        let ti = self.expr(i);
        if !matches!(ti.ty, TypeId::Count | TypeId::Int | TypeId::Any | TypeId::Error) {
            return self.expr_err(e, "index expression is not an integral type");
        }
        let (x, i) = (ta.code, ti.code);
        let code = Code::op(move |vm, fr| {
            let (x, i) = (vm.eval(&x, fr)?, vm.eval(&i, fr)?);
            let s = x.bytes();
            // Out of range gives an empty string.
            Ok(match resolve(i.as_int(), s.len()).and_then(|k| s.get(k)) {
                Some(b) => Value::str([*b]),
                None => Value::str(""),
            })
        });
        Te { ty: TypeId::String, code, e: e.clone() }
    }

    pub(super) fn slice(
        &mut self,
        e: &ExprRef,
        a: &ExprRef,
        lo: Option<&ExprRef>,
        hi: Option<&ExprRef>,
    ) -> Te {
        let ta = self.expr(a);
        let lo = lo.map(|x| self.expr(x));
        let hi = hi.map(|x| self.expr(x));
        if ta.is_err() || lo.iter().chain(&hi).any(Te::is_err) {
            return Te::error(e);
        }
        let integral = |t: &Te| matches!(t.ty, TypeId::Int | TypeId::Count | TypeId::Any);
        if !lo.iter().chain(&hi).all(integral) {
            return self.expr_err(e, "index expression is not an integral type");
        }
        if ta.ty != TypeId::String && self.vm.types.elem(ta.ty).is_none() && ta.ty != TypeId::Any {
            return self.expr_err(e, "slice notation indexing is not supported on this type");
        }
        let ty = ta.ty;
        let (x, lo, hi) = (ta.code, lo.map(|t| t.code), hi.map(|t| t.code));
        let code = Code::op(move |vm, fr| {
            let x = vm.eval(&x, fr)?;
            let (from, to) = slice_bounds(vm, fr, &x, lo.as_ref(), hi.as_ref())?;
            match &x {
                Value::Vector(v) => {
                    let out = v.items().get(from..to).map(<[Value]>::to_vec).unwrap_or_default();
                    Ok(Value::Vector(VectorVal::new(v.ty, out)))
                }
                x => Ok(Value::str(x.bytes().get(from..to).unwrap_or(&[]))),
            }
        });
        Te { ty, code, e: e.clone() }
    }

    /// The code of an index of these types; reports a mismatch.
    pub(super) fn key(&mut self, e: &ExprRef, l: &[ExprRef], index: &[TypeId]) -> Option<KeyCode> {
        if index.is_empty() {
            let te = self.expr(&l[0]);
            return Some(KeyCode::One(te.code));
        }
        if let ([one], [ty]) = (l, index) {
            let te = self.expr_to(one, *ty);
            return match self.key_promote(te, *ty) {
                Some(te) => Some(KeyCode::One(te.code)),
                None => {
                    self.expr_err(e, "not an index type");
                    None
                }
            };
        }
        // A single record-typed or list expression for several indices.
        if let [one] = l {
            if let ExprKind::List(inner) = &one.kind {
                return self.key(e, &inner.clone(), index);
            }
            let te = self.expr(one);
            if te.is_err() {
                return None;
            }
            if te.ty == TypeId::Any || matches!(self.vm.types.get(te.ty), Type::List(_)) {
                return Some(KeyCode::One(te.code));
            }
        }
        if l.len() != index.len() {
            self.expr_err(e, "not an index type");
            return None;
        }
        let mut codes = Vec::with_capacity(l.len());
        for (x, ty) in l.iter().zip(index) {
            let te = self.expr_to(x, *ty);
            match self.key_promote(te, *ty) {
                Some(te) => codes.push(te.code),
                None => {
                    self.expr_err(e, "not an index type");
                    return None;
                }
            }
        }
        Some(KeyCode::Many(codes))
    }

    /// An address may index a table of subnets.
    pub(super) fn key_promote(&mut self, te: Te, ty: TypeId) -> Option<Te> {
        if te.is_err() {
            return Some(te);
        }
        if ty == TypeId::Subnet && te.ty == TypeId::Addr {
            let code = te.code;
            let code = Code::op(move |vm, fr| Ok(Value::Subnet(vm.eval(&code, fr)?.as_addr(), 128)));
            return Some(Te { ty, code, e: te.e });
        }
        self.promote(te, ty).ok()
    }
}

/// A word for a kind of type in messages.
pub(super) fn tag_word(t: &Type) -> &'static str {
    match t {
        Type::Base(b) => b.text(),
        Type::Enum(_) => "enum",
        Type::Record(_) => "record",
        Type::Table(..) | Type::Set(_) => "table",
        Type::Vector(_) => "vector",
        Type::List(_) => "types",
        Type::Func(_) => "func",
        Type::File(_) => "file",
        Type::Opaque(_) => "opaque",
        Type::Type(_) => "type",
    }
}

impl KeyCode {
    /// The index as a table keeps it.
    pub(super) fn eval(&self, vm: &mut Vm, fr: &mut Frame) -> Res {
        match self {
            KeyCode::One(c) => vm.eval(c, fr),
            KeyCode::Many(l) => {
                let parts = l.iter().map(|c| vm.eval(c, fr)).collect::<Res<Vec<_>>>()?;
                Ok(Value::List(parts.into()))
            }
        }
    }
}

fn resolve(i: i64, len: usize) -> Option<usize> {
    if i < 0 { usize::try_from(len as i64 + i).ok() } else { usize::try_from(i).ok() }
}

/// A member of a vector; negative indices count from the end.
pub fn vector_index(v: &VectorVal, i: &Value) -> Option<Value> {
    let k = resolve(i.as_int(), v.len())?;
    let items = v.items();
    items.get(k).filter(|x| x.is_set()).cloned()
}

fn slice_bounds(
    vm: &mut Vm,
    fr: &mut Frame,
    x: &Value,
    lo: Option<&Code>,
    hi: Option<&Code>,
) -> Res<(usize, usize)> {
    let len = match x {
        Value::Vector(v) => v.len(),
        x => x.bytes().len(),
    };
    let get = |vm: &mut Vm, fr: &mut Frame, c: Option<&Code>, default: i64| match c {
        Some(c) => vm.eval(c, fr).map(|v| v.as_int()),
        None => Ok(default),
    };
    let (a, b) = (get(vm, fr, lo, 0)?, get(vm, fr, hi, len as i64)?);
    // Indices beyond either end mean that end.
    let fix = |n: i64| (if n < 0 { n.saturating_add(len as i64) } else { n }.max(0) as usize).min(len);
    let (a, b) = (fix(a), fix(b));
    Ok((a.min(b), b))
}

fn table_read(x: Code, key: KeyCode, at: ExprRef) -> Code {
    match key {
        KeyCode::One(k) => Code::op(move |vm, fr| {
            let Value::Table(t) = vm.eval(&x, fr)? else { return Err(expr_fault(&at, "not a table")) };
            let k = vm.eval(&k, fr)?;
            read_member(vm, &t, &k, &at)
        }),
        KeyCode::Many(l) => Code::op(move |vm, fr| {
            let Value::Table(t) = vm.eval(&x, fr)? else { return Err(expr_fault(&at, "not a table")) };
            let mut parts = Args::new();
            for c in &l {
                parts.push(vm.eval(c, fr)?);
            }
            let hit = t.dict.borrow().get_list(&parts).map(|e| e.value.clone());
            match hit {
                Some(v) => {
                    touch(vm, &t, || Value::List(parts.as_slice().into()));
                    Ok(v)
                }
                None => missing_member(vm, &t, &Value::List(parts.as_slice().into()), &at),
            }
        }),
    }
}

fn read_member(vm: &mut Vm, t: &Rc<TableVal>, k: &Value, at: &ExprRef) -> Res {
    let hit = lookup(t, k);
    match hit {
        Some(v) => {
            touch(vm, t, || k.clone());
            Ok(v)
        }
        None => missing_member(vm, t, k, at),
    }
}

/// A member by its index; tables of subnets answer with the longest prefix.
pub fn lookup(t: &TableVal, k: &Value) -> Option<Value> {
    let d = t.dict.borrow();
    match k {
        Value::Subnet(a, n) => d.longest_prefix(*a, *n).map(|e| e.value.clone()),
        k => d.get(k).map(|e| e.value.clone()),
    }
}

/// `&read_expire` counts from the last read.
#[inline]
fn touch(vm: &Vm, t: &TableVal, k: impl FnOnce() -> Value) {
    let read = t.attrs.borrow().as_ref().is_some_and(|a| a.read_expire.is_some());
    if read && let Some(e) = t.dict.borrow_mut().get_mut(&k()) {
        e.stamp = vm.network_time;
    }
}

fn missing_member(vm: &mut Vm, t: &Rc<TableVal>, k: &Value, at: &ExprRef) -> Res {
    match default_member(vm, t, k)? {
        Some(v) => Ok(v),
        None => Err(expr_fault(at, "no such index")),
    }
}

/// What `&default` gives for a missing index.
pub(super) fn default_member(vm: &mut Vm, t: &Rc<TableVal>, k: &Value) -> Res<Option<Value>> {
    let Some(attrs) = t.attrs.borrow().clone() else { return Ok(None) };
    let Some(code) = &attrs.default else { return Ok(None) };
    let mut fr = Frame::at(vm.stack.len());
    let v = vm.eval(code, &mut fr)?;
    let yields = vm.types.yield_of(t.ty).unwrap_or(TypeId::Any);
    let v = match (&v, vm.types.get(yields)) {
        (Value::Func(f), y) if !matches!(y, Type::Func(_)) => {
            let mut args = Args::new();
            match k {
                Value::List(l) => args.extend(l.iter().cloned()),
                _ => args.push(k.clone()),
            }
            let f = f.clone();
            vm.call_value(&f, args, crate::source::Span::default())?
        }
        _ => crate::builtins::deep_copy(vm, &v, crate::source::Span::default())?,
    };
    if attrs.default_insert {
        super::assign::store_member(vm, t, k.clone(), v.clone());
    }
    Ok(Some(v))
}
