//! Logs whose columns are known at run time only: those that scripts make, filter or extend.

use std::fmt::Write;
use std::sync::OnceLock;

use nightjar_protocols::text;

use crate::event::Arg;
use crate::record::{
    FieldDef, Items, JsonTime, Record, Schema, Type, Value, Visitor, hex, json, piece, stamp,
};
use crate::time::Time;

/// One log: its columns and how they are written.
#[derive(Clone, Debug)]
pub struct ScriptLog {
    /// The file's name without `.log`.
    pub path: &'static str,
    /// As the header and JSON name them.
    pub names: Vec<String>,
    /// Zeek's names of their types.
    pub types: Vec<String>,
    pub style: Style,
    /// Rows go to standard output.
    pub stdout: bool,
    /// Written compressed, if this is not 0, and with one more ending.
    pub gzip_level: u32,
    pub gzip_ending: String,
    /// Rows go to exporters only.
    pub export_only: bool,
    /// Where exported rows go; empty where their stream goes.
    pub topic: String,
    /// Rows go to a table of a database.
    pub table: Option<Table>,
    /// For exporters.
    schema: OnceLock<&'static Schema>,
}

/// A table of a database that is named as the log's path.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    /// The script named it.
    pub named: bool,
    /// How sets and vectors are written.
    pub separators: Separators,
}

/// A row of a script's log, as exporters see it.
pub(super) struct ScriptLogRow<'a>(pub &'a [Arg]);

impl Record for ScriptLogRow<'_> {
    const SCHEMA: &'static Schema = &Schema { path: "", fields: &[], summary: &[] };

    fn visit<V: Visitor>(&self, visitor: &mut V) {
        for (at, value) in self.0.iter().enumerate() {
            visitor.field(at, value.as_value());
        }
    }

    fn width(&self) -> usize {
        self.0.len()
    }

    fn get(&self, index: usize) -> Value<'_> {
        self.0.get(index).map_or(Value::Unset, Arg::as_value)
    }
}

/// Zeek's settings of the ASCII writer.
#[derive(Clone, Debug, PartialEq)]
pub enum Style {
    Tsv(Separators),
    Json {
        time: JsonTime,
        /// Unset fields are written, as `null`.
        unset: bool,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Separators {
    pub field: Vec<u8>,
    pub set: Vec<u8>,
    pub empty: Vec<u8>,
    pub unset: Vec<u8>,
    /// What begins a line of the header.
    pub meta: Vec<u8>,
    pub header: Header,
    /// Characters beyond ASCII are written as they are.
    pub utf8: bool,
}

/// What stands above the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    None,
    /// Only the columns' names, as other tools that read such tables expect.
    Names,
    Zeek,
}

impl Default for Separators {
    fn default() -> Self {
        Separators {
            field: b"\t".to_vec(),
            set: b",".to_vec(),
            empty: b"(empty)".to_vec(),
            unset: b"-".to_vec(),
            meta: b"#".to_vec(),
            header: Header::Zeek,
            utf8: true,
        }
    }
}

impl ScriptLog {
    pub fn new(path: &'static str, names: Vec<String>, types: Vec<String>, style: Style) -> Self {
        let schema = OnceLock::new();
        ScriptLog {
            path,
            names,
            types,
            style,
            stdout: false,
            gzip_level: 0,
            gzip_ending: String::new(),
            export_only: false,
            topic: String::new(),
            table: None,
            schema,
        }
    }

    /// What the file's name has after the path.
    pub fn ending(&self) -> String {
        match self.gzip_level {
            0 => format!(".{}", suffix()),
            _ => format!(".{}.{}", suffix(), self.gzip_ending),
        }
    }

    /// Its columns as exporters want them. It lasts as long as the program; there are not many such logs.
    pub fn schema(&self) -> &'static Schema {
        self.schema.get_or_init(|| {
            let field = |(name, ty): (&String, &String)| FieldDef {
                name: String::leak(name.clone()),
                ty: type_of(ty),
                optional: true,
                zeek: None,
                doc: "",
            };
            let fields: Vec<FieldDef> = self.names.iter().zip(&self.types).map(field).collect();
            Box::leak(Box::new(Schema { path: self.path, fields: fields.leak(), summary: &[] }))
        })
    }

    /// What stands before the first row.
    pub fn opening(&self, opened: Time) -> Vec<u8> {
        let mut out = Vec::new();
        let Style::Tsv(separators) = &self.style else { return out };
        let bytes =
            |texts: &'_ [String]| -> Vec<Vec<u8>> { texts.iter().map(|t| t.clone().into()).collect() };
        match separators.header {
            Header::None => return out,
            Header::Names => {
                out.extend_from_slice(&bytes(&self.names).join(&separators.field[..]));
                out.push(b'\n');
                return out;
            }
            Header::Zeek => {}
        }
        out.extend_from_slice(&separators.meta);
        out.extend_from_slice(b"separator ");
        out.extend_from_slice(&printable(&separators.field));
        out.push(b'\n');
        let mut open = Vec::new();
        stamp(opened, &mut open);
        let lines: [(&str, &[u8]); 5] = [
            ("set_separator", &printable(&separators.set)),
            ("empty_field", &printable(&separators.empty)),
            ("unset_field", &printable(&separators.unset)),
            ("path", &printable(self.path.as_bytes())),
            ("open", &open),
        ];
        for (name, value) in lines {
            separators.line(name, &[value], &mut out);
        }
        for (name, values) in [("fields", bytes(&self.names)), ("types", bytes(&self.types))] {
            let values: Vec<&[u8]> = values.iter().map(|value| &value[..]).collect();
            separators.line(name, &values, &mut out);
        }
        out
    }

    /// What stands after the last row.
    pub fn closing(&self, closed: Time) -> Vec<u8> {
        let mut out = Vec::new();
        if let Style::Tsv(separators) = &self.style
            && separators.header == Header::Zeek
        {
            let mut at = Vec::new();
            stamp(closed, &mut at);
            separators.line("close", &[&at], &mut out);
        }
        out
    }

    /// Appends one of a row's columns, not the first, with what stands between it and those before.
    pub fn column(&self, at: usize, value: &Arg, out: &mut Vec<u8>) {
        match &self.style {
            Style::Tsv(separators) => {
                out.extend_from_slice(&separators.field);
                separators.field(value, false, out);
            }
            Style::Json { unset, .. } if matches!(value, Arg::Unset) && !unset => {}
            Style::Json { time, .. } => {
                out.push(b',');
                json::string(self.names.get(at).map_or(b"", |name| name.as_bytes()), out);
                out.push(b':');
                json::scalar(value.as_value(), *time, out);
            }
        }
    }

    /// What stands behind the last column.
    pub fn row_end(&self) -> &'static [u8] {
        match &self.style {
            Style::Tsv(_) => b"\n",
            Style::Json { .. } => b"}\n",
        }
    }

    /// Appends a row, newline included.
    pub fn row(&self, values: &[Arg], out: &mut Vec<u8>) {
        match &self.style {
            Style::Tsv(separators) => {
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        out.extend_from_slice(&separators.field);
                    }
                    separators.field(value, at == 0, out);
                }
                out.push(b'\n');
            }
            Style::Json { time, unset } => {
                out.push(b'{');
                let start = out.len();
                for (name, value) in self.names.iter().zip(values) {
                    if matches!(value, Arg::Unset) && !unset {
                        continue;
                    }
                    if out.len() > start {
                        out.push(b',');
                    }
                    json::string(name.as_bytes(), out);
                    out.push(b':');
                    json::scalar(value.as_value(), *time, out);
                }
                out.extend_from_slice(b"}\n");
            }
        }
    }
}

impl Separators {
    fn line(&self, name: &str, values: &[&[u8]], out: &mut Vec<u8>) {
        out.extend_from_slice(&self.meta);
        out.extend_from_slice(name.as_bytes());
        for value in values {
            out.extend_from_slice(&self.field);
            out.extend_from_slice(value);
        }
        out.push(b'\n');
    }

    pub(super) fn field(&self, value: &Arg, first: bool, out: &mut Vec<u8>) {
        match value {
            Arg::List(items) if items.is_empty() => out.extend_from_slice(&self.empty),
            Arg::List(items) => {
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.extend_from_slice(&self.set);
                    }
                    match item {
                        Arg::Bytes(text) => self.string(text, true, false, out),
                        item => self.scalar(item, out),
                    }
                }
            }
            Arg::Bytes(text) => self.string(text, false, first, out),
            value => self.scalar(value, out),
        }
    }

    fn scalar(&self, value: &Arg, out: &mut Vec<u8>) {
        match value {
            Arg::Bool(b) => out.push(if *b { b'T' } else { b'F' }),
            Arg::Count(n) => out.extend_from_slice(itoa::Buffer::new().format(*n).as_bytes()),
            Arg::Int(n) => out.extend_from_slice(itoa::Buffer::new().format(*n).as_bytes()),
            Arg::Double(d) => double(*d, out),
            Arg::Time(t) => crate::record::seconds(t.nanos(), out),
            Arg::Interval(i) => crate::record::seconds(i.nanos(), out),
            Arg::Addr(a) => text::address(*a, out),
            Arg::Port(p) => out.extend_from_slice(itoa::Buffer::new().format(*p).as_bytes()),
            _ => out.extend_from_slice(&self.unset),
        }
    }

    /// A string, escaped where it would read as something else.
    fn string(&self, text: &[u8], in_list: bool, first: bool, out: &mut Vec<u8>) {
        if text.is_empty() {
            return out.extend_from_slice(&self.empty);
        }
        let comment = first && text.starts_with(&self.meta) && !self.meta.is_empty();
        if text == self.unset || text == self.empty || comment {
            hex(text[0], out);
            return self.escaped(&text[1..], in_list, out);
        }
        self.escaped(text, in_list, out);
    }

    fn escaped(&self, text: &[u8], in_list: bool, out: &mut Vec<u8>) {
        // Nearly all texts stand as they are.
        let first = [self.field.first(), self.set.first().filter(|_| in_list), Some(&b'\\')];
        let plain = |byte: &u8| (b' '..=b'~').contains(byte) && !first.contains(&Some(byte));
        if text.iter().all(plain) {
            out.extend_from_slice(text);
            return;
        }
        // Between separators and backslashes each piece is judged by itself, as in Zeek.
        let (mut done, mut at) = (0, 0);
        while at < text.len() {
            let special = self.special(&text[at..], in_list);
            if special == 0 {
                at += 1;
                continue;
            }
            piece(&text[done..at], self.utf8, out);
            for &byte in &text[at..at + special] {
                if byte == b'\\' { out.extend_from_slice(b"\\\\") } else { hex(byte, out) }
            }
            at += special;
            done = at;
        }
        piece(&text[done..], self.utf8, out);
    }

    /// How many bytes at the start of a text are escaped as a backslash or separator; 0 where none are.
    fn special(&self, text: &[u8], in_list: bool) -> usize {
        if text.starts_with(b"\\") {
            return 1;
        }
        let separators = [Some(&self.field), Some(&self.set).filter(|_| in_list)];
        let mut separators = separators.into_iter().flatten().filter(|separator| !separator.is_empty());
        let here = separators.find(|separator| text.starts_with(separator));
        here.map_or(0, Vec::len)
    }
}

/// The ending of logs: `log`, unless the environment names another as for Zeek.
pub(super) fn suffix() -> &'static str {
    static SUFFIX: OnceLock<String> = OnceLock::new();
    SUFFIX.get_or_init(|| {
        let named = std::env::var("ZEEK_LOG_SUFFIX").ok();
        named.filter(|named| !named.is_empty() && !named.contains('/')).unwrap_or_else(|| "log".to_owned())
    })
}

/// The type of a name such as `set[string]`; what exporters have no type for they take as text.
fn type_of(name: &str) -> Type {
    let inner = |start: &str| name.strip_prefix(start).and_then(|rest| rest.strip_suffix(']'));
    let element = |name: &str| -> &'static Type { Box::leak(Box::new(type_of(name))) };
    if let Some(name) = inner("set[") {
        return Type::Set(element(name));
    }
    if let Some(name) = inner("vector[") {
        return Type::Vector(element(name));
    }
    match name {
        "bool" => Type::Bool,
        "count" => Type::Count,
        "int" => Type::Int,
        "double" => Type::Double,
        "time" => Type::Time,
        "interval" => Type::Interval,
        "enum" => Type::Enum,
        "addr" => Type::Addr,
        "port" => Type::Port,
        _ => Type::String,
    }
}

/// As headers show separators: what does not print as a number.
fn printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for &byte in text {
        if byte.is_ascii_graphic() { out.push(byte) } else { hex(byte, &mut out) }
    }
    out
}

/// Up to six decimals, zeros at the end left out, and one that tells it from an integer; never an exponent.
fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() {
        return out.extend_from_slice(b"nan");
    }
    let mut text = String::new();
    let sign = if value < 0.0 { "-" } else { "" };
    let _ = write!(text, "{sign}{:.6}", value.abs());
    if value.is_finite() {
        text.truncate(text.trim_end_matches('0').len());
        if text.ends_with('.') {
            text.push('0');
        }
    }
    out.extend_from_slice(text.as_bytes());
}

impl Arg {
    /// As a record shows it.
    pub fn as_value(&self) -> Value<'_> {
        match self {
            Arg::Bool(b) => Value::Bool(*b),
            Arg::Count(n) => Value::Count(*n),
            Arg::Int(n) => Value::Int(*n),
            Arg::Double(d) => Value::Double(*d),
            Arg::Time(t) => Value::Time(*t),
            Arg::Interval(i) => Value::Interval(*i),
            Arg::Bytes(text) => Value::Bytes(text),
            Arg::Addr(addr) => Value::Addr(*addr),
            Arg::Port(port) => Value::Port(*port),
            Arg::List(items) => Value::List(items),
            Arg::Unset => Value::Unset,
        }
    }
}

impl Items for Vec<Arg> {
    fn count(&self) -> usize {
        self.len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.get(index).map_or(Value::Unset, Arg::as_value)
    }
}
