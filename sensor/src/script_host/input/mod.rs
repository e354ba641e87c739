//! Input: tables and events that are fed from files, and options that change with them.
//!
//! What a source holds at the start is read, and given to the scripts, before the first packet: in a replay that
//! is all, so that the same capture gives the same logs; a stream that is added or told to update by a handler is
//! waited for before the next event. In a live run, and in one that waits for `terminate()`, sources are looked
//! at each second, and what they give is taken in slices, so that packets are not held up.

mod analysis;
pub(super) mod convert;
mod create;
mod options;
mod table;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use nightjar_script::diag::{Diag, Severity};
use nightjar_script::source::Span;
use nightjar_script::types::TypeId;
use nightjar_script::value::{RecordVal, Value};
use nightjar_script::vm::{CallSite, FuncId, NativeFn, Poller, Res};
use nightjar_script::{Args, Vm};

use crate::input::{Batch, Cell, Item, Level, Mode, Reader};
use crate::record::Uid;
use crate::script_host::files::Files;
use crate::script_host::input::analysis::Analysis;
use crate::script_host::input::convert::{InputRow, Misfit};
use crate::script_host::input::create::{Plan, Refused};
use crate::script_host::input::table::Table;
use crate::script_host::log::Log;

#[derive(Clone, Default)]
pub(super) struct Input(Rc<State>);

#[derive(Default)]
struct State {
    streams: RefCell<Vec<Rc<Stream>>>,
    /// Removed while they were being read: what is on its way still comes, as in Zeek.
    leaving: RefCell<Vec<Rc<Stream>>>,
    /// Sources are looked at again and again.
    follows: std::cell::Cell<bool>,
    looked: std::cell::Cell<Option<Instant>>,
    /// When packets may be held up again.
    rested: std::cell::Cell<Option<Instant>>,
    analysis: Analysis,
}

/// Streams that may be open at a time: each has a thread.
const MAX_STREAMS: usize = 1000;
/// How often sources are looked at, unless `Threading::heartbeat_interval` says otherwise.
const PERIOD: Duration = Duration::from_secs(1);
const SHORTEST_PERIOD: Duration = Duration::from_millis(10);
/// Time that is spent at once on what sources gave, while packets wait.
const SLICE: Duration = Duration::from_millis(20);
/// Time between two such slices: a fifth of the time goes to what sources gave.
const REST: Duration = Duration::from_millis(80);

struct Stream {
    name: String,
    /// Before messages about it: the source and the reader.
    label: String,
    description: Value,
    target: Target,
    error_event: Option<FuncId>,
    reader: RefCell<Reader>,
    removed: std::cell::Cell<bool>,
}

enum Target {
    Event(Events),
    Table(Box<Table>),
    /// A file to look at.
    Analysis(Uid),
}

/// Rows as events.
struct Events {
    event: FuncId,
    fields: TypeId,
    want_record: bool,
}

/// Kinds of streams.
#[derive(Clone, Copy)]
enum Kind {
    Table,
    Event,
    Analysis,
}

impl Input {
    /// Files that are read to be looked at go to the frameworks of files and logs.
    pub fn new(files: Files, log: Log) -> Input {
        let analysis = Analysis::new(files, log);
        Input(Rc::new(State { analysis, ..State::default() }))
    }

    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let native = |act: fn(&Input, &mut Vm, &[Value]) -> bool| {
            let input = self.clone();
            let call = move |vm: &mut Vm, _: &CallSite<'_>, args: &[Value]| -> Res {
                Ok(Value::Bool(act(&input, vm, args)))
            };
            Rc::new(call) as NativeFn
        };
        vec![
            ("Input::add_table", native(|input, vm, args| input.add(vm, args, Kind::Table))),
            ("Input::add_event", native(|input, vm, args| input.add(vm, args, Kind::Event))),
            ("Input::add_analysis", native(|input, vm, args| input.add(vm, args, Kind::Analysis))),
            ("Input::remove", native(Input::remove)),
            ("Input::force_update", native(Input::force_update)),
            (
                "Config::__options",
                Rc::new(|vm: &mut Vm, _: &CallSite<'_>, _: &[Value]| Ok(options::names(vm))),
            ),
        ]
    }

    /// What the run calls between events.
    pub fn poller(&self) -> Poller {
        let input = self.clone();
        Rc::new(move |vm, wait| input.poll(vm, wait))
    }

    /// Looks at sources again and again: for runs that real time passes in.
    pub fn follow(&self) {
        self.0.follows.set(true);
        self.0.analysis.live.set(true);
    }

    /// Between two events of a capture.
    pub fn between_events(&self, vm: &mut Vm) {
        let busy =
            |streams: &RefCell<Vec<Rc<Stream>>>| streams.borrow().iter().any(|stream| stream.is_pending());
        if !busy(&self.0.streams) && !busy(&self.0.leaving) {
            return;
        }
        let now = Instant::now();
        if !self.0.follows.get() {
            self.take(vm, true);
        } else if self.0.rested.get().is_none_or(|rested| now >= rested) {
            self.take(vm, false);
            self.0.rested.set(Some(Instant::now() + REST));
        }
    }

    fn add(&self, vm: &mut Vm, args: &[Value], kind: Kind) -> bool {
        let [Value::Record(description)] = args else { return false };
        let name = String::from_utf8_lossy(vm.field(description, "name").bytes()).into_owned();
        match self.create(vm, description, &name, kind) {
            Ok(()) => true,
            Err(refused) => {
                refused.notes.iter().for_each(|note| say(vm, Severity::Info, note));
                refused.errors.iter().for_each(|error| say(vm, Severity::Error, error));
                false
            }
        }
    }

    fn create(
        &self,
        vm: &mut Vm,
        description: &Rc<RecordVal>,
        name: &str,
        kind: Kind,
    ) -> Result<(), Refused> {
        let Plan { target, fields, error_event, notes } = match kind {
            Kind::Event => create::event(vm, description, name)?,
            Kind::Table => create::table(vm, description, name)?,
            Kind::Analysis => create::analysis(name),
        };
        notes.iter().for_each(|note| say(vm, Severity::Info, note));
        let wrong = |error: String| Refused { notes: Vec::new(), errors: vec![error] };
        if self.find(name).is_some() {
            return Err(wrong(format!("Trying create already existing input stream {name}")));
        }
        if self.0.streams.borrow().len() >= MAX_STREAMS {
            return Err(wrong(format!("Input stream {name}: there are {MAX_STREAMS} streams already")));
        }
        let reader_name = vm.text_string(&vm.field(description, "reader"));
        let options::Read { source, messages } = options::source(vm, description, name, fields)?;
        let label = format!("{}/{reader_name}", source.source);
        for (level, text) in &messages {
            let severity = if *level == Level::Error { Severity::Error } else { Severity::Warning };
            say(vm, severity, &format!("{label}: {text}"));
        }
        let reader = Reader::start(source)
            .map_err(|error| wrong(format!("Input stream {name}: cannot start a thread: {error}")))?;
        self.0.streams.borrow_mut().push(Rc::new(Stream {
            name: name.to_owned(),
            label,
            description: Value::Record(description.clone()),
            target,
            error_event,
            reader: RefCell::new(reader),
            removed: std::cell::Cell::new(false),
        }));
        Ok(())
    }

    fn find(&self, name: &str) -> Option<Rc<Stream>> {
        self.0.streams.borrow().iter().find(|stream| stream.name == name).cloned()
    }

    fn remove(&self, _: &mut Vm, args: &[Value]) -> bool {
        let [name] = args else { return false };
        let name = String::from_utf8_lossy(name.bytes());
        let Some(stream) = self.find(&name) else { return false };
        self.0.streams.borrow_mut().retain(|kept| !Rc::ptr_eq(kept, &stream));
        if stream.is_pending() {
            self.0.leaving.borrow_mut().push(stream);
        } else {
            stream.removed.set(true);
        }
        true
    }

    fn force_update(&self, vm: &mut Vm, args: &[Value]) -> bool {
        let [name] = args else { return false };
        let name = String::from_utf8_lossy(name.bytes());
        match self.find(&name) {
            Some(stream) => {
                // What is being read at this moment is new enough.
                if let Ok(mut reader) = stream.reader.try_borrow_mut() {
                    reader.update();
                }
                true
            }
            None => {
                say(vm, Severity::Error, &format!("Stream {name} not found"));
                false
            }
        }
    }

    /// Whether streams are open.
    fn poll(&self, vm: &mut Vm, wait: bool) -> bool {
        let now = Instant::now();
        if !wait && self.0.looked.get().is_none_or(|looked| now.duration_since(looked) >= period(vm)) {
            // The first time, all are being read already.
            if self.0.looked.replace(Some(now)).is_some() {
                for stream in self.0.streams.borrow().iter() {
                    let mut reader = stream.reader.borrow_mut();
                    if reader.mode != Mode::Manual {
                        reader.update();
                    }
                }
            }
        }
        self.take(vm, wait);
        self.0.analysis.timer(vm);
        !self.0.streams.borrow().is_empty()
    }

    /// The run ends: what is open ends with it.
    pub fn finish(&self, vm: &mut Vm) {
        self.0.analysis.finish(vm);
    }

    /// Takes what the sources gave. Without `wait`, as much as there is time for.
    fn take(&self, vm: &mut Vm, wait: bool) {
        let start = Instant::now();
        let mut again = true;
        // What the events do may open streams, or ask for more.
        while again {
            again = false;
            let mut streams = self.0.streams.borrow().clone();
            streams.extend_from_slice(&self.0.leaving.borrow());
            for stream in streams {
                while !stream.removed.get() {
                    let batch = stream.reader.borrow_mut().next(wait);
                    let Some(batch) = batch else { break };
                    again = true;
                    let whole = batch.done;
                    self.apply(vm, &stream, batch);
                    // A reading of one batch is seen as a whole before its events run, as in Zeek.
                    if !whole {
                        vm.drain();
                    }
                    if vm.exit_code.is_some() || (!wait && start.elapsed() > SLICE) {
                        vm.drain();
                        return;
                    }
                }
            }
            self.0.leaving.borrow_mut().retain(|stream| stream.is_pending());
            vm.drain();
        }
    }

    fn apply(&self, vm: &mut Vm, stream: &Rc<Stream>, batch: Batch) {
        for item in batch.items {
            if stream.removed.get() || vm.exit_code.is_some() {
                return;
            }
            match item {
                Item::Row { line, cells } => match (&stream.target, &cells[..]) {
                    (Target::Analysis(fuid), [Cell::Text(data), ..]) => {
                        self.0.analysis.data(vm, *fuid, &stream.name, data);
                    }
                    _ => stream.row(vm, line, &cells),
                },
                Item::Option { name, value } => stream.option(vm, &name, &value),
                Item::Message { level, place, text } => stream.message(vm, level, &place, &text),
                Item::End => {
                    stream.end(vm);
                    if let Target::Analysis(fuid) = stream.target {
                        self.0.analysis.end(vm, fuid);
                    }
                }
                Item::Finished { code, signal } => {
                    let values = [Value::Count(code), Value::Bool(signal)];
                    stream.tell(vm, "InputRaw::process_finished", values);
                }
            }
        }
    }
}

impl Stream {
    fn is_pending(&self) -> bool {
        self.reader.try_borrow().is_ok_and(|reader| reader.is_pending())
    }

    fn source(&self) -> Value {
        Value::str(&self.reader.borrow().source)
    }

    fn row(&self, vm: &mut Vm, line: u64, cells: &[Cell]) {
        let adds = self.reader.borrow().adds;
        let result = match &self.target {
            Target::Event(events) => self.raise(vm, events, cells),
            Target::Table(table) if adds => table.added(vm, &self.description, cells),
            Target::Table(table) => table.row(vm, &self.description, cells),
            Target::Analysis(_) => Ok(()),
        };
        if let Err(misfit) = result {
            self.misfit(vm, line, misfit);
        }
    }

    fn raise(&self, vm: &mut Vm, events: &Events, cells: &[Cell]) -> Result<(), Misfit> {
        if !vm.is_handled(events.event) {
            return Ok(());
        }
        let mut args = Args::new();
        args.push(self.description.clone());
        args.push(vm.enum_value("Input::EVENT_NEW").unwrap_or_default());
        let mut row = InputRow::new(cells);
        if events.want_record {
            args.push(Value::Record(row.record(vm, events.fields)?));
        } else {
            let ty = vm.types.as_record(events.fields).ok_or(Misfit::Default)?;
            for field in &ty.fields {
                args.push(row.field(vm, field.ty)?);
            }
        }
        vm.enqueue(events.event, args);
        Ok(())
    }

    fn misfit(&self, vm: &mut Vm, line: u64, misfit: Misfit) {
        let source = self.reader.borrow().source.clone();
        let place = if line > 0 { format!("{source}, line {line}: ") } else { String::new() };
        let text = match misfit {
            Misfit::Enum(name) => {
                format!("Value '{name}' for stream '{}' is not a valid enum.", self.name)
            }
            Misfit::Missing if line > 0 => {
                format!("{source}:{line}: Skipping input with missing non-optional value")
            }
            Misfit::Missing => "Skipping input with missing non-optional value".to_owned(),
            Misfit::Pattern(error) => format!("{place}{error}"),
            Misfit::Default => return,
        };
        say(vm, Severity::Warning, &text);
        self.error(vm, Level::Warning, &text);
    }

    /// An option that a file gives a value.
    fn option(&self, vm: &mut Vm, name: &str, cell: &Cell) {
        let Some(ty) = vm.global(name).and_then(|at| vm.globals.get(at as usize)).map(|global| global.ty)
        else {
            return;
        };
        match convert::value(vm, cell, ty) {
            Ok(value) => {
                let values = [Value::str(name), value];
                self.tell(vm, "InputConfig::new_value", values);
            }
            Err(misfit) => {
                if let Misfit::Enum(value) = misfit {
                    let text =
                        format!("Value '{value}' for source 'thread {}' is not a valid enum.", self.label);
                    say(vm, Severity::Warning, &text);
                }
                say(vm, Severity::Error, "SendEvent for event InputConfig::new_value failed");
            }
        }
    }

    fn message(&self, vm: &mut Vm, level: Level, place: &str, text: &str) {
        let severity = if level == Level::Error { Severity::Error } else { Severity::Warning };
        say(vm, severity, &format!("{}: {place}{text}", self.label));
        self.error(vm, level, text);
    }

    fn error(&self, vm: &mut Vm, level: Level, text: &str) {
        let Some(event) = self.error_event else { return };
        let name = if level == Level::Error { "Reporter::ERROR" } else { "Reporter::WARNING" };
        let mut args = Args::new();
        args.push(self.description.clone());
        args.push(Value::str(text));
        args.push(vm.enum_value(name).unwrap_or_default());
        vm.enqueue(event, args);
    }

    fn end(&self, vm: &mut Vm) {
        if let Target::Table(table) = &self.target {
            table.end(vm, &self.description);
        }
        self.tell(vm, "Input::end_of_data", []);
    }

    /// Raises an event that begins with the stream's name and its source.
    fn tell<const N: usize>(&self, vm: &mut Vm, event: &str, values: [Value; N]) {
        let Some(event) = vm.event(event).filter(|event| vm.is_handled(*event)) else { return };
        let mut args = Args::new();
        args.push(Value::str(&self.name));
        args.push(self.source());
        args.extend(values);
        vm.enqueue(event, args);
    }
}

fn period(vm: &Vm) -> Duration {
    let seconds = vm.global_value("Threading::heartbeat_interval").map_or(0.0, Value::as_double);
    Duration::try_from_secs_f64(seconds).map_or(PERIOD, |period| period.max(SHORTEST_PERIOD))
}

/// A message that belongs to no place in a script.
fn say(vm: &mut Vm, severity: Severity, text: &str) {
    vm.report(Diag::new(severity, Span::default(), text));
}
