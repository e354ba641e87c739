//! Vectors, sets, tables, and looking at scripts themselves.

use super::{arg, complain, set_of, text_arg};
use crate::types::{Type, TypeId};
use crate::value::{TableVal, Value, VectorVal};
use crate::vm::{Args, CallSite, Res, Vm};
use std::cmp::Ordering;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("sort", |vm, c, a| {
        let Value::Vector(v) = arg(a, 0) else {
            complain(vm, c, "sort() requires vector");
            return Ok(Value::Unset);
        };
        let items = v.items().clone();
        if let Some(order) = ordering(vm, c, &items, arg(a, 1))? {
            let sorted = order.into_iter().map(|i| items[i].clone()).collect();
            v.update(|l| *l = sorted);
        }
        Ok(arg(a, 0).clone())
    }),
    ("order", |vm, c, a| {
        let ty = vm.types.vector(TypeId::Count);
        let Value::Vector(v) = arg(a, 0) else {
            complain(vm, c, "order() requires vector");
            return Ok(Value::Vector(VectorVal::new(ty, Vec::new())));
        };
        let items = v.items().clone();
        let order = ordering(vm, c, &items, arg(a, 1))?.unwrap_or_default();
        Ok(Value::Vector(VectorVal::new(ty, order.into_iter().map(|i| Value::Count(i as u64)).collect())))
    }),
    ("resize", |vm, c, a| {
        let Value::Vector(v) = arg(a, 0) else {
            complain(vm, c, "resize() operates on vectors");
            return Ok(Value::Count(0));
        };
        let n = arg(a, 1).as_count() as usize;
        if n.saturating_mul(size_of::<Value>()) > vm.limits.memory {
            return Err(vm.over_memory(c.span));
        }
        let old = v.len();
        v.update(|l| l.resize(n, Value::Unset));
        Ok(Value::Count(old as u64))
    }),
    ("clear_table", |vm, _, a| {
        if let Value::Table(t) = arg(a, 0) {
            crate::compile::clear_table(vm, t);
        }
        Ok(Value::Unset)
    }),
    ("all_set", |_, _, a| match arg(a, 0) {
        Value::Vector(v) => Ok(Value::Bool(v.items().iter().all(Value::as_bool))),
        _ => Ok(Value::Bool(false)),
    }),
    ("any_set", |_, _, a| match arg(a, 0) {
        Value::Vector(v) => Ok(Value::Bool(v.items().iter().any(Value::as_bool))),
        _ => Ok(Value::Bool(false)),
    }),
    ("table_keys", |vm, _, a| {
        let Value::Table(t) = arg(a, 0) else { return Ok(Value::Unset) };
        let index = vm.types.index_of(t.ty).unwrap_or_default();
        let elem = match index.as_slice() {
            [one] => *one,
            many => vm.types.list(many.to_vec()),
        };
        let ty = vm.types.vector(elem);
        Ok(Value::Vector(VectorVal::new(ty, t.snapshot().into_iter().map(|(k, _)| k).collect())))
    }),
    ("table_values", |vm, _, a| {
        let Value::Table(t) = arg(a, 0) else { return Ok(Value::Unset) };
        let elem = vm.types.yield_of(t.ty).unwrap_or(TypeId::Any);
        let ty = vm.types.vector(elem);
        Ok(Value::Vector(VectorVal::new(ty, t.snapshot().into_iter().map(|(_, v)| v).collect())))
    }),
    ("table_pattern_matcher_stats", |vm, _, _| super::record(vm, "MatcherStats", &[])),
    ("check_subnet", |_, _, a| match (arg(a, 0), arg(a, 1)) {
        (k @ Value::Subnet(..), Value::Table(t)) => Ok(Value::Bool(t.dict.borrow().contains(k))),
        _ => Ok(Value::Bool(false)),
    }),
    ("matching_subnets", |vm, _, a| {
        let ty = vm.types.vector(TypeId::Subnet);
        let (Value::Subnet(net, n), Value::Table(t)) = (arg(a, 0), arg(a, 1)) else {
            return Ok(Value::Vector(VectorVal::new(ty, Vec::new())));
        };
        let keys = t.dict.borrow().covering(*net, *n).into_iter().map(|e| e.key).collect();
        Ok(Value::Vector(VectorVal::new(ty, keys)))
    }),
    ("filter_subnet_table", |vm, c, a| {
        let (Value::Subnet(net, n), Value::Table(t)) = (arg(a, 0), arg(a, 1)) else {
            complain(vm, c, "filter_subnet_table needs to be called on a set[subnet]/table[subnet].");
            return Ok(Value::Unset);
        };
        let out = TableVal::new(t.ty, t.is_set, false);
        for e in t.dict.borrow().covering(*net, *n) {
            out.dict.borrow_mut().insert(e.key, e.value, 0.0);
        }
        Ok(Value::Table(Rc::new(out)))
    }),
    ("same_object", |_, _, a| Ok(Value::Bool(same_object(arg(a, 0), arg(a, 1))))),
    ("value_footprint", |vm, _, a| {
        Ok(Value::Count(footprint(vm, arg(a, 0), arg(a, 1).as_bool(), &mut Walk::default())))
    }),
    ("val_footprint", |vm, _, a| Ok(Value::Count(footprint(vm, arg(a, 0), true, &mut Walk::default())))),
    ("lookup_ID", |vm, _, a| {
        let name = text_arg(a, 0);
        match vm.global_value(&name) {
            Some(v) if v.is_set() => Ok(v.clone()),
            Some(_) => Ok(Value::str("<no ID value>")),
            None => Ok(Value::str("<unknown id>")),
        }
    }),
    ("record_fields", record_fields),
    ("record_type_to_vector", |vm, _, a| {
        let name = text_arg(a, 0);
        let fields = vm.named_type(&name).map(|t| vm.types.field_names(t)).unwrap_or_default();
        Ok(super::string_vec(vm, fields.iter().map(|f| Value::str(f.as_bytes())).collect()))
    }),
    ("enum_names", |vm, c, a| {
        let ty = match arg(a, 0) {
            Value::Type(t) => Some(*t),
            Value::Str(s) => vm.named_type(&String::from_utf8_lossy(s)),
            _ => None,
        };
        let names = ty.and_then(|t| vm.types.as_enum(t));
        if names.is_none() {
            let shown = vm.text_string(arg(a, 0));
            complain(vm, c, &format!("enum_names() requires an enum type or type name ({shown})"));
        }
        let items = names.map(|e| e.values.iter().map(|(n, _)| Value::str(n)).collect()).unwrap_or_default();
        Ok(set_of(vm, TypeId::String, items))
    }),
    ("global_ids", global_ids),
    ("global_sizes", |vm, _, _| {
        let sizes: Vec<(Value, Value)> =
            vm.globals.iter().map(|g| (Value::str(g.name.as_bytes()), Value::Count(24))).collect();
        let ty = vm.types.table(vec![TypeId::String], TypeId::Count);
        let t = TableVal::new(ty, false, false);
        for (k, v) in sizes {
            t.dict.borrow_mut().insert(k, v, 0.0);
        }
        Ok(Value::Table(Rc::new(t)))
    }),
    ("global_container_footprints", |vm, _, _| {
        let ty = vm.types.table(vec![TypeId::String], TypeId::Count);
        let t = TableVal::new(ty, false, false);
        for i in 0..vm.globals.len() {
            let v = vm.values[i].clone();
            if matches!(v, Value::Table(_) | Value::Vector(_) | Value::Record(_)) {
                let n = footprint(vm, &v, true, &mut Walk::default());
                let name = Value::str(vm.globals[i].name.as_bytes());
                t.dict.borrow_mut().insert(name, Value::Count(n), 0.0);
            }
        }
        Ok(Value::Table(Rc::new(t)))
    }),
    ("is_remote_event", |_, _, _| Ok(Value::Bool(false))),
    ("has_event_group", |vm, _, a| {
        let g = format!("a:{}", text_arg(a, 0));
        Ok(Value::Bool(has_group(vm, &g)))
    }),
    ("has_module_events", |vm, _, a| {
        let g = format!("m:{}", text_arg(a, 0));
        Ok(Value::Bool(has_group(vm, &g)))
    }),
    ("enable_event_group", |vm, _, a| switch_group(vm, &format!("a:{}", text_arg(a, 0)), true)),
    ("disable_event_group", |vm, _, a| switch_group(vm, &format!("a:{}", text_arg(a, 0)), false)),
    ("enable_module_events", |vm, _, a| switch_group(vm, &format!("m:{}", text_arg(a, 0)), true)),
    ("disable_module_events", |vm, _, a| switch_group(vm, &format!("m:{}", text_arg(a, 0)), false)),
    ("is_event_handled", |vm, c, a| {
        let name = text_arg(a, 0);
        match vm.event(&name) {
            Some(id) => Ok(Value::Bool(vm.is_handled(id))),
            None => {
                complain(vm, c, &format!("is_event_handled: unknown event {name}"));
                Ok(Value::Bool(false))
            }
        }
    }),
];

fn has_group(vm: &Vm, g: &str) -> bool {
    vm.funcs.iter().any(|f| f.bodies.iter().any(|b| b.groups.iter().any(|x| &**x == g)))
}

fn switch_group(vm: &mut Vm, g: &str, on: bool) -> Res {
    let known = has_group(vm, g);
    if on {
        vm.disabled_groups.remove(g);
    } else if known {
        vm.disabled_groups.insert(g.into());
    }
    for i in 0..vm.funcs.len() {
        vm.refresh_groups(crate::vm::FuncId(i as u32));
    }
    Ok(Value::Bool(known))
}

/// Indices in order; `None` after a complaint.
fn ordering(vm: &mut Vm, c: &CallSite<'_>, items: &[Value], by: &Value) -> Res<Option<Vec<usize>>> {
    vm.charge_work(c.span, items.len() as u64)?;
    let mut order: Vec<usize> = (0..items.len()).collect();
    if let Value::Func(f) = by {
        let f = f.clone();
        let mut failed = None;
        // A comparison that is no order must not upset the sort: merge sort takes any answer.
        merge_sort(&mut order, &mut |x, y| {
            if failed.is_some() {
                return Ordering::Equal;
            }
            let mut args = Args::new();
            args.push(items[x].clone());
            args.push(items[y].clone());
            match vm.call_value(&f, args, c.span) {
                Ok(v) => v.as_int().cmp(&0),
                Err(e) => {
                    failed = Some(e);
                    Ordering::Equal
                }
            }
        });
        return match failed {
            Some(e) => Err(e),
            None => Ok(Some(order)),
        };
    }
    let comparable = items.iter().all(|v| crate::compile::compare(v, v).is_some() || v.is_unset());
    if !comparable {
        complain(vm, c, "comparison function required for sort() with non-integral types");
        return Ok(None);
    }
    merge_sort(&mut order, &mut |x, y| match (items[x].is_unset(), items[y].is_unset()) {
        (true, true) => Ordering::Equal,
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        _ => crate::compile::compare(&items[x], &items[y]).unwrap_or(Ordering::Equal),
    });
    Ok(Some(order))
}

fn merge_sort(v: &mut Vec<usize>, cmp: &mut dyn FnMut(usize, usize) -> Ordering) {
    let n = v.len();
    let mut width = 1;
    let mut from = v.clone();
    while width < n {
        let mut out = Vec::with_capacity(n);
        for chunk in from.chunks(width * 2) {
            let (mut a, mut b) =
                (chunk.get(..width.min(chunk.len())).unwrap_or(&[]), chunk.get(width..).unwrap_or(&[]));
            while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
                if cmp(x, y) == Ordering::Greater {
                    out.push(y);
                    b = &b[1..];
                } else {
                    out.push(x);
                    a = &a[1..];
                }
            }
            out.extend_from_slice(a);
            out.extend_from_slice(b);
        }
        from = out;
        width *= 2;
    }
    *v = from;
}

fn same_object(x: &Value, y: &Value) -> bool {
    match (x, y) {
        (Value::Record(a), Value::Record(b)) => Rc::ptr_eq(a, b),
        (Value::Table(a), Value::Table(b)) => Rc::ptr_eq(a, b),
        (Value::Vector(a), Value::Vector(b)) => Rc::ptr_eq(a, b),
        (Value::Str(a), Value::Str(b)) => Rc::ptr_eq(a, b),
        (Value::Pattern(a), Value::Pattern(b)) => Rc::ptr_eq(a, b),
        (Value::Opaque(a), Value::Opaque(b)) => Rc::ptr_eq(a, b),
        (Value::Func(a), Value::Func(b)) => Rc::ptr_eq(a, b),
        (a, b) => a.same(b),
    }
}

/// Where a count of elements is: the containers around it, and how many more it may visit.
struct Walk {
    path: Vec<*const ()>,
    left: u32,
}

impl Default for Walk {
    fn default() -> Self {
        Walk { path: Vec::new(), left: 10_000_000 }
    }
}

/// How many elements a value is made of; with `entries` containers count their members as well. Indices are lists.
fn footprint(vm: &Vm, v: &Value, entries: bool, walk: &mut Walk) -> u64 {
    if walk.left == 0 || walk.path.len() as u32 > crate::value::MAX_VALUE_DEPTH {
        return 0;
    }
    walk.left -= 1;
    let (at, parts): (*const (), Vec<Value>) = match v {
        Value::Record(r) => {
            let width = vm.types.as_record(r.ty).map_or(0, |t| t.fields.len());
            (Rc::as_ptr(r).cast(), (0..width).map(|i| r.get(i)).collect())
        }
        Value::Vector(items) => (Rc::as_ptr(items).cast(), items.items().clone()),
        Value::List(l) => (Rc::as_ptr(l).cast(), l.to_vec()),
        Value::Table(t) => {
            let at: *const () = Rc::as_ptr(t).cast();
            if walk.path.contains(&at) {
                return 0;
            }
            walk.path.push(at);
            let all = t.snapshot();
            let mut n = if entries { all.len() as u64 } else { 0 };
            for (k, v) in &all {
                n += footprint(vm, k, entries, walk);
                n += u64::from(entries && !matches!(k, Value::List(_)));
                n += if v.is_set() { footprint(vm, v, entries, walk) } else { 0 };
            }
            walk.path.pop();
            return n;
        }
        _ => return 1,
    };
    if walk.path.contains(&at) {
        return 0;
    }
    walk.path.push(at);
    let inside: u64 = parts.iter().filter(|x| x.is_set()).map(|x| footprint(vm, x, entries, walk)).sum();
    walk.path.pop();
    inside + if entries { parts.len() as u64 } else { 0 }
}

fn record_fields(vm: &mut Vm, _c: &CallSite<'_>, a: &[Value]) -> Res {
    let (ty, record) = match arg(a, 0) {
        Value::Record(r) => (Some(r.ty), Some(r.clone())),
        Value::Type(t) => (Some(*t), None),
        Value::Str(s) => (vm.named_type(&String::from_utf8_lossy(s)), None),
        _ => (None, None),
    };
    let table_ty = vm.named_type("record_field_table").unwrap_or(TypeId::Any);
    let t = TableVal::new(table_ty, false, true);
    let fields = ty.and_then(|t| vm.types.as_record(t)).map(|r| r.fields.clone()).unwrap_or_default();
    for (i, f) in fields.iter().enumerate() {
        let shown = match vm.types.get(f.ty) {
            Type::Record(r) if !r.name.is_empty() => format!("record {}", r.name),
            _ => vm.types.name(f.ty),
        };
        let mut parts = vec![
            ("type_name", Value::str(shown)),
            ("log", Value::Bool(f.log)),
            ("optional", Value::Bool(f.optional)),
        ];
        if let Some(r) = &record {
            let v = r.get(i);
            if v.is_set() {
                parts.push(("value", v));
            }
        }
        if let Some(code) = &f.default {
            let v = vm.eval_top(code)?;
            parts.push(("default_val", v));
        }
        let r = super::record(vm, "record_field", &parts)?;
        t.dict.borrow_mut().insert(Value::str(f.name.as_bytes()), r, 0.0);
    }
    Ok(Value::Table(Rc::new(t)))
}

fn global_ids(vm: &mut Vm, _c: &CallSite<'_>, _a: &[Value]) -> Res {
    let ty = vm.named_type("id_table").unwrap_or(TypeId::Any);
    let t = TableVal::new(ty, false, false);
    for i in 0..vm.globals.len() {
        use crate::vm::GlobalKind;
        let g = &vm.globals[i];
        let (name, kind, exported, redef, gty) = (g.name.clone(), g.kind, g.exported, g.redefinable, g.ty);
        let shown = match vm.types.get(gty) {
            Type::Func(f) => f.flavor.word().to_string(),
            _ if kind == GlobalKind::Type => "type".to_string(),
            Type::Record(r) if !r.name.is_empty() => r.name.clone(),
            _ => vm.types.name(gty),
        };
        let mut parts = vec![
            ("type_name", Value::str(shown)),
            ("exported", Value::Bool(exported && name.contains("::"))),
            ("constant", Value::Bool(kind == GlobalKind::Const)),
            ("enum_constant", Value::Bool(kind == GlobalKind::Enum)),
            ("option_value", Value::Bool(kind == GlobalKind::Option)),
            ("redefinable", Value::Bool(redef)),
            ("broker_backend", Value::Bool(false)),
        ];
        let v = vm.values[i].clone();
        if v.is_set() && kind != GlobalKind::Type {
            parts.push(("value", v));
        }
        let r = super::record(vm, "script_id", &parts)?;
        t.dict.borrow_mut().insert(Value::str(name.as_bytes()), r, 0.0);
    }
    Ok(Value::Table(Rc::new(t)))
}
