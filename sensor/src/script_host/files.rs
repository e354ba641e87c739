//! The Files framework: what scripts ask of a file.
//!
//! Digests are made by the workers, of every file, and shown of those that scripts asked for. Content comes here
//! piece by piece where some script may ask for it, and is handed to the file on disk or the event that wants it.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use nightjar_script::source::Span;
use nightjar_script::value::{FuncVal, RecordVal, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res};
use nightjar_script::{Args, Vm};

use crate::record::Uid;

/// Who wants the content of which file, by its identifier.
#[derive(Clone, Default)]
pub(super) struct Files(Rc<RefCell<Consumers>>);

type Consumers = HashMap<Rc<[u8]>, Vec<Rc<Consumer>>>;

/// Somebody who wants a file's content.
enum Consumer {
    Extract(Extract),
    /// Events for pieces with their places, and for what comes in order.
    Events {
        chunk: Option<Rc<FuncVal>>,
        stream: Option<Rc<FuncVal>>,
    },
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

/// Whether some code names a function or tag: it may be asked for.
pub(super) fn may_be_asked(vm: &Vm, name: &str) -> bool {
    vm.global(name).is_some_and(|at| vm.globals[at as usize].used)
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
        let add: NativeFn = Rc::new(move |vm, site, args| adding.add_analyzer(vm, site, args));
        let limit: NativeFn = Rc::new(move |vm, _, args| Ok(Value::Bool(limiting.set_limit(vm, args))));
        let remove: NativeFn =
            Rc::new(move |vm, _, args| Ok(Value::Bool(removing.remove_analyzer(vm, args))));
        vec![
            ("Files::add_analyzer", add),
            ("Files::remove_analyzer", remove),
            ("FileExtract::set_limit", limit),
        ]
    }

    /// Forgets what was asked for. Of digests nothing is shown then; that content was handed on stays in the row.
    fn remove_analyzer(&self, vm: &mut Vm, args: &[Value]) -> bool {
        let [Value::Record(file), tag, Value::Record(asked), ..] = args else { return false };
        let Value::Record(info) = vm.field(file, "info") else { return false };
        let (name, path) = (vm.text_string(tag), vm.field(asked, "extract_filename"));
        let name = name.rsplit("ANALYZER_").next().unwrap_or_default();
        if matches!(name, "MD5" | "SHA1" | "SHA256") {
            let Value::Table(analyzers) = vm.field(&info, "analyzers") else { return false };
            return vm.table_remove(&analyzers, &Value::str(name));
        }
        let folder = folder(vm).unwrap_or_default();
        let mut files = self.0.borrow_mut();
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
        });
        consumers.len() < before
    }

    /// Notes in the file's row what was asked for. What digests are is shown then; content is handed on.
    fn add_analyzer(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let no = Ok(Value::Bool(false));
        let [Value::Record(file), tag, Value::Record(asked), ..] = args else { return no };
        let Value::Record(info) = vm.field(file, "info") else { return no };
        let name = vm.text_string(tag);
        let name = name.rsplit("ANALYZER_").next().unwrap_or_default();
        let consumer = match name {
            "MD5" | "SHA1" | "SHA256" => None,
            "EXTRACT" => match Extract::begin(vm, file, info.clone(), asked.clone()) {
                Ok(extract) => Some(Consumer::Extract(extract)),
                Err(wrong) => {
                    vm.error(site.span, wrong);
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
            _ => return no,
        };
        if let (Some(consumer), Value::Str(id)) = (consumer, vm.field(file, "id")) {
            let mut files = self.0.borrow_mut();
            if files.len() >= MAX_CONSUMED_FILES && !files.contains_key(&id) {
                drop(files);
                vm.error(site.span, format!("the content of {MAX_CONSUMED_FILES} files is wanted already"));
                return no;
            }
            files.entry(id).or_default().push(Rc::new(consumer));
        }
        note_analyzer(vm, &info, name);
        Ok(Value::Bool(true))
    }

    fn set_limit(&self, vm: &Vm, args: &[Value]) -> bool {
        let [Value::Record(file), Value::Record(asked), limit] = args else { return false };
        let files = self.0.borrow();
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
        let consumers = self.0.borrow().get(fuid.as_bytes()).cloned().unwrap_or_default();
        for consumer in &consumers {
            match &**consumer {
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
        let mut files = self.0.borrow_mut();
        if !files.is_empty() {
            files.remove(fuid.as_bytes());
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
