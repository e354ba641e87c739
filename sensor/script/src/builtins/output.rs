//! `print`, files, `assert`, the reporter's functions.

use super::{arg, bytes, complain, text_arg};
use crate::ast::ExprRef;
use crate::diag::{Diag, Severity};
use crate::source::Span;
use crate::types::TypeId;
use crate::value::{FileKind, FileVal, Value, VectorVal};
use crate::vm::{Args, CallSite, Code, Fault, FaultData, FaultKind, Frame, Res, Vm, silent};
use std::cell::Cell;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("open", |vm, c, a| open(vm, c, a, false)),
    ("open_for_append", |vm, c, a| open(vm, c, a, true)),
    ("close", |vm, _, a| match arg(a, 0) {
        Value::File(f) => {
            let was = f.open.replace(false);
            Ok(Value::Bool(was && vm.host.close(&f.name)))
        }
        _ => Ok(Value::Bool(false)),
    }),
    ("write_file", |vm, _, a| match arg(a, 0) {
        Value::File(f) => {
            let data = bytes(a, 1).to_vec();
            Ok(Value::Bool(write(vm, f, &data)))
        }
        _ => Ok(Value::Bool(false)),
    }),
    ("flush_all", |vm, _, _| {
        vm.host.flush();
        Ok(Value::Bool(true))
    }),
    ("set_buf", |_, _, _| Ok(Value::Unset)),
    ("get_file_name", |_, _, a| match arg(a, 0) {
        Value::File(f) => Ok(Value::str(&f.name)),
        _ => Ok(Value::str("")),
    }),
    ("enable_raw_output", |_, _, a| {
        if let Value::File(f) = arg(a, 0) {
            f.raw.set(true);
        }
        Ok(Value::Unset)
    }),
    ("print_raw", |vm, c, a| {
        let mut text = Vec::new();
        for value in a {
            text.extend_from_slice(&vm.text(value));
        }
        super::check_len(vm, c, text.len())?;
        vm.host.stdout(&text);
        Ok(Value::Bool(true))
    }),
    ("active_file", |_, _, a| Ok(Value::Bool(matches!(arg(a, 0), Value::File(f) if f.open.get())))),
    ("Reporter::info", |vm, c, a| message(vm, c, a, Severity::Info)),
    ("Reporter::warning", |vm, c, a| message(vm, c, a, Severity::Warning)),
    ("Reporter::error", |vm, c, a| message(vm, c, a, Severity::Error)),
    ("Reporter::fatal", |vm, c, a| {
        message(vm, c, a, Severity::Fatal)?;
        Err(exit(1))
    }),
    ("Reporter::fatal_error_with_core", |vm, c, a| {
        message(vm, c, a, Severity::Fatal)?;
        Err(exit(1))
    }),
];

/// Unwinds to the end of the run.
pub fn exit(code: i32) -> Fault {
    Box::new(FaultData {
        kind: FaultKind::Exit(code),
        span: Span::default(),
        text: String::new(),
        expr: None,
    })
}

fn open(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], append: bool) -> Res {
    let name = text_arg(a, 0);
    let kind = match name.as_str() {
        "/dev/stdout" => FileKind::Stdout,
        "/dev/stderr" => FileKind::Stderr,
        _ => FileKind::Named,
    };
    let mut ok = true;
    if kind == FileKind::Named
        && let Err(e) = vm.host.open(&name, append)
    {
        ok = false;
        let text = format!("can't open {name}: {e}");
        complain(vm, c, &text);
    }
    Ok(Value::File(Rc::new(FileVal {
        name,
        kind,
        open: Cell::new(ok),
        raw: Cell::new(false),
        written: Cell::new(0),
    })))
}

fn write(vm: &mut Vm, f: &FileVal, data: &[u8]) -> bool {
    if !f.open.get() {
        return false;
    }
    f.written.set(f.written.get() + data.len() as u64);
    match f.kind {
        FileKind::Stdout => vm.host.stdout(data),
        FileKind::Stderr => vm.host.stderr(data),
        FileKind::Named => return vm.host.write(&f.name, data).is_ok(),
    }
    true
}

/// The `print` statement.
pub fn print(vm: &mut Vm, args: &[Value], to_file: bool, span: Span) -> Res<()> {
    let (file, rest) = match args.split_first() {
        Some((Value::File(f), rest)) if to_file => (Some(f.clone()), rest),
        _ => (None, args),
    };
    if redirected(vm, file.is_some()) {
        return print_to_log(vm, args, span);
    }
    let raw = file.as_ref().is_some_and(|f| f.raw.get());
    let mut line = Vec::new();
    for (i, v) in rest.iter().enumerate() {
        if i > 0 && !raw {
            line.extend_from_slice(b", ");
        }
        if raw {
            line.extend_from_slice(&vm.text(v));
        } else {
            crate::value::text::describe_print(v, vm, &mut line);
        }
    }
    if line.len() > vm.limits.string {
        return Err(vm.budget(span, format!("string longer than {} bytes", vm.limits.string)));
    }
    if !raw {
        line.push(b'\n');
    }
    match file {
        None => vm.host.stdout(&line),
        Some(f) => {
            if !f.open.get() {
                return Err(crate::vm::fault(span, format!("print statement to a closed file ({})", f.name)));
            }
            write(vm, &f, &line);
        }
    }
    Ok(())
}

/// Whether `Log::print_to_log` takes what is printed.
fn redirected(vm: &Vm, to_file: bool) -> bool {
    match vm.global_value("Log::print_to_log") {
        Some(Value::Enum(_, 0)) | None => false,
        Some(kind) => !to_file || vm.enum_value("Log::REDIRECT_ALL").is_some_and(|all| all.same(kind)),
    }
}

/// `print` as a row of the stream `Log::PRINTLOG`.
fn print_to_log(vm: &mut Vm, args: &[Value], span: Span) -> Res<()> {
    let (Some(Value::Func(write)), Some(id)) =
        (vm.global_value("Log::write").cloned(), vm.enum_value("Log::PRINTLOG"))
    else {
        return Ok(());
    };
    let Some(row) = vm.new_record("Log::PrintLogInfo") else { return Ok(()) };
    let texts = args.iter().map(|value| {
        let mut text = Vec::new();
        crate::value::text::describe_print(value, vm, &mut text);
        Value::str(text)
    });
    let texts: Vec<Value> = texts.collect();
    let ty = vm.types.vector(TypeId::String);
    vm.set_field(&row, "ts", Value::Time(vm.network_time));
    vm.set_field(&row, "vals", Value::Vector(VectorVal::new(ty, texts)));
    vm.call_value(&write, Args::from_iter([id, Value::Record(row)]), span)?;
    Ok(())
}

fn message(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], s: Severity) -> Res {
    vm.report(Diag::new(s, c.span, text_arg(a, 0)));
    Ok(Value::Bool(true))
}

/// `assert`: hooks see the outcome; a failure is reported unless a hook vetoes that.
pub fn assertion(
    vm: &mut Vm,
    fr: &mut Frame,
    held: bool,
    cond: &ExprRef,
    msg: Option<&Code>,
    span: Span,
) -> Res<()> {
    let result_hook = handled_hook(vm, "assertion_result");
    if held && result_hook.is_none() {
        return Ok(());
    }
    let text = crate::describe::expr_quoted(cond, vm);
    let message = match msg {
        Some(m) => {
            let depth = vm.calls.len();
            match vm.eval(m, fr) {
                Ok(v) => String::from_utf8_lossy(v.bytes()).into_owned(),
                Err(f) => {
                    vm.report_fault(&f);
                    vm.calls.truncate(depth);
                    if held {
                        "<error eval msg>".to_string()
                    } else {
                        return Err(silent());
                    }
                }
            }
        }
        None => String::new(),
    };
    let mut report = !held;
    if !vm.state.in_assert {
        vm.state.in_assert = true;
        let hooks: &[&str] =
            if held { &["assertion_result"] } else { &["assertion_failure", "assertion_result"] };
        for name in hooks {
            let Some(id) = handled_hook(vm, name) else { continue };
            let bt = super::runtime::backtrace(vm, Some(span))?;
            let mut args = crate::vm::Args::new();
            if *name == "assertion_result" {
                args.push(Value::Bool(held));
            }
            args.push(Value::str(&text));
            args.push(Value::str(&message));
            args.push(bt);
            let r = vm.call(id, args, span)?;
            report &= r.as_bool();
        }
        vm.state.in_assert = false;
    }
    if report {
        vm.counters.runtime_errors += 1;
        let tail = if message.is_empty() { String::new() } else { format!(" ({message})") };
        vm.error(span, format!("assertion failure: {text}{tail}"));
    }
    Ok(())
}

fn handled_hook(vm: &Vm, name: &str) -> Option<crate::vm::FuncId> {
    vm.function(name).filter(|id| vm.is_handled(*id))
}
