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
        Ok(Value::Count(if max == 0 { 0 } else { n % max }))
    }),
    ("srand", |vm, _, a| {
        vm.state.rng = arg(a, 0).as_count() | 1;
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

/// xorshift64*; seeded by `srand`, else the same numbers every run.
pub fn random(vm: &mut Vm) -> u64 {
    let mut x = vm.state.rng | 1;
    if vm.state.rng == 0 {
        x = 0x9e37_79b9_7f4a_7c15;
    }
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    vm.state.rng = x;
    x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33
}
