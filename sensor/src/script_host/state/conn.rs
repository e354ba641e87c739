//! Connections as scripts see them (`c`).

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use nightjar_protocols::wire::Mac;
use nightjar_script::Vm;
use nightjar_script::types::TypeId;
use nightjar_script::value::{Addr, NativeRecord, Port, RecordVal, Template, Value};
use smallvec::SmallVec;

use crate::event::{Arena, ConnId, ConnParts, ConnView, EndView, Framing, Proto};
use crate::record::Uid;
use crate::script_host::layout::{Conn, Place};
use crate::script_host::values::{self, seconds, span};
use crate::time::{Interval, Time};

pub(super) type Record = (Rc<RecordVal>, Rc<Source>);

/// What a connection's record shows beside what was put into it. Most handlers look at little of it, so that the
/// rest is not made.
pub(super) struct Source {
    shape: Rc<Shape>,
    last_shown: RefCell<Option<LastShown>>,
}

/// What the sensor said last.
struct LastShown {
    uid: Uid,
    id: ConnId,
    proto: Proto,
    ends: [EndView; 2],
    start: Time,
    duration: Interval,
    history: SmallVec<[u8; 24]>,
    framing: Option<Arc<Framing>>,
}

impl LastShown {
    /// One of its ends, as Zeek's `endpoint`.
    fn end(&self, nth: usize) -> [Value; 6] {
        end(&self.ends[nth], self.framing.as_ref().and_then(|framing| framing.ends[nth]))
    }

    fn vlan(&self) -> Option<Value> {
        self.framing.as_ref()?.vlan.map(vlan)
    }

    fn inner_vlan(&self) -> Option<Value> {
        self.framing.as_ref()?.inner_vlan.map(vlan)
    }
}

/// How records of connections are made.
struct Shape {
    ty: TypeId,
    template: Rc<Template>,
    /// What `conn_id` and `endpoint` begin with.
    id: Option<Rc<Template>>,
    end: Option<Rc<Template>>,
    /// By field.
    shows: Vec<Shows>,
}

/// What a field shows of what the sensor said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shows {
    #[default]
    Nothing,
    Id,
    Orig,
    Resp,
    Start,
    Duration,
    Uid,
    History,
    Vlan,
    InnerVlan,
}

/// What records of connections are made from.
#[derive(Default)]
pub(super) struct RecordPool {
    shape: Option<Rc<Shape>>,
    /// Records that are no longer needed.
    spare: Vec<Record>,
}

/// So many records are kept to be used again.
pub(super) const MAX_SPARE: usize = 64;

impl RecordPool {
    /// A record of a connection that is new to scripts.
    pub fn begin(&mut self, vm: &mut Vm, layout: &Conn) -> Option<Record> {
        let shape = match &self.shape {
            Some(shape) => shape.clone(),
            None => self.shape.insert(Rc::new(Shape::of(vm, layout)?)).clone(),
        };
        // Defaults that are expressions are evaluated for each connection.
        if shape.template.evaluated.is_empty() {
            return self.record();
        }
        let (ty, source) = (shape.ty, Rc::new(Source { shape, last_shown: RefCell::default() }));
        Some((vm.new_record_from(ty, |_| source.clone())?, source))
    }

    /// A record without those of its defaults that are evaluated; none if none was ever made.
    pub fn record(&mut self) -> Option<Record> {
        if let Some(spare) = self.spare.pop() {
            return Some(spare);
        }
        let shape = self.shape.clone()?;
        let (ty, width) = (shape.ty, shape.template.width());
        let source = Rc::new(Source { shape, last_shown: RefCell::default() });
        Some((RecordVal::native(ty, width, source.clone()), source))
    }

    pub fn give_back(&mut self, record: Record) {
        record.1.last_shown.replace(None);
        if self.spare.len() < MAX_SPARE {
            self.spare.push(record);
        }
    }
}

impl Shape {
    fn of(vm: &mut Vm, layout: &Conn) -> Option<Shape> {
        let ty = layout.ty?;
        let template = vm.template(ty)?;
        let mut shows = vec![Shows::Nothing; template.width()];
        let fields = [
            (layout.id, Shows::Id),
            (layout.orig, Shows::Orig),
            (layout.resp, Shows::Resp),
            (layout.start_time, Shows::Start),
            (layout.duration, Shows::Duration),
            (layout.uid, Shows::Uid),
            (layout.history, Shows::History),
            (layout.vlan, Shows::Vlan),
            (layout.inner_vlan, Shows::InnerVlan),
        ];
        for (place, what) in fields {
            if let Some(field) = place.and_then(|place| shows.get_mut(place.at)) {
                *field = what;
            }
        }
        let id = values::begins_alike(vm, layout.id);
        Some(Shape { ty, template, id, end: values::begins_alike(vm, layout.orig), shows })
    }
}

impl Source {
    fn shows(&self, field: usize) -> Shows {
        self.shape.shows.get(field).copied().unwrap_or_default()
    }

    /// Whether a record that is made anew holds the same in this field.
    pub fn begins(&self, at: usize, value: &Value) -> bool {
        match (self.shows(at), value) {
            (Shows::Id, Value::Record(id)) => self.shape.id.is_some() && Rc::strong_count(id) == 1,
            (Shows::Orig | Shows::Resp, Value::Record(end)) => {
                self.shape.end.is_some() && Rc::strong_count(end) == 1
            }
            (Shows::Nothing, value) => self.shape.template.begins(at, value),
            _ => false,
        }
    }
}

impl NativeRecord for Source {
    fn get(&self, field: usize) -> Value {
        let last_shown = self.last_shown.borrow();
        let Some(last_shown) = &*last_shown else { return self.shape.template.get(field) };
        let made = |template: &Option<Rc<Template>>, values: &[Value]| match template {
            None => self.shape.template.get(field),
            Some(template) => {
                let record = Template::record(template);
                values::fill(&record, values);
                Value::Record(record)
            }
        };
        match self.shows(field) {
            Shows::Nothing => self.shape.template.get(field),
            Shows::Id => made(&self.shape.id, &ends(&last_shown.id, last_shown.proto)),
            Shows::Orig => made(&self.shape.end, &last_shown.end(0)),
            Shows::Resp => made(&self.shape.end, &last_shown.end(1)),
            Shows::Start => Value::Time(seconds(last_shown.start)),
            Shows::Duration => Value::Interval(span(last_shown.duration)),
            Shows::Uid => Value::str(last_shown.uid.as_bytes()),
            Shows::History => Value::str(&last_shown.history),
            Shows::Vlan => last_shown.vlan().unwrap_or_default(),
            Shows::InnerVlan => last_shown.inner_vlan().unwrap_or_default(),
        }
    }

    fn within(&self, field: usize, inner: usize) -> Option<Value> {
        let last_shown = self.last_shown.borrow();
        let last_shown = last_shown.as_ref()?;
        match self.shows(field) {
            Shows::Id if self.shape.id.is_some() => {
                ends(&last_shown.id, last_shown.proto).into_iter().nth(inner)
            }
            Shows::Orig if self.shape.end.is_some() => last_shown.end(0).into_iter().nth(inner),
            Shows::Resp if self.shape.end.is_some() => last_shown.end(1).into_iter().nth(inner),
            _ => None,
        }
    }

    fn has(&self, field: usize) -> bool {
        match (self.shows(field), &*self.last_shown.borrow()) {
            (Shows::Nothing, _) => self.shape.template.has(field),
            (Shows::Vlan, last_shown) => last_shown.as_ref().is_some_and(|shown| shown.vlan().is_some()),
            (Shows::InnerVlan, last_shown) => {
                last_shown.as_ref().is_some_and(|shown| shown.inner_vlan().is_some())
            }
            _ => true,
        }
    }

    fn keeps(&self) -> bool {
        true
    }
}

/// Says who a connection is, where nothing was said of it.
pub(super) fn name((_, source): &Record, uid: Uid, id: ConnId, proto: Proto) {
    let (start, duration) = (Time::default(), Interval::default());
    let (ends, history) = (Default::default(), SmallVec::new());
    source.last_shown.borrow_mut().get_or_insert(LastShown {
        uid,
        id,
        proto,
        ends,
        start,
        duration,
        history,
        framing: None,
    });
}

/// Brings a connection's record up to date; what scripts keep in it stays.
pub(super) fn update(
    vm: &mut Vm,
    layout: &Conn,
    (record, source): &Record,
    (view, arena): (&ConnView, &Arena),
    parts: ConnParts,
) {
    let (history, services) = (arena.bytes_of(view.history), arena.parts_of(view.services));
    source.last_shown.replace(Some(LastShown {
        uid: view.uid,
        id: view.id,
        proto: view.proto,
        ends: [view.orig, view.resp],
        start: view.start,
        duration: view.duration,
        history: SmallVec::from_slice(history),
        framing: view.framing.clone(),
    }));
    let made = |place: Option<Place>| place.filter(|place| record.peek(place.at, |_| ()).is_some());
    // Ends may turn out to be the other way round, which is rare: records that scripts have seen are changed then.
    let (id, has_id) = (made(layout.id), source.shape.id.is_some());
    if (id.is_some() || !has_id)
        && let Some(id) = values::inner(vm, record, layout.id)
    {
        values::fill(&id, &ends(&view.id, view.proto));
    }
    if parts.ends {
        let macs = view.framing.as_ref().map_or([None; 2], |framing| framing.ends);
        for (place, of, mac) in [(layout.orig, &view.orig, macs[0]), (layout.resp, &view.resp, macs[1])] {
            if (made(place).is_some() || source.shape.end.is_none())
                && let Some(record) = values::inner(vm, record, place)
            {
                values::fill(&record, &end(of, mac));
            }
        }
    }
    // What scripts have put into these does not last.
    for place in [layout.start_time, layout.duration, layout.uid, layout.history] {
        if let Some(place) = made(place) {
            record.set(place.at, source.get(place.at));
        }
    }
    // A protocol that was given up is taken from it again.
    let service = layout.service.filter(|_| !services.is_empty());
    if let Some(place) = service.or(made(layout.service).filter(|_| parts.service)) {
        let names = services.iter().filter_map(|name| arena.text_of(*name));
        let names = names.map(|name| Value::str(name.to_ascii_uppercase())).collect();
        let value = values::collection(vm, names, place.ty);
        record.set(place.at, value);
    }
}

/// Zeek's `conn_id`, in its order.
fn ends(id: &ConnId, transport: Proto) -> [Value; 4] {
    let port = |num| Value::Port(Port { num, proto: values::proto(transport) });
    let addr = |addr| Value::Addr(Addr::from_ip(addr));
    [addr(id.orig_h), port(id.orig_p), addr(id.resp_h), port(id.resp_p)]
}

/// Zeek's `endpoint`, in its order.
fn end(end: &EndView, mac: Option<Mac>) -> [Value; 6] {
    [
        Value::Count(end.size),
        Value::Count(end.state),
        Value::Count(end.packets),
        Value::Count(end.ip_bytes),
        Value::Count(0),
        mac.map_or(Value::Unset, |mac| Value::str(mac_text(mac))),
    ]
}

fn vlan(id: u16) -> Value {
    Value::Int(i64::from(id))
}

fn mac_text([a, b, c, d, e, f]: Mac) -> String {
    format!("{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}
