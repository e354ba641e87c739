//! Our values as scripts see them.

use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{self, Addr, RecordVal, TableVal, Template, Value, VectorVal};

use crate::event::{Arena, FileView, Part, Proto};
use crate::script_host::layout::{File, Place};
use crate::time::{Interval, Time};

/// Brings a file's record up to date.
pub(super) fn update_file(layout: &File, record: &RecordVal, view: &FileView) {
    let set = |place: Option<Place>, value: Value| {
        if let Some(place) = place {
            record.set(place.at, value);
        }
    };
    set(layout.id, Value::str(view.fuid.as_bytes()));
    set(layout.source, Value::str(view.source));
    set(layout.is_orig, Value::Bool(view.is_orig));
    set(layout.last_active, Value::Time(seconds(view.last_active)));
    set(layout.seen_bytes, Value::Count(view.seen));
    set(layout.missing_bytes, Value::Count(view.missing));
    set(layout.overflow_bytes, Value::Count(view.overflow));
    if let Some(total) = view.total {
        set(layout.total_bytes, Value::Count(total));
    }
}

pub(super) fn proto(proto: Proto) -> value::Proto {
    match proto {
        Proto::Tcp => value::Proto::Tcp,
        Proto::Udp => value::Proto::Udp,
        Proto::Icmp => value::Proto::Icmp,
    }
}

/// The other way round, where it is one of connections.
pub(super) fn transport(proto: value::Proto) -> Option<Proto> {
    match proto {
        value::Proto::Tcp => Some(Proto::Tcp),
        value::Proto::Udp => Some(Proto::Udp),
        value::Proto::Icmp => Some(Proto::Icmp),
        value::Proto::Unknown => None,
    }
}

/// The record in a field, made where there is none yet.
pub(super) fn inner(vm: &mut Vm, record: &RecordVal, place: Option<Place>) -> Option<Rc<RecordVal>> {
    let place = place?;
    if let Value::Record(inner) = record.get(place.at) {
        return Some(inner);
    }
    let inner = vm.new_record_of(place.ty)?;
    record.set(place.at, Value::Record(inner.clone()));
    Some(inner)
}

/// Sets the first fields of a record.
pub(super) fn fill(record: &RecordVal, values: &[Value]) {
    for (at, value) in values.iter().enumerate() {
        record.set(at, value.clone());
    }
}

/// What the record in a field begins with, if it is the same for all and no script changes such records.
pub(super) fn begins_alike(vm: &mut Vm, place: Option<Place>) -> Option<Rc<Template>> {
    let ty = place?.ty;
    let template = vm.template(ty)?;
    let changed = (0..template.width()).any(|at| vm.uses.writes(ty, at));
    (template.evaluated.is_empty() && !changed).then_some(template)
}

/// What values are about.
#[derive(Default)]
pub(super) struct Subject {
    pub conn: Value,
    pub file: Value,
    /// What ports are of.
    pub transport: Option<value::Proto>,
}

/// A value as the type that a script declares for it.
pub(super) fn of(vm: &mut Vm, part: Part, arena: &Arena, ty: TypeId, subject: &Subject) -> Value {
    match part {
        Part::Conn => subject.conn.clone(),
        Part::File => subject.file.clone(),
        Part::Text(_) | Part::Name(_) => {
            let text = arena.text_of(part).unwrap_or_default();
            match vm.types.get(ty) {
                Type::Enum(names) => enum_value(&names.values, text, ty),
                _ => Value::str(text),
            }
        }
        Part::List(items) => {
            let Some(element) = element(vm, ty) else { return Value::Unset };
            let nothing = Subject::default();
            let items = arena.parts_of(items).iter();
            let values = items.map(|item| of(vm, *item, arena, element, &nothing)).collect();
            collection(vm, values, ty)
        }
        Part::Record(fields) if ty == TypeId::Port => port(arena, arena.parts_of(fields)),
        Part::Record(fields) => {
            let Some(record) = vm.new_record_of(ty) else { return Value::Unset };
            let Some(declared) = vm.types.as_record(ty) else { return Value::Unset };
            for (at, (part, field)) in arena.parts_of(fields).iter().zip(&declared.fields).enumerate() {
                let value = of(vm, *part, arena, field.ty, subject);
                record.set(at, value);
            }
            Value::Record(record)
        }
        part => atom(part, None, subject.transport.unwrap_or(value::Proto::Unknown)).unwrap_or_default(),
    }
}

/// A port that comes with its transport protocol.
fn port(arena: &Arena, parts: &[Part]) -> Value {
    let [Part::Count(number), name] = parts else { return Value::Unset };
    let proto = match arena.text_of(*name) {
        Some(b"tcp") => value::Proto::Tcp,
        Some(b"udp") => value::Proto::Udp,
        Some(b"icmp") => value::Proto::Icmp,
        _ => value::Proto::Unknown,
    };
    u16::try_from(*number).map_or(Value::Unset, |num| Value::Port(value::Port { num, proto }))
}

/// A value that needs no type to be made; `text` is what it is the text of.
pub(super) fn atom(part: Part, text: Option<&[u8]>, transport: value::Proto) -> Option<Value> {
    Some(match part {
        Part::Unset => Value::Unset,
        Part::Bool(b) => Value::Bool(b),
        Part::Count(n) => Value::Count(n),
        Part::Int(n) => Value::Int(n),
        Part::Double(d) => Value::Double(d),
        Part::Time(t) => Value::Time(seconds(t)),
        Part::Interval(i) => Value::Interval(span(i)),
        Part::Addr(addr) => Value::Addr(Addr::from_ip(addr)),
        Part::Port(num) => Value::Port(value::Port { num, proto: transport }),
        Part::Text(_) | Part::Name(_) => Value::str(text.unwrap_or_default()),
        Part::Conn | Part::File | Part::List(_) | Part::Record(_) => return None,
    })
}

fn enum_value(names: &[(String, i64)], text: &[u8], ty: TypeId) -> Value {
    let known = names.iter().find(|(name, _)| name.as_bytes() == text);
    known.map_or(Value::Unset, |(_, number)| Value::Enum(ty, *number))
}

/// What a set, a vector, or a table that counts from 1 holds.
fn element(vm: &Vm, ty: TypeId) -> Option<TypeId> {
    match vm.types.get(ty) {
        Type::Set(index) => index.first().copied(),
        Type::Vector(element) | Type::Table(_, element) => Some(*element),
        _ => None,
    }
}

/// Values as a set, a vector, or a table that counts from 1, in which those that are unset are not.
pub(super) fn collection(vm: &mut Vm, values: Vec<Value>, ty: TypeId) -> Value {
    if vm.types.elem(ty).is_some() {
        return Value::Vector(VectorVal::new(ty, values));
    }
    let is_set = matches!(vm.types.get(ty), Type::Set(_));
    let table = TableVal::new(ty, is_set, true);
    for (nth, value) in (1..).zip(values).filter(|(_, value)| value.is_set()) {
        let (key, value) = if is_set { (value, Value::Unset) } else { (Value::Count(nth), value) };
        table.dict.borrow_mut().insert(key, value, vm.network_time);
    }
    Value::Table(Rc::new(table))
}

pub(super) fn seconds(time: Time) -> f64 {
    time.as_secs_f64()
}

pub(super) fn span(interval: Interval) -> f64 {
    interval.as_secs_f64()
}
