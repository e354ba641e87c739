//! `topk_*`: the space-saving algorithm (Metwally, Agrawal, El Abbadi 2005), with Zeek's order among equals.

use super::{arg, complain};
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
        // Elements are kept in order: what is moved for one counts as work.
        let work = 1 + t.elements.len() as u64 / 64;
        vm.charge_work(c.span, work)?;
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
    ("topk_count", |vm, _, a| number(vm, a, "topk_count", |e| e.count)),
    ("topk_epsilon", |vm, _, a| number(vm, a, "topk_epsilon", |e| e.epsilon)),
    ("topk_size", |_, _, a| Ok(Value::Count(topk(arg(a, 0)).map_or(0, |t| t.0.borrow().size as u64)))),
    ("topk_sum", |_, _, a| {
        let sum = topk(arg(a, 0)).map_or(0, |t| t.0.borrow().elements.iter().map(|e| e.count).sum());
        Ok(Value::Count(sum))
    }),
    ("topk_merge", |_, _, a| merge(a, false)),
    ("topk_merge_prune", |_, _, a| merge(a, true)),
];

#[derive(Clone)]
struct Element {
    value: Value,
    count: u64,
    epsilon: u64,
}

/// Elements in ascending order of count; among equals the one that came to its count last stands last.
#[derive(Clone, Default)]
struct Topk {
    size: usize,
    elements: Vec<Element>,
    /// Where each value stands is found by its count: value → count.
    counts: Dict2,
    pruned: bool,
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
    fn position(&self, v: &Value) -> Option<usize> {
        let count = self.counts.0.get(v)?.value.as_count();
        let from = self.elements.partition_point(|e| e.count < count);
        (from..self.elements.len()).find(|i| self.elements[*i].value.same(v))
    }

    fn place(&mut self, e: Element) {
        self.counts.0.insert(e.value.clone(), Value::Count(e.count), 0.0);
        let at = self.elements.partition_point(|x| x.count <= e.count);
        self.elements.insert(at, e);
    }

    fn add(&mut self, v: Value) {
        if let Some(i) = self.position(&v) {
            let mut e = self.elements.remove(i);
            e.count += 1;
            return self.place(e);
        }
        if self.elements.len() < self.size {
            return self.place(Element { value: v, count: 1, epsilon: 0 });
        }
        // Full: the least of all makes room, and its count is the newcomer's possible error.
        if self.elements.is_empty() {
            return;
        }
        let old = self.elements.remove(0);
        self.counts.0.remove(&old.value);
        self.place(Element { value: v, count: old.count + 1, epsilon: old.count });
    }

    /// The `k` most frequent, and whoever is level with the last of them.
    fn top(&self, k: usize) -> Vec<Value> {
        let mut out = Vec::new();
        let mut end = self.elements.len();
        while end > 0 && out.len() < k {
            let count = self.elements[end - 1].count;
            let from = self.elements.partition_point(|e| e.count < count);
            out.extend(self.elements[from..end].iter().map(|e| e.value.clone()));
            end = from;
        }
        out
    }
}

fn number(vm: &mut Vm, a: &[Value], what: &str, f: fn(&Element) -> u64) -> Res {
    let found = topk(arg(a, 0)).and_then(|t| {
        let t = t.0.borrow();
        t.position(arg(a, 1)).map(|i| f(&t.elements[i]))
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

fn merge(a: &[Value], prune: bool) -> Res {
    let (Some(x), Some(y)) = (topk(arg(a, 0)), topk(arg(a, 1))) else { return Ok(Value::Unset) };
    if std::ptr::eq(x, y) {
        return Ok(Value::Unset);
    }
    let other = y.0.borrow().clone();
    let mut t = x.0.borrow_mut();
    t.ty = t.ty.or(other.ty);
    for e in other.elements {
        match t.position(&e.value) {
            Some(i) => {
                let mut mine = t.elements.remove(i);
                mine.count += e.count;
                mine.epsilon += e.epsilon;
                t.place(mine);
            }
            None => t.place(e),
        }
    }
    if prune {
        t.pruned = true;
        while t.elements.len() > t.size {
            let old = t.elements.remove(0);
            t.counts.0.remove(&old.value);
        }
    }
    Ok(Value::Unset)
}

/// A summary as a host kept it: elements with count and possible error, the least frequent first.
pub fn topk_value(ty: TypeId, size: usize, elements: impl Iterator<Item = (Value, u64, u64)>) -> Value {
    let mut t = Topk { size, ty: Some(ty), ..Topk::default() };
    for (value, count, epsilon) in elements {
        t.place(Element { value, count, epsilon });
    }
    Value::Opaque(Rc::new(TopkVal(RefCell::new(t))))
}
