//! `bloomfilter_*`: plain and counting Bloom filters.

use super::{arg, bytes, complain, plain_error, sketch};
use crate::types::TypeId;
use crate::value::{Opaque, Value};
use crate::vm::{CallSite, Res, Vm};
use std::cell::{Cell, RefCell};
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("bloomfilter_basic_init", |vm, c, a| {
        let (fp, capacity) = (arg(a, 0).as_double(), arg(a, 1).as_count());
        if !(0.0..=1.0).contains(&fp) || fp == 0.0 {
            plain_error(vm, "false-positive rate must take value between 0 and 1");
            return Ok(Value::Unset);
        }
        let m = (-(capacity as f64) * fp.ln() / std::f64::consts::LN_2.powi(2)).ceil().max(1.0);
        let k = ((m / capacity.max(1) as f64) * std::f64::consts::LN_2).ceil().max(1.0);
        make(vm, c, m as u64, k as u64, 1, bytes(a, 2))
    }),
    ("bloomfilter_basic_init2", |vm, c, a| {
        let (k, cells) = (arg(a, 0).as_count(), arg(a, 1).as_count());
        if k == 0 || cells == 0 {
            complain(
                vm,
                c,
                if k == 0 { "k must be non-negative" } else { "num of cells must be non-negative" },
            );
            return Ok(Value::Unset);
        }
        make(vm, c, cells, k, 1, bytes(a, 2))
    }),
    ("bloomfilter_counting_init", |vm, c, a| {
        let (k, cells, max) = (arg(a, 0).as_count(), arg(a, 1).as_count(), arg(a, 2).as_count());
        make(vm, c, cells.max(1), k.max(1), max.clamp(1, 65535) as u16, bytes(a, 3))
    }),
    ("bloomfilter_add", |vm, c, a| {
        let v = arg(a, 1).clone();
        with(vm, c, a, |vm, _, b| {
            if !b.typed(vm, &v) {
                return Ok(Value::Unset);
            }
            let places: Vec<usize> = b.places(vm, &v).collect();
            let mut cells = b.cells.borrow_mut();
            for i in places {
                let n = cells.get(i);
                if n < b.max {
                    cells.set(i, n + 1);
                }
            }
            Ok(Value::Unset)
        })
    }),
    ("bloomfilter_decrement", |vm, c, a| {
        let v = arg(a, 1).clone();
        with(vm, c, a, |vm, _, b| {
            let places: Vec<usize> = b.places(vm, &v).collect();
            let mut cells = b.cells.borrow_mut();
            if places.iter().any(|i| cells.get(*i) == 0) {
                return Ok(Value::Bool(false));
            }
            for i in places {
                let n = cells.get(i);
                cells.set(i, n.saturating_sub(1));
            }
            Ok(Value::Bool(true))
        })
    }),
    ("bloomfilter_lookup", |vm, c, a| {
        let v = arg(a, 1).clone();
        with(vm, c, a, |vm, _, b| {
            if !b.typed(vm, &v) {
                return Ok(Value::Count(0));
            }
            let cells = b.cells.borrow();
            let n = b.places(vm, &v).map(|i| cells.get(i)).min().unwrap_or(0);
            Ok(Value::Count(u64::from(n)))
        })
    }),
    ("bloomfilter_clear", |vm, c, a| {
        with(vm, c, a, |_, _, b| {
            b.cells.borrow_mut().clear();
            Ok(Value::Unset)
        })
    }),
    ("bloomfilter_merge", |vm, _, a| merge(vm, a, |x, y, max| x.saturating_add(y).min(max))),
    ("bloomfilter_intersect", |vm, _, a| merge(vm, a, |x, y, _| x.min(y))),
    ("bloomfilter_internal_state", |vm, c, a| {
        with(vm, c, a, |_, _, b| {
            let cells = b.cells.borrow();
            let raw: Vec<u8> = (0..cells.len()).flat_map(|i| cells.get(i).to_le_bytes()).collect();
            Ok(Value::str(format!(
                "bits(nbits={}, hash={})",
                cells.len(),
                crate::value::siphash24(crate::value::HashKeys(0, 0), &raw)
            )))
        })
    }),
];

/// Bits of a basic filter, counters of a counting one.
#[derive(Clone)]
enum Cells {
    Bits(Vec<u64>, usize),
    Counters(Vec<u16>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Bits(_, n) => *n,
            Cells::Counters(v) => v.len(),
        }
    }

    fn get(&self, i: usize) -> u16 {
        match self {
            Cells::Bits(v, _) => v.get(i / 64).map_or(0, |w| (w >> (i % 64)) as u16 & 1),
            Cells::Counters(v) => v.get(i).copied().unwrap_or(0),
        }
    }

    fn set(&mut self, i: usize, n: u16) {
        match self {
            Cells::Bits(v, _) => {
                if let Some(w) = v.get_mut(i / 64) {
                    *w = (*w & !(1 << (i % 64))) | (u64::from(n & 1) << (i % 64));
                }
            }
            Cells::Counters(v) => {
                if let Some(c) = v.get_mut(i) {
                    *c = n;
                }
            }
        }
    }

    fn clear(&mut self) {
        match self {
            Cells::Bits(v, _) => v.fill(0),
            Cells::Counters(v) => v.fill(0),
        }
    }
}

struct Bloom {
    cells: RefCell<Cells>,
    k: u64,
    max: u16,
    seed: u64,
    /// The type of what is in it, from the first element on.
    ty: Cell<Option<TypeId>>,
}

impl Opaque for Bloom {
    fn type_name(&self) -> &'static str {
        "bloomfilter"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(Bloom { cells: self.cells.clone(), ty: self.ty.clone(), ..*self }))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

impl Bloom {
    /// Double hashing: two hashes make all the places.
    fn places(&self, vm: &Vm, v: &Value) -> impl Iterator<Item = usize> + use<> {
        let (h1, h2) = (sketch::hash(vm, v, self.seed), sketch::hash(vm, v, !self.seed) | 1);
        let n = self.cells.borrow().len() as u64;
        (0..self.k).map(move |i| (h1.wrapping_add(i.wrapping_mul(h2)) % n.max(1)) as usize)
    }

    fn typed(&self, vm: &mut Vm, v: &Value) -> bool {
        let have = crate::compile::value_type(vm, v);
        match self.ty.get() {
            None => {
                self.ty.set(Some(have));
                true
            }
            Some(t) if vm.types.same(t, have) => true,
            Some(_) => {
                plain_error(vm, "incompatible Bloom filter types");
                false
            }
        }
    }
}

fn make(vm: &mut Vm, c: &CallSite<'_>, cells: u64, k: u64, max: u16, name: &[u8]) -> Res {
    let size = if max == 1 { cells / 8 } else { cells.saturating_mul(2) };
    if size > vm.limits.memory as u64 {
        return Err(vm.over_memory(c.span));
    }
    let cells = cells as usize;
    // Zeroed pages are not touched before they are written.
    let cells = if max == 1 {
        Cells::Bits(vec![0; cells.div_ceil(64)], cells)
    } else {
        Cells::Counters(vec![0; cells])
    };
    let seed = crate::value::siphash24(crate::value::HashKeys(7, 11), name);
    Ok(Value::Opaque(Rc::new(Bloom {
        cells: RefCell::new(cells),
        k: k.min(64),
        max,
        seed,
        ty: Cell::new(None),
    })))
}

fn with(
    vm: &mut Vm,
    c: &CallSite<'_>,
    a: &[Value],
    f: impl FnOnce(&mut Vm, &CallSite<'_>, &Bloom) -> Res,
) -> Res {
    if let Value::Opaque(o) = arg(a, 0)
        && let Some(b) = o.as_any().downcast_ref::<Bloom>()
    {
        return f(vm, c, b);
    }
    complain(vm, c, "not a Bloom filter");
    Ok(Value::Unset)
}

fn merge(vm: &mut Vm, a: &[Value], f: fn(u16, u16, u16) -> u16) -> Res {
    let (Value::Opaque(x), Value::Opaque(y)) = (arg(a, 0), arg(a, 1)) else { return Ok(Value::Unset) };
    let (Some(x), Some(y)) = (x.as_any().downcast_ref::<Bloom>(), y.as_any().downcast_ref::<Bloom>()) else {
        return Ok(Value::Unset);
    };
    if let (Some(s), Some(t)) = (x.ty.get(), y.ty.get())
        && !vm.types.same(s, t)
    {
        plain_error(vm, "incompatible Bloom filter types");
        return Ok(Value::Unset);
    }
    if x.cells.borrow().len() != y.cells.borrow().len() || x.k != y.k || x.seed != y.seed {
        plain_error(vm, "incompatible Bloom filters");
        return Ok(Value::Unset);
    }
    let mut cells = x.cells.borrow().clone();
    let other = y.cells.borrow();
    for i in 0..cells.len() {
        let (p, q) = (cells.get(i), other.get(i));
        if p != 0 || q != 0 {
            cells.set(i, f(p, q, x.max));
        }
    }
    Ok(Value::Opaque(Rc::new(Bloom {
        cells: RefCell::new(cells),
        k: x.k,
        max: x.max,
        seed: x.seed,
        ty: Cell::new(x.ty.get().or(y.ty.get())),
    })))
}
