//! `Option::set` and its change handlers.

use super::{arg, complain, text_arg};
use crate::host::Ignored;
use crate::types::TypeId;
use crate::value::Value;
use crate::vm::{Args, CallSite, GlobalKind, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("Option::set", set),
    ("Option::set_change_handler", set_handler),
    ("Option::any_set_to_any_vec", |vm, _, a| {
        let ty = vm.types.vector(TypeId::Any);
        let items = match arg(a, 0) {
            Value::Table(t) => t.snapshot().into_iter().map(|(k, _)| k).collect(),
            _ => Vec::new(),
        };
        Ok(Value::Vector(crate::value::VectorVal::new(ty, items)))
    }),
];

fn option(vm: &mut Vm, c: &CallSite<'_>, name: &str) -> Option<u32> {
    match vm.global(name) {
        Some(g) if vm.globals[g as usize].kind == GlobalKind::Option => Some(g),
        Some(_) => {
            complain(vm, c, &format!("ID '{name}' is not an option"));
            None
        }
        None => {
            complain(vm, c, &format!("Could not find ID named '{name}'"));
            None
        }
    }
}

fn set(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let name = text_arg(a, 0);
    let Some(g) = option(vm, c, &name) else { return Ok(Value::Bool(false)) };
    let want = vm.globals[g as usize].ty;
    let mut v = arg(a, 1).clone();
    let have = crate::compile::value_type(vm, &v);
    if !vm.types.same(have, want) {
        // An empty container says nothing about its members.
        let empty = match &v {
            Value::Table(t) => t.is_empty() && vm.types.index_of(want).is_some(),
            Value::Vector(x) => x.is_empty() && vm.types.elem(want).is_some(),
            _ => false,
        };
        if !empty {
            let (h, w) = (vm.types.name(have), vm.types.name(want));
            complain(vm, c, &format!("Incompatible type for set of ID '{name}': got '{h}', need '{w}'"));
            return Ok(Value::Bool(false));
        }
        v = crate::compile::convert(vm, &v, want)?;
    }
    let location = arg(a, 2).clone();
    let handlers = vm.state.option_handlers.get(&g).cloned().unwrap_or_default();
    for (_, f) in handlers {
        let params = vm.types.as_func(vm.funcs[f.id.0 as usize].ty).map_or(2, |t| t.params.len());
        let mut args = Args::new();
        args.push(Value::str(&name));
        args.push(v);
        if params > 2 {
            args.push(if location.is_set() { location.clone() } else { Value::str("") });
        }
        v = vm.call_value(&f, args, c.span)?;
        if v.is_unset() {
            return Ok(Value::Bool(false));
        }
    }
    let v = super::deep_copy(vm, &v, c.span)?;
    if let Some(Ignored { why, harmless }) = vm.host.ignored(&name)
        && vm.text_string(&v) != vm.text_string(&vm.values[g as usize])
    {
        if !harmless {
            complain(vm, c, &format!("{name} cannot be obeyed: {why}"));
            return Ok(Value::Bool(false));
        }
        vm.warn(c.span, format!("{name} has no effect: {why}"));
    }
    vm.values[g as usize] = v;
    vm.option_changes += 1;
    Ok(Value::Bool(true))
}

fn set_handler(vm: &mut Vm, c: &CallSite<'_>, a: &[Value]) -> Res {
    let name = text_arg(a, 0);
    let Some(g) = option(vm, c, &name) else { return Ok(Value::Bool(false)) };
    let Value::Func(f) = arg(a, 1) else {
        complain(vm, c, "Option::on_change needs function argument; not hook or event");
        return Ok(Value::Bool(false));
    };
    let func = &vm.funcs[f.id.0 as usize];
    if func.flavor != crate::ast::Flavor::Function {
        complain(vm, c, "Option::on_change needs function argument; not hook or event");
        return Ok(Value::Bool(false));
    }
    let Some(ft) = vm.types.as_func(func.ty) else { return Ok(Value::Bool(false)) };
    let want = vm.globals[g as usize].ty;
    let n = ft.params.len();
    if n != 2 && n != 3 {
        complain(
            vm,
            c,
            &format!(
                "Wrong number of arguments for passed function in Option::on_change for ID '{name}'; expected 2 or 3, got {n}"
            ),
        );
        return Ok(Value::Bool(false));
    }
    if ft.params[0].ty != TypeId::String {
        let got = vm.types.name(ft.params[0].ty);
        complain(
            vm,
            c,
            &format!(
                "First argument of passed function has to be string in Option::on_change for ID '{name}'; got '{got}'"
            ),
        );
        return Ok(Value::Bool(false));
    }
    if !vm.types.same(ft.params[1].ty, want) {
        let (got, want) = (vm.types.name(ft.params[1].ty), vm.types.name(want));
        complain(
            vm,
            c,
            &format!(
                "Second argument of passed function has to be {want} in Option::on_change for ID '{name}'; got '{got}'"
            ),
        );
        return Ok(Value::Bool(false));
    }
    if n == 3 && ft.params[2].ty != TypeId::String {
        let got = vm.types.name(ft.params[2].ty);
        complain(
            vm,
            c,
            &format!(
                "Third argument of passed function has to be string in Option::on_change for ID '{name}'; got '{got}'"
            ),
        );
        return Ok(Value::Bool(false));
    }
    if !vm.types.same(ft.ret, want) {
        let (got, want) = (vm.types.name(ft.ret), vm.types.name(want));
        complain(
            vm,
            c,
            &format!("Passed function needs to return type '{want}' for ID '{name}'; got '{got}'"),
        );
        return Ok(Value::Bool(false));
    }
    let priority = match arg(a, 2) {
        Value::Unset => 0,
        v => v.as_int(),
    };
    let list = vm.state.option_handlers.entry(g).or_default();
    let at = list.iter().position(|(p, _)| *p < priority).unwrap_or(list.len());
    list.insert(at, (priority, f.clone()));
    Ok(Value::Bool(true))
}
