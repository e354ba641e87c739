//! Where the scripts' types keep what ours hold, looked up once.

use std::collections::HashMap;

use nightjar_script::Vm;
use nightjar_script::ast::Flavor;
use nightjar_script::types::{ParamType, TypeId};
use nightjar_script::value::Value;
use nightjar_script::vm::FuncId;

use crate::analyze;
use crate::analyze::AnalyzerConfirmation;
use crate::analyze::LogDecl;
use crate::analyze::conn_events::{ConnectionLasts, ConnectionStateRemove};
use crate::event::{ConnParts, Ends, Event as _, EventDecl, EventId, Interest, LogInterest, Rows};
use crate::flow::events::{ConnWeird, ConnectionGrew, FlowWeird, NetWeird};
use crate::pipeline;
use crate::record::Schema;
use crate::script_host::log::Treatment;
use crate::script_host::pushdown::{self, LogFunctions};
use crate::script_host::{analyzers, files};
use crate::time::Interval;

pub(super) struct Layout {
    pub conn: Conn,
    pub file: File,
    events: Vec<Option<Event>>,
    pub logs: Vec<Log>,
    /// Their places, by their logs' names.
    by_path: HashMap<&'static str, usize, foldhash::fast::FixedState>,
}

/// An event's function and the types of its parameters; none of those that no handler looks at.
pub(super) struct Event {
    pub function: FuncId,
    pub parameters: Vec<Option<TypeId>>,
}

/// A place in a record, and the type of what is there.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub at: usize,
    pub ty: TypeId,
}

/// A log whose rows have a type.
pub(super) struct Log {
    pub schema: &'static Schema,
    pub ty: TypeId,
    /// The record that holds the row that events are about, and the field …
    held: Option<(&'static str, &'static str)>,
    /// … and where in it that is.
    pub holder: Option<usize>,
    /// For each column.
    pub columns: Vec<Option<Column>>,
    /// Where the ends of the connection are, if there.
    pub id: Option<Place>,
    /// Nobody looks for a row in its connection once it is written.
    pub passing: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Column {
    /// Of a column such as `id.orig_h`, within `id`.
    pub place: Place,
    pub in_id: bool,
    /// Of a column in another record within the row's, that record.
    pub within: Option<Place>,
    /// Some script may change it.
    pub written: bool,
}

macro_rules! places {
    ($(#[doc = $about:literal] $name:ident = $ty:literal { $($field:ident = $column:literal,)+ })+) => { $(
        #[doc = $about]
        #[derive(Default)]
        pub(super) struct $name {
            pub ty: Option<TypeId>,
            $(pub $field: Option<Place>,)+
        }

        impl $name {
            fn find(vm: &Vm) -> Self {
                let Some(ty) = vm.named_type($ty) else { return Self::default() };
                Self { ty: Some(ty), $($field: place(vm, ty, $column),)+ }
            }
        }
    )+ };
}

places! {
    /// The fields of `connection`.
    Conn = "connection" {
        id = "id",
        orig = "orig",
        resp = "resp",
        start_time = "start_time",
        duration = "duration",
        service = "service",
        history = "history",
        vlan = "vlan",
        inner_vlan = "inner_vlan",
        uid = "uid",
        ended = "ended",
        removal_hooks = "removal_hooks",
    }
    /// The fields of `fa_file`.
    File = "fa_file" {
        id = "id",
        source = "source",
        is_orig = "is_orig",
        conns = "conns",
        http = "http",
        last_active = "last_active",
        seen_bytes = "seen_bytes",
        total_bytes = "total_bytes",
        missing_bytes = "missing_bytes",
        overflow_bytes = "overflow_bytes",
    }
}

fn place(vm: &Vm, record: TypeId, name: &str) -> Option<Place> {
    let at = vm.types.field(record, name)?;
    let ty = vm.types.as_record(record)?.fields.get(at)?.ty;
    Some(Place { at, ty })
}

impl Layout {
    pub fn of(vm: &Vm) -> Layout {
        let event = |(_, declared): (EventId, &EventDecl)| {
            let function = vm.event(declared.name)?;
            let ty = vm.types.as_func(vm.funcs.get(function.0 as usize)?.ty)?;
            let parameters = ty.params.iter().enumerate();
            let looked_at =
                |(at, parameter): (usize, &ParamType)| vm.looks_at(function, at).then_some(parameter.ty);
            Some(Event { function, parameters: parameters.map(looked_at).collect() })
        };
        let log = |declared: &'static LogDecl| {
            let ty = vm.named_type(declared.info)?;
            let held = declared.holder;
            let holder = held.and_then(|(holder, field)| vm.types.field(vm.named_type(holder)?, field));
            let (id, schema) = (place(vm, ty, "id"), declared.schema);
            let columns = schema.fields.iter().map(|field| column(vm, ty, id, field.name)).collect();
            let mut log = Log { schema, ty, held, holder, columns, id, passing: false };
            log.note_natives(vm);
            Some(log)
        };
        let logs: Vec<Log> = pipeline::declared_logs().filter_map(log).collect();
        let mut layout = Layout {
            conn: Conn::find(vm),
            file: File::find(vm),
            events: analyze::events().map(event).collect(),
            by_path: logs.iter().zip(0..).map(|(log, at)| (log.schema.path, at)).collect(),
            logs,
        };
        let within = analyze::protocols()
            .iter()
            .filter(|group| !group.course.is_empty() && group.row == Some(analyze::HTTP));
        let within: Vec<&str> = within
            .flat_map(|group| group.events())
            .filter(|(id, _)| analyze::row_of(*id).is_some())
            .map(|(_, event)| event.name)
            .collect();
        let with_it = |name: &str| within.contains(&name);
        let passing = !layout.looks_aside(vm, analyze::HTTP, with_it);
        if let Some(http) = layout.logs.iter_mut().find(|log| log.schema == analyze::HTTP) {
            http.passing = passing;
        }
        layout
    }

    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.index())?.as_ref()
    }

    /// Where a connection or file holds the row of a log that events are about.
    pub fn holder(&self, schema: &Schema) -> Option<usize> {
        self.logs.get(self.log(schema)?)?.holder
    }

    pub fn log(&self, schema: &Schema) -> Option<usize> {
        self.by_path.get(schema.path).copied()
    }

    /// Whether scripts look for a connection's transaction (`c$http`) when other things happen than those that
    /// `tells` names.
    fn looks_aside(&self, vm: &Vm, schema: &Schema, tells: impl Fn(&str) -> bool) -> bool {
        let (Some(ty), Some(at)) = (self.conn.ty, self.holder(schema)) else { return false };
        vm.globals.iter().enumerate().any(|(nth, global)| {
            let Value::Func(function) = &vm.values[nth] else { return false };
            // Functions are called by those.
            let begins = vm.funcs.get(function.id.0 as usize).is_some_and(|of| of.flavor != Flavor::Function);
            begins
                && vm.is_handled(function.id)
                && !tells(&global.name)
                && vm.uses.reaches(nth as u32, ty, at)
        })
    }

    /// The transaction has to be followed for them: handlers look for it of events that do not come with it.
    fn follows(&self, vm: &Vm, schema: &Schema) -> bool {
        let comes_with = |name: &str| {
            analyze::events().any(|(id, event)| event.name == name && analyze::row_of(id) == Some(schema))
        };
        self.looks_aside(vm, schema, comes_with)
    }

    /// The events of which every one is raised, to know the transaction that is going on.
    pub fn needed(&self, vm: &Vm) -> Vec<EventId> {
        let courses = analyze::protocols().iter().filter(|group| !group.course.is_empty());
        let followed = courses.filter(|group| group.row.is_some_and(|schema| self.follows(vm, schema)));
        followed.flat_map(|group| group.course).copied().collect()
    }

    /// Why an event is raised whatever its handlers would do, where that is so.
    pub fn whole(&self, needed: &[EventId], id: EventId, event: &EventDecl) -> Option<&'static str> {
        if SAMPLED.contains(&id) {
            Some("which of these are told of is found in order")
        } else if event.is_of_file() {
            // That is what the first event of it brings.
            Some("what a file belongs to is known in order")
        } else if needed.contains(&id) {
            Some("scripts look for the transaction at other events, so that all of it is followed")
        } else {
            None
        }
    }

    /// The event whose handlers are this function's bodies.
    pub fn event_of(&self, function: FuncId) -> Option<(EventId, &'static EventDecl)> {
        analyze::events().find(|(id, _)| self.event(*id).is_some_and(|event| event.function == function))
    }

    /// What the workers have to take along. `treatment` says of a log what is done to its rows; `in_order`: workers find
    /// out nothing beforehand.
    pub fn interest(
        &self,
        version: u32,
        vm: &Vm,
        treatment: impl Fn(&Schema) -> Treatment,
        log_functions: impl Fn(&Schema, u64) -> Option<LogFunctions>,
        in_order: bool,
    ) -> Interest {
        let handled = |id| self.event(id).is_some_and(|event| vm.is_handled(event.function));
        let mut events = analyze::events_where(|id, _| handled(id));
        let needed = self.needed(vm);
        needed.iter().for_each(|id| events.insert(*id));
        let pushdown = |(id, event): (EventId, &EventDecl)| {
            let pushed_down = !in_order && events.contains(id) && self.whole(&needed, id, event).is_none();
            pushed_down.then(|| pushdown::pushdown(vm, self, id, self.event(id)?.function)).flatten()
        };
        let mut pushdown: Vec<_> = analyze::events().map(pushdown).collect();
        let named = |name: &str| is_named(vm, name);
        // Hooks that scripts register run then, whatever handlers do.
        if named("Conn::register_removal_hook") {
            events.insert(ConnectionStateRemove::ID);
            if let Some(foreseen) = pushdown.get_mut(ConnectionStateRemove::ID.index()) {
                *foreseen = None;
            }
        }
        let any_size =
            ["bytes", "packets"].iter().any(|what| named(&format!("ConnThreshold::set_{what}_threshold")));
        let sizes =
            members(vm, "ConnThreshold::sizes", |size| Some(size.as_count()).filter(|size| *size > 0));
        if !any_size && sizes.is_empty() {
            events.remove(ConnectionGrew::ID);
        }
        let mut durations = members(vm, "ConnThreshold::durations", |duration| match duration {
            Value::Interval(seconds) => {
                Some(Interval::from_secs_f64(*seconds)).filter(|d| *d > Interval::ZERO)
            }
            _ => None,
        });
        durations.sort_unstable();
        if !events.contains(ConnectionLasts::ID) {
            durations.clear();
        }
        files::events_needed(vm).for_each(|id| events.insert(id));
        if analyzers::are_asked_for(vm) {
            events.insert(AnalyzerConfirmation::ID);
        }
        let headers = members(vm, "HTTP::headers_of_interest", |name| Some(name.bytes().into()));
        let reads = |place: Option<Place>| {
            self.conn.ty.zip(place).is_some_and(|(ty, place)| vm.uses.reads(ty, place.at))
        };
        let address = || {
            let end = self.conn.orig?.ty;
            Some(vm.uses.reads(end, vm.types.field(end, "l2_addr")?))
        };
        let address = || address() == Some(true);
        let digests = files::may_add(vm);
        let rows = |log: &Log| match treatment(log.schema) {
            // Digests are made of all files, and shown of some.
            _ if digests && log.schema == analyze::FILES => Rows::Rewritten,
            treatment => log.rows(vm, treatment),
        };
        let logs = self.logs.iter().map(|log| {
            let rows = rows(log);
            let passes = match rows {
                Rows::Past { changed, .. } if !in_order => log_functions(log.schema, changed)
                    .and_then(|log_functions| pushdown::passes(vm, log, &log_functions)),
                _ => None,
            };
            let fields = log.read(vm);
            (log.schema.path, LogInterest { schema: log.schema, fields, rows, passes })
        });
        let logs: HashMap<&'static str, LogInterest, _> = logs.collect();
        Interest {
            version,
            events,
            pushdown,
            conn: ConnParts {
                service: reads(self.conn.service),
                history: reads(self.conn.history),
                ends: reads(self.conn.orig) || reads(self.conn.resp),
                times: reads(self.conn.start_time) || reads(self.conn.duration),
                framing: reads(self.conn.vlan) || reads(self.conn.inner_vlan) || address(),
            },
            file_ends: analyze::events().any(|(id, event)| event.is_of_file() && events.contains(id)),
            ends: match events.is_empty() && logs.values().all(|log| log.rows == Rows::Straight) {
                true => Ends::OfNone,
                false => Ends::OfAll,
            },
            logs,
            clock: true,
            digests,
            sizes,
            durations,
            any_size,
            headers,
        }
    }
}

/// Whether these are told is known to the host of the scripts alone.
const SAMPLED: [EventId; 3] = [ConnWeird::ID, FlowWeird::ID, NetWeird::ID];

/// Whether some code names a global.
fn is_named(vm: &Vm, name: &str) -> bool {
    vm.global(name).is_some_and(|at| vm.globals[at as usize].used)
}

/// The members of a global set.
fn members<T>(vm: &Vm, name: &str, of: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    let Some(Value::Table(set)) = vm.global_value(name) else { return Vec::new() };
    set.snapshot().iter().filter_map(|(member, _)| of(member)).collect()
}

fn column(vm: &Vm, ty: TypeId, id: Option<Place>, name: &str) -> Option<Column> {
    match (name.strip_prefix("id."), id) {
        (Some(end), Some(id)) => {
            Some(Column { place: place(vm, id.ty, end)?, in_id: true, within: None, written: false })
        }
        _ => {
            let (within, of, name) = match name.split_once('.') {
                Some((record, name)) => {
                    let within = place(vm, ty, record)?;
                    (Some(within), within.ty, name)
                }
                None => (None, ty, name),
            };
            let place = place(vm, of, name)?;
            let written =
                vm.uses.writes(of, place.at) || within.is_some_and(|within| vm.uses.writes(ty, within.at));
            Some(Column { place, in_id: false, within, written })
        }
    }
}

impl Log {
    /// The column that a field of the row's record, or of its connection's ends, is written to.
    pub fn column(&self, field: usize, in_id: bool) -> Option<usize> {
        let is =
            |column: &Column| column.within.is_none() && column.in_id == in_id && column.place.at == field;
        self.columns.iter().position(|column| column.as_ref().is_some_and(is))
    }

    /// Native functions change columns, too, where scripts call them.
    fn note_natives(&mut self, vm: &Vm) {
        if self.schema != analyze::FILES || !files::may_add(vm) {
            return;
        }
        for name in ["analyzers", "extracted", "extracted_cutoff", "extracted_size"] {
            if let Some(Some(column)) = self.schema.field(name).and_then(|at| self.columns.get_mut(at)) {
                column.written = true;
            }
        }
    }

    /// How rows get to the log.
    fn rows(&self, vm: &Vm, treatment: Treatment) -> Rows {
        let bits = |wanted: &dyn Fn(&Column) -> bool| {
            let columns = self.columns.iter().enumerate();
            let wanted = columns.filter(|(_, column)| column.as_ref().is_some_and(wanted));
            wanted.fold(0u64, |bits, (at, _)| bits | 1 << at)
        };
        let changed = bits(&|column| column.written);
        // What stands first, or in a record of its own, is not put into rows that are written already.
        let ends = self.id.is_some_and(|id| {
            let width = vm.types.as_record(id.ty).map_or(0, |record| record.fields.len());
            vm.uses.assigns(self.ty, id.at) || (0..width).any(|at| vm.uses.assigns(id.ty, at))
        });
        if treatment == Treatment::Rewritten || ends || changed & 1 == 1 {
            return Rows::Rewritten;
        }
        match treatment {
            Treatment::Plain { .. } if changed == 0 => return Rows::Straight,
            Treatment::Plain { patchable: false } => return Rows::Rewritten,
            _ => {}
        }
        let ends = self.id.is_some_and(|id| vm.uses.reads(self.ty, id.at));
        let read = bits(&|column| if column.in_id { ends } else { self.reads(vm, column) });
        // Ports are of a transport.
        let transport = self.schema.field("proto").filter(|_| ends).map_or(0, |at| 1 << at);
        Rows::Past { fields: read | changed | transport, changed }
    }

    /// Whether some script looks at a column, or at the record that it is in.
    fn reads(&self, vm: &Vm, column: &Column) -> bool {
        vm.uses.reads(self.ty, column.within.unwrap_or(column.place).at)
    }

    /// A bit for every column that some script looks at.
    fn read(&self, vm: &Vm) -> u64 {
        let read = |column: &Column| column.in_id || self.reads(vm, column);
        let bits = self.columns.iter().enumerate().filter(|(_, column)| column.as_ref().is_some_and(read));
        let fields = bits.fold(0, |bits, (at, _)| bits | 1 << at);
        // The ends alone are no reason to take anything along: `c$id` has them.
        let ends = self.columns.iter().enumerate().filter(|(_, column)| column.is_some_and(|c| c.in_id));
        let others = ends.fold(fields, |bits, (at, _)| bits & !(1 << at));
        if others == 0 && !self.is_held(vm) { 0 } else { fields }
    }

    /// Whether some script looks for the row in its connection or file (`c$http`), if only for fields of its own.
    fn is_held(&self, vm: &Vm) -> bool {
        let reads = |holder: &str, field: &str| {
            let ty = vm.named_type(holder);
            ty.and_then(|ty| Some((ty, vm.types.field(ty, field)?)))
                .is_some_and(|(ty, at)| vm.uses.reads(ty, at))
        };
        self.held.is_some_and(|(holder, field)| reads(holder, field))
            || self.schema == analyze::HTTP && reads("fa_file", "http")
    }
}
