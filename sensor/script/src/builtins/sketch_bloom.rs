//! `bloomfilter_*`: plain and counting Bloom filters.

use super::{arg, bytes, complain, sketch};
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
            complain(vm, c, "false-positive rate must take value between 0 and 1");
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
        with(vm, c, a, |vm, c, b| {
            if !b.typed(vm, c, &v) {
                return Ok(Value::Unset);
            }
            let places: Vec<usize> = b.places(vm, &v).collect();
            let mut cells = b.cells.borrow_mut();
            for i in places {
                if cells[i] < b.max {
                    cells[i] += 1;
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
            if places.iter().any(|i| cells[*i] == 0) {
                return Ok(Value::Bool(false));
            }
            places.iter().for_each(|i| cells[*i] -= 1);
            Ok(Value::Bool(true))
        })
    }),
    ("bloomfilter_lookup", |vm, c, a| {
        let v = arg(a, 1).clone();
        with(vm, c, a, |vm, c, b| {
            if !b.typed(vm, c, &v) {
                return Ok(Value::Count(0));
            }
            let cells = b.cells.borrow();
            let n = b.places(vm, &v).map(|i| cells[i]).min().unwrap_or(0);
            Ok(Value::Count(u64::from(n)))
        })
    }),
    ("bloomfilter_clear", |vm, c, a| {
        with(vm, c, a, |_, _, b| {
            b.cells.borrow_mut().fill(0);
            Ok(Value::Unset)
        })
    }),
    ("bloomfilter_merge", |vm, c, a| merge(vm, c, a, |x, y, max| x.saturating_add(y).min(max))),
    ("bloomfilter_intersect", |vm, c, a| merge(vm, c, a, |x, y, _| x.min(y))),
    ("bloomfilter_internal_state", |vm, c, a| {
        with(vm, c, a, |_, _, b| {
            let cells = b.cells.borrow();
            let raw: Vec<u8> = cells.iter().flat_map(|c| c.to_le_bytes()).collect();
            Ok(Value::str(format!(
                "bits(nbits={}, hash={})",
                cells.len(),
                crate::value::siphash24(crate::value::HashKeys(0, 0), &raw)
            )))
        })
    }),
];

/// Ceiling for the cells of one filter.
const MAX_CELLS: u64 = 1 << 28;

struct Bloom {
    cells: RefCell<Vec<u16>>,
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

    fn typed(&self, vm: &mut Vm, c: &CallSite<'_>, v: &Value) -> bool {
        let have = crate::compile::value_type(vm, v);
        match self.ty.get() {
            None => {
                self.ty.set(Some(have));
                true
            }
            Some(t) if vm.types.same(t, have) => true,
            Some(_) => {
                complain(vm, c, "incompatible Bloom filter types");
                false
            }
        }
    }
}

fn make(vm: &mut Vm, c: &CallSite<'_>, cells: u64, k: u64, max: u16, name: &[u8]) -> Res {
    if cells > MAX_CELLS || cells as usize * 2 > vm.limits.memory {
        return Err(vm.over_memory(c.span));
    }
    let seed = crate::value::siphash24(crate::value::HashKeys(7, 11), name);
    Ok(Value::Opaque(Rc::new(Bloom {
        cells: RefCell::new(vec![0; cells as usize]),
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
    if let Value::Opaque(o) = arg(a, 0) {
        if let Some(b) = o.as_any().downcast_ref::<Bloom>() {
            return f(vm, c, b);
        }
    }
    complain(vm, c, "not a Bloom filter");
    Ok(Value::Unset)
}

fn merge(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], f: fn(u16, u16, u16) -> u16) -> Res {
    let (Value::Opaque(x), Value::Opaque(y)) = (arg(a, 0), arg(a, 1)) else { return Ok(Value::Unset) };
    let (Some(x), Some(y)) = (x.as_any().downcast_ref::<Bloom>(), y.as_any().downcast_ref::<Bloom>()) else {
        return Ok(Value::Unset);
    };
    if let (Some(s), Some(t)) = (x.ty.get(), y.ty.get()) {
        if !vm.types.same(s, t) {
            complain(vm, c, "incompatible Bloom filter types");
            return Ok(Value::Unset);
        }
    }
    if x.cells.borrow().len() != y.cells.borrow().len() || x.k != y.k || x.seed != y.seed {
        complain(vm, c, "incompatible Bloom filters");
        return Ok(Value::Unset);
    }
    let cells = x.cells.borrow().iter().zip(y.cells.borrow().iter()).map(|(p, q)| f(*p, *q, x.max)).collect();
    Ok(Value::Opaque(Rc::new(Bloom {
        cells: RefCell::new(cells),
        k: x.k,
        max: x.max,
        seed: x.seed,
        ty: Cell::new(x.ty.get().or(y.ty.get())),
    })))
}
