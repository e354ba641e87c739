//! Rotation as filters ask for it: when, what the files are called, and who hears of them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use nightjar_script::value::{FuncVal, Value};
use nightjar_script::{Args, Vm};

use crate::config::options::ROTATION;
use crate::log::{LogError, Logs, ScriptLog};
use crate::script_host::log::Log;
use crate::time::Time;

/// When the logs of a filter are rotated.
pub(super) struct Rotation {
    pub interval: f64,
    pub postprocessor: Option<Rc<FuncVal>>,
    /// By path: since when the log is open, and when it ends.
    logs: HashMap<String, (f64, f64)>,
}

/// A log whose time has come.
struct Due {
    stream: i64,
    filter: String,
    script_log: Arc<ScriptLog>,
    postprocessor: Option<Rc<FuncVal>>,
    log: Ended,
}

/// What scripts are told of a log that has ended.
pub(super) struct Ended {
    pub path: String,
    pub writer: Value,
    pub opened: f64,
    pub closed: f64,
    pub terminating: bool,
    pub postprocessor: Value,
}

impl Rotation {
    pub fn new(interval: f64, postprocessor: Option<Rc<FuncVal>>) -> Self {
        Rotation { interval, postprocessor, logs: HashMap::new() }
    }

    /// A row is written to a log. When the log is to be rotated, if that is news.
    pub fn opened(&mut self, path: &str, now: f64, base: f64) -> Option<f64> {
        if self.interval <= 0.0 || self.logs.contains_key(path) {
            return None;
        }
        let next = next_rotation(now, self.interval, base);
        self.logs.insert(path.to_owned(), (now, next));
        Some(next)
    }
}

/// The next multiple of the interval since the day's base time; without traffic yet, the first packet decides.
fn next_rotation(now: f64, interval: f64, base: f64) -> f64 {
    const DAY: f64 = 86_400.0;
    let start = (now / DAY).floor() * DAY + base;
    start + ((now - start) / interval).floor() * interval + interval
}

/// How often logs are rotated where nothing else is said.
pub(in crate::script_host) fn default_interval(vm: &Vm) -> f64 {
    vm.global_value(ROTATION).map_or(0.0, Value::as_double)
}

/// Whether logs with this interval are rotated by the sensor, and not as scripts say.
pub(super) fn is_sensors(vm: &Vm, interval: f64) -> bool {
    is_left_to_sensor(vm) && interval == default_interval(vm)
}

/// Whether [`leave_to_sensor`] was called.
pub(in crate::script_host) fn is_left_to_sensor(vm: &Vm) -> bool {
    vm.global_value(BY_SENSOR).is_some_and(Value::as_bool)
}

const BY_SENSOR: &str = "Log::__is_rotated_by_sensor";

/// `HH:MM` as seconds.
pub(in crate::script_host) fn base_time(vm: &Vm) -> f64 {
    let text = vm.global_value("log_rotate_base_time").map_or(String::new(), |value| vm.text_string(value));
    let part = |text: Option<&str>| text.and_then(|text| text.trim().parse::<u32>().ok()).unwrap_or(0);
    let mut parts = text.split(':');
    f64::from(part(parts.next())) * 3_600.0 + f64::from(part(parts.next())) * 60.0
}

/// The sensor rotates all logs whose filters have the default interval.
pub(in crate::script_host) fn leave_to_sensor(vm: &mut Vm) {
    if let Some(global) = vm.global(BY_SENSOR) {
        vm.values[global as usize] = Value::Bool(true);
    }
}

impl Log {
    /// Whether some log is to be rotated.
    pub fn rotation_due(&self, now: f64) -> bool {
        self.0.borrow().next_rotation <= now
    }

    /// Rotates the logs whose time has come; at the end of the run all that are rotated at all. Rows up to now must
    /// have been handed on.
    pub fn rotate(&self, vm: &mut Vm, logs: &mut Logs, terminating: bool) -> Result<(), LogError> {
        let now = vm.network_time;
        let mut result = Ok(());
        for due in self.due(now, base_time(vm), terminating) {
            let default = vm.global_value("Log::__default_rotation_postprocessor").cloned();
            let postprocessor = due.postprocessor.map(Value::Func).or(default).unwrap_or_default();
            let log = Ended { postprocessor, ..due.log };
            let target = file_name(vm, &log);
            match logs.rotate_script_log(&due.script_log, &target, Time::from_secs_f64(now)) {
                Ok(Some(file)) => tell(vm, &log, &file),
                Ok(None) => {}
                Err(error) => result = result.and(Err(error)),
            }
        }
        if terminating {
            self.0.borrow_mut().lift_shadows();
        }
        result
    }

    /// In the order of streams, filters and paths.
    fn due(&self, now: f64, base: f64, all: bool) -> Vec<Due> {
        let state = &mut *self.0.borrow_mut();
        let mut due = Vec::new();
        state.next_rotation = f64::INFINITY;
        for (number, stream) in &state.streams {
            for filter in &stream.filters {
                let filter = &mut *filter.borrow_mut();
                let rotation = &mut filter.rotation;
                for (path, (opened, next)) in &mut rotation.logs {
                    if all || *next <= now {
                        // Written before the first packet: its time is that packet's.
                        let early = *opened == 0.0 && !all;
                        if let Some(script_log) = filter.script_logs.get(path).filter(|_| !early) {
                            due.push(Due {
                                stream: *number,
                                filter: filter.name.clone(),
                                script_log: script_log.clone(),
                                postprocessor: rotation.postprocessor.clone(),
                                log: Ended {
                                    path: path.clone(),
                                    writer: filter.writer_value.clone(),
                                    opened: *opened,
                                    closed: now,
                                    terminating: all,
                                    postprocessor: Value::Unset,
                                },
                            });
                        }
                        (*opened, *next) = (now, next_rotation(now, rotation.interval, base));
                    }
                    state.next_rotation = state.next_rotation.min(*next);
                }
            }
        }
        due.sort_by(|a, b| {
            (a.stream, &a.filter, a.script_log.path).cmp(&(b.stream, &b.filter, b.script_log.path))
        });
        due
    }
}

/// What `Log::rotation_format_func` makes of a log's name, without the ending.
pub(super) fn file_name(vm: &mut Vm, log: &Ended) -> PathBuf {
    let named = match (
        vm.new_record("Log::RotationFmtInfo"),
        vm.global_value("Log::rotation_format_func").cloned(),
    ) {
        (Some(info), Some(Value::Func(function))) => {
            vm.set_field(&info, "writer", log.writer.clone());
            vm.set_field(&info, "path", Value::str(&log.path));
            vm.set_field(&info, "open", Value::Time(log.opened));
            vm.set_field(&info, "close", Value::Time(log.closed));
            vm.set_field(&info, "terminating", Value::Bool(log.terminating));
            vm.set_field(&info, "postprocessor", log.postprocessor.clone());
            vm.invoke(&function, Args::from_iter([Value::Record(info)]))
        }
        _ => None,
    };
    let text = |value: &Value| String::from_utf8_lossy(value.bytes()).into_owned();
    match named {
        Some(Value::Record(named)) => {
            let (folder, base) = (vm.field(&named, "dir"), vm.field(&named, "file_basename"));
            Path::new(&text(&folder)).join(text(&base))
        }
        _ => {
            let mut stamp = Vec::new();
            crate::record::stamp(Time::from_secs_f64(log.opened), &mut stamp);
            let stamp = String::from_utf8_lossy(&stamp).into_owned();
            let (day, time) = stamp.get(2..10).zip(stamp.get(11..)).unwrap_or_default();
            let name = format!("{}-{day}_{}", log.path, time.replace('-', "."));
            let wrong = format!(
                "Failed to call Log::rotation_format_func for path {} continuing with rotation to: ./{name}",
                log.path
            );
            vm.error(nightjar_script::source::Span::default(), wrong);
            PathBuf::from(name)
        }
    }
}

/// Calls the function for rotated files.
pub(super) fn tell(vm: &mut Vm, log: &Ended, file: &Path) {
    let (Some(info), Value::Func(function)) = (vm.new_record("Log::RotationInfo"), &log.postprocessor) else {
        return;
    };
    vm.set_field(&info, "writer", log.writer.clone());
    vm.set_field(&info, "fname", Value::str(file.to_string_lossy().as_bytes()));
    vm.set_field(&info, "path", Value::str(&log.path));
    vm.set_field(&info, "open", Value::Time(log.opened));
    vm.set_field(&info, "close", Value::Time(log.closed));
    vm.set_field(&info, "terminating", Value::Bool(log.terminating));
    vm.invoke(function, Args::from_iter([Value::Record(info)]));
}
