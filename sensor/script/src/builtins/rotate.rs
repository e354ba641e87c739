//! Files that scripts write, put aside.

use super::{arg, complain, record, text_arg};
use crate::value::Value;
use crate::vm::{CallSite, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("rotate_file", |vm, c, a| match arg(a, 0) {
        Value::File(f) => {
            let name = f.name.to_string();
            let done = rotate(vm, c, &name);
            if f.open.get() && vm.host.open(&name, false).is_err() {
                f.open.set(false);
                complain(vm, c, "the file cannot be opened again");
            }
            done
        }
        _ => nothing(vm),
    }),
    ("rotate_file_by_name", |vm, c, a| {
        let name = text_arg(a, 0);
        rotate(vm, c, &name)
    }),
    ("calc_next_rotate", |vm, _, a| {
        let every = arg(a, 0).as_double();
        let base =
            vm.global_value("log_rotate_base_time").map(|v| String::from_utf8_lossy(v.bytes()).into_owned());
        Ok(Value::Interval(until_rotation(vm.network_time, every, base.as_deref().unwrap_or_default())))
    }),
];

/// Gives the file another name, under which nobody writes on.
fn rotate(vm: &mut Vm, c: &CallSite<'_>, name: &str) -> Res {
    let now = vm.network_time;
    let aside = format!("{name}.{}.{now:.6}.tmp", std::process::id());
    vm.host.flush();
    vm.host.close(name);
    if !vm.host.filesystem() {
        complain(vm, c, "scripts may not change files here");
        return nothing(vm);
    }
    if let Err(error) = std::fs::rename(name, &aside) {
        complain(vm, c, &format!("{name} cannot be put aside: {error}"));
        return nothing(vm);
    }
    let names = [("old_name", Value::str(name)), ("new_name", Value::str(aside))];
    let times = [("open", Value::Time(vm.started)), ("close", Value::Time(now))];
    record(vm, "rotate_info", &[names, times].concat())
}

fn nothing(vm: &mut Vm) -> Res {
    let names = [("old_name", Value::str("")), ("new_name", Value::str(""))];
    let times = [("open", Value::Time(0.0)), ("close", Value::Time(0.0))];
    record(vm, "rotate_info", &[names, times].concat())
}

/// Seconds until files that are rotated so often are rotated next, counted from a time of the day (`HH:MM`).
fn until_rotation(now: f64, every: f64, base: &str) -> f64 {
    if every <= 0.0 {
        return 0.0;
    }
    const DAY: f64 = 86_400.0;
    let clock =
        base.split_once(':').and_then(|(h, m)| Some((h.parse::<u32>().ok()?, m.parse::<u32>().ok()?)));
    let start = match clock {
        Some((h, m)) => (now / DAY).floor() * DAY + f64::from(h) * 3600.0 + f64::from(m) * 60.0,
        None => 0.0,
    };
    let gone = (now - start).rem_euclid(every);
    every - gone
}
