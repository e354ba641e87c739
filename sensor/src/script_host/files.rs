//! The Files framework: what scripts ask of a file.

use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::value::Value;
use nightjar_script::vm::{CallSite, NativeFn, Res};

/// Functions by full name.
pub(super) fn natives() -> Vec<(&'static str, NativeFn)> {
    vec![("Files::add_analyzer", Rc::new(add_analyzer))]
}

/// Notes in the file's row that the analyzer was asked for; what it found is shown then.
fn add_analyzer(vm: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
    let [Value::Record(file), tag, ..] = args else { return Ok(Value::Bool(false)) };
    let Value::Record(info) = vm.field(file, "info") else { return Ok(Value::Bool(false)) };
    let Value::Table(analyzers) = vm.field(&info, "analyzers") else { return Ok(Value::Bool(false)) };
    let name = vm.text_string(tag);
    let name = name.rsplit("ANALYZER_").next().unwrap_or_default();
    let known = matches!(name, "MD5" | "SHA1" | "SHA256");
    if known {
        vm.table_insert(&analyzers, Value::str(name), Value::Unset);
    }
    Ok(Value::Bool(known))
}
