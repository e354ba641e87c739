//! Our values as scripts see them.

use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{self, Addr, RecordVal, TableVal, Value, VectorVal};

use crate::event::{Arg, ConnView, EndView, Proto, RecordView};
use crate::script_host::prelude;
use crate::time::{Interval, Time};

/// The types of an event's parameters.
pub(super) fn parameters(vm: &Vm, event: &str) -> Vec<TypeId> {
    let function = vm.event(event).and_then(|id| vm.funcs.get(id.0 as usize));
    let ty = function.and_then(|function| vm.types.as_func(function.ty));
    ty.map_or(Vec::new(), |ty| ty.params.iter().map(|parameter| parameter.ty).collect())
}

/// An empty `connection`.
pub(super) fn connection(vm: &mut Vm) -> Option<Rc<RecordVal>> {
    let ty = vm.named_type("connection")?;
    vm.new_record_of(ty)
}

/// Brings a connection's record up to date; what scripts keep in it stays.
pub(super) fn update(vm: &mut Vm, record: &Rc<RecordVal>, view: &ConnView) {
    let proto = match view.proto {
        Proto::Tcp => value::Proto::Tcp,
        Proto::Udp => value::Proto::Udp,
        Proto::Icmp => value::Proto::Icmp,
    };
    let port = |num| Value::Port(value::Port { num, proto });
    let id = [
        ("orig_h", Value::Addr(Addr::from_ip(view.id.orig_h))),
        ("orig_p", port(view.id.orig_p)),
        ("resp_h", Value::Addr(Addr::from_ip(view.id.resp_h))),
        ("resp_p", port(view.id.resp_p)),
    ];
    fill(vm, record, "id", id);
    fill(vm, record, "orig", end(&view.orig));
    fill(vm, record, "resp", end(&view.resp));
    let services =
        Arg::List(view.services.iter().map(|name| Arg::Bytes(name.to_ascii_uppercase().into())).collect());
    let mut set_field = |name: &str, arg: &Arg| {
        if let Some((at, ty)) = field(vm, record.ty, name) {
            let value = of(vm, arg, ty);
            record.set(at, value);
        }
    };
    set_field("start_time", &Arg::Time(view.start));
    set_field("duration", &Arg::Interval(view.duration));
    set_field("service", &services);
    set_field("history", &Arg::Bytes(view.history.clone()));
    set_field("uid", &Arg::Bytes(view.uid.as_bytes().to_vec()));
    for records in &view.records {
        log_record(vm, record, records, proto);
    }
}

fn end(end: &EndView) -> [(&'static str, Value); 5] {
    [
        ("size", Value::Count(end.size)),
        ("state", Value::Count(end.state)),
        ("num_pkts", Value::Count(end.packets)),
        ("num_bytes_ip", Value::Count(end.ip_bytes)),
        ("flow_label", Value::Count(0)),
    ]
}

/// The place and type of a record's field.
fn field(vm: &Vm, record: TypeId, name: &str) -> Option<(usize, TypeId)> {
    let at = vm.types.field(record, name)?;
    let ty = vm.types.as_record(record)?.fields.get(at)?.ty;
    Some((at, ty))
}

/// The record in a field, made where there is none yet.
fn inner(vm: &mut Vm, record: &Rc<RecordVal>, name: &str) -> Option<Rc<RecordVal>> {
    let (at, ty) = field(vm, record.ty, name)?;
    if let Value::Record(inner) = record.get(at) {
        return Some(inner);
    }
    let inner = vm.new_record_of(ty)?;
    record.set(at, Value::Record(inner.clone()));
    Some(inner)
}

fn fill<const N: usize>(vm: &mut Vm, record: &Rc<RecordVal>, name: &str, values: [(&str, Value); N]) {
    let Some(inner) = inner(vm, record, name) else { return };
    for (name, value) in values {
        if let Some(at) = vm.types.field(inner.ty, name) {
            inner.set(at, value);
        }
    }
}

/// Sets `c$http` and the like.
fn log_record(vm: &mut Vm, conn: &Rc<RecordVal>, view: &RecordView, proto: value::Proto) {
    let Some(record) = inner(vm, conn, view.schema.path) else { return };
    for (column, arg) in view.schema.fields.iter().zip(&view.values) {
        let target = match prelude::id_field(column.name) {
            Some(name) => inner(vm, &record, "id").map(|id| (id, name)),
            None => Some((record.clone(), column.name)),
        };
        let Some((target, name)) = target else { continue };
        if let Some((at, ty)) = field(vm, target.ty, name) {
            let value = match arg {
                Arg::Port(num) => Value::Port(value::Port { num: *num, proto }),
                arg => of(vm, arg, ty),
            };
            target.set(at, value);
        }
    }
}

/// A value as the type that a script declares for it.
pub(super) fn of(vm: &mut Vm, arg: &Arg, ty: TypeId) -> Value {
    match arg {
        Arg::Unset => Value::Unset,
        Arg::Bool(b) => Value::Bool(*b),
        Arg::Count(n) => Value::Count(*n),
        Arg::Int(n) => Value::Int(*n),
        Arg::Double(d) => Value::Double(*d),
        Arg::Time(t) => Value::Time(seconds(*t)),
        Arg::Interval(i) => Value::Interval(span(*i)),
        Arg::Addr(addr) => Value::Addr(Addr::from_ip(*addr)),
        Arg::Port(num) => Value::Port(value::Port { num: *num, proto: value::Proto::Unknown }),
        Arg::Bytes(text) => match vm.types.as_enum(ty) {
            Some(names) => enum_value(&names.values, text, ty),
            None => Value::str(text),
        },
        Arg::List(items) => list(vm, items, ty),
        Arg::Record(fields) => {
            let Some(record) = vm.new_record_of(ty) else { return Value::Unset };
            let types: Vec<TypeId> = vm
                .types
                .as_record(ty)
                .map_or(Vec::new(), |ty| ty.fields.iter().map(|field| field.ty).collect());
            for (at, (arg, ty)) in fields.iter().zip(types).enumerate() {
                let value = of(vm, arg, ty);
                record.set(at, value);
            }
            Value::Record(record)
        }
    }
}

fn enum_value(names: &[(String, i64)], text: &[u8], ty: TypeId) -> Value {
    let known = names.iter().find(|(name, _)| name.as_bytes() == text);
    known.map_or(Value::Unset, |(_, number)| Value::Enum(ty, *number))
}

fn list(vm: &mut Vm, items: &[Arg], ty: TypeId) -> Value {
    let (element, is_set) = match vm.types.get(ty) {
        Type::Set(index) => (index.first().copied(), true),
        Type::Vector(element) => (Some(*element), false),
        _ => (None, false),
    };
    let Some(element) = element else { return Value::Unset };
    let values: Vec<Value> = items.iter().map(|item| of(vm, item, element)).collect();
    if !is_set {
        return Value::Vector(VectorVal::new(ty, values));
    }
    let set = TableVal::new(ty, true, true);
    for value in values {
        set.dict.borrow_mut().insert(value, Value::Unset, vm.network_time);
    }
    Value::Table(Rc::new(set))
}

fn seconds(time: Time) -> f64 {
    time.nanos() as f64 / 1e9
}

fn span(interval: Interval) -> f64 {
    interval.nanos() as f64 / 1e9
}
