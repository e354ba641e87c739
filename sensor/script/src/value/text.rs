//! Values as text: what `print`, `cat` and `fmt("%s")` show.

use super::{MAX_VALUE_DEPTH, Value};
use crate::types::Types;
use std::io::Write;
use std::rc::Rc;

/// What the writer needs to know beside the value: field and enum names.
pub trait Names {
    fn types(&self) -> &Types;
    /// A function's name as printed.
    fn func_text(&self, f: &super::FuncVal) -> String;
}

/// How `print` lays values out.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// `cat`, `fmt`: tables over several lines, indented; strings as they are.
    Readable,
    /// `print`: not indented, strings without control characters.
    Print,
    /// Inside an expression's text in an error message: strings quoted.
    Quoted,
}

pub fn describe(v: &Value, names: &dyn Names, out: &mut Vec<u8>) {
    Writer { names, out, style: Style::Readable, indent: 0, seen: Vec::new() }.value(v, 0);
}

pub fn describe_print(v: &Value, names: &dyn Names, out: &mut Vec<u8>) {
    Writer { names, out, style: Style::Print, indent: 0, seen: Vec::new() }.value(v, 0);
}

pub fn describe_quoted(v: &Value, names: &dyn Names, out: &mut Vec<u8>) {
    Writer { names, out, style: Style::Quoted, indent: 0, seen: Vec::new() }.value(v, 0);
}

/// Text without names, for debugging.
pub fn plain(v: &Value) -> String {
    match v {
        Value::Str(s) => format!("{:?}", String::from_utf8_lossy(s)),
        Value::Count(n) => n.to_string(),
        Value::Int(n) => n.to_string(),
        Value::Bool(b) => if *b { "T" } else { "F" }.to_string(),
        Value::Double(d) | Value::Time(d) | Value::Interval(d) => double(*d),
        Value::Addr(a) => a.to_string(),
        Value::Subnet(a, n) => subnet(a, *n),
        Value::Port(p) => format!("{}/{}", p.num, p.proto.name()),
        Value::Unset => "<uninitialized>".into(),
        _ => "…".into(),
    }
}

pub fn subnet(a: &super::Addr, n: u8) -> String {
    if a.is_v4() && n >= 96 { format!("{a}/{}", n - 96) } else { format!("{a}/{n}") }
}

/// C's `%.{p}f` with trailing zeros cut; beyond 2^31 and below a millionth as `%.16e`: Zeek's number writer.
pub fn double_digits(d: f64, precision: usize) -> String {
    if d.is_nan() {
        return "nan".into();
    }
    if d.is_infinite() {
        return if d > 0.0 { "inf" } else { "-inf" }.into();
    }
    if d.abs() > 2_147_483_647.0 || (d != 0.0 && d.abs() < 1e-6) {
        // Zeek cuts the zeros but not the point: 1.e-08.
        let s = c_exp(d, 16);
        return match s.split_once('e') {
            Some((m, e)) => format!("{}e{e}", m.trim_end_matches('0')),
            None => s,
        };
    }
    let s = format!("{d:.precision$}");
    let s = if s.contains('.') { s.trim_end_matches('0').trim_end_matches('.') } else { &s };
    if s == "-0" { "0".into() } else { s.to_string() }
}

/// C's `%e`.
pub fn c_exp(d: f64, precision: usize) -> String {
    let s = format!("{d:.precision$e}");
    match s.split_once('e') {
        Some((m, e)) => {
            let n: i32 = e.parse().unwrap_or(0);
            format!("{m}e{}{:02}", if n < 0 { '-' } else { '+' }, n.abs())
        }
        None => s,
    }
}

pub fn double(d: f64) -> String {
    let s = double_digits(d, 6);
    let whole = d.is_finite() && d.abs() <= 2_147_483_647.0 && d == d.trunc();
    if whole { format!("{s}.0") } else { s }
}

pub fn interval(secs: f64) -> String {
    const UNITS: [(f64, &str); 6] =
        [(86400.0, "day"), (3600.0, "hr"), (60.0, "min"), (1.0, "sec"), (0.001, "msec"), (0.000_001, "usec")];
    if secs == 0.0 {
        return "0 secs".into();
    }
    let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
    let mut v = secs;
    let mut out = String::new();
    for (i, (unit, word)) in UNITS.iter().enumerate() {
        let n = if i == UNITS.len() - 1 {
            v / unit
        } else {
            let n = v / unit;
            let whole = if n < 0.0 { n.ceil() } else { n.floor() };
            // 0.9999999 of a unit is one: floating point, not time, is short.
            if near(n, n.round()) && n.round() != 0.0 { n.round() } else { whole }
        };
        if near(n, 0.0) {
            continue;
        }
        v -= n * unit;
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(&double(n));
        out.push(' ');
        out.push_str(word);
        if n.abs() != 1.0 {
            out.push('s');
        }
        if near(v, 0.0) {
            break;
        }
    }
    if out.is_empty() { format!("{} secs", double(secs)) } else { out }
}

/// Bytes as Zeek prints a string: control and 8-bit bytes as `\xNN`, valid UTF-8 as it is.
pub fn escape_into(s: &[u8], out: &mut Vec<u8>) {
    let mut rest = s;
    while !rest.is_empty() {
        match std::str::from_utf8(rest) {
            Ok(ok) => {
                escape_valid(ok, out);
                return;
            }
            Err(e) => {
                let (good, bad) = rest.split_at(e.valid_up_to());
                escape_valid(std::str::from_utf8(good).unwrap_or(""), out);
                if let Some((&b, more)) = bad.split_first() {
                    hex_escape(b, out);
                    rest = more;
                } else {
                    return;
                }
            }
        }
    }
}

fn escape_valid(s: &str, out: &mut Vec<u8>) {
    for c in s.chars() {
        match c {
            '\\' => out.extend_from_slice(b"\\\\"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => hex_escape(c as u8, out),
            c if (0x80..0xa0).contains(&(c as u32)) => {
                let mut b = [0; 4];
                c.encode_utf8(&mut b).bytes().for_each(|x| hex_escape(x, out));
            }
            c => {
                let mut b = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut b).as_bytes());
            }
        }
    }
}

/// Control characters that JSON has letters for.
pub const LETTERED: &[u8] = b"\x08\x0c\n\r\t";

/// Whether a text may stand in a log, or in JSON, as it came from the wire: Zeek's rule (`util::json_escape_utf8` of
/// Zeek 7.0). It is UTF-8 throughout and shows in full what it is: no control characters but those in `controls`,
/// nothing of private use (U+E000 to U+F8FF) or of U+FFF0 to U+FFFF. Of a text that is not legible, every byte beyond
/// printable ASCII is written as `\xNN`, those of its other characters too.
pub fn is_legible(text: &[u8], controls: &[u8]) -> bool {
    let shows = |character: char| match character {
        ' '..='~' => true,
        '\0'..='\x1f' => controls.contains(&(character as u8)),
        '\x7f'..='\u{9f}' | '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{ffff}' => false,
        _ => true,
    };
    std::str::from_utf8(text).is_ok_and(|text| text.chars().all(shows))
}

pub fn hex_escape(b: u8, out: &mut Vec<u8>) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', b'x', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
}

/// Text of one value after which the rest is left out.
const MAX_TEXT: usize = 64 << 20;

struct Writer<'a> {
    names: &'a dyn Names,
    out: &'a mut Vec<u8>,
    style: Style,
    indent: usize,
    seen: Vec<*const ()>,
}

impl Writer<'_> {
    fn add(&mut self, s: &str) {
        self.out.extend_from_slice(s.as_bytes());
    }

    fn line(&mut self) {
        self.out.push(b'\n');
        if self.style == Style::Readable {
            self.out.extend(std::iter::repeat_n(b'\t', self.indent));
        }
    }

    fn value(&mut self, v: &Value, depth: u32) {
        // Values that share parts can be exponentially longer in print than in memory.
        if depth > MAX_VALUE_DEPTH || self.out.len() > MAX_TEXT {
            return self.add("...");
        }
        match v {
            Value::Unset | Value::Lazy => self.add("<uninitialized>"),
            Value::Bool(b) => self.add(if *b { "T" } else { "F" }),
            Value::Int(n) => self.add(&n.to_string()),
            Value::Count(n) => self.add(&n.to_string()),
            Value::Double(d) => self.add(&double(*d)),
            Value::Time(d) => self.add(&double(*d)),
            Value::Interval(d) => self.add(&interval(*d)),
            Value::Str(s) => match self.style {
                Style::Quoted => {
                    self.out.push(b'"');
                    self.out.extend_from_slice(s);
                    self.out.push(b'"');
                }
                Style::Print => printable_into(s, self.out),
                Style::Readable => self.out.extend_from_slice(s),
            },
            Value::Pattern(p) => {
                self.add("/");
                self.add(p.source());
                self.add("/");
            }
            Value::Addr(a) => {
                // Writing to memory does not fail.
                let _ = write!(self.out, "{a}");
            }
            Value::Subnet(a, n) => self.add(&subnet(a, *n)),
            Value::Port(p) => self.add(&format!("{}/{}", p.num, p.proto.name())),
            Value::Enum(t, n) => {
                let s = self.names.types().enum_name(*t, *n).unwrap_or_else(|| "<undefined>".to_string());
                match own_tag(&s) {
                    Some((module, tag)) => self.add(&format!("{module}::{tag}")),
                    None => self.add(&s),
                }
            }
            Value::Type(t) => {
                let s = self.names.types().name_of_value(*t);
                self.add(&s);
            }
            Value::Func(f) => {
                let s = self.names.func_text(f);
                self.add(&s);
            }
            Value::File(f) => {
                self.add("file \"");
                self.add(&f.name);
                self.add("\" of string");
            }
            Value::Opaque(o) => {
                self.add("<opaque of ");
                self.add(o.type_name());
                self.add(">");
            }
            Value::List(l) => {
                for (i, x) in l.iter().enumerate() {
                    if i > 0 {
                        self.add(", ");
                    }
                    self.value(x, depth + 1);
                }
            }
            Value::Record(r) => self.guarded(Rc::as_ptr(r).cast(), |w| w.record(r, depth)),
            Value::Table(t) => self.guarded(Rc::as_ptr(t).cast(), |w| w.table(t, depth)),
            Value::Vector(items) => self.guarded(Rc::as_ptr(items).cast(), |w| {
                w.add("[");
                let n = items.len();
                for i in 0..n {
                    if w.out.len() > MAX_TEXT {
                        break;
                    }
                    if i > 0 {
                        w.add(", ");
                    }
                    let x = items.get(i);
                    if x.is_set() {
                        w.value(&x, depth + 1);
                    }
                }
                w.add("]");
            }),
        }
    }

    fn guarded(&mut self, at: *const (), f: impl FnOnce(&mut Self)) {
        if self.seen.contains(&at) {
            return self.add("<cycle>");
        }
        self.seen.push(at);
        f(self);
        self.seen.pop();
    }

    fn record(&mut self, r: &super::RecordVal, depth: u32) {
        self.add("[");
        let fields = self.names.types().field_names(r.ty);
        for (i, name) in fields.iter().enumerate() {
            if i > 0 {
                self.add(", ");
            }
            self.add(name);
            self.add("=");
            let v = r.get(i);
            self.value(&v, depth + 1);
        }
        self.add("]");
    }

    fn table(&mut self, t: &super::TableVal, depth: u32) {
        let members = t.snapshot();
        let loose = self.style != Style::Quoted;
        self.add("{");
        if loose {
            self.indent += 1;
            // Zeek indents members, so an empty table has a bare line end.
            if members.is_empty() {
                self.add("\n");
            } else {
                self.line();
            }
        }
        for (i, (k, v)) in members.iter().enumerate() {
            if self.out.len() > MAX_TEXT {
                break;
            }
            if i > 0 {
                self.add(",");
                if loose {
                    self.line();
                } else {
                    self.add(" ");
                }
            }
            let bracket = !t.is_set || matches!(k, Value::List(_));
            if bracket {
                self.add("[");
            }
            self.value(k, depth + 1);
            if bracket {
                self.add("]");
            }
            if !t.is_set {
                self.add(" = ");
                self.value(v, depth + 1);
            }
        }
        if loose {
            self.indent -= 1;
            self.line();
        }
        self.add("}");
    }
}

/// What `print` shows of a string: bytes that are not UTF-8 and control characters as `\xNN`.
pub fn printable_into(s: &[u8], out: &mut Vec<u8>) {
    let mut rest = s;
    loop {
        let (good, bad) = match std::str::from_utf8(rest) {
            Ok(_) => (rest, &[][..]),
            Err(e) => rest.split_at(e.valid_up_to()),
        };
        for &b in good {
            if b < 0x20 || b == 0x7f {
                hex_escape(b, out);
            } else {
                out.push(b);
            }
        }
        match bad.split_first() {
            Some((&b, more)) => {
                hex_escape(b, out);
                rest = more;
            }
            None => return,
        }
    }
}
/// The tag of an analyzer among those of its kind, by which Zeek's events name it, where this is the one among those of
/// all kinds.
fn own_tag(name: &str) -> Option<(&'static str, &str)> {
    const KINDS: [(&str, &str); 3] =
        [("ANALYZER_", "Analyzer"), ("PACKETANALYZER_", "PacketAnalyzer"), ("FILES_", "Files")];
    let tag = name.strip_prefix("AllAnalyzers::")?;
    KINDS.iter().find_map(|(prefix, module)| {
        let own = tag.strip_prefix(prefix).filter(|own| own.starts_with("ANALYZER_"))?;
        Some((*module, own))
    })
}
