//! The Files framework: what scripts ask of a file.
//!
//! Digests are made by the workers, of every file, and shown of those that scripts asked for. Content comes here
//! piece by piece where some script may ask for it, and is handed to the file on disk or the event that wants it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use foldhash::fast::RandomState;
use nightjar_script::source::Span;
use nightjar_script::value::{FuncVal, RecordVal, Value};
use nightjar_script::vm::{NativeFn, Res, fault};
use nightjar_script::{Args, Entropy, Vm};

use crate::analyze::file_events::{FileContent, FileNew, FileSniff, FileStateRemove};
use crate::analyze::{FileSpec, file_analyzers};
use crate::event::{Event as _, EventId};
use crate::record::Uid;

/// What scripts ask of files.
#[derive(Clone, Default)]
pub(super) struct Files(Rc<Shared>);

#[derive(Default)]
struct Shared {
    /// Who wants the content of which file, by its identifier.
    consumers: RefCell<Consumers>,
    /// Files that have begun and not ended, by their identifier; where scripts may look for them.
    open: RefCell<HashMap<Rc<[u8]>, Value, RandomState>>,
    /// Functions that do nothing here, and were called.
    warned: RefCell<BTreeSet<&'static str>>,
}

type Consumers = HashMap<Rc<[u8]>, Vec<Rc<Consumer>>, RandomState>;

/// Somebody who wants a file's content.
enum Consumer {
    Extract(Extract),
    /// Events for pieces with their places, and for what comes in order.
    Events {
        chunk: Option<Rc<FuncVal>>,
        stream: Option<Rc<FuncVal>>,
    },
    Entropy(Box<RefCell<Measured>>),
}

/// How random a file's content is, as far as it has passed.
#[derive(Default)]
struct Measured {
    entropy: Entropy,
    next: u64,
    /// Bytes are missing, so that nothing can be said of the file.
    holed: bool,
}

/// A file on disk that another's content is written to.
struct Extract {
    file: File,
    path: PathBuf,
    /// What it was asked for with.
    args: Rc<RecordVal>,
    /// The file's row.
    info: Rc<RecordVal>,
    /// No more than this; 0 is no limit.
    limit: Cell<u64>,
    includes_missing: bool,
    written: Cell<u64>,
    done: Cell<bool>,
}

/// Files whose content is wanted at the same time. More are open only under attack.
const MAX_CONSUMED_FILES: usize = 10_000;

/// Files that `Files::lookup_file` finds. More are open only under attack; then there are none of the newest.
const MAX_OPEN_FILES: usize = 100_000;

/// Functions that add analyzers to files.
const ADDING: [&str; 3] =
    ["Files::add_analyzer", "Files::register_for_mime_type", "Files::register_for_mime_types"];

/// Functions that look for files that are open.
const LOOKING: [&str; 2] = ["Files::lookup_file", "Files::file_exists"];

/// Functions that do nothing here, and why.
const UNOBEYED: [(&str, &str); 4] = [
    ("Files::set_timeout_interval", "default_file_timeout_interval holds for all files"),
    ("Files::enable_reassembly", "pieces of files are always put in order"),
    ("Files::disable_reassembly", "pieces of files are always put in order"),
    ("Files::set_reassembly_buffer_size", "Sensor::max_file_bytes is the ceiling of all files together"),
];

/// Whether scripts may add analyzers to files.
pub(super) fn may_add(vm: &Vm) -> bool {
    ADDING.iter().any(|name| may_be_asked(vm, name))
}

/// The events without which scripts could not be given what they may ask for of files.
pub(super) fn events_needed(vm: &Vm) -> impl Iterator<Item = EventId> + use<> {
    let asked = |name: &str| may_be_asked(vm, name);
    let content =
        ["EXTRACT", "DATA_EVENT", "ENTROPY"].iter().any(|of| asked(&format!("Files::ANALYZER_{of}")));
    [
        (content, FileContent::ID),
        (asked("Files::ANALYZER_ENTROPY"), FileStateRemove::ID),
        (ADDING.iter().skip(1).any(|name| asked(name)), FileSniff::ID),
        (LOOKING.iter().any(|name| asked(name)), FileNew::ID),
    ]
    .into_iter()
    .filter_map(|(needed, id)| needed.then_some(id))
}

/// Whether some code names a function or tag: it may be asked for.
pub(super) fn may_be_asked(vm: &Vm, name: &str) -> bool {
    vm.global(name).is_some_and(|at| vm.globals[at as usize].used)
}

/// The analyzers that are digests.
const DIGESTS: [&str; 3] = ["MD5", "SHA1", "SHA256"];

/// What a tag stands for.
fn spec_of(vm: &Vm, tag: &Value) -> Option<&'static FileSpec> {
    let name = vm.text_string(tag);
    let (_, name) = name.rsplit_once("ANALYZER_")?;
    file_analyzers().find(|spec| spec.name == name)
}

fn is_disabled(vm: &Vm, name: &str) -> bool {
    let Some(Value::Table(names)) = vm.global_value("Analyzer::disabled_names") else { return false };
    vm.table_get(names, &Value::str(name)).is_some()
}

/// Whether a file's row names an analyzer.
pub(super) fn has_analyzer(vm: &Vm, info: &RecordVal, analyzer: &str) -> bool {
    let Value::Table(analyzers) = vm.field(info, "analyzers") else { return false };
    vm.table_get(&analyzers, &Value::str(analyzer)).is_some()
}

/// Names an analyzer in a file's row.
pub(super) fn note_analyzer(vm: &mut Vm, info: &RecordVal, analyzer: &str) {
    if let Value::Table(analyzers) = vm.field(info, "analyzers") {
        vm.table_insert(&analyzers, Value::str(analyzer), Value::Unset);
    }
}

/// The folder that files are extracted to, if some script may ask for that.
pub(super) fn folder(vm: &Vm) -> Option<PathBuf> {
    let asked = may_be_asked(vm, "Files::ANALYZER_EXTRACT");
    let prefix = vm.global_value("FileExtract::prefix").filter(|_| asked)?;
    Some(PathBuf::from(String::from_utf8_lossy(prefix.bytes()).into_owned()))
}

impl Files {
    /// Functions by full name.
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let (adding, removing, limiting) = (self.clone(), self.clone(), self.clone());
        let (stopping, finding, looking) = (self.clone(), self.clone(), self.clone());
        let stop: NativeFn = Rc::new(move |vm, _, args| Ok(Value::Bool(stopping.stop(vm, args))));
        let exists: NativeFn = Rc::new(move |_, _, args| {
            Ok(Value::Bool(args.first().is_some_and(|id| finding.find(id).is_some())))
        });
        let lookup: NativeFn = Rc::new(move |vm, site, args| {
            let id = args.first().cloned().unwrap_or_default();
            let unknown = || fault(site.span, format!("there is no file {}", vm.text_string(&id)));
            looking.find(&id).ok_or_else(unknown)
        });
        let add: NativeFn = Rc::new(move |vm, site, args| adding.add_analyzer(vm, site.span, args));
        let limit: NativeFn = Rc::new(move |vm, _, args| Ok(Value::Bool(limiting.set_limit(vm, args))));
        let remove: NativeFn =
            Rc::new(move |vm, _, args| Ok(Value::Bool(removing.remove_analyzer(vm, args))));
        let mut natives = vec![
            ("Files::add_analyzer", add),
            ("Files::remove_analyzer", remove),
            ("FileExtract::set_limit", limit),
            ("Files::stop", stop),
            ("Files::file_exists", exists),
            ("Files::lookup_file", lookup),
        ];
        for (name, why) in UNOBEYED {
            let files = self.clone();
            let warn: NativeFn = Rc::new(move |vm, site, _| {
                if files.0.warned.borrow_mut().insert(name) {
                    vm.warn(site.span, format!("{name} has no effect: {why}"));
                }
                Ok(Value::Bool(false))
            });
            natives.push((name, warn));
        }
        natives
    }

    /// Keeps a file for those who look for it, where scripts may.
    pub fn begins(&self, vm: &Vm, file: &Value) {
        if !LOOKING.iter().any(|name| may_be_asked(vm, name)) {
            return;
        }
        let Value::Record(record) = file else { return };
        let mut open = self.0.open.borrow_mut();
        if let Value::Str(id) = vm.field(record, "id")
            && open.len() < MAX_OPEN_FILES
        {
            open.insert(id, file.clone());
        }
    }

    fn find(&self, id: &Value) -> Option<Value> {
        self.0.open.borrow().get(id.bytes()).cloned()
    }

    /// A file's type is known: adds the analyzers that scripts registered for it.
    pub fn sniffed(&self, vm: &mut Vm, file: &Value, mime_type: &str) {
        let Some(Value::Table(types)) = vm.global_value("Files::mime_types") else { return };
        if types.is_empty() {
            return;
        }
        let types = types.snapshot();
        let mime_type = Value::str(mime_type);
        for (tag, of) in types {
            let Value::Table(of) = of else { continue };
            // What workers read they set on it themselves.
            let by_workers = spec_of(vm, &tag).is_some_and(|spec| spec.new.is_some());
            if by_workers || vm.table_get(&of, &mime_type).is_none() {
                continue;
            }
            let Some(args) = vm.new_record("Files::AnalyzerArgs") else { return };
            let args = [file.clone(), tag, Value::Record(args)];
            // It reports what is wrong.
            let _ = self.add_analyzer(vm, Span::default(), &args);
        }
    }

    /// Nothing more of a file comes, whose end scripts have not yet been told.
    pub fn finish(&self, vm: &mut Vm, file: &Value, fuid: Uid) {
        let consumers = self.0.consumers.borrow().get(fuid.as_bytes()).cloned().unwrap_or_default();
        for consumer in &consumers {
            if let Consumer::Entropy(measured) = &**consumer
                && let Some(event) = vm.event("file_entropy").filter(|event| vm.is_handled(*event))
            {
                let measured = measured.borrow();
                if measured.next > 0
                    && !measured.holed
                    && let Ok(result) = measured.entropy.result(vm)
                {
                    vm.dispatch(event, Args::from_iter([file.clone(), result]));
                }
            }
        }
    }

    /// Forgets all that was asked for of a file.
    fn stop(&self, vm: &mut Vm, args: &[Value]) -> bool {
        let [Value::Record(file)] = args else { return false };
        let Value::Record(info) = vm.field(file, "info") else { return false };
        let mut asked = self.0.consumers.borrow_mut().remove(vm.field(file, "id").bytes()).is_some();
        if let Value::Table(analyzers) = vm.field(&info, "analyzers") {
            for digest in DIGESTS {
                asked |= vm.table_remove(&analyzers, &Value::str(digest));
            }
        }
        asked
    }

    /// Forgets what was asked for. Of digests nothing is shown then; that content was handed on stays in the row.
    fn remove_analyzer(&self, vm: &mut Vm, args: &[Value]) -> bool {
        let [Value::Record(file), tag, Value::Record(asked), ..] = args else { return false };
        let Value::Record(info) = vm.field(file, "info") else { return false };
        let (name, path) = (vm.text_string(tag), vm.field(asked, "extract_filename"));
        let name = name.rsplit("ANALYZER_").next().unwrap_or_default();
        if DIGESTS.contains(&name) {
            let Value::Table(analyzers) = vm.field(&info, "analyzers") else { return false };
            return vm.table_remove(&analyzers, &Value::str(name));
        }
        let folder = folder(vm).unwrap_or_default();
        let mut files = self.0.consumers.borrow_mut();
        let id = vm.field(file, "id");
        let Some(consumers) = files.get_mut(id.bytes()) else { return false };
        let before = consumers.len();
        consumers.retain(|consumer| match &**consumer {
            Consumer::Extract(extract) => {
                // The arguments, in which the path was noted, or others with the name alone.
                let given = String::from_utf8_lossy(path.bytes()).into_owned();
                let named = given.is_empty() || folder.join(given) == extract.path;
                name != "EXTRACT" || !(named || Rc::ptr_eq(&extract.args, asked))
            }
            Consumer::Events { .. } => name != "DATA_EVENT",
            Consumer::Entropy(_) => name != "ENTROPY",
        });
        consumers.len() < before
    }

    /// Notes in the file's row what was asked for. What digests are is shown then; content is handed on.
    fn add_analyzer(&self, vm: &mut Vm, span: Span, args: &[Value]) -> Res {
        let no = Ok(Value::Bool(false));
        let [Value::Record(file), tag, Value::Record(asked), ..] = args else { return no };
        let Value::Record(info) = vm.field(file, "info") else { return no };
        let spec = spec_of(vm, tag);
        let Some(name) = spec.map(|spec| spec.name).filter(|name| !is_disabled(vm, name)) else { return no };
        let callbacks = match vm.global_value("Files::add_callbacks") {
            Some(Value::Table(callbacks)) => vm.table_get(callbacks, tag),
            _ => None,
        };
        if let Some(Value::Func(callback)) = callbacks {
            vm.invoke(
                &callback,
                Args::from_iter([Value::Record(file.clone()), Value::Record(asked.clone())]),
            );
        }
        let consumer = match name {
            name if DIGESTS.contains(&name) => None,
            "ENTROPY" => Some(Consumer::Entropy(Box::default())),
            "EXTRACT" => match Extract::begin(vm, file, info.clone(), asked.clone()) {
                Ok(extract) => Some(Consumer::Extract(extract)),
                Err(wrong) => {
                    vm.error(span, wrong);
                    return no;
                }
            },
            "DATA_EVENT" => {
                let event = |field| match vm.field(asked, field) {
                    Value::Func(event) => Some(event),
                    _ => None,
                };
                let (chunk, stream) = (event("chunk_event"), event("stream_event"));
                if chunk.is_none() && stream.is_none() {
                    return no;
                }
                Some(Consumer::Events { chunk, stream })
            }
            _ => {
                let why = "workers set it on files by their type (Files::register_for_mime_type)";
                vm.error(span, format!("{name} cannot be added to one file: {why}"));
                return no;
            }
        };
        if let (Some(consumer), Value::Str(id)) = (consumer, vm.field(file, "id")) {
            let mut files = self.0.consumers.borrow_mut();
            if files.len() >= MAX_CONSUMED_FILES && !files.contains_key(&id) {
                drop(files);
                vm.error(span, format!("the content of {MAX_CONSUMED_FILES} files is wanted already"));
                return no;
            }
            files.entry(id).or_default().push(Rc::new(consumer));
        }
        note_analyzer(vm, &info, name);
        Ok(Value::Bool(true))
    }

    fn set_limit(&self, vm: &Vm, args: &[Value]) -> bool {
        let [Value::Record(file), Value::Record(asked), limit] = args else { return false };
        let files = self.0.consumers.borrow();
        let path = vm.field(asked, "extract_filename");
        let consumers = files.get(vm.field(file, "id").bytes()).into_iter().flatten();
        let mut known = false;
        for consumer in consumers {
            if let Consumer::Extract(extract) = &**consumer
                && extract.path.as_os_str().as_encoded_bytes() == path.bytes()
            {
                extract.limit.set(limit.as_count());
                known = true;
            }
        }
        known
    }

    /// A piece of a file's content has passed.
    pub fn content(&self, vm: &mut Vm, file: &Value, fuid: Uid, offset: u64, piece: &[u8]) {
        // Handlers may ask for more.
        let consumers = self.0.consumers.borrow().get(fuid.as_bytes()).cloned().unwrap_or_default();
        for consumer in &consumers {
            match &**consumer {
                Consumer::Entropy(measured) => measured.borrow_mut().take(offset, piece),
                Consumer::Extract(extract) => extract.take(vm, file, offset, piece),
                Consumer::Events { chunk, stream } => {
                    if let Some(event) = chunk {
                        let args = [file.clone(), Value::str(piece), Value::Count(offset)];
                        vm.dispatch(event.id, Args::from_iter(args));
                    }
                    if let Some(event) = stream {
                        vm.dispatch(event.id, Args::from_iter([file.clone(), Value::str(piece)]));
                    }
                }
            }
        }
    }

    /// A file has ended: nothing more of its content will come.
    pub fn ended(&self, fuid: Uid) {
        let mut files = self.0.consumers.borrow_mut();
        if !files.is_empty() {
            files.remove(fuid.as_bytes());
        }
        let mut open = self.0.open.borrow_mut();
        if !open.is_empty() {
            open.remove(fuid.as_bytes());
        }
    }
}

impl Measured {
    fn take(&mut self, offset: u64, piece: &[u8]) {
        self.holed |= offset != self.next;
        self.next = offset + piece.len() as u64;
        if !self.holed {
            self.entropy.add(piece);
        }
    }
}

impl Extract {
    /// Makes the file on disk, and notes its name in the row.
    fn begin(
        vm: &mut Vm,
        file: &RecordVal,
        info: Rc<RecordVal>,
        args: Rc<RecordVal>,
    ) -> Result<Extract, String> {
        let name = match vm.field(&args, "extract_filename") {
            Value::Str(name) if !name.is_empty() => Value::Str(name),
            _ => {
                let parts = ["last_active", "source", "id"].map(|part| vm.text_string(&vm.field(file, part)));
                Value::str(format!("extract-{}", parts.join("-")))
            }
        };
        let folder = folder(vm).unwrap_or_default();
        let path = folder.join(String::from_utf8_lossy(name.bytes()).into_owned());
        // Names are often made of what the traffic says.
        if path.components().any(|part| part == Component::ParentDir) {
            return Err(format!("cannot extract to {}: it leads out of the folder", path.display()));
        }
        let made =
            fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).and_then(|()| File::create(&path));
        let made = made.map_err(|error| format!("cannot open {}: {error}", path.display()))?;
        vm.set_field(&info, "extracted", name);
        vm.set_field(&info, "extracted_cutoff", Value::Bool(false));
        vm.set_field(&args, "extract_filename", Value::str(path.as_os_str().as_encoded_bytes()));
        let limit = Cell::new(vm.field(&args, "extract_limit").as_count());
        let includes_missing = vm.field(&args, "extract_limit_includes_missing").as_bool();
        let (written, done) = (Cell::default(), Cell::default());
        Ok(Extract { file: made, path, args, info, limit, includes_missing, written, done })
    }

    /// How much more may be written from a place on.
    fn room(&self, offset: u64) -> u64 {
        match self.limit.get() {
            0 => u64::MAX,
            limit => limit.saturating_sub(if self.includes_missing { offset } else { self.written.get() }),
        }
    }

    fn take(&self, vm: &mut Vm, file: &Value, offset: u64, piece: &[u8]) {
        if self.done.get() {
            return;
        }
        if self.room(offset) < piece.len() as u64 {
            vm.set_field(&self.info, "extracted_cutoff", Value::Bool(true));
            vm.set_field(&self.info, "extracted_size", Value::Count(self.limit.get()));
        }
        if self.room(offset) < piece.len() as u64
            && let Some(event) = vm.event("file_extraction_limit").filter(|event| vm.is_handled(*event))
        {
            let (args, limit) = (Value::Record(self.args.clone()), Value::Count(self.limit.get()));
            let args = [file.clone(), args, limit, Value::Count(piece.len() as u64)];
            vm.dispatch(event, Args::from_iter(args));
        }
        let room = usize::try_from(self.room(offset)).unwrap_or(usize::MAX);
        self.done.set(room < piece.len());
        let piece = piece.get(..room).unwrap_or(piece);
        // What is missing before it is a hole.
        match self.file.write_all_at(piece, offset) {
            Ok(()) => self.written.set(self.written.get() + piece.len() as u64),
            Err(error) => {
                self.done.set(true);
                let text = format!("cannot write {}: {error}; it ends there", self.path.display());
                vm.error(Span::default(), text);
            }
        }
    }
}
