//! Numbers.

use super::{arg, complain};
use crate::value::Value;
use crate::vm::{CallSite, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

fn unary(
    vm: &mut Vm,
    c: &CallSite<'_>,
    a: &[Value],
    f: fn(f64) -> f64,
    ok: fn(f64) -> bool,
    text: &str,
) -> Res {
    let x = arg(a, 0).as_double();
    if !ok(x) {
        complain(vm, c, text);
        return Ok(Value::Double(-1.0));
    }
    Ok(Value::Double(f(x)))
}

pub const TABLE: &[(&str, Plain)] = &[
    ("floor", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().floor()))),
    ("ceil", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().ceil()))),
    ("round", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().round()))),
    ("sqrt", |vm, c, a| unary(vm, c, a, f64::sqrt, |x| x >= 0.0, "negative sqrt argument")),
    ("exp", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().exp()))),
    ("ln", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().ln()))),
    ("log2", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().log2()))),
    ("log10", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().log10()))),
    ("pow", |_, _, a| Ok(Value::Double(arg(a, 0).as_double().powf(arg(a, 1).as_double())))),
    ("rand", |vm, _, a| {
        let max = arg(a, 0).as_count();
        let n = random(vm);
        Ok(Value::Count((max as f64 * (f64::from(n) / (f64::from(MODULUS) + 1.0))) as u64))
    }),
    ("srand", |vm, _, a| {
        vm.state.rng = arg(a, 0).as_count() as u32;
        Ok(Value::Unset)
    }),
    ("haversine_distance", |_, _, a| {
        let r = |i: usize| arg(a, i).as_double().to_radians();
        let (la1, lo1, la2, lo2) = (r(0), r(1), r(2), r(3));
        let half = |x: f64| (x / 2.0).sin().powi(2);
        let s = half(la2 - la1) + la1.cos() * la2.cos() * half(lo2 - lo1);
        // Miles, on a sphere of 6372.8 km.
        Ok(Value::Double(2.0 * 3958.75587 * s.sqrt().clamp(-1.0, 1.0).asin()))
    }),
];

const MODULUS: u32 = 2_147_483_647;

/// Park and Miller's generator, which Zeek uses when it is given a seed: the same numbers every run.
pub fn random(vm: &mut Vm) -> u32 {
    const A: i64 = 16807;
    let m = i64::from(MODULUS);
    let (q, r) = (m / A, m % A);
    let state = i64::from(vm.state.rng.max(1));
    let next = A * (state % q) - r * (state / q);
    vm.state.rng = (if next <= 0 { next + m } else { next }) as u32;
    vm.state.rng
}
