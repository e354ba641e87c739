//! What handlers and policies would do, found out by workers: they look at parts of events and rows as scripts would
//! at records.

use std::sync::Arc;

use nightjar_script::Vm;
use nightjar_script::rehearse::{Path, Seen};
use nightjar_script::types::{Type, TypeId};
use nightjar_script::value::{self, Addr};
use nightjar_script::vm::FuncId;

use crate::analyze;
use crate::event::{Columns, ConnView, EventId, Happening, Idle, Part, Passes, RecordView, Taken};
use crate::record::{Schema, Value};
use crate::script_host::layout::{Layout, Log};
use crate::script_host::values;

/// A place that scripts look at.
#[derive(Clone, Debug)]
enum Place {
    Argument(usize),
    OrigH,
    OrigP,
    RespH,
    RespP,
    /// The row that the event or the policy is about.
    Row,
    Column(Column),
    /// Something known beforehand.
    Text(&'static str),
}

#[derive(Clone, Copy, Debug)]
struct Column {
    at: usize,
    /// The value itself can be looked at, and not only whether there is one.
    plain: bool,
}

/// The functions that a row goes past.
#[derive(Default)]
pub(super) struct Judges {
    pub policy: Option<FuncId>,
    pub pred: Option<FuncId>,
    pub path_func: Option<FuncId>,
    /// The log's path if no function names another.
    pub path: String,
    /// The columns that scripts change in a row.
    pub changed: u64,
    /// There are more, which they fill.
    pub extended: bool,
}

/// What the only filter of a log that a worker writes is called.
pub(super) const FILTER: &str = "default";

/// When handlers of an event do nothing, if that can be told.
pub(super) fn idle(vm: &Vm, layout: &Layout, id: EventId, event: FuncId) -> Option<Idle> {
    let parameters = &vm.types.as_func(vm.funcs.get(event.0 as usize)?.ty)?.params;
    let schema = brings(id);
    let place = |path: &Path| {
        let parameter = parameters.get(path.parameter)?.ty;
        match &path.fields[..] {
            [] => is_plain(vm, parameter).then_some(Place::Argument(path.parameter)),
            fields if Some(parameter) == layout.conn.ty => of_conn(vm, layout, schema, fields),
            _ => None,
        }
    };
    let rehearsal = vm.rehearsal(event, &place)?;
    let by_arguments = rehearsal.decides(&|place| matches!(place, Place::Argument(_)));
    Some(Idle(Arc::new(move |happening| {
        let Happening { args, conn, taken } = *happening;
        let row = conn.and_then(|conn| conn.record.as_ref()).map(|(_, row)| row);
        debug_assert!(row.is_none_or(|row| schema.is_none_or(|schema| row.schema == schema)));
        let look = |place: &Place| match place {
            Place::Argument(at) => args.get(*at).and_then(|part| seen(*part, taken, conn)),
            place => look(place, conn?, row, taken),
        };
        match conn {
            // It is asked again when more is known.
            None if by_arguments => (!rehearsal.is_idle(&look)).then_some(0),
            None => Some(0),
            Some(_) => {
                let (idle, all) = rehearsal.idle_bodies(&look);
                (!all).then_some(idle.bits())
            }
        }
    })))
}

/// The log whose row the connection of an event comes with, if with any.
fn brings(id: EventId) -> Option<&'static Schema> {
    let is = |start: &str| id.name().starts_with(start);
    match id {
        EventId::ConnectionStateRemove => Some(analyze::CONN),
        _ if is("dns_") => Some(analyze::DNS),
        _ if is("http_") || is("HTTP::") || id.is_of_file() => Some(analyze::HTTP),
        _ => None,
    }
}

/// Which rows of a log its policy, predicate and path function let pass without doing anything, if that can be told.
pub(super) fn passes(vm: &Vm, log: &Log, judges: &Judges) -> Option<Passes> {
    let column = |fields: &[(TypeId, usize)]| {
        let at = match *fields {
            [(_, at)] => log.column(at, false),
            [(_, id), (_, at)] if log.id.is_some_and(|place| place.at == id) => log.column(at, true),
            _ => None,
        }?;
        let plain = log.columns.get(at)?.filter(|column| !column.written)?;
        Some(Place::Column(Column { at, plain: is_plain(vm, plain.place.ty) }))
    };
    // Of functions with the row as the parameter of this number.
    let rehearsal = |function: Option<FuncId>, row: usize| match function {
        None => Some(None),
        Some(function) => {
            let place = |path: &Path| match &path.fields[..] {
                fields if path.parameter == row => column(fields),
                [(ty, at)] if row == 0 && path.parameter == 2 => {
                    let name = vm.types.as_record(*ty)?.fields.get(*at)?.name.as_ref() == "name";
                    name.then_some(Place::Text(FILTER))
                }
                _ => None,
            };
            Some(Some(vm.rehearsal(function, &place)?))
        }
    };
    let (policy, pred) = (rehearsal(judges.policy, 0)?, rehearsal(judges.pred, 0)?);
    let (path_func, path) = (rehearsal(judges.path_func, 2)?, judges.path.clone());
    let proto = log.schema.field("proto");
    let test = move |row: &Columns<'_>| {
        let look = |place: &Place| match place {
            Place::Column(column) => seen_value(*column, row(column.at), || transport(proto, row)),
            Place::Text(text) => Some(Seen::Text(text.as_bytes())),
            _ => None,
        };
        policy.as_ref().is_none_or(|policy| policy.is_idle(&look))
            && pred.as_ref().is_none_or(|pred| pred.returned(&look) == Some(Seen::Bool(true)))
            && path_func
                .as_ref()
                .is_none_or(|named| named.returned(&look) == Some(Seen::Text(path.as_bytes())))
    };
    let Judges { changed, extended, .. } = *judges;
    // Who looks at a row that was written looks at all of it.
    let fields = if log.passing { changed } else { u64::MAX };
    Some(Passes { test: Arc::new(test), as_written: changed == 0 && !extended, fields })
}

/// A place in `c`, as long as scripts do not change it.
fn of_conn(
    vm: &Vm,
    layout: &Layout,
    row: Option<&'static Schema>,
    fields: &[(TypeId, usize)],
) -> Option<Place> {
    let [(conn, first), rest @ ..] = fields else { return None };
    if vm.uses.assigns(*conn, *first) {
        return None;
    }
    if layout.conn.id.is_some_and(|id| id.at == *first) {
        let [(ty, at)] = rest else { return None };
        let ends = vm.types.as_record(*ty)?;
        return match ends.fields.get(*at)?.name.as_ref() {
            _ if vm.uses.writes(*ty, *at) => None,
            "orig_h" => Some(Place::OrigH),
            "orig_p" => Some(Place::OrigP),
            "resp_h" => Some(Place::RespH),
            "resp_p" => Some(Place::RespP),
            _ => None,
        };
    }
    let log = &layout.logs[layout.log(row?)?];
    if log.holder != Some(*first) {
        return None;
    }
    match *rest {
        [] => Some(Place::Row),
        [(_, at)] => {
            let at = log.column(at, false)?;
            let column = log.columns.get(at)?.filter(|column| !column.written)?;
            Some(Place::Column(Column { at, plain: is_plain(vm, column.place.ty) }))
        }
        _ => None,
    }
}

/// Whether values of a type are more than known to be there.
fn is_plain(vm: &Vm, ty: TypeId) -> bool {
    !matches!(vm.types.get(ty), Type::Enum(_)) && !vm.types.is_aggregate(ty)
}

fn look<'h>(
    place: &Place,
    conn: &'h ConnView,
    row: Option<&'h RecordView>,
    taken: &'h Taken,
) -> Option<Seen<'h>> {
    let port = |num| Seen::Port(value::Port { num, proto: values::proto(conn.proto) });
    Some(match place {
        Place::OrigH => Seen::Addr(Addr::from_ip(conn.id.orig_h)),
        Place::RespH => Seen::Addr(Addr::from_ip(conn.id.resp_h)),
        Place::OrigP => port(conn.id.orig_p),
        Place::RespP => port(conn.id.resp_p),
        // It may hold one that this event does not tell of.
        Place::Row => row.map(|_| Seen::Set)?,
        Place::Column(column) => {
            return seen_column(*column, row?, taken, || values::proto(conn.proto));
        }
        Place::Argument(_) | Place::Text(_) => return None,
    })
}

fn seen_column<'h>(
    column: Column,
    row: &RecordView,
    taken: &'h Taken,
    transport: impl Fn() -> value::Proto,
) -> Option<Seen<'h>> {
    match taken.field(row, column.at)? {
        Part::Unset => Some(Seen::Unset),
        _ if !column.plain => Some(Seen::Set),
        Part::Port(num) => Some(Seen::Port(value::Port { num, proto: transport() })),
        part => seen(part, taken, None),
    }
}

/// The transport that a row's ports are of.
fn transport(column: Option<usize>, row: &Columns<'_>) -> value::Proto {
    match column.map(row) {
        Some(Value::Enum("udp")) => value::Proto::Udp,
        Some(Value::Enum("icmp")) => value::Proto::Icmp,
        _ => value::Proto::Tcp,
    }
}

fn seen_value<'r>(
    column: Column,
    value: Value<'r>,
    transport: impl Fn() -> value::Proto,
) -> Option<Seen<'r>> {
    Some(match value {
        Value::Unset => Seen::Unset,
        _ if !column.plain => Seen::Set,
        Value::Bool(b) => Seen::Bool(b),
        Value::Count(n) => Seen::Count(n),
        Value::Int(n) => Seen::Int(n),
        Value::Double(d) => Seen::Double(d),
        Value::Time(time) => Seen::Double(values::seconds(time)),
        Value::Interval(interval) => Seen::Double(values::span(interval)),
        Value::Bytes(text) => Seen::Text(text),
        Value::Enum(name) => Seen::Text(name.as_bytes()),
        Value::Addr(addr) => Seen::Addr(Addr::from_ip(addr)),
        Value::Port(num) => Seen::Port(value::Port { num, proto: transport() }),
        Value::Uid(_) | Value::List(_) => return None,
    })
}

fn seen<'h>(part: Part, taken: &'h Taken, conn: Option<&ConnView>) -> Option<Seen<'h>> {
    Some(match part {
        Part::Unset => Seen::Unset,
        Part::Bool(b) => Seen::Bool(b),
        Part::Count(n) => Seen::Count(n),
        Part::Int(n) => Seen::Int(n),
        Part::Double(d) => Seen::Double(d),
        Part::Time(time) => Seen::Double(values::seconds(time)),
        Part::Interval(interval) => Seen::Double(values::span(interval)),
        Part::Addr(addr) => Seen::Addr(Addr::from_ip(addr)),
        Part::Port(num) => Seen::Port(value::Port { num, proto: values::proto(conn?.proto) }),
        Part::Text(_) | Part::Name(_) => Seen::Text(taken.text_of(part)?),
        Part::Conn | Part::File | Part::List(_) | Part::Record(_) => return None,
    })
}
