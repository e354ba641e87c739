//! Built-in functions. Their prototypes are Zeek text (`scripts/base/bif/`); here is what they do.

mod containers;
mod convert;
mod copy;
mod digest;
mod format;
mod json;
mod math;
mod net;
mod options;
mod output;
mod paraglob;
mod patterns;
mod rotate;
mod runtime;
mod sketch;
mod sketch_bloom;
mod sketch_hll;
mod sketch_topk;
mod strings;
mod time;

pub use copy::deep_copy;
pub use digest::Entropy;
pub use format::directives;
pub use output::{assertion, print};
pub use runtime::ZEEK_VERSION;
pub use sketch_topk::topk_value;

use crate::source::Span;
use crate::types::TypeId;
use crate::value::{FuncVal, RecordVal, Value, VectorVal};
use crate::vm::{CallSite, Fault, NativeFn, Res, Vm, fault};
use std::collections::HashMap;
use std::rc::Rc;

/// What built-ins keep between calls.
#[derive(Default)]
pub struct State {
    pub pending_return: Option<Rc<crate::vm::Trigger>>,
    pub rng: u32,
    pub option_handlers: HashMap<u32, Vec<(i64, Rc<FuncVal>)>>,
    pub next_uid: u64,
    pub env: HashMap<String, String>,
    pub in_assert: bool,
    /// A script called `terminate()`.
    pub stop: bool,
}

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

/// Every built-in by name.
pub fn natives() -> HashMap<&'static str, NativeFn> {
    let groups: [&[(&'static str, Plain)]; 18] = [
        containers::TABLE,
        convert::TABLE,
        digest::TABLE,
        format::TABLE,
        json::TABLE,
        math::TABLE,
        net::TABLE,
        options::TABLE,
        output::TABLE,
        paraglob::TABLE,
        patterns::TABLE,
        rotate::TABLE,
        runtime::TABLE,
        sketch_bloom::TABLE,
        sketch_hll::TABLE,
        sketch_topk::TABLE,
        strings::TABLE,
        time::TABLE,
    ];
    groups
        .iter()
        .flat_map(|g| g.iter())
        .map(|(name, f)| {
            let f = *f;
            (*name, Rc::new(move |vm: &mut Vm, c: &CallSite<'_>, a: &[Value]| f(vm, c, a)) as NativeFn)
        })
        .collect()
}

/// Position of `needle` in `s` from `from` on.
pub fn find_bytes(s: &[u8], needle: &[u8], from: usize) -> Option<usize> {
    let hay = s.get(from..)?;
    if needle.is_empty() {
        return Some(from);
    }
    let first = needle[0];
    let mut at = 0;
    while let Some(n) = hay.get(at..).and_then(|h| h.iter().position(|b| *b == first)) {
        let i = at + n;
        if hay.get(i..i + needle.len()) == Some(needle) {
            return Some(from + i);
        }
        at = i + 1;
    }
    None
}

// ---- helpers for the functions themselves ----

/// Argument `i`; `Unset` when it is not there.
fn arg(a: &[Value], i: usize) -> &Value {
    a.get(i).unwrap_or(&Value::Unset)
}

fn bytes(a: &[Value], i: usize) -> &[u8] {
    arg(a, i).bytes()
}

fn text_arg(a: &[Value], i: usize) -> String {
    String::from_utf8_lossy(bytes(a, i)).into_owned()
}

/// A message that does not end the handler, as Zeek's `builtin_error` prints it.
fn complain(vm: &mut Vm, c: &CallSite<'_>, text: &str) {
    let text = match c.expr {
        Some(e) => format!("{text} ({})", crate::describe::expr(e, vm)),
        None => text.to_string(),
    };
    vm.counters.runtime_errors += 1;
    vm.error(c.span, text);
}

/// A message that Zeek prints without a place.
fn plain_error(vm: &mut Vm, text: &str) {
    vm.counters.runtime_errors += 1;
    vm.error(Span::default(), text);
}

/// The same with the value it is about: `text (call and value)`.
fn complain_about(vm: &mut Vm, c: &CallSite<'_>, text: &str, v: &Value) {
    let shown = vm.text_string(v);
    let text = match c.expr {
        Some(e) => format!("{text} ({} and {shown})", crate::describe::expr(e, vm)),
        None => format!("{text} ({shown})"),
    };
    vm.counters.runtime_errors += 1;
    vm.error(c.span, text);
}

/// An error that ends the handler.
fn fail(c: &CallSite<'_>, text: &str) -> Fault {
    match c.expr {
        Some(e) => {
            let mut f = crate::vm::expr_fault(e, text);
            f.kind = crate::vm::FaultKind::Error;
            f
        }
        None => fault(c.span, text),
    }
}

fn string_vec(vm: &mut Vm, items: Vec<Value>) -> Value {
    let ty = vm.types.vector(TypeId::String);
    Value::Vector(VectorVal::new(ty, items))
}

/// A set of these members, as `string_set` and the like.
fn set_of(vm: &mut Vm, elem: TypeId, items: Vec<Value>) -> Value {
    let ty = vm.types.set(vec![elem]);
    let t = crate::value::TableVal::new(ty, true, false);
    for v in items {
        t.dict.borrow_mut().insert(v, Value::Unset, 0.0);
    }
    Value::Table(Rc::new(t))
}

/// A record of a named type with the given fields set.
fn record(vm: &mut Vm, name: &str, fields: &[(&str, Value)]) -> Res<Value> {
    let Some(ty) = vm.named_type(name) else {
        return Err(fault(Span::default(), format!("type {name} is not declared")));
    };
    let r = crate::compile::new_record(vm, ty)?;
    for (f, v) in fields {
        set_field(vm, &r, f, v.clone());
    }
    Ok(Value::Record(r))
}

fn set_field(vm: &Vm, r: &RecordVal, name: &str, v: Value) {
    if let Some(i) = vm.types.field(r.ty, name) {
        r.set(i, v);
    }
}

fn get_field(vm: &Vm, r: &Value, name: &str) -> Value {
    match r {
        Value::Record(r) => vm.types.field(r.ty, name).map(|i| r.get(i)).unwrap_or_default(),
        _ => Value::Unset,
    }
}

/// Refuses a string a script asks for when it would be longer than the budget.
fn check_len(vm: &Vm, c: &CallSite<'_>, len: usize) -> Res<()> {
    if len > vm.limits.string {
        return Err(vm.budget(c.span, format!("string longer than {} bytes", vm.limits.string)));
    }
    Ok(())
}
