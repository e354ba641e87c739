//! `topk_*`: the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005), with Zeek's order among equals.

use super::{arg, complain};
use crate::ranks::Ranks;
use crate::types::TypeId;
use crate::value::{Dict, Opaque, Value, VectorVal};
use crate::vm::{CallSite, Res, Vm};
use std::cell::RefCell;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("topk_init", |vm, c, a| {
        let size = arg(a, 0).as_count() as usize;
        if size.saturating_mul(96) > vm.limits.memory {
            return Err(vm.over_memory(c.span));
        }
        Ok(Value::Opaque(Rc::new(TopkVal(RefCell::new(Topk { size, ..Topk::default() })))))
    }),
    ("topk_add", |vm, c, a| {
        let v = arg(a, 1).clone();
        let Some(t) = topk(arg(a, 0)) else { return Ok(Value::Unset) };
        let ty = crate::compile::value_type(vm, &v);
        let mut t = t.0.borrow_mut();
        match t.ty {
            None => t.ty = Some(ty),
            Some(have) if vm.types.same(have, ty) => {}
            Some(_) => {
                drop(t);
                complain(vm, c, "type mismatch in topk_add");
                return Ok(Value::Unset);
            }
        }
        t.add(v);
        Ok(Value::Unset)
    }),
    ("topk_get_top", |vm, _, a| {
        let k = arg(a, 1).as_count() as usize;
        let (items, ty) = match topk(arg(a, 0)) {
            Some(t) => {
                let t = t.0.borrow();
                (t.top(k), t.ty)
            }
            None => (Vec::new(), None),
        };
        let ty = vm.types.vector(ty.unwrap_or(TypeId::Any));
        Ok(Value::Vector(VectorVal::new(ty, items)))
    }),
    ("topk_count", |vm, _, a| number(vm, a, "topk_count", |count, _| count)),
    ("topk_epsilon", |vm, _, a| number(vm, a, "topk_epsilon", |_, e| e.epsilon)),
    ("topk_size", |_, _, a| Ok(Value::Count(topk(arg(a, 0)).map_or(0, |t| t.0.borrow().size as u64)))),
    ("topk_sum", |_, _, a| {
        let sum = topk(arg(a, 0)).map_or(0, |t| t.0.borrow().elements.iter().map(|(count, _)| count).sum());
        Ok(Value::Count(sum))
    }),
    ("topk_merge", |vm, c, a| merge(vm, c, a, false)),
    ("topk_merge_prune", |vm, c, a| merge(vm, c, a, true)),
];

#[derive(Clone)]
struct Element {
    value: Value,
    epsilon: u64,
}

#[derive(Clone, Default)]
struct Topk {
    size: usize,
    elements: Ranks<Element>,
    /// Where each value stands.
    places: Dict2,
    ty: Option<TypeId>,
}

#[derive(Default)]
struct Dict2(Dict);

impl Clone for Dict2 {
    fn clone(&self) -> Self {
        let mut d = Dict::new(false);
        for e in self.0.iter() {
            d.insert(e.key.clone(), e.value.clone(), 0.0);
        }
        Dict2(d)
    }
}

struct TopkVal(RefCell<Topk>);

impl Opaque for TopkVal {
    fn type_name(&self) -> &'static str {
        "topk"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(TopkVal(RefCell::new(self.0.borrow().clone()))))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn topk(v: &Value) -> Option<&TopkVal> {
    match v {
        Value::Opaque(o) => o.as_any().downcast_ref(),
        _ => None,
    }
}

impl Topk {
    fn position(&self, v: &Value) -> Option<u32> {
        Some(self.places.0.get(v)?.value.as_count() as u32)
    }

    fn place(&mut self, count: u64, e: Element) -> u32 {
        let value = e.value.clone();
        let at = self.elements.insert(count, e);
        self.places.0.insert(value, Value::Count(at.into()), 0.0);
        at
    }

    fn drop_least(&mut self) -> Option<u64> {
        let (count, old) = self.elements.pop_least()?;
        self.places.0.remove(&old.value);
        Some(count)
    }

    fn add(&mut self, v: Value) {
        if let Some(at) = self.position(&v) {
            return self.elements.raise(at, 1);
        }
        if self.elements.len() < self.size {
            self.place(1, Element { value: v, epsilon: 0 });
            return;
        }
        // Full: the least of all makes room, and its count is the newcomer's possible error.
        if let Some(least) = self.drop_least() {
            self.place(least + 1, Element { value: v, epsilon: least });
        }
    }

    /// The `k` most frequent, and whoever is level with the last of them.
    fn top(&self, k: usize) -> Vec<Value> {
        let mut out = Vec::new();
        for equals in self.elements.groups() {
            if out.len() >= k {
                break;
            }
            out.extend(equals.map(|(_, e)| e.value.clone()));
        }
        out
    }

    /// Adds another's counts, the least first.
    fn merge(&mut self, other: &Topk) {
        let mut raised = Vec::with_capacity(other.elements.len());
        for (count, e) in other.elements.iter() {
            let at =
                self.position(&e.value).unwrap_or_else(|| self.place(0, Element { epsilon: 0, ..e.clone() }));
            if let Some(mine) = self.elements.get_mut(at) {
                mine.epsilon += e.epsilon;
            }
            raised.push((at, count));
        }
        self.elements.raise_all(&raised);
    }
}

fn number(vm: &mut Vm, a: &[Value], what: &str, f: fn(u64, &Element) -> u64) -> Res {
    let found = topk(arg(a, 0)).and_then(|t| {
        let t = t.0.borrow();
        t.elements.get(t.position(arg(a, 1))?).map(|(count, e)| f(count, e))
    });
    match found {
        Some(n) => Ok(Value::Count(n)),
        None => {
            let word = if what == "topk_count" { "GetCount" } else { "GetEpsilon" };
            let text = format!("{word} for element that is not in top-k");
            super::plain_error(vm, &text);
            Ok(Value::Count(0))
        }
    }
}

fn merge(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], prune: bool) -> Res {
    let (Some(x), Some(y)) = (topk(arg(a, 0)), topk(arg(a, 1))) else { return Ok(Value::Unset) };
    if std::ptr::eq(x, y) {
        return Ok(Value::Unset);
    }
    let (mut t, other) = (x.0.borrow_mut(), y.0.borrow());
    vm.charge_work(c.span, other.elements.len() as u64)?;
    t.ty = t.ty.or(other.ty);
    t.merge(&other);
    while prune && t.elements.len() > t.size {
        t.drop_least();
    }
    Ok(Value::Unset)
}

/// A summary as a host kept it: elements with count and possible error, the least frequent first.
pub fn topk_value(ty: TypeId, size: usize, elements: impl Iterator<Item = (Value, u64, u64)>) -> Value {
    let mut t = Topk { size, ty: Some(ty), ..Topk::default() };
    for (value, count, epsilon) in elements {
        t.place(count, Element { value, epsilon });
    }
    Value::Opaque(Rc::new(TopkVal(RefCell::new(t))))
}
