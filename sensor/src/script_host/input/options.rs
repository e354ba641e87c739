//! How a stream is read: the description's reader and mode, the options of readers, and `$config`.

use std::collections::HashMap;

use nightjar_script::Vm;
use nightjar_script::types::TypeId;
use nightjar_script::value::{RecordVal, Value, VectorVal};
use nightjar_script::vm::GlobalKind;

use super::convert;
use super::create::{Refused, unsupported};
use crate::input::{Ascii, Field, Format, Level, Mode, Notation, OptionType, Raw, Settings, Source, Sqlite};

/// Reads what a description and the options say.
struct Options<'a> {
    vm: &'a Vm,
    config: HashMap<Vec<u8>, Vec<u8>>,
    messages: Vec<(Level, String)>,
}

impl Options<'_> {
    /// `$config` before the reader's option.
    fn text(&self, module: &str, name: &str) -> Vec<u8> {
        match self.config.get(name.as_bytes()) {
            Some(text) => text.clone(),
            None => self.global(&format!("{module}::{name}")).bytes().to_vec(),
        }
    }

    fn global(&self, name: &str) -> Value {
        self.vm.global_value(name).cloned().unwrap_or_default()
    }

    fn flag(&self, module: &str, name: &str) -> bool {
        match self.config.get(name.as_bytes()) {
            Some(text) => text.starts_with(b"T"),
            None => self.global(&format!("{module}::{name}")).as_bool(),
        }
    }

    fn character(&mut self, module: &str, name: &str) -> u8 {
        let text = self.text(module, name);
        if text.len() != 1 {
            let text = format!("{name} length has to be 1. Separator will be truncated.");
            self.messages.push((Level::Error, text));
        }
        text.first().copied().unwrap_or(b'\t')
    }

    fn notation(&mut self, module: &str, unset: Vec<u8>) -> Notation {
        let set_separator = self.character(module, "set_separator");
        Notation { set_separator, empty: self.text(module, "empty_field"), unset }
    }

    /// A file's name with the prefix of the reader.
    fn path(&self, module: &str, source: &str) -> String {
        let prefix = self.global(&format!("{module}::path_prefix"));
        let prefix = String::from_utf8_lossy(prefix.bytes()).into_owned();
        if source.starts_with('/') || prefix.is_empty() {
            return source.to_owned();
        }
        format!("{}/{source}", prefix.trim_end_matches('/'))
    }

    fn ascii(&mut self, source: &str) -> Ascii {
        let separator = self.character("InputAscii", "separator");
        let unset = self.text("InputAscii", "unset_field");
        Ascii {
            path: self.path("InputAscii", source),
            separator,
            notation: self.notation("InputAscii", unset),
            fail_on_invalid_lines: self.flag("InputAscii", "fail_on_invalid_lines"),
            fail_on_file_problem: self.flag("InputAscii", "fail_on_file_problem"),
        }
    }

    fn settings(&mut self) -> Settings {
        let vm = self.vm;
        let options = vm.globals.iter().filter(|global| global.kind == GlobalKind::Option);
        let options = options.map(|option| {
            let ty = match convert::cell_type(vm, option.ty) {
                Some((ty, member)) => OptionType::Readable { ty, member },
                None => OptionType::Other(vm.types.name(option.ty)),
            };
            (option.name.to_string(), ty)
        });
        Settings {
            options: options.collect(),
            notation: self.notation("InputConfig", Vec::new()),
            fail_on_file_problem: self.flag("InputConfig", "fail_on_file_problem"),
        }
    }

    fn sqlite(&mut self, source: &str, mode: Mode) -> Result<Sqlite, String> {
        if mode != Mode::Manual {
            return Err("SQLite only supports manual reading mode.".to_owned());
        }
        let Some(query) = self.config.get(&b"query"[..]) else {
            return Err(format!("No query specified when setting up SQLite data source {source}. Aborting."));
        };
        let query = String::from_utf8_lossy(query).into_owned();
        let unset = self.text("InputSQLite", "unset_field");
        let notation = self.notation("InputSQLite", unset);
        Ok(Sqlite { path: format!("{source}.sqlite"), query, notation })
    }

    fn raw(&self, source: &str, mode: Mode, fields: &[Field]) -> Result<Raw, String> {
        let command = source.ends_with('|');
        let has = |name: &str| self.config.contains_key(name.as_bytes());
        let offset = self.config.get(&b"offset"[..]);
        if offset.is_some() && (command || mode == Mode::Reread) {
            return Err("Offset only is supported for MODE_STREAM and MODE_MANUAL; it is also not supported when executing a command".to_owned());
        }
        let offset = offset.map_or(Some(0), |text| std::str::from_utf8(text).ok()?.trim().parse().ok());
        let Some(offset) = offset else { return Err("offset is not a number".to_owned()) };
        let read_stderr = command && has("read_stderr");
        let expected = if read_stderr { 2 } else { 1 };
        if fields.len() != expected {
            return Err(format!(
                "Filter for raw reader contains wrong number of fields -- got {}, expected {expected}. Filters for the raw reader contain one string field when used in normal mode and one string and one bool fields when using execute mode with stderr capuring. Filter ignored.",
                fields.len()
            ));
        }
        if fields[0].ty != crate::input::CellType::String {
            return Err("First field for raw reader always has to be of type string.".to_owned());
        }
        if fields.get(1).is_some_and(|field| field.ty != crate::input::CellType::Bool) {
            return Err("Second field for raw reader always has to be of type bool.".to_owned());
        }
        if command && mode == Mode::Reread {
            return Err("Rereading only supported for files, not for executables.".to_owned());
        }
        let separator = self.text("InputRaw", "record_separator");
        if separator.is_empty() {
            return Err("Invalid record_separator: it must not be empty".to_owned());
        }
        let stdin = self.config.get(&b"stdin"[..]).cloned();
        Ok(Raw { separator, stdin, read_stderr, force_kill: has("force_kill"), offset })
    }
}

/// The names of all options.
pub fn names(vm: &mut Vm) -> Value {
    let options = vm.globals.iter().filter(|global| global.kind == GlobalKind::Option);
    let names: Vec<Value> = options.map(|option| Value::str(option.name.as_bytes())).collect();
    let ty = vm.types.vector(TypeId::String);
    Value::Vector(VectorVal::new(ty, names))
}

/// A source, and what is to be said of its options.
pub struct Read {
    pub source: Source,
    pub messages: Vec<(Level, String)>,
}

pub fn source(vm: &Vm, description: &RecordVal, name: &str, fields: Vec<Field>) -> Result<Read, Refused> {
    let source = String::from_utf8_lossy(vm.field(description, "source").bytes()).into_owned();
    let mode = match vm.field(description, "mode") {
        Value::Enum(_, 1) => Mode::Reread,
        Value::Enum(_, 2) => Mode::Stream,
        _ => Mode::Manual,
    };
    let config = match vm.field(description, "config") {
        Value::Table(table) => table
            .snapshot()
            .iter()
            .map(|(key, value)| (key.bytes().to_vec(), value.bytes().to_vec()))
            .collect(),
        _ => HashMap::new(),
    };
    let mut options = Options { vm, config, messages: Vec::new() };
    let reader = vm.text_string(&vm.field(description, "reader"));
    let wrong = |text: String| {
        let texts = [&text[..], "Init failed", "terminating thread"];
        let errors = texts.map(|text| format!("{source}/{reader}: {text}")).to_vec();
        Refused { notes: Vec::new(), errors }
    };
    if source.is_empty() {
        return Err(wrong("No source path provided".to_owned()));
    }
    let format = match reader.as_str() {
        "Input::READER_ASCII" => Format::Ascii(options.ascii(&source)),
        "Input::READER_RAW" => Format::Raw(options.raw(&source, mode, &fields).map_err(wrong)?),
        "Input::READER_CONFIG" => Format::Settings(options.settings()),
        "Input::READER_BINARY" => {
            let text = options.text("InputBinary", "chunk_size");
            let given = std::str::from_utf8(&text).ok().and_then(|text| text.parse::<u64>().ok());
            let chunk = given.unwrap_or(options.global("InputBinary::chunk_size").as_count());
            let chunk = usize::try_from(chunk.clamp(1, MAX_CHUNK)).unwrap_or(1024);
            Format::Binary { path: options.path("InputBinary", &source), chunk }
        }
        "Input::READER_SQLITE" => Format::Sqlite(options.sqlite(&source, mode).map_err(wrong)?),
        other => return Err(unsupported(name, other)),
    };
    let max_size = options.global("Input::max_file_size").as_count();
    let messages = options.messages;
    Ok(Read { source: Source { source, mode, fields, format, max_size }, messages })
}

/// Bytes of a block of a binary file.
const MAX_CHUNK: u64 = 1 << 20;
