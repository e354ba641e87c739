//! Our values as scripts see them.

use std::cell::Cell;
use std::rc::Rc;

use nightjar_script::Vm;
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{self, Addr, NativeRecord, RecordVal, TableVal, Template, Value, VectorVal};

use crate::event::{ConnId, ConnParts, ConnView, EndView, FileView, Part, Proto, Taken};
use crate::script_host::layout::{Conn, File, Place};
use crate::time::{Interval, Time};

/// What a connection's record is made of. Its ends, which few handlers look at, are made when one does.
pub(super) struct ConnSource {
    template: Rc<Template>,
    /// What an end begins with; none where ends are made with the record.
    end: Option<Rc<Template>>,
    orig: Option<usize>,
    resp: Option<usize>,
    ends: Cell<[EndView; 2]>,
}

impl ConnSource {
    pub fn new(layout: &Conn, template: Rc<Template>, end: Option<Rc<Template>>) -> Self {
        let at = |place: Option<Place>| place.map(|place| place.at);
        let (orig, resp) = (at(layout.orig), at(layout.resp));
        ConnSource { template, end, orig, resp, ends: Cell::default() }
    }
}

impl NativeRecord for ConnSource {
    fn get(&self, field: usize) -> Value {
        let nth = if Some(field) == self.orig { 0 } else { 1 };
        match &self.end {
            Some(template) if [self.orig, self.resp].contains(&Some(field)) => {
                let record = Template::record(template);
                fill(&record, end(&self.ends.get()[nth]));
                Value::Record(record)
            }
            _ => self.template.get(field),
        }
    }

    fn keeps(&self) -> bool {
        true
    }
}

/// Brings a connection's record up to date; what scripts keep in it stays.
pub(super) fn update_conn(
    vm: &mut Vm,
    layout: &Conn,
    (record, source): (&RecordVal, Option<&ConnSource>),
    (view, taken): (&ConnView, &Taken),
    fresh: bool,
    parts: ConnParts,
) {
    let set = |place: Option<Place>, value: Value| {
        if let Some(place) = place {
            record.set(place.at, value);
        }
    };
    // Ends may turn out to be the other way round, which is rare: the record is changed then, as scripts may
    // hold it.
    if let Some(id) = inner(vm, record, layout.id) {
        let ends = ends(&view.id, view.proto);
        if fresh || !same_ends(&id, &ends) {
            fill(&id, ends);
        }
    }
    if parts.ends {
        if let Some(source) = source {
            source.ends.set([view.orig, view.resp]);
        }
        let later = source.is_some_and(|source| source.end.is_some());
        for (place, of) in [(layout.orig, &view.orig), (layout.resp, &view.resp)] {
            let made = place.is_some_and(|place| record.peek(place.at, |_| ()).is_some());
            if (made || !later)
                && let Some(record) = inner(vm, record, place)
            {
                fill(&record, end(of));
            }
        }
    }
    if parts.times {
        set(layout.start_time, Value::Time(seconds(view.start)));
        set(layout.duration, Value::Interval(span(view.duration)));
    }
    if fresh {
        set(layout.uid, Value::str(view.uid.as_bytes()));
    }
    let (history, services) = (taken.bytes_of(view.history), taken.parts_of(view.services));
    if fresh || !history.is_empty() {
        set(layout.history, Value::str(history));
    }
    if let Some(place) = layout.service.filter(|_| !services.is_empty()) {
        let names = services.iter().filter_map(|name| taken.text_of(*name));
        let names = names.map(|name| Value::str(name.to_ascii_uppercase())).collect();
        let value = collection(vm, names, place.ty);
        record.set(place.at, value);
    }
}

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

/// Zeek's `conn_id`, in its order.
pub(super) fn ends(id: &ConnId, transport: Proto) -> [Value; 4] {
    let port = |num| Value::Port(value::Port { num, proto: proto(transport) });
    let addr = |addr| Value::Addr(Addr::from_ip(addr));
    [addr(id.orig_h), port(id.orig_p), addr(id.resp_h), port(id.resp_p)]
}

fn same_ends(id: &RecordVal, ends: &[Value; 4]) -> bool {
    matches!((id.get(0), &ends[0]), (Value::Addr(a), Value::Addr(b)) if a == *b)
        && matches!((id.get(1), &ends[1]), (Value::Port(a), Value::Port(b)) if a == *b)
}

/// Zeek's `endpoint`, in its order.
fn end(end: &EndView) -> [Value; 5] {
    [
        Value::Count(end.size),
        Value::Count(end.state),
        Value::Count(end.packets),
        Value::Count(end.ip_bytes),
        Value::Count(0),
    ]
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
pub(super) fn fill<const N: usize>(record: &RecordVal, values: [Value; N]) {
    for (at, value) in values.into_iter().enumerate() {
        record.set(at, value);
    }
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
pub(super) fn of(vm: &mut Vm, part: Part, taken: &Taken, ty: TypeId, subject: &Subject) -> Value {
    match part {
        Part::Unset => Value::Unset,
        Part::Conn => subject.conn.clone(),
        Part::File => subject.file.clone(),
        Part::Bool(b) => Value::Bool(b),
        Part::Count(n) => Value::Count(n),
        Part::Int(n) => Value::Int(n),
        Part::Double(d) => Value::Double(d),
        Part::Time(t) => Value::Time(seconds(t)),
        Part::Interval(i) => Value::Interval(span(i)),
        Part::Addr(addr) => Value::Addr(Addr::from_ip(addr)),
        Part::Port(num) => {
            Value::Port(value::Port { num, proto: subject.transport.unwrap_or(value::Proto::Unknown) })
        }
        Part::Text(_) | Part::Name(_) => {
            let text = taken.text_of(part).unwrap_or_default();
            match vm.types.get(ty) {
                Type::Enum(names) => enum_value(&names.values, text, ty),
                _ => Value::str(text),
            }
        }
        Part::List(items) => {
            let Some(element) = element(vm, ty) else { return Value::Unset };
            let nothing = Subject::default();
            let items = taken.parts_of(items).iter();
            let values = items.map(|item| of(vm, *item, taken, element, &nothing)).collect();
            collection(vm, values, ty)
        }
        Part::Record(fields) => {
            let Some(record) = vm.new_record_of(ty) else { return Value::Unset };
            let Some(declared) = vm.types.as_record(ty) else { return Value::Unset };
            for (at, (part, field)) in taken.parts_of(fields).iter().zip(&declared.fields).enumerate() {
                let value = of(vm, *part, taken, field.ty, subject);
                record.set(at, value);
            }
            Value::Record(record)
        }
    }
}

/// Whether a value is this one already, so that it need not be made anew. It says no where that takes longer to
/// tell than to make it.
pub(super) fn is(value: &Value, part: Part, taken: &Taken) -> bool {
    match (value, part) {
        (Value::Unset, Part::Unset) => true,
        (Value::Str(known), Part::Text(_) | Part::Name(_)) => taken.text_of(part) == Some(known),
        (Value::Count(known), Part::Count(n)) => *known == n,
        _ => false,
    }
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

/// Values as a set, a vector, or a table that counts from 1.
fn collection(vm: &mut Vm, values: Vec<Value>, ty: TypeId) -> Value {
    if vm.types.elem(ty).is_some() {
        return Value::Vector(VectorVal::new(ty, values));
    }
    let is_set = matches!(vm.types.get(ty), Type::Set(_));
    let table = TableVal::new(ty, is_set, true);
    for (nth, value) in (1..).zip(values) {
        let (key, value) = if is_set { (value, Value::Unset) } else { (Value::Count(nth), value) };
        table.dict.borrow_mut().insert(key, value, vm.network_time);
    }
    Value::Table(Rc::new(table))
}

pub(super) fn seconds(time: Time) -> f64 {
    time.as_secs_f64()
}

fn span(interval: Interval) -> f64 {
    interval.as_secs_f64()
}
