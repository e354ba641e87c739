//! Clocks and dates.

use super::{arg, complain, text_arg};
use crate::value::Value;
use crate::vm::{CallSite, Res, Vm};
use jiff::{Timestamp, civil, tz::TimeZone};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("current_time", |vm, _, _| {
        let now = vm.host.now();
        Ok(Value::Time(now))
    }),
    ("network_time", |vm, _, _| Ok(Value::Time(vm.network_time))),
    ("current_event_time", |vm, _, _| Ok(Value::Time(vm.network_time))),
    ("set_network_time", |vm, _, a| {
        vm.network_time = arg(a, 0).as_double();
        Ok(Value::Bool(true))
    }),
    ("strftime", |vm, c, a| match strftime(&text_arg(a, 0), arg(a, 1).as_double()) {
        Some(s) => Ok(Value::str(s)),
        None => {
            complain(vm, c, "strftime conversion failed");
            Ok(Value::str("<strftime error>"))
        }
    }),
    ("strptime", |vm, c, a| match strptime(&text_arg(a, 0), &text_arg(a, 1)) {
        Some(t) => Ok(Value::Time(t)),
        None => {
            let (f, d) = (text_arg(a, 0), text_arg(a, 1));
            complain(vm, c, &format!("strptime conversion failed: fmt:{f} d:{d}"));
            Ok(Value::Time(0.0))
        }
    }),
];

/// In UTC: replays give the same text wherever they run.
pub fn strftime(format: &str, secs: f64) -> Option<String> {
    let t = Timestamp::from_second(secs as i64).ok()?.to_zoned(TimeZone::UTC);
    jiff::fmt::strtime::format(format, &t).ok()
}

fn strptime(format: &str, text: &str) -> Option<f64> {
    let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
    if let Ok(t) = parsed.to_timestamp() {
        return Some(t.as_second() as f64);
    }
    let date = parsed.to_date().ok()?;
    let time = parsed.to_time().unwrap_or(civil::Time::midnight());
    let z = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(z.timestamp().as_second() as f64)
}
