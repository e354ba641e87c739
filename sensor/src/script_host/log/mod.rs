//! The Log framework: streams, filters, and the rows that scripts write.
//!
//! Rows of native logs that scripts look at come here as well, and are treated as if a script had written them.

mod columns;
mod delay;
mod drafted;
mod filter;
mod leftover;
pub(super) mod rotate;

pub(super) use drafted::Treatment;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use foldhash::fast::RandomState;
use nightjar_script::source::Span;
use nightjar_script::types::TypeId;
use nightjar_script::value::{FuncVal, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res};
use nightjar_script::{Args, Vm};

use crate::event::Arg;
use crate::export::is_topic;
use crate::log::{LogError, Logs, ScriptLog};
use crate::record::Schema;
use crate::script_host::log::columns::Column;
use crate::script_host::log::delay::{Active, Delays};
use crate::script_host::log::filter::{Filter, Writer};
use crate::time::Time;

#[derive(Clone, Default)]
pub(super) struct Log(Rc<RefCell<State>>);

struct State {
    /// By the number of their `Log::ID`.
    streams: HashMap<i64, Stream, RandomState>,
    /// Native logs, by their path.
    by_path: HashMap<String, i64, RandomState>,
    /// Which stream and filter first used a path.
    owners: HashMap<String, (i64, String)>,
    rows: Vec<Row>,
    bytes: Vec<u8>,
    /// Rows are not handed on, but taken.
    held: bool,
    /// Rows whose policy hook runs: hooks may write themselves.
    active: Vec<Active>,
    /// Delays so far.
    tokens: u64,
    /// When the next delayed row's time is up, and the next log's.
    next_delay: f64,
    next_rotation: f64,
    /// Where logs are written.
    folder: PathBuf,
    /// Files that tell of logs that are open.
    shadows: Vec<PathBuf>,
    /// Rows that cannot be written for the path they were given, since the last were handed on.
    refused: u64,
    /// What was reported of such paths.
    reported: HashSet<String>,
}

impl Default for State {
    fn default() -> Self {
        State {
            streams: HashMap::default(),
            by_path: HashMap::default(),
            owners: HashMap::new(),
            rows: Vec::new(),
            bytes: Vec::new(),
            held: false,
            active: Vec::new(),
            tokens: 0,
            next_delay: f64::INFINITY,
            next_rotation: f64::INFINITY,
            folder: PathBuf::from("."),
            shadows: Vec::new(),
            refused: 0,
            reported: HashSet::new(),
        }
    }
}

struct Stream {
    id: Value,
    columns: TypeId,
    fields: Vec<Column>,
    event: Option<Rc<FuncVal>>,
    path: String,
    enabled: bool,
    filters: Vec<Rc<RefCell<Filter>>>,
    delays: Delays,
}

/// A row that waits to be handed on.
struct Row {
    script_log: Arc<ScriptLog>,
    start: usize,
    end: usize,
    values: Vec<Arg>,
    exported: bool,
    at: Time,
}

/// A row that is not in its log yet.
pub struct HeldRow {
    pub script_log: Arc<ScriptLog>,
    pub row: Vec<u8>,
    pub values: Vec<Arg>,
    pub exported: bool,
    pub at: Time,
}

/// A longer path is no name of a file.
const MAX_PATH: usize = 4_096;
/// Nor is a longer part of one: names of finished logs are longer by two times.
const MAX_NAME: usize = 200;
/// Paths that cannot be are told of so often; more are only counted.
const MAX_REPORTED: usize = 100;

type Native = fn(&Log, &mut Vm, &CallSite<'_>, &[Value]) -> Res;

impl Log {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let functions: [(&'static str, Native); 12] = [
            ("Log::__create_stream", Log::create_stream),
            ("Log::__remove_stream", Log::remove_stream),
            ("Log::__enable_stream", Log::enable_stream),
            ("Log::__add_filter", Log::add_filter),
            ("Log::__remove_filter", Log::remove_filter),
            ("Log::write", Log::write),
            ("Log::__delay", Log::delay),
            ("Log::__delay_finish", Log::delay_finish),
            ("Log::__set_max_delay_interval", Log::set_max_delay_interval),
            ("Log::__set_max_delay_queue_size", Log::set_max_delay_queue_size),
            ("Log::__get_delay_queue_size", Log::delay_queue_size),
            ("Log::__rotate_leftover", Log::rotate_leftover),
        ];
        let bind = |(name, function): (&'static str, Native)| {
            let this = self.clone();
            let native: NativeFn = Rc::new(move |vm: &mut Vm, site: &CallSite<'_>, args: &[Value]| {
                function(&this, vm, site, args)
            });
            (name, native)
        };
        functions.into_iter().map(bind).collect()
    }

    /// Writes a row of a native log.
    pub fn write_native(&self, vm: &mut Vm, path: &str, record: Rc<RecordVal>) {
        let id = self.0.borrow().by_path.get(path).copied();
        if let Some(id) = id {
            self.write_to(vm, id, record);
        }
    }

    /// What exporters get of each stream's filters, by path.
    pub fn schemas(&self) -> Vec<&'static Schema> {
        let state = self.0.borrow();
        let mut schemas = Vec::new();
        for filter in state.streams.values().flat_map(|stream| &stream.filters) {
            let mut filter = filter.borrow_mut();
            let path = filter.path.clone();
            if matches!(filter.writer, Writer::Ascii | Writer::Kafka)
                && let Some(script_log) = filter.script_log(&path)
            {
                schemas.push(script_log.schema());
            }
        }
        schemas.sort_by_key(|schema| schema.path);
        schemas
    }

    /// Hands on the rows that were written since the last call.
    pub fn deliver(&mut self, logs: &mut Logs) -> Result<(), LogError> {
        let state = &mut *self.0.borrow_mut();
        logs.refuse(std::mem::take(&mut state.refused));
        if state.rows.is_empty() || state.held {
            return Ok(());
        }
        let mut result = Ok(());
        for row in state.rows.drain(..) {
            result = result.and(logs.script_log_row(
                &row.script_log,
                &state.bytes[row.start..row.end],
                (&row.values, row.exported),
                row.at,
            ));
        }
        state.bytes.clear();
        result
    }

    /// From here on rows wait until they are taken.
    pub fn hold(&self) {
        self.0.borrow_mut().held = true;
    }

    /// The rows that wait.
    pub fn take(&self) -> Vec<HeldRow> {
        let state = &mut *self.0.borrow_mut();
        let bytes = std::mem::take(&mut state.bytes);
        let held = |row: Row| HeldRow {
            row: bytes.get(row.start..row.end).unwrap_or_default().to_vec(),
            script_log: row.script_log,
            values: row.values,
            exported: row.exported,
            at: row.at,
        };
        state.rows.drain(..).map(held).collect()
    }

    fn create_stream(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [id @ Value::Enum(_, number), Value::Record(stream), path] = args else {
            return Ok(Value::Bool(false));
        };
        let Value::Type(columns) = vm.field(stream, "columns") else {
            vm.error(site.span, "Log::create_stream: columns must be a record type");
            return Ok(Value::Bool(false));
        };
        let fields = match columns::of(vm, columns) {
            Ok(fields) if !fields.is_empty() => fields,
            Ok(_) => {
                vm.error(site.span, "logged record does not have any &log attributes");
                return Ok(Value::Bool(false));
            }
            Err(wrong) => {
                vm.error(site.span, wrong);
                return Ok(Value::Bool(false));
            }
        };
        let event = match vm.field(stream, "ev") {
            Value::Func(function) => Some(function),
            _ => None,
        };
        let path = String::from_utf8_lossy(path.bytes()).into_owned();
        let interval = match vm.field(stream, "max_delay_interval") {
            Value::Interval(interval) => interval,
            _ => 0.0,
        };
        let delays = Delays::new(interval, vm.field(stream, "max_delay_queue_size").as_count() as usize);
        let mut state = self.0.borrow_mut();
        state.by_path.entry(path.clone()).or_insert(*number);
        let filters = Vec::new();
        let made = Stream { id: id.clone(), columns, fields, event, path, enabled: true, filters, delays };
        state.streams.insert(*number, made);
        Ok(Value::Bool(true))
    }

    fn remove_stream(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(Value::Enum(_, id)) = args.first() else { return Ok(Value::Bool(false)) };
        let mut state = self.0.borrow_mut();
        state.by_path.retain(|_, of| of != id);
        state.owners.retain(|_, (of, _)| of != id);
        Ok(Value::Bool(state.streams.remove(id).is_some()))
    }

    fn enable_stream(&self, _: &mut Vm, _: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Bool(enabled)] = args else { return Ok(Value::Bool(false)) };
        let mut state = self.0.borrow_mut();
        let Some(stream) = state.streams.get_mut(id) else { return Ok(Value::Bool(false)) };
        stream.enabled = *enabled;
        Ok(Value::Bool(true))
    }

    fn add_filter(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Record(record)] = args else { return Ok(Value::Bool(false)) };
        let mut state = self.0.borrow_mut();
        let Some(stream) = state.streams.get_mut(id) else { return Ok(Value::Bool(false)) };
        let filter = Filter::new(vm, record.clone(), &stream.fields, &stream.path);
        match filter.writer {
            Writer::Unsupported => {
                let wrong = format!("filter {} asks for a writer that there is not", filter.name);
                vm.error(site.span, wrong);
                return Ok(Value::Bool(false));
            }
            Writer::Kafka if !filter.topic.as_deref().is_none_or(is_topic) => {
                vm.error(site.span, format!("filter {} names a topic that cannot be", filter.name));
                return Ok(Value::Bool(false));
            }
            _ => {}
        }
        let Some(stream) = state.streams.get_mut(id) else { return Ok(Value::Bool(false)) };
        stream.filters.retain(|known| known.borrow().name != filter.name);
        stream.filters.push(Rc::new(RefCell::new(filter)));
        Ok(Value::Bool(true))
    }

    fn remove_filter(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Str(name)] = args else { return Ok(Value::Bool(false)) };
        let mut state = self.0.borrow_mut();
        let Some(stream) = state.streams.get_mut(id) else { return Ok(Value::Bool(false)) };
        let before = stream.filters.len();
        stream.filters.retain(|filter| filter.borrow().name.as_bytes() != &**name);
        if stream.filters.len() == before {
            let name = String::from_utf8_lossy(name);
            let stream = vm.text_string(&args[0]);
            drop(state);
            vm.warn(site.span, format!("no filter '{name}' for removal from logging stream '{stream}'"));
        }
        Ok(Value::Bool(true))
    }

    fn write(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let [Value::Enum(_, id), Value::Record(record)] = args else { return Ok(Value::Bool(false)) };
        let known = self.0.borrow().streams.get(id).map(|stream| stream.columns);
        let Some(columns) = known else { return Ok(Value::Bool(false)) };
        let record = if record.ty == columns {
            record.clone()
        } else {
            match vm.convert_record(record, columns) {
                Some(record) => record,
                None => {
                    let text = "incompatible log record type";
                    vm.error(site.span, text);
                    return Ok(Value::Bool(false));
                }
            }
        };
        Ok(Value::Bool(self.write_to(vm, *id, record)))
    }

    /// Runs a row through its stream's policy, event and filters. False where there is no such stream.
    fn write_to(&self, vm: &mut Vm, number: i64, record: Rc<RecordVal>) -> bool {
        let (id, event) = {
            let state = self.0.borrow();
            let Some(stream) = state.streams.get(&number) else { return false };
            if !stream.enabled {
                return true;
            }
            (stream.id.clone(), stream.event.clone())
        };
        let row = Value::Record(record.clone());
        if let Some(event) = event.filter(|event| vm.is_handled(event.id)) {
            vm.enqueue(event.id, Args::from_iter([row.clone()]));
        }
        let mut vetoed = false;
        if let Some(hook) = vm.function("Log::log_stream_policy").filter(|hook| vm.is_handled(*hook))
            && let Value::Func(hook) = vm.value_of(hook)
        {
            self.begin_write(number, &record);
            vetoed = refused(vm, &hook, [row.clone(), id]);
            if self.end_write(vm, vetoed) {
                return true;
            }
        }
        self.write_to_filters(vm, number, &record, !vetoed);
        true
    }

    /// Runs a row through the filters. Where it is not wanted any more, their policy hooks still see it.
    fn write_to_filters(&self, vm: &mut Vm, number: i64, record: &Rc<RecordVal>, wanted: bool) {
        let (id, filters, for_kafka) = {
            let state = self.0.borrow();
            let Some(stream) = state.streams.get(&number) else { return };
            let for_kafka = stream.filters.iter().any(|filter| filter.borrow().writer == Writer::Kafka);
            (stream.id.clone(), stream.filters.clone(), for_kafka)
        };
        let row = Value::Record(record.clone());
        for filter in filters {
            // Filters for Kafka decide alone what goes there.
            let exported = !for_kafka || filter.borrow().writer == Writer::Kafka;
            self.pass(vm, (number, &id), &filter, exported, record, &row, wanted);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a row and all that is known of it")]
    fn pass(
        &self,
        vm: &mut Vm,
        (number, id): (i64, &Value),
        filter: &Rc<RefCell<Filter>>,
        exported: bool,
        record: &Rc<RecordVal>,
        row: &Value,
        wanted: bool,
    ) {
        // Functions of scripts may change filters, so none is borrowed while one runs.
        let (policy, pred, path_func, ext) = {
            let filter = filter.borrow();
            let silent = filter.writer == Writer::None && !filter.tells;
            if silent && filter.policy.is_none() && filter.pred.is_none() {
                return;
            }
            let policy = filter.policy.clone().filter(|hook| vm.is_handled(hook.id));
            (policy, filter.pred.clone(), filter.path_func.clone(), filter.ext.clone())
        };
        if let Some(policy) = policy {
            let shown = Value::Record(filter.borrow().record.clone());
            if refused(vm, &policy, [row.clone(), id.clone(), shown]) {
                return;
            }
        }
        if !wanted {
            return;
        }
        if let Some(pred) = pred {
            let row = self.as_asked_for(vm, &pred, 0, record);
            if refused(vm, &pred, [row]) {
                return;
            }
        }
        let mut path = filter.borrow().path.clone();
        if let Some(path_func) = path_func {
            let row = self.as_asked_for(vm, &path_func, 2, record);
            let args = Args::from_iter([id.clone(), Value::str(&path), row]);
            match vm.invoke(&path_func, args) {
                Some(Value::Str(text)) if filter.borrow().writer == Writer::Kafka || is_path(&text) => {
                    path = String::from_utf8_lossy(&text).into_owned();
                }
                answer => return self.refuse(vm, &filter.borrow().name, answer.as_ref()),
            }
        }
        let extension = ext.and_then(|ext| vm.invoke(&ext, Args::from_iter([Value::str(&path)])));
        let mut filter = filter.borrow_mut();
        let path = match filter.writer {
            // Several may send to one stream or write to one database, unlike to one file.
            Writer::Kafka | Writer::Sqlite => path,
            _ => self.claim(vm, number, &filter.name, path),
        };
        if filter.writer == Writer::None {
            filter.tell_of_nothing(vm, &path);
            return;
        }
        let Some(script_log) = filter.script_log(&path) else {
            return self.refuse(vm, &filter.name, Some(&Value::str(&path)));
        };
        let ext_columns = filter.ext_columns();
        let values = filter.columns.iter().enumerate().map(|(nth, column)| match &extension {
            _ if nth >= ext_columns => column.value(vm, record),
            Some(Value::Record(extension)) => column.value(vm, extension),
            _ => Arg::Unset,
        });
        let values: Vec<_> = values.collect();
        let next = filter.rotation.opened(&path, vm.network_time, rotate::base_time(vm));
        let state = &mut *self.0.borrow_mut();
        if next.is_some() && filter.writer == Writer::Ascii {
            state.cast_shadow(vm, &script_log, filter.rotation.postprocessor.as_ref());
        }
        state.next_rotation = state.next_rotation.min(next.unwrap_or(f64::INFINITY));
        let start = state.bytes.len();
        script_log.row(&values, &mut state.bytes);
        let (end, at) = (state.bytes.len(), Time::from_secs_f64(vm.network_time));
        state.rows.push(Row { script_log, start, end, values, exported, at });
    }

    /// A row as a function of scripts declares it: such a record may have some of the columns only.
    fn as_asked_for(
        &self,
        vm: &mut Vm,
        function: &FuncVal,
        parameter: usize,
        record: &Rc<RecordVal>,
    ) -> Value {
        let declared =
            vm.funcs.get(function.id.0 as usize).and_then(|function| vm.types.as_func(function.ty));
        let asked = declared.and_then(|declared| Some(declared.params.get(parameter)?.ty));
        let partial = asked.filter(|ty| *ty != record.ty && vm.types.as_record(*ty).is_some());
        let Some(partial) = partial.and_then(|ty| vm.new_record_of(ty)) else {
            return Value::Record(record.clone());
        };
        let names = vm
            .types
            .as_record(partial.ty)
            .map_or(Vec::new(), |partial| partial.fields.iter().map(|field| field.name.clone()).collect());
        for name in names {
            let value = vm.field(record, &name);
            vm.set_field(&partial, &name, value);
        }
        Value::Record(partial)
    }

    /// Counts a row that is not written because of the path that a function of scripts gave it, and tells of the path.
    /// One that gave none has failed, which was told.
    fn refuse(&self, vm: &mut Vm, filter: &str, path: Option<&Value>) {
        let text = path.map(|path| {
            let shown: Vec<u8> =
                path.bytes().iter().take(MAX_NAME).flat_map(|byte| byte.escape_ascii()).collect();
            let why = if is_path(path.bytes()) {
                "there are too many already"
            } else {
                "no file can have that name"
            };
            let shown = String::from_utf8_lossy(&shown).into_owned();
            format!("filter '{filter}': rows for the path \"{shown}\" are dropped: {why}")
        });
        let outcome = {
            let state = &mut *self.0.borrow_mut();
            state.refused += 1;
            text.filter(|text| state.reported.len() < MAX_REPORTED && state.reported.insert(text.clone()))
        };
        if let Some(outcome) = outcome {
            vm.error(Span::default(), outcome);
        }
    }

    /// The path for a filter: another one where some other filter has it, as two logs cannot share a file.
    fn claim(&self, vm: &mut Vm, number: i64, name: &str, path: String) -> String {
        let mut state = self.0.borrow_mut();
        match state.owners.get(&path) {
            Some((of, by)) if *of == number && by == name => return path,
            None => {
                if state.owners.len() < MAX_OWNERS {
                    state.owners.insert(path.clone(), (number, name.to_owned()));
                }
                return path;
            }
            Some(_) => {}
        }
        for nth in 2.. {
            let other = format!("{path}-{nth}");
            match state.owners.get(&other) {
                Some((of, by)) if *of == number && by == name => return other,
                Some(_) => continue,
                None => {
                    let owner = state.owners.get(&path).map_or("", |(_, by)| by);
                    let text = format!(
                        "Write using filter '{name}' on path '{path}' changed to use new path '{other}' to avoid \
                         conflict with filter '{owner}'"
                    );
                    state.owners.insert(other.clone(), (number, name.to_owned()));
                    drop(state);
                    vm.warn(Span::default(), text);
                    return other;
                }
            }
        }
        path
    }
}

/// Whether a log may be named so by a function of scripts, which may have it from the traffic: within the folder of
/// the logs, and as files can be named. Standard output is the exception.
fn is_path(path: &[u8]) -> bool {
    let may_be = |part: &[u8]| !part.is_empty() && part != b".." && part.len() <= MAX_NAME;
    path == b"/dev/stdout"
        || path.len() <= MAX_PATH
            && !path.iter().any(u8::is_ascii_control)
            && path.split(|byte| *byte == b'/').all(may_be)
}

/// Paths whose owner is known.
const MAX_OWNERS: usize = 10_000;

/// Whether a hook or predicate decides against a row. One that fails decides nothing.
fn refused<const N: usize>(vm: &mut Vm, function: &Rc<FuncVal>, args: [Value; N]) -> bool {
    matches!(vm.invoke(function, Args::from_iter(args)), Some(Value::Bool(false)))
}
