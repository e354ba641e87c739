//! Input: tables and events that are fed from files.

mod parse;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::rc::Rc;

use nightjar_script::types::TypeId;
use nightjar_script::value::{FuncVal, RecordVal, TableVal, Value};
use nightjar_script::vm::{CallSite, NativeFn, Res};
use nightjar_script::{Args, Vm};

use crate::script_host::input::parse::Spelling;

#[derive(Clone, Default)]
pub(super) struct Input(Rc<RefCell<HashMap<String, Rc<RefCell<Stream>>>>>);

/// A file that is followed.
struct Stream {
    /// Its description, as the script wrote it.
    record: Rc<RecordVal>,
    name: String,
    source: String,
    path: String,
    mode: Mode,
    spelling: Spelling,
    strict: bool,
    max_bytes: u64,
    target: Target,
    /// The file as it was when it was last read.
    seen: Option<Seen>,
    /// The columns, once the header was read.
    columns: Option<Vec<String>>,
    /// The operator was told that it cannot be read.
    complained: bool,
    lines: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Manual,
    Reread,
    Stream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Seen {
    inode: u64,
    size: u64,
    modified: (i64, i64),
    /// How far it was read.
    offset: u64,
}

enum Target {
    Table {
        table: Rc<TableVal>,
        idx: TypeId,
        index: Vec<Field>,
        values: Option<(TypeId, Vec<Field>)>,
        want_record: bool,
        event: Option<Rc<FuncVal>>,
        pred: Option<Rc<FuncVal>>,
        /// What the file put into the table, by the key as text.
        known: HashMap<Vec<u8>, (Value, Value)>,
    },
    Events {
        ty: TypeId,
        fields: Vec<Field>,
        want_record: bool,
        event: Rc<FuncVal>,
    },
}

/// A column that is wanted.
struct Field {
    name: String,
    at: usize,
    ty: TypeId,
    optional: bool,
    /// The inner record that it is in, by its place in the outer.
    within: Option<(usize, TypeId)>,
}

type Native = fn(&Input, &mut Vm, &CallSite<'_>, &[Value]) -> Res;

/// Files that may be followed.
const MAX_STREAMS: usize = 1_000;

impl Input {
    pub fn natives(&self) -> Vec<(&'static str, NativeFn)> {
        let functions: [(&'static str, Native); 4] = [
            ("Input::add_table", Input::add_table),
            ("Input::add_event", Input::add_event),
            ("Input::remove", Input::remove),
            ("Input::force_update", Input::force_update),
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

    /// Reads again what has changed.
    pub fn poll(&self, vm: &mut Vm) {
        let streams: Vec<Rc<RefCell<Stream>>> = self.0.borrow().values().cloned().collect();
        for stream in streams {
            // A handler that reads may be the one that polls.
            if let Ok(mut stream) = stream.try_borrow_mut()
                && stream.mode != Mode::Manual
            {
                stream.read(vm, false);
            }
        }
    }

    fn add(&self, vm: &mut Vm, site: &CallSite<'_>, record: &Rc<RecordVal>, target: Target) -> Res {
        let text = |name: &str| String::from_utf8_lossy(vm.field(record, name).bytes()).into_owned();
        let (name, source) = (text("name"), text("source"));
        let reader = vm.text_string(&vm.field(record, "reader"));
        if !reader.ends_with("READER_ASCII") {
            vm.error(site.span, format!("Input stream {name}: {reader} is not supported"));
            return Ok(Value::Bool(false));
        }
        if self.0.borrow().contains_key(&name) {
            vm.error(site.span, format!("Input stream {name} already exists"));
            return Ok(Value::Bool(false));
        }
        if self.0.borrow().len() >= MAX_STREAMS {
            vm.error(site.span, format!("Input stream {name}: more than {MAX_STREAMS} files"));
            return Ok(Value::Bool(false));
        }
        let mode = match vm.text_string(&vm.field(record, "mode")).rsplit("::").next() {
            Some("REREAD") => Mode::Reread,
            Some("STREAM") => Mode::Stream,
            _ => Mode::Manual,
        };
        let config = match vm.field(record, "config") {
            Value::Table(config) => config.snapshot(),
            _ => Vec::new(),
        };
        let setting = |name: &str| {
            let of_stream = config.iter().find(|(key, _)| key.bytes() == name.as_bytes());
            let value = of_stream.map(|(_, value)| value.clone());
            let value = value.or_else(|| vm.global_value(&format!("InputAscii::{name}")).cloned());
            value.unwrap_or_default()
        };
        let spelled = |name: &str| String::from_utf8_lossy(setting(name).bytes()).into_owned();
        let spelling = Spelling {
            separator: spelled("separator"),
            set_separator: spelled("set_separator"),
            empty: spelled("empty_field"),
            unset: spelled("unset_field"),
        };
        let strict = match setting("fail_on_invalid_lines") {
            Value::Bool(strict) => strict,
            text => text.bytes() == b"T",
        };
        let prefix = spelled("path_prefix");
        let path = match source.starts_with('/') || prefix.is_empty() {
            true => source.clone(),
            false => format!("{prefix}/{source}"),
        };
        let max_bytes = vm.global_value("Input::max_bytes").map_or(u64::MAX, Value::as_count);
        let stream = Stream {
            record: record.clone(),
            name: name.clone(),
            source,
            path,
            mode,
            spelling,
            strict,
            max_bytes,
            target,
            seen: None,
            columns: None,
            complained: false,
            lines: 0,
        };
        let stream = Rc::new(RefCell::new(stream));
        self.0.borrow_mut().insert(name, stream.clone());
        stream.borrow_mut().read(vm, true);
        Ok(Value::Bool(true))
    }

    fn add_table(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(Value::Record(record)) = args.first() else { return Ok(Value::Bool(false)) };
        let (Value::Table(table), Value::Type(idx)) =
            (vm.field(record, "destination"), vm.field(record, "idx"))
        else {
            vm.error(site.span, "Input::add_table: destination must be a table and idx a record type");
            return Ok(Value::Bool(false));
        };
        let index = fields(vm, idx);
        let values = match vm.field(record, "val") {
            Value::Type(ty) => Some((ty, fields(vm, ty))),
            _ => None,
        };
        if index.is_empty() || values.is_none() != table.is_set {
            vm.error(site.span, "Input::add_table: idx and val do not fit the destination");
            return Ok(Value::Bool(false));
        }
        let want_record = vm.field(record, "want_record").as_bool();
        let function = |name: &str| match vm.field(record, name) {
            Value::Func(function) => Some(function),
            _ => None,
        };
        let (event, pred, known) = (function("ev"), function("pred"), HashMap::new());
        let target = Target::Table { table, idx, index, values, want_record, event, pred, known };
        self.add(vm, site, record, target)
    }

    fn add_event(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let Some(Value::Record(record)) = args.first() else { return Ok(Value::Bool(false)) };
        let (Value::Type(ty), Value::Func(event)) = (vm.field(record, "fields"), vm.field(record, "ev"))
        else {
            vm.error(site.span, "Input::add_event: fields must be a record type and ev an event");
            return Ok(Value::Bool(false));
        };
        let want_record = vm.field(record, "want_record").as_bool();
        let target = Target::Events { ty, fields: fields(vm, ty), want_record, event };
        self.add(vm, site, record, target)
    }

    fn remove(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let name =
            args.first().map_or(String::new(), |name| String::from_utf8_lossy(name.bytes()).into_owned());
        let removed = self.0.borrow_mut().remove(&name).is_some();
        if !removed {
            vm.error(site.span, format!("Input stream '{name}' does not exist for removal!"));
        }
        Ok(Value::Bool(removed))
    }

    fn force_update(&self, vm: &mut Vm, site: &CallSite<'_>, args: &[Value]) -> Res {
        let name =
            args.first().map_or(String::new(), |name| String::from_utf8_lossy(name.bytes()).into_owned());
        let stream = self.0.borrow().get(&name).cloned();
        let Some(stream) = stream else {
            vm.error(site.span, format!("Input stream '{name}' does not exist"));
            return Ok(Value::Bool(false));
        };
        let Ok(mut stream) = stream.try_borrow_mut() else { return Ok(Value::Bool(false)) };
        stream.seen = None;
        stream.read(vm, true);
        Ok(Value::Bool(true))
    }
}

/// The columns that a record type wants, those of inner records with a dot.
fn fields(vm: &Vm, ty: TypeId) -> Vec<Field> {
    let Some(record) = vm.types.as_record(ty) else { return Vec::new() };
    let mut found = Vec::new();
    for (at, field) in record.fields.iter().enumerate() {
        let optional = field.optional || field.default.is_some();
        match vm.types.as_record(field.ty) {
            Some(inner) => found.extend(inner.fields.iter().enumerate().map(|(place, part)| Field {
                name: format!("{}.{}", field.name, part.name),
                at: place,
                ty: part.ty,
                optional: part.optional || part.default.is_some(),
                within: Some((at, field.ty)),
            })),
            None => {
                found.push(Field { name: field.name.to_string(), at, ty: field.ty, optional, within: None })
            }
        }
    }
    found
}

impl Stream {
    /// Reads the file if it has changed. What cannot be read costs a message, once, and keeps what there was.
    fn read(&mut self, vm: &mut Vm, first: bool) {
        let text = match self.changed(first) {
            Ok(Some(text)) => text,
            Ok(None) => return,
            Err(error) => {
                if !std::mem::replace(&mut self.complained, true) {
                    let text =
                        format!("{}/Input::READER_ASCII: cannot read {}: {error}", self.source, self.path);
                    vm.error(nightjar_script::source::Span::default(), text);
                }
                return;
            }
        };
        self.complained = false;
        let mut present = HashSet::new();
        for line in text.lines() {
            self.lines += 1;
            if line.is_empty() {
                continue;
            }
            if let Some(header) = line.strip_prefix('#') {
                if let Some(names) = header.strip_prefix("fields") {
                    let names = names.strip_prefix(&self.spelling.separator).unwrap_or(names);
                    self.columns = Some(names.split(&self.spelling.separator).map(str::to_owned).collect());
                }
                continue;
            }
            if let Err(wrong) = self.line(vm, line, &mut present) {
                let text = format!(
                    "{}/Input::READER_ASCII: {}, line {}: {wrong}; the line is left out",
                    self.source, self.path, self.lines
                );
                vm.warn(nightjar_script::source::Span::default(), text);
                if self.strict {
                    return;
                }
            }
        }
        if self.mode != Mode::Stream {
            self.forget_others(vm, present);
        }
        if let Some(event) = vm.event("Input::end_of_data").filter(|event| vm.is_handled(*event)) {
            vm.enqueue(event, Args::from_iter([Value::str(&self.name), Value::str(&self.source)]));
        }
    }

    /// The text that is new; all of it where the file is another.
    fn changed(&mut self, first: bool) -> io::Result<Option<String>> {
        let mut file = File::open(&self.path)?;
        let about = file.metadata()?;
        if !about.is_file() {
            return Err(io::Error::other("it is no file"));
        }
        let modified = (about.mtime(), about.mtime_nsec());
        let now = Seen { inode: about.ino(), size: about.len(), modified, offset: 0 };
        let mut offset = 0;
        if let Some(seen) = self.seen {
            let before = Seen { offset: 0, ..seen };
            if before == now && !first {
                return Ok(None);
            }
            // A stream goes on where it was, unless the file was replaced or cut.
            if self.mode == Mode::Stream && seen.inode == now.inode && seen.offset <= now.size {
                offset = seen.offset;
            }
        }
        if now.size - offset > self.max_bytes {
            return Err(io::Error::other(format!(
                "it has more than Input::max_bytes={} bytes",
                self.max_bytes
            )));
        }
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        file.take(self.max_bytes).read_to_end(&mut bytes)?;
        if self.mode == Mode::Stream {
            // The end of a line that is being written comes later.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
            bytes.truncate(whole);
        }
        if offset == 0 {
            (self.columns, self.lines) = (None, 0);
        }
        self.seen = Some(Seen { offset: offset + bytes.len() as u64, ..now });
        Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn line(&mut self, vm: &mut Vm, line: &str, present: &mut HashSet<Vec<u8>>) -> Result<(), String> {
        let columns = self.columns.as_ref().ok_or("there is no #fields line before it")?;
        let texts: Vec<&str> = line.split(&self.spelling.separator).collect();
        let row = Row { columns, texts, spelling: &self.spelling };
        match &mut self.target {
            Target::Events { ty, fields, want_record, event } => {
                let described = Value::Record(self.record.clone());
                let mut args = Args::from_iter([described, event_kind(vm, "EVENT_NEW")]);
                if *want_record {
                    args.push(Value::Record(row.record(vm, *ty, fields)?));
                } else {
                    for field in fields.iter() {
                        args.push(row.value(vm, field)?);
                    }
                }
                vm.enqueue(event.id, args);
            }
            Target::Table { table, idx, index, values, want_record, event, pred, known } => {
                let keys: Result<Vec<Value>, String> =
                    index.iter().map(|field| row.value(vm, field)).collect();
                let keys = keys?;
                if keys.iter().any(|key| !key.is_set()) {
                    return Err("a part of the index is not set".to_owned());
                }
                let key = match &keys[..] {
                    [one] => one.clone(),
                    _ => Value::List(keys.clone().into()),
                };
                let value = match values {
                    None => Value::Unset,
                    Some((ty, fields)) if *want_record => Value::Record(row.record(vm, *ty, fields)?),
                    Some((_, fields)) => match fields.first() {
                        Some(field) => row.value(vm, field)?,
                        None => Value::Unset,
                    },
                };
                let known_as = vm.text(&key);
                present.insert(known_as.clone());
                let text = vm.text(&value);
                let old = known.get(&known_as).map(|(_, old)| old.clone());
                let kind = match &old {
                    Some(old) if vm.text(old) == text => return Ok(()),
                    Some(_) => event_kind(vm, "EVENT_CHANGED"),
                    None => event_kind(vm, "EVENT_NEW"),
                };
                if let Some(pred) = pred {
                    let left = index_record(vm, *idx, index, &keys);
                    let args = Args::from_iter([kind.clone(), left, value.clone()]);
                    if matches!(vm.invoke(pred, args), Some(Value::Bool(false))) {
                        return Ok(());
                    }
                }
                known.insert(known_as, (key.clone(), value.clone()));
                vm.table_insert(table, key.clone(), value.clone());
                if let Some(event) = event {
                    let left = index_record(vm, *idx, index, &keys);
                    // Of a change the event has what was there before.
                    let right = old.filter(Value::is_set).unwrap_or(value);
                    tell(vm, event, &self.record, [kind, left, right]);
                }
            }
        }
        Ok(())
    }

    /// Takes out of the table what the file does not have any more.
    fn forget_others(&mut self, vm: &mut Vm, present: HashSet<Vec<u8>>) {
        let Target::Table { table, idx, index, event, pred, known, .. } = &mut self.target else { return };
        let gone: Vec<Vec<u8>> = known.keys().filter(|key| !present.contains(*key)).cloned().collect();
        for known_as in gone {
            let Some((key, value)) = known.get(&known_as).cloned() else { continue };
            let keys: Vec<Value> = match &key {
                Value::List(parts) => parts.to_vec(),
                one => vec![one.clone()],
            };
            let kind = event_kind(vm, "EVENT_REMOVED");
            if let Some(pred) = pred {
                let left = index_record(vm, *idx, index, &keys);
                let args = Args::from_iter([kind.clone(), left, value.clone()]);
                if matches!(vm.invoke(pred, args), Some(Value::Bool(false))) {
                    continue;
                }
            }
            known.remove(&known_as);
            table.dict.borrow_mut().remove(&key);
            if let Some(event) = event {
                let left = index_record(vm, *idx, index, &keys);
                tell(vm, event, &self.record, [kind, left, value]);
            }
        }
    }
}

/// A line that is being read.
struct Row<'a> {
    columns: &'a [String],
    texts: Vec<&'a str>,
    spelling: &'a Spelling,
}

impl Row<'_> {
    fn value(&self, vm: &mut Vm, field: &Field) -> Result<Value, String> {
        let at = self.columns.iter().position(|column| *column == field.name);
        match at.and_then(|at| self.texts.get(at)) {
            Some(text) => {
                self.spelling.value(vm, text, field.ty).map_err(|wrong| format!("{}: {wrong}", field.name))
            }
            None if field.optional => Ok(Value::Unset),
            None => Err(format!("there is no field {}", field.name)),
        }
    }

    fn record(&self, vm: &mut Vm, ty: TypeId, fields: &[Field]) -> Result<Rc<RecordVal>, String> {
        let record = vm.new_record_of(ty).ok_or("its record cannot be made")?;
        for field in fields {
            let value = self.value(vm, field)?;
            if !value.is_set() {
                continue;
            }
            let holder = match field.within {
                None => record.clone(),
                Some((at, inner)) => match record.get(at) {
                    Value::Record(inner) => inner,
                    _ => {
                        let made = vm.new_record_of(inner).ok_or("its record cannot be made")?;
                        record.set(at, Value::Record(made.clone()));
                        made
                    }
                },
            };
            holder.set(field.at, value);
        }
        Ok(record)
    }
}

fn event_kind(vm: &Vm, name: &str) -> Value {
    vm.enum_value(&format!("Input::{name}")).unwrap_or_default()
}

/// The index as the record that describes it, which events and predicates are given.
fn index_record(vm: &mut Vm, idx: TypeId, index: &[Field], keys: &[Value]) -> Value {
    let Some(record) = vm.new_record_of(idx) else { return Value::Unset };
    for (field, key) in index.iter().zip(keys) {
        record.set(field.at, key.clone());
    }
    Value::Record(record)
}

fn tell(vm: &mut Vm, event: &Rc<FuncVal>, description: &Rc<RecordVal>, args: [Value; 3]) {
    let described = Value::Record(description.clone());
    // Sets have no values, and their events no parameter for one.
    let args = args.into_iter().filter(Value::is_set);
    vm.enqueue(event.id, std::iter::once(described).chain(args).collect());
}
