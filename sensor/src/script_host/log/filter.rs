//! A filter: which rows, which of their columns, and where to.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use nightjar_script::Vm;
use nightjar_script::types::TypeId;
use nightjar_script::value::{FuncVal, RecordVal, Value};

use crate::log::{Header, ScriptLog, Separators, Style, Table};
use crate::record::{Format, JsonTime};
use crate::script_host::log::columns::{self, Column};
use crate::script_host::log::rotate::{self, Rotation};

pub(super) struct Filter {
    pub name: String,
    /// As the script wrote it, for what it calls.
    pub record: Rc<RecordVal>,
    pub policy: Option<Rc<FuncVal>>,
    pub pred: Option<Rc<FuncVal>>,
    pub path_func: Option<Rc<FuncVal>>,
    /// Gives the columns that come before the stream's own.
    pub ext: Option<Rc<FuncVal>>,
    pub path: String,
    pub writer: Writer,
    /// The columns that are written.
    pub columns: Vec<Column>,
    ext_columns: usize,
    names: Vec<String>,
    style: Style,
    stdout: bool,
    /// Where its rows go that are exported, if not where their stream goes.
    pub topic: Option<String>,
    gzip_level: u32,
    gzip_ending: String,
    /// For the table of a database: its name, and how lists are written in it.
    table: Option<(Option<String>, Separators)>,
    pub rotation: Rotation,
    /// The writer as the script named it.
    pub writer_value: Value,
    /// Paths that [`Writer::None`] was to write, if it tells of them.
    reported: Vec<String>,
    /// It does: `LogNone::debug`.
    pub tells: bool,
    /// By path.
    pub script_logs: HashMap<String, Arc<ScriptLog>, foldhash::fast::RandomState>,
    /// Where rows go for what `path_func` answers.
    pub destinations: HashMap<Vec<u8>, Arc<ScriptLog>, foldhash::fast::RandomState>,
    /// The path, as `path_func` is told it.
    pub path_value: Value,
    /// Its rows have all columns of the stream, under their own names.
    pub keeps_columns: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    Ascii,
    None,
    Sqlite,
    Kafka,
    Unsupported,
}

impl Filter {
    /// Reads a filter's record.
    pub fn new(vm: &Vm, record: Rc<RecordVal>, stream: &[Column], path: &str) -> Filter {
        let field = |name: &str| vm.field(&record, name);
        let text = |name: &str| match field(name) {
            Value::Str(text) => Some(String::from_utf8_lossy(&text).into_owned()),
            _ => None,
        };
        let function = |name: &str| match field(name) {
            Value::Func(function) => Some(function),
            _ => None,
        };
        let set = |name: &str| match field(name) {
            Value::Table(members) => {
                let members = members.snapshot().into_iter();
                Some(members.map(|(key, _)| String::from_utf8_lossy(key.bytes()).into_owned()).collect())
            }
            _ => None,
        };
        let (include, exclude): (Option<Vec<String>>, Option<Vec<String>>) = (set("include"), set("exclude"));
        let scope = text("scope_sep").unwrap_or_else(|| ".".to_owned());
        let ext_prefix = text("ext_prefix").unwrap_or_default();
        let map = table(vm, &record, "field_name_map");
        let config = table(vm, &record, "config");
        let ext = function("ext_func").filter(|function| ext_type(vm, function).is_some());
        let ext_type = ext.as_ref().and_then(|function| ext_type(vm, function));
        let of_ext = ext_type.and_then(|ty| columns::of(vm, ty).ok()).unwrap_or_default();
        let wanted = |name: &String| {
            include.as_ref().is_none_or(|names| names.contains(name))
                && !exclude.as_ref().is_some_and(|names| names.contains(name))
        };
        let (mut columns, mut names) = (Vec::new(), Vec::new());
        let prefixed = of_ext.iter().map(|column| (column, format!("{ext_prefix}{}", column.name(&scope))));
        let own = stream.iter().map(|column| (column, column.name(&scope)));
        let mut ext_columns = 0;
        for (nth, (column, name)) in prefixed.chain(own).enumerate() {
            // Filters name columns as they are in the script.
            let known_as = if nth < of_ext.len() { name.clone() } else { column.name(".") };
            if !wanted(&known_as) {
                continue;
            }
            ext_columns += usize::from(nth < of_ext.len());
            names.push(map.get(&name).cloned().unwrap_or(name));
            columns.push(column.clone());
        }
        let writer = match vm.text_string(&field("writer")).rsplit("::").next() {
            Some("WRITER_ASCII") => Writer::Ascii,
            Some("WRITER_NONE") => Writer::None,
            Some("WRITER_KAFKA" | "WRITER_KAFKAWRITER") => Writer::Kafka,
            Some("WRITER_SQLITE") => Writer::Sqlite,
            _ => Writer::Unsupported,
        };
        let (policy, pred, path_func) = (function("policy"), function("pred"), function("path_func"));
        let named = text("path");
        let local = field("log_local").as_bool();
        let writer = if local { writer } else { Writer::None };
        let interval = match field("interv") {
            Value::Interval(interval) if !rotate::is_sensors(vm, interval) => interval,
            _ => 0.0,
        };
        let gzip_level = match (config.get("gzip_level"), vm.global_value("LogAscii::gzip_level")) {
            (Some(level), _) => level.parse().unwrap_or(0),
            (None, level) => level.map_or(0, |level| level.as_count() as u32),
        };
        let stdout = vm.global_value("LogAscii::output_to_stdout").is_some_and(Value::as_bool);
        let keeps_columns = writer == Writer::Ascii
            && ext.is_none()
            && include.is_none()
            && exclude.is_none()
            && map.is_empty()
            && config.is_empty()
            && scope == "."
            && interval <= 0.0
            && gzip_level == 0
            && !stdout;
        let path = named.unwrap_or_else(|| path.to_owned());
        Filter {
            name: text("name").unwrap_or_default(),
            policy,
            pred,
            path_func,
            ext,
            path_value: Value::str(&path),
            path,
            writer,
            columns,
            ext_columns,
            names,
            style: style(vm, &config),
            topic: config.get("topic_name").cloned().filter(|_| writer == Writer::Kafka),
            table: (writer == Writer::Sqlite)
                .then(|| (config.get("tablename").cloned(), table_separators(vm))),
            gzip_level,
            gzip_ending: match (
                config.get("gzip_file_extension"),
                vm.global_value("LogAscii::gzip_file_extension"),
            ) {
                (Some(ending), _) => ending.clone(),
                (None, Some(ending)) => vm.text_string(ending),
                (None, None) => "gz".to_owned(),
            },
            stdout,
            rotation: Rotation::new(interval, function("postprocessor")),
            writer_value: field("writer"),
            reported: Vec::new(),
            tells: writer == Writer::None && vm.global_value("LogNone::debug").is_some_and(Value::as_bool),
            script_logs: HashMap::default(),
            destinations: HashMap::default(),
            keeps_columns,
            record,
        }
    }

    /// Whether its rows look as the sensor writes its own.
    pub fn writes_as(&self, format: Format) -> bool {
        match (&self.style, format) {
            (Style::Json { time, unset: false }, Format::Json(known)) => *time == known,
            (Style::Tsv(separators), Format::Tsv) => *separators == Separators::default(),
            _ => false,
        }
    }

    /// How many of the columns the extension gives.
    pub fn ext_columns(&self) -> usize {
        self.ext_columns
    }

    /// What `LogNone::debug` prints of a path, once.
    pub fn tell_of_nothing(&mut self, vm: &mut Vm, path: &str) {
        if !self.tells || self.reported.len() >= MAX_PATHS || self.reported.iter().any(|known| known == path)
        {
            return;
        }
        self.reported.push(path.to_owned());
        let mut text = format!(
            "[logging::writer::None]\n  path={path}\n  rotation_interval={}\n  rotation_base={}\n",
            self.rotation.interval,
            rotate::base_time(vm)
        );
        let mut config: Vec<_> = table(vm, &self.record, "config").into_iter().collect();
        config.sort();
        for (name, value) in config {
            text.push_str(&format!("  config[{name}] = {value}\n"));
        }
        for (name, column) in self.names.iter().zip(&self.columns) {
            text.push_str(&format!("  field {name}: {}\n", column.type_name));
        }
        text.push('\n');
        vm.host.stdout(text.as_bytes());
    }

    /// The log of a path. Names last as long as the program, and there are not many.
    pub fn script_log(&mut self, path: &str) -> Option<Arc<ScriptLog>> {
        if let Some(script_log) = self.script_logs.get(path) {
            return Some(script_log.clone());
        }
        if self.script_logs.len() >= MAX_PATHS {
            return None;
        }
        let to_stdout = self.stdout || path == "/dev/stdout";
        let types = self.columns.iter().map(|column| column.type_name.clone()).collect();
        let mut script_log =
            ScriptLog::new(String::leak(path.to_owned()), self.names.clone(), types, self.style.clone());
        script_log.stdout = to_stdout;
        script_log.gzip_level = self.gzip_level;
        script_log.gzip_ending.clone_from(&self.gzip_ending);
        script_log.export_only = self.writer == Writer::Kafka;
        script_log.topic = self.topic.clone().unwrap_or_default();
        script_log.table = self.table.clone().map(|(name, separators)| Table {
            named: name.is_some(),
            name: name.unwrap_or_else(|| path.to_owned()),
            separators,
        });
        let script_log = Arc::new(script_log);
        self.script_logs.insert(path.to_owned(), script_log.clone());
        Some(script_log)
    }
}

/// Paths that one filter's path function may name.
const MAX_PATHS: usize = 1_000;

/// The record type that an extension function returns; most return nothing.
fn ext_type(vm: &Vm, function: &FuncVal) -> Option<TypeId> {
    let declared = vm.types.as_func(vm.funcs.get(function.id.0 as usize)?.ty)?;
    vm.types.as_record(declared.ret).map(|_| declared.ret)
}

/// A table of texts.
fn table(vm: &Vm, record: &RecordVal, name: &str) -> HashMap<String, String> {
    let Value::Table(table) = vm.field(record, name) else { return HashMap::new() };
    let text = |value: &Value| String::from_utf8_lossy(value.bytes()).into_owned();
    table.snapshot().iter().map(|(key, value)| (text(key), text(value))).collect()
}

/// The SQLite writer's settings.
fn table_separators(vm: &Vm) -> Separators {
    let bytes = |name: &str| {
        let value = vm.global_value(&format!("LogSQLite::{name}"));
        value.map_or(Vec::new(), |value| value.bytes().to_vec())
    };
    Separators {
        field: Vec::new(),
        set: bytes("set_separator"),
        empty: bytes("empty_field"),
        unset: bytes("unset_field"),
        ..Separators::default()
    }
}

/// The ASCII writer's settings: of the filter, else of all.
fn style(vm: &Vm, config: &HashMap<String, String>) -> Style {
    let global = |name: &str| vm.global_value(&format!("LogAscii::{name}"));
    let bytes = |name: &str| match config.get(name) {
        Some(text) => text.clone().into_bytes(),
        None => global(name).map_or(Vec::new(), |value| value.bytes().to_vec()),
    };
    let flag = |name: &str| match config.get(name) {
        Some(text) => text == "T",
        None => global(name).is_some_and(Value::as_bool),
    };
    let names_only = config.get("tsv").is_some_and(|text| text == "T");
    if flag("use_json") && !names_only {
        let named = match config.get("json_timestamps") {
            Some(name) => name.clone(),
            None => global("json_timestamps").map_or(String::new(), |value| vm.text_string(value)),
        };
        let time = match named.rsplit("::").next() {
            Some("TS_MILLIS") => JsonTime::Millis,
            Some("TS_ISO8601") => JsonTime::Iso8601,
            _ => JsonTime::Epoch,
        };
        return Style::Json { time, unset: flag("json_include_unset_fields") };
    }
    Style::Tsv(Separators {
        field: bytes("separator"),
        set: bytes("set_separator"),
        empty: bytes("empty_field"),
        unset: bytes("unset_field"),
        meta: bytes("meta_prefix"),
        header: match flag("include_meta") {
            true if names_only => Header::Names,
            true => Header::Zeek,
            false => Header::None,
        },
        utf8: flag("enable_utf_8"),
    })
}
