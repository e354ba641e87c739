//! `hll_cardinality_*`: HyperLogLog.

use super::{arg, complain, sketch};
use crate::value::{Opaque, Value};
use crate::vm::{CallSite, Res, Vm};
use std::cell::RefCell;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("hll_cardinality_init", |_, _, a| {
        let (error, confidence) = (arg(a, 0).as_double(), arg(a, 1).as_double());
        Ok(Value::Opaque(Rc::new(Hll { registers: RefCell::new(vec![0; registers(error, confidence)]) })))
    }),
    ("hll_cardinality_add", |vm, _, a| {
        let Some(h) = hll(arg(a, 0)) else { return Ok(Value::Bool(false)) };
        let n = sketch::hash(vm, arg(a, 1), 0x6c6c);
        let mut r = h.registers.borrow_mut();
        let bits = r.len().trailing_zeros();
        let i = (n >> (64 - bits)) as usize;
        let rank = ((n << bits) | (1 << (bits - 1))).leading_zeros() as u8 + 1;
        if let Some(slot) = r.get_mut(i) {
            *slot = (*slot).max(rank);
        }
        Ok(Value::Bool(true))
    }),
    ("hll_cardinality_estimate", |_, _, a| Ok(Value::Double(hll(arg(a, 0)).map_or(0.0, Hll::estimate)))),
    ("hll_cardinality_merge_into", |vm, c, a| {
        let (Some(x), Some(y)) = (hll(arg(a, 0)), hll(arg(a, 1))) else { return Ok(Value::Bool(false)) };
        if x.registers.borrow().len() != y.registers.borrow().len() {
            complain(vm, c, "Cardinality counters with different parameters cannot be merged.");
            return Ok(Value::Bool(false));
        }
        let other = y.registers.borrow().clone();
        x.registers.borrow_mut().iter_mut().zip(other).for_each(|(p, q)| *p = (*p).max(q));
        Ok(Value::Bool(true))
    }),
    ("hll_cardinality_copy", |_, _, a| match arg(a, 0) {
        Value::Opaque(o) => Ok(o.copy().map_or(Value::Unset, Value::Opaque)),
        _ => Ok(Value::Unset),
    }),
];

struct Hll {
    registers: RefCell<Vec<u8>>,
}

impl Opaque for Hll {
    fn type_name(&self) -> &'static str {
        "cardinality"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(Hll { registers: self.registers.clone() }))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn hll(v: &Value) -> Option<&Hll> {
    match v {
        Value::Opaque(o) => o.as_any().downcast_ref(),
        _ => None,
    }
}

/// How many registers keep the error under `error` with this confidence; at most 2^16.
fn registers(error: f64, confidence: f64) -> usize {
    let k = match confidence {
        c if c >= 0.997 => 3.0,
        c if c >= 0.95 => 2.0,
        _ => 1.0,
    };
    let want = (1.04 * k / error.max(0.004)).powi(2).ceil();
    (want as usize).clamp(16, 1 << 16).next_power_of_two()
}

impl Hll {
    fn estimate(&self) -> f64 {
        let r = self.registers.borrow();
        let m = r.len() as f64;
        let alpha = match r.len() {
            16 => 0.673,
            32 => 0.697,
            64 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / m),
        };
        let sum: f64 = r.iter().map(|x| 2f64.powi(-i32::from(*x))).sum();
        let raw = alpha * m * m / sum;
        let zeros = r.iter().filter(|x| **x == 0).count();
        // Few elements: count the empty registers instead.
        if raw <= 2.5 * m && zeros > 0 { m * (m / zeros as f64).ln() } else { raw }
    }
}
