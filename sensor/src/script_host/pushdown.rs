//! What handlers and policies would do, found out by workers: they look at parts of events and rows as scripts would
//! at records.

use std::sync::Arc;

use nightjar_script::Vm;
use nightjar_script::pushdown::{Host, Path, Plan, Printed, Reach, SeenValue, Stage};
use nightjar_script::source::Span;
use nightjar_script::types::{ParamType, Type, TypeId};
use nightjar_script::value::{self, Addr};
use nightjar_script::vm::FuncId;

use crate::analyze;
use crate::event::{
    Arena, Columns, Effect, EventId, Happening, Observation, Outcome, Part, Passes, Pushdown, RecordView,
    Shown, Subject, What, Words,
};
use crate::record::{Schema, Value};
use crate::script_host::layout::{self, Layout, Log};
use crate::script_host::values;

/// What bodies name: places that they look at, and calls.
#[derive(Clone, Debug)]
enum Place {
    Argument(usize),
    OrigH,
    OrigP,
    RespH,
    RespP,
    History,
    /// The state of the originator, or the responder.
    OrigState,
    RespState,
    /// The row that the event or the policy is about.
    Row,
    Column(Column),
    /// A field of that row that only scripts fill, without a value at first.
    Own,
    /// `SumStats::observe`, and what it is given.
    Observe,
    Given(Given),
    /// Something known beforehand.
    Text(&'static str),
}

#[derive(Clone, Copy, Debug)]
enum Given {
    Stream,
    KeyHost,
    KeyText,
    Num,
    Dbl,
    Text,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    at: usize,
    /// The value itself can be looked at, and not only whether there is one.
    plain: bool,
}

/// The functions that a row goes past.
#[derive(Default)]
pub(super) struct LogFunctions {
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

/// What handlers of an event would do, if that can be told.
pub(super) fn pushdown(vm: &Vm, layout: &Layout, id: EventId, event: FuncId) -> Option<Pushdown> {
    let parameters = &vm.types.as_func(vm.funcs.get(event.0 as usize)?.ty)?.params;
    let schema = analyze::row_of(id);
    let plan = |fresh| vm.plan(event, &Handlers { vm, layout, parameters, schema, fresh });
    let (fresh, known) = (plan(true), plan(false));
    if fresh.is_none() && known.is_none() {
        return None;
    }
    let is_argument = |place: &Place| matches!(place, Place::Argument(_));
    let by_arguments = known.as_ref().is_some_and(|known| known.decides(&is_argument));
    Some(Pushdown(Arc::new(move |happening| {
        let Happening { args, conn, arena } = *happening;
        let Some(conn) = conn else {
            // It is asked again when more is known.
            let look = |place: &Place| match place {
                Place::Argument(at) => args.get(*at).and_then(|part| seen(*part, arena, None)),
                _ => None,
            };
            let nothing = by_arguments && known.as_ref().is_some_and(|known| known.is_idle(&look));
            return if nothing { Outcome::Nothing } else { Outcome::Raise(0) };
        };
        debug_assert!(conn.row.is_none_or(|row| schema.is_none_or(|schema| row.schema() == schema)));
        let start = arena.gathered.borrow().checkpoint();
        let is_fresh = !conn.raised && (schema.is_none() || conn.row.is_some());
        if is_fresh && let Some(fresh) = &fresh {
            let (_, all) = play(fresh, (args, arena), conn);
            if all {
                let nothing = arena.gathered.borrow().checkpoint() == start;
                return if nothing { Outcome::Nothing } else { Outcome::Effects };
            }
            arena.gathered.borrow_mut().rewind(start);
        }
        // Once a handler has run it is not fresh any more for those that follow.
        let Some(known) = &known else { return Outcome::Raise(0) };
        let (idle, all) = play(known, (args, arena), conn);
        match all {
            true if arena.gathered.borrow().checkpoint() == start => Outcome::Nothing,
            true => Outcome::Effects,
            false => {
                // Handlers do them, in their order.
                arena.gathered.borrow_mut().rewind(start);
                Outcome::Raise(idle)
            }
        }
    })))
}

/// How far workers get with each handler of an event, of a connection that scripts were not told of before.
pub(super) fn reach(vm: &Vm, layout: &Layout, id: EventId, event: FuncId) -> Vec<(Span, Reach)> {
    let function = vm.funcs.get(event.0 as usize);
    let Some(ty) = function.and_then(|function| vm.types.as_func(function.ty)) else { return Vec::new() };
    let schema = analyze::row_of(id);
    vm.reach(event, &Handlers { vm, layout, parameters: &ty.params, schema, fresh: true })
}

/// Goes through all handlers: a bit for each of those that do nothing, and whether all do nothing but effects, which
/// are gathered.
fn play(plan: &Plan<Place>, (args, arena): (&[Part], &Arena), conn: &Subject<'_>) -> (u64, bool) {
    let (mut idle, mut all) = (0, true);
    for body in 0..plan.bodies() {
        let before = arena.gathered.borrow().checkpoint();
        let settled = plan.settles(body, &Scene { args, arena, conn, body });
        all &= settled;
        if !settled {
            arena.gathered.borrow_mut().rewind(before);
        } else if arena.gathered.borrow().checkpoint() == before {
            idle |= 1u64.checked_shl(body as u32).unwrap_or(0);
        }
    }
    (idle, all)
}

/// What handlers of an event name.
struct Handlers<'v> {
    vm: &'v Vm,
    layout: &'v Layout,
    parameters: &'v [ParamType],
    /// The log whose row the event is about.
    schema: Option<&'static Schema>,
    /// There is that row, and scripts were not told of the connection before this event: they have changed nothing of
    /// it, as long as no handler runs.
    fresh: bool,
}

impl Host<Place> for Handlers<'_> {
    fn place(&self, path: &Path) -> Option<Place> {
        let parameter = self.parameters.get(path.parameter)?.ty;
        match &path.fields[..] {
            [] => is_plain(self.vm, parameter).then_some(Place::Argument(path.parameter)),
            fields if Some(parameter) == self.layout.conn.ty => {
                of_conn(self.vm, self.layout, self.schema, fields)
            }
            _ => None,
        }
    }

    fn obstacle(&self, path: &Path) -> &'static str {
        match path.fields.last() {
            None => "workers do not look into this argument",
            Some((ty, at)) => obstacle(self.vm, *ty, *at),
        }
    }

    fn is_set(&self, place: &Place) -> Option<bool> {
        match place {
            Place::OrigH | Place::OrigP | Place::RespH | Place::RespP => Some(true),
            Place::History | Place::OrigState | Place::RespState => Some(true),
            Place::Row => self.fresh.then_some(true),
            Place::Own => self.fresh.then_some(false),
            _ => None,
        }
    }

    fn calls(&self, function: &str) -> Option<Place> {
        let fields = |name: &str| {
            let ty = self.vm.named_type(&format!("SumStats::{name}"))?;
            Some(self.vm.types.as_record(ty)?.fields.len())
        };
        // Scripts have not added any.
        let observes = || fields("Key") == Some(2) && fields("Observation") == Some(3);
        (function == "SumStats::observe" && observes()).then_some(Place::Observe)
    }

    fn takes(&self, _: &Place, argument: usize, field: Option<&str>) -> Option<Place> {
        Some(Place::Given(match (argument, field) {
            (0, None) => Given::Stream,
            (1, Some("host")) => Given::KeyHost,
            (1, Some("str")) => Given::KeyText,
            (2, Some("num")) => Given::Num,
            (2, Some("dbl")) => Given::Dbl,
            (2, Some("str")) => Given::Text,
            _ => return None,
        }))
    }

    fn adds_to(&self, set: &Path) -> Option<Place> {
        let parameter = self.parameters.get(set.parameter)?.ty;
        // Scripts that know the row see what is added to it at once.
        let ([(conn, holder), (_, at)], Some(schema), true) = (&set.fields[..], self.schema, self.fresh)
        else {
            return None;
        };
        let log = &self.layout.logs[self.layout.log(schema)?];
        let is_row = Some(parameter) == self.layout.conn.ty && log.holder == Some(*holder);
        // Rows that somebody looks for after they are written are kept by the records that handlers make.
        if !is_row || !log.passing || self.vm.uses.assigns(*conn, *holder) {
            return None;
        }
        Some(Place::Column(Column { at: log.column(*at, false)?, plain: false }))
    }
}

/// An event about a connection, and one of its handlers.
struct Scene<'h> {
    args: &'h [Part],
    arena: &'h Arena,
    conn: &'h Subject<'h>,
    body: usize,
}

impl<'h> Stage<'h, Place> for Scene<'h> {
    fn look(&self, place: &'h Place) -> Option<SeenValue<'h>> {
        match place {
            Place::Argument(at) => seen(*self.args.get(*at)?, self.arena, Some(self.conn)),
            place => look(place, self.conn, self.arena),
        }
    }

    fn call(&self, _: &'h Place) -> bool {
        let what = What::Observe(Observation::default());
        self.arena.gathered.borrow_mut().push(Effect { body: self.body as u32, what });
        true
    }

    fn give(&self, argument: &'h Place, value: &SeenValue<'h>) -> bool {
        let effects = &mut *self.arena.gathered.borrow_mut();
        let words = match value {
            SeenValue::Text(text) => Some(Words::Text(effects.text(text))),
            SeenValue::Printed(Printed::Addr(addr)) => Some(Words::Addr(addr.to_ip())),
            SeenValue::Printed(Printed::Net(addr, width)) => Some(Words::Net(addr.to_ip(), *width)),
            SeenValue::Printed(Printed::Port(port)) => {
                values::transport(port.proto).map(|proto| Words::Port(port.num, proto))
            }
            _ => None,
        };
        let (Place::Given(given), Some(Effect { what: What::Observe(observed), .. })) =
            (argument, effects.last())
        else {
            return false;
        };
        match (given, value, words) {
            (Given::Stream, _, Some(Words::Text(stream))) => observed.stream = stream,
            (Given::KeyHost, SeenValue::Addr(addr), _) => observed.host = Some(addr.to_ip()),
            (Given::KeyText, _, Some(words)) => observed.text = Some(words),
            (Given::Num, SeenValue::Count(n), _) => observed.num = Some(*n),
            (Given::Dbl, SeenValue::Double(d), _) => observed.dbl = Some(*d),
            (Given::Text, _, Some(words)) => observed.words = Some(words),
            _ => return false,
        }
        true
    }

    fn add(&self, place: &'h Place, element: &'h str) -> bool {
        let Place::Column(Column { at, .. }) = place else { return false };
        let mut effects = self.arena.gathered.borrow_mut();
        let element = effects.text(element.as_bytes());
        effects.push(Effect { body: self.body as u32, what: What::Add { column: *at as u32, element } });
        true
    }
}

/// Why workers do not know a field.
fn obstacle(vm: &Vm, ty: TypeId, at: usize) -> &'static str {
    let of = vm.types.as_record(ty).and_then(|record| record.fields.get(at).map(|field| field.ty));
    if vm.uses.writes(ty, at) && of.is_some_and(|of| !vm.types.is_aggregate(of)) {
        "scripts change it"
    } else if of.is_some_and(|of| is_plain(vm, of)) {
        "workers do not have it"
    } else {
        "it is no plain value"
    }
}

/// What the functions of a log's filter are given.
struct Row<'v> {
    vm: &'v Vm,
    log: &'v Log,
    /// The parameter that is the row.
    parameter: usize,
}

impl Host<Place> for Row<'_> {
    fn place(&self, path: &Path) -> Option<Place> {
        match &path.fields[..] {
            fields if path.parameter == self.parameter => self.column(fields),
            [(ty, at)] if self.parameter == 0 && path.parameter == 2 => {
                let name = self.vm.types.as_record(*ty)?.fields.get(*at)?.name.as_ref() == "name";
                name.then_some(Place::Text(FILTER))
            }
            _ => None,
        }
    }

    fn obstacle(&self, path: &Path) -> &'static str {
        path.fields.last().map_or("it is no column", |(ty, at)| obstacle(self.vm, *ty, *at))
    }
}

impl Row<'_> {
    fn column(&self, fields: &[(TypeId, usize)]) -> Option<Place> {
        let at = match *fields {
            [(_, at)] => self.log.column(at, false),
            [(_, id), (_, at)] if self.log.id.is_some_and(|place| place.at == id) => {
                self.log.column(at, true)
            }
            _ => None,
        }?;
        let column = self.log.columns.get(at)?.filter(|column| !column.written)?;
        Some(Place::Column(Column { at, plain: is_plain(self.vm, column.place.ty) }))
    }
}

impl LogFunctions {
    /// Those that there are, with the parameter that is the row.
    fn all(&self) -> impl Iterator<Item = (FuncId, usize)> {
        [(self.policy, 0), (self.pred, 0), (self.path_func, 2)]
            .into_iter()
            .filter_map(|(function, parameter)| Some((function?, parameter)))
    }

    /// How far workers get with each.
    pub fn reach(&self, vm: &Vm, log: &Log) -> Vec<(FuncId, Vec<(Span, Reach)>)> {
        let reach = |(function, parameter)| (function, vm.reach(function, &Row { vm, log, parameter }));
        self.all().map(reach).collect()
    }
}

/// Which rows of a log its policy, predicate and path function let pass without doing anything, if that can be told.
pub(super) fn passes(vm: &Vm, log: &Log, log_functions: &LogFunctions) -> Option<Passes> {
    let plan = |function: Option<FuncId>, parameter: usize| match function {
        None => Some(None),
        Some(function) => Some(Some(vm.plan(function, &Row { vm, log, parameter })?)),
    };
    let (policy, pred) = (plan(log_functions.policy, 0)?, plan(log_functions.pred, 0)?);
    let (path_func, path) = (plan(log_functions.path_func, 2)?, log_functions.path.clone());
    let proto = log.schema.field("proto");
    let test = move |row: &dyn Columns| {
        let look = |place: &Place| match place {
            Place::Column(column) => seen_value(*column, row.column(column.at), || transport(proto, row)),
            Place::Text(text) => Some(SeenValue::Text(text.as_bytes())),
            _ => None,
        };
        policy.as_ref().is_none_or(|policy| policy.is_idle(&look))
            && pred.as_ref().is_none_or(|pred| pred.returned(&look) == Some(SeenValue::Bool(true)))
            && path_func
                .as_ref()
                .is_none_or(|named| named.returned(&look) == Some(SeenValue::Text(path.as_bytes())))
    };
    let LogFunctions { changed, extended, .. } = *log_functions;
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
    let is = |place: Option<layout::Place>| place.is_some_and(|place| place.at == *first);
    if is(layout.conn.history) {
        return rest.is_empty().then_some(Place::History);
    }
    for (end, state) in [(layout.conn.orig, Place::OrigState), (layout.conn.resp, Place::RespState)] {
        if is(end) {
            let [(ty, at)] = rest else { return None };
            let is_state = vm.types.as_record(*ty)?.fields.get(*at)?.name.as_ref() == "state";
            return (is_state && !vm.uses.writes(*ty, *at)).then_some(state);
        }
    }
    let log = &layout.logs[layout.log(row?)?];
    if log.holder != Some(*first) {
        return None;
    }
    match *rest {
        [] => Some(Place::Row),
        [(ty, field)] => {
            let Some(at) = log.column(field, false) else {
                let record = vm.types.as_record(ty)?;
                let field = record.fields.get(field)?;
                return (log.passing && field.optional && field.default.is_none()).then_some(Place::Own);
            };
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

fn look<'h>(place: &Place, conn: &'h Subject<'h>, arena: &'h Arena) -> Option<SeenValue<'h>> {
    let port = |num| SeenValue::Port(value::Port { num, proto: values::proto(conn.proto) });
    Some(match place {
        Place::OrigH => SeenValue::Addr(Addr::from_ip(conn.id.orig_h)),
        Place::RespH => SeenValue::Addr(Addr::from_ip(conn.id.resp_h)),
        Place::OrigP => port(conn.id.orig_p),
        Place::RespP => port(conn.id.resp_p),
        Place::History => SeenValue::Text(arena.bytes_of(conn.view?.history)),
        Place::OrigState => SeenValue::Count(conn.view?.orig.state),
        Place::RespState => SeenValue::Count(conn.view?.resp.state),
        // It may hold one that this event does not tell of.
        Place::Row => conn.row.map(|_| SeenValue::Set)?,
        // Of fresh ones it is known.
        Place::Own | Place::Observe | Place::Given(_) => return None,
        Place::Column(column) => {
            let transport = || values::proto(conn.proto);
            return match conn.row? {
                Shown::View(row) => seen_column(*column, row, arena, transport),
                Shown::Row(_, row) => seen_value(*column, row.column(column.at), transport),
            };
        }
        Place::Argument(_) | Place::Text(_) => return None,
    })
}

fn seen_column<'h>(
    column: Column,
    row: &RecordView,
    arena: &'h Arena,
    transport: impl Fn() -> value::Proto,
) -> Option<SeenValue<'h>> {
    match arena.field(row, column.at)? {
        Part::Unset => Some(SeenValue::Unset),
        _ if !column.plain => Some(SeenValue::Set),
        Part::Port(num) => Some(SeenValue::Port(value::Port { num, proto: transport() })),
        part => seen(part, arena, None),
    }
}

/// The transport that a row's ports are of.
fn transport(column: Option<usize>, row: &dyn Columns) -> value::Proto {
    match column.map(|at| row.column(at)) {
        Some(Value::Enum("udp")) => value::Proto::Udp,
        Some(Value::Enum("icmp")) => value::Proto::Icmp,
        _ => value::Proto::Tcp,
    }
}

fn seen_value<'r>(
    column: Column,
    value: Value<'r>,
    transport: impl Fn() -> value::Proto,
) -> Option<SeenValue<'r>> {
    Some(match value {
        Value::Unset => SeenValue::Unset,
        _ if !column.plain => SeenValue::Set,
        Value::Bool(b) => SeenValue::Bool(b),
        Value::Count(n) => SeenValue::Count(n),
        Value::Int(n) => SeenValue::Int(n),
        Value::Double(d) => SeenValue::Double(d),
        Value::Time(time) => SeenValue::Double(values::seconds(time)),
        Value::Interval(interval) => SeenValue::Double(values::span(interval)),
        Value::Bytes(text) => SeenValue::Text(text),
        Value::Enum(name) => SeenValue::Text(name.as_bytes()),
        Value::Addr(addr) => SeenValue::Addr(Addr::from_ip(addr)),
        Value::Port(num) => SeenValue::Port(value::Port { num, proto: transport() }),
        Value::Uid(_) | Value::List(_) => return None,
    })
}

fn seen<'h>(part: Part, arena: &'h Arena, conn: Option<&Subject<'_>>) -> Option<SeenValue<'h>> {
    Some(match part {
        Part::Unset => SeenValue::Unset,
        Part::Bool(b) => SeenValue::Bool(b),
        Part::Count(n) => SeenValue::Count(n),
        Part::Int(n) => SeenValue::Int(n),
        Part::Double(d) => SeenValue::Double(d),
        Part::Time(time) => SeenValue::Double(values::seconds(time)),
        Part::Interval(interval) => SeenValue::Double(values::span(interval)),
        Part::Addr(addr) => SeenValue::Addr(Addr::from_ip(addr)),
        Part::Port(num) => SeenValue::Port(value::Port { num, proto: values::proto(conn?.proto) }),
        Part::Text(_) | Part::Name(_) => SeenValue::Text(arena.text_of(part)?),
        Part::Conn | Part::File | Part::List(_) | Part::Record(_) => return None,
    })
}
