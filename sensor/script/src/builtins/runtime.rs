//! The run itself: exit, environment, files, what calls what.

use super::{arg, complain, fail, record, text_arg};
use crate::source::Span;
use crate::types::{Type, TypeId};
use crate::value::{Value, VectorVal};
use crate::vm::{CallSite, Res, Traffic, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

/// What `zeek_version` answers: the version whose language this is.
pub const ZEEK_VERSION: &str = "7.0.0";

pub const TABLE: &[(&str, Plain)] = &[
    ("exit", |_, _, a| Err(super::output::exit(arg(a, 0).as_int() as i32))),
    ("terminate", |vm, _, _| {
        if vm.terminating {
            return Ok(Value::Bool(false));
        }
        vm.state.stop = true;
        Ok(Value::Bool(true))
    }),
    ("system", |vm, c, a| system(vm, c, &text_arg(a, 0))),
    ("system_env", |vm, c, a| {
        let mut command = String::new();
        if let Value::Table(env) = arg(a, 1) {
            for (name, value) in env.snapshot() {
                let name = String::from_utf8_lossy(name.bytes()).into_owned();
                if !name.bytes().all(|b: u8| b.is_ascii_alphanumeric() || b == b'_') {
                    return Err(fail(c, "a name in the environment has letters, digits and underscores"));
                }
                let value = String::from_utf8_lossy(value.bytes()).replace('\'', r"'\''");
                command.push_str(&format!("export ZEEK_ARG_{name}='{value}'; "));
            }
        }
        command.push_str(&text_arg(a, 0));
        system(vm, c, &command)
    }),
    ("piped_exec", |vm, c, a| {
        let (program, input) = (text_arg(a, 0), super::bytes(a, 1).to_vec());
        match vm.host.pipe(&program, &input) {
            Some(done) => Ok(Value::Bool(done)),
            None => Err(fail(c, "commands cannot be run here")),
        }
    }),
    ("syslog", |vm, _, a| {
        let text = text_arg(a, 0);
        vm.host.syslog(&text);
        Ok(Value::Unset)
    }),
    ("is_packet_source", |_, _, _| Ok(Value::Bool(false))),
    ("getpid", |_, _, _| Ok(Value::Count(u64::from(std::process::id())))),
    ("gethostname", |vm, _, _| {
        let name = vm.host.env("HOSTNAME").unwrap_or_else(|| "localhost".into());
        Ok(Value::str(name))
    }),
    ("getenv", |vm, _, a| {
        let name = text_arg(a, 0);
        let v = match vm.state.env.get(&name) {
            Some(v) => v.clone(),
            None => vm.host.env(&name).unwrap_or_default(),
        };
        Ok(Value::str(v))
    }),
    ("setenv", |vm, _, a| {
        // For scripts only: the process's own environment is not touched.
        vm.state.env.insert(text_arg(a, 0), text_arg(a, 1));
        Ok(Value::Bool(true))
    }),
    ("zeek_version", |_, _, _| Ok(Value::str(ZEEK_VERSION))),
    ("bro_version", |_, _, _| Ok(Value::str(ZEEK_VERSION))),
    ("zeek_args", |vm, _, _| {
        let ty = vm.types.vector(TypeId::String);
        let items = std::env::args().map(Value::str).collect();
        Ok(Value::Vector(VectorVal::new(ty, items)))
    }),
    ("zeek_is_terminating", |vm, _, _| Ok(Value::Bool(vm.terminating))),
    ("bro_is_terminating", |vm, _, _| Ok(Value::Bool(vm.terminating))),
    ("bare_mode", |vm, _, _| Ok(Value::Bool(vm.bare))),
    ("reading_traces", |vm, _, _| Ok(Value::Bool(vm.traffic == Traffic::Capture))),
    ("reading_live_traffic", |vm, _, _| Ok(Value::Bool(vm.traffic == Traffic::Live))),
    ("suspend_processing", |_, _, _| Ok(Value::Unset)),
    ("continue_processing", |_, _, _| Ok(Value::Unset)),
    ("is_processing_suspended", |_, _, _| Ok(Value::Bool(false))),
    ("packet_source", |vm, _, _| {
        record(
            vm,
            "PacketSource",
            &[("live", Value::Bool(false)), ("path", Value::str("")), ("netmask", Value::Count(0))],
        )
    }),
    ("backtrace", |vm, _, _| backtrace(vm, None)),
    ("find_in_zeekpath", |vm, _, a| {
        let name = text_arg(a, 0);
        let found = vm.host.read_script(&name).is_some();
        let cwd = std::env::current_dir().map(|d| d.display().to_string()).unwrap_or_default();
        Ok(Value::str(if found { format!("{cwd}/{name}") } else { String::new() }))
    }),
    ("global_options", |vm, _, _| {
        let options = vm.globals.iter().filter(|g| g.kind == crate::vm::GlobalKind::Option);
        let names = options.map(|g| Value::str(&*g.name)).collect();
        Ok(super::set_of(vm, TypeId::String, names))
    }),
    ("type_aliases", |vm, _, a| {
        let names = match arg(a, 0) {
            Value::Str(name) => {
                let name = String::from_utf8_lossy(name).into_owned();
                vm.global(&name).and_then(|at| vm.globals.get(at as usize)).map(|global| global.ty)
            }
            Value::Type(ty) => Some(*ty),
            value => {
                let value = value.clone();
                Some(crate::compile::value_type(vm, &value))
            }
        };
        let own = names.filter(|ty| matches!(vm.types.get(*ty), Type::Record(_) | Type::Enum(_)));
        let same = vm.globals.iter().filter(|g| g.kind == crate::vm::GlobalKind::Type && Some(g.ty) == own);
        let names = same.map(|g| Value::str(&*g.name)).collect();
        Ok(super::set_of(vm, TypeId::String, names))
    }),
    ("have_spicy", |_, _, _| Ok(Value::Bool(false))),
    ("have_spicy_analyzers", |_, _, _| Ok(Value::Bool(false))),
    ("blocking_lookup_hostname", |vm, _, _| Ok(super::set_of(vm, TypeId::Addr, Vec::new()))),
    ("compress_path", |_, _, a| Ok(Value::str(compress_path(&text_arg(a, 0))))),
    ("mkdir", |vm, c, a| {
        let dir = text_arg(a, 0);
        files(vm, c, "mkdir", || {
            if std::path::Path::new(&dir).is_dir() { Ok(()) } else { std::fs::create_dir(&dir) }
        })
    }),
    ("rmdir", |vm, c, a| {
        let dir = text_arg(a, 0);
        files(vm, c, "rmdir", || std::fs::remove_dir(&dir))
    }),
    ("unlink", |vm, c, a| {
        let f = text_arg(a, 0);
        files(vm, c, "unlink", || std::fs::remove_file(&f))
    }),
    ("rename", |vm, c, a| {
        let (f, t) = (text_arg(a, 0), text_arg(a, 1));
        files(vm, c, "rename", || std::fs::rename(&f, &t))
    }),
    ("file_size", |vm, _, a| {
        vm.host.flush();
        let n = std::fs::metadata(text_arg(a, 0)).map(|m| m.len() as f64).unwrap_or(-1.0);
        Ok(Value::Double(n))
    }),
    ("file_mode", |_, _, a| Ok(Value::str(file_mode(arg(a, 0).as_count())))),
    ("is_file", |_, _, a| Ok(Value::Bool(std::path::Path::new(&text_arg(a, 0)).is_file()))),
    ("is_dir", |_, _, a| Ok(Value::Bool(std::path::Path::new(&text_arg(a, 0)).is_dir()))),
    ("get_event_stats", |vm, _, _| {
        let n = Value::Count(vm.counters.events);
        record(vm, "EventStats", &[("queued", n.clone()), ("dispatched", n)])
    }),
    ("get_event_handler_stats", |vm, _, _| {
        let mut list: Vec<(String, u64)> = vm
            .funcs
            .iter()
            .filter(|f| f.flavor == crate::ast::Flavor::Event && f.calls > 0)
            .map(|f| (f.name.to_string(), f.calls))
            .collect();
        list.sort();
        let mut items = Vec::new();
        for (name, times) in list {
            items.push(record(
                vm,
                "EventNameStats",
                &[("name", Value::str(name)), ("times_called", Value::Count(times))],
            )?);
        }
        let ty = vm.named_type("EventNameCounter").unwrap_or(TypeId::Any);
        let set = super::set_of(vm, ty, items);
        Ok(set)
    }),
];

/// Runs a change to the file system if the host lets scripts make one.
fn files(vm: &mut Vm, c: &CallSite<'_>, what: &str, f: impl FnOnce() -> std::io::Result<()>) -> Res {
    if !vm.host.filesystem() {
        complain(vm, c, &format!("{what}: scripts may not change files here"));
        return Ok(Value::Bool(false));
    }
    match f() {
        Ok(()) => Ok(Value::Bool(true)),
        Err(e) => {
            complain(vm, c, &format!("{what} failed: {e}"));
            Ok(Value::Bool(false))
        }
    }
}

fn compress_path(p: &str) -> String {
    let absolute = p.starts_with('/');
    let mut out: Vec<&str> = Vec::new();
    for part in p.split('/').filter(|s| !s.is_empty()) {
        match part {
            "." if !out.is_empty() || absolute => {}
            ".." => match out.last() {
                Some(&"..") | None => out.push(".."),
                Some(&".") => {
                    out.pop();
                    out.push("..");
                }
                Some(_) => {
                    out.pop();
                }
            },
            p => out.push(p),
        }
    }
    let body = out.join("/");
    if absolute { format!("/{body}") } else { body }
}

fn file_mode(mode: u64) -> String {
    let mut s = String::new();
    for shift in [6, 3, 0] {
        let bits = (mode >> shift) & 7;
        let special = match shift {
            6 => (mode >> 11) & 1 == 1,
            3 => (mode >> 10) & 1 == 1,
            _ => (mode >> 9) & 1 == 1,
        };
        s.push(if bits & 4 != 0 { 'r' } else { '-' });
        s.push(if bits & 2 != 0 { 'w' } else { '-' });
        s.push(match (bits & 1 != 0, special, shift) {
            (true, true, 0) => 't',
            (false, true, 0) => 'T',
            (true, true, _) => 's',
            (false, true, _) => 'S',
            (true, false, _) => 'x',
            _ => '-',
        });
    }
    s
}

/// The calls in progress, innermost first, as a `Backtrace`; each with the place it was called from. An `assert`
/// puts itself first.
pub fn backtrace(vm: &mut Vm, asserted: Option<Span>) -> Res {
    let calls = vm.calls.clone();
    let arg_vec = vm.named_type("call_argument_vector").unwrap_or(TypeId::Any);
    let mut items = Vec::new();
    if let Some(span) = asserted {
        let args = Value::Vector(VectorVal::new(arg_vec, Vec::new()));
        let mut parts = vec![("function_name", Value::str("assert")), ("function_args", args)];
        place(vm, span, &mut parts);
        items.push(record(vm, "BacktraceElement", &parts)?);
    }
    for call in calls.into_iter().rev() {
        let Some(f) = vm.funcs.get(call.id.0 as usize) else { continue };
        let (name, ty) = (f.name.to_string(), f.ty);
        let params = vm.types.as_func(ty).map(|t| t.params.clone()).unwrap_or_default();
        let mut args = Vec::new();
        for (i, p) in params.iter().enumerate() {
            let shown = vm.types.name(p.ty);
            let mut parts = vec![("name", Value::str(p.name.as_bytes())), ("type", Value::str(shown))];
            if let Some(v) = vm.stack.get(call.base + i).filter(|v| v.is_set()) {
                parts.push(("value", v.clone()));
            }
            if let Some(code) = &p.default {
                let code = code.clone();
                parts.push(("default_val", vm.eval_top(&code)?));
            }
            args.push(record(vm, "call_argument", &parts)?);
        }
        let args = Value::Vector(VectorVal::new(arg_vec, args));
        let mut parts = vec![("function_name", Value::str(name)), ("function_args", args)];
        place(vm, call.from, &mut parts);
        items.push(record(vm, "BacktraceElement", &parts)?);
    }
    let ty = vm.named_type("Backtrace").unwrap_or(TypeId::Any);
    Ok(Value::Vector(VectorVal::new(ty, items)))
}

fn place(vm: &Vm, span: Span, parts: &mut Vec<(&'static str, Value)>) {
    if span.file != 0 {
        parts.push(("file_location", Value::str(vm.sources.get(span.file).name.clone())));
        parts.push(("line_location", Value::Count(u64::from(vm.sources.lines(span).0))));
    }
}

/// Runs a command. A sensor does not wait for it: packets would be lost meanwhile.
fn system(vm: &mut Vm, c: &CallSite<'_>, command: &str) -> Res {
    match vm.host.run(command, vm.traffic != Traffic::Live) {
        Some(code) => Ok(Value::Int(i64::from(code))),
        None => Err(fail(c, "commands cannot be run here")),
    }
}
