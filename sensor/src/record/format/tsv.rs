//! Zeek's tab-separated logs (`LogAscii` with its default settings).

use std::io::Write;

use nightjar_protocols::text;
use nightjar_script::value::text::is_legible;

use crate::record::format::number::{integer, seconds, signed};
use crate::record::format::{Columns, Placing, all_plain};
use crate::record::{Items, Record, Schema, Type, Value, Visitor};
use crate::time::Time;

const UNSET: &[u8] = b"-";
const EMPTY: &[u8] = b"(empty)";

pub(super) fn row<R: Record>(record: &R, out: &mut Vec<u8>) {
    record.visit(&mut Row { out });
    out.push(b'\n');
}

pub(super) fn row_with_places<R: Record>(
    record: &R,
    fields: u64,
    out: &mut Vec<u8>,
    place: &mut dyn FnMut(usize, usize),
) {
    record.visit(&mut Placing { columns: Row { out }, fields, place });
    out.push(b'\n');
}

struct Row<'a> {
    out: &'a mut Vec<u8>,
}

impl Columns for Row<'_> {
    fn len(&self) -> usize {
        self.out.len()
    }
}

impl Visitor for Row<'_> {
    // Each field's type is known where a record shows it; inlined, only the code for that type is left.
    #[inline(always)]
    fn field(&mut self, index: usize, value: Value<'_>) {
        if index > 0 {
            self.out.push(b'\t');
        }
        match value {
            Value::List(items) => list(items, self.out),
            value => scalar(value, false, index == 0, self.out),
        }
    }
}

fn list(items: &dyn Items, out: &mut Vec<u8>) {
    let count = items.count();
    if count == 0 {
        out.extend_from_slice(EMPTY);
    }
    for at in 0..count {
        if at > 0 {
            out.push(b',');
        }
        scalar(items.item(at), true, false, out);
    }
}

#[inline(always)]
fn scalar(value: Value<'_>, in_list: bool, at_line_start: bool, out: &mut Vec<u8>) {
    match value {
        Value::Unset | Value::List(_) => out.extend_from_slice(UNSET),
        Value::Bool(b) => out.push(if b { b'T' } else { b'F' }),
        Value::Count(n) => integer(n, out),
        Value::Int(n) => signed(n, out),
        Value::Double(d) => {
            let _ = write!(out, "{d:.6}");
        }
        Value::Time(t) => seconds(t.nanos(), out),
        Value::Interval(i) => seconds(i.nanos(), out),
        Value::Enum(name) => out.extend_from_slice(name.as_bytes()),
        Value::Addr(a) => text::address(a, out),
        Value::Port(p) => integer(u64::from(p), out),
        Value::Uid(uid) => out.extend_from_slice(uid.as_bytes()),
        Value::Bytes(text) => string(text, in_list, at_line_start, out),
    }
}

/// A string, escaped where it would read as something else: the unset and empty markers, a comment at the start of
/// a line, separators, and what is not [legible](is_legible). Like Zeek, what lies between two separators or
/// backslashes is judged by itself.
fn string(text: &[u8], in_list: bool, at_line_start: bool, out: &mut Vec<u8>) {
    match text {
        b"" => return out.extend_from_slice(EMPTY),
        UNSET => return out.extend_from_slice(b"\\x2d"),
        EMPTY => return out.extend_from_slice(b"\\x28empty)"),
        _ => {}
    }
    if all_plain(text, if in_list { b',' } else { b'\\' }) && !(at_line_start && text[0] == b'#') {
        return out.extend_from_slice(text);
    }
    let mut rest = text;
    if let Some(after) = text.strip_prefix(b"#").filter(|_| at_line_start) {
        hex(b'#', out);
        rest = after;
    }
    let special = |byte: &u8| matches!(byte, b'\\' | b'\t') || in_list && *byte == b',';
    while let Some(at) = rest.iter().position(special) {
        let (before, from) = rest.split_at(at);
        piece(before, true, out);
        match from.split_first() {
            Some((b'\\', after)) => {
                out.extend_from_slice(b"\\\\");
                rest = after;
            }
            Some((separator, after)) => {
                hex(*separator, out);
                rest = after;
            }
            None => rest = b"",
        }
    }
    piece(rest, true, out);
}

/// Appends a text, or a piece between two places of it that are escaped for reasons of their own. Where `utf8` is
/// false nothing beyond ASCII is legible.
pub(crate) fn piece(text: &[u8], utf8: bool, out: &mut Vec<u8>) {
    if utf8 && is_legible(text, b"") {
        return out.extend_from_slice(text);
    }
    for &byte in text {
        if (b' '..=b'~').contains(&byte) { out.push(byte) } else { hex(byte, out) }
    }
}

pub(crate) fn hex(byte: u8, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.extend_from_slice(&[b'\\', b'x', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
}

pub(super) fn header(schema: &Schema, opened: Time, out: &mut Vec<u8>) {
    out.extend_from_slice(
        b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\t",
    );
    out.extend_from_slice(schema.path.as_bytes());
    out.extend_from_slice(b"\n#open\t");
    stamp(opened, out);
    out.extend_from_slice(b"\n#fields");
    for field in schema.fields {
        out.push(b'\t');
        out.extend_from_slice(field.name.as_bytes());
    }
    out.extend_from_slice(b"\n#types");
    for field in schema.fields {
        out.push(b'\t');
        type_name(field.ty, out);
    }
    out.push(b'\n');
}

pub(super) fn footer(closed: Time, out: &mut Vec<u8>) {
    out.extend_from_slice(b"#close\t");
    stamp(closed, out);
    out.push(b'\n');
}

/// `2011-03-18-19-06-07`, in UTC: a replay gives the same bytes wherever it runs.
pub(crate) fn stamp(at: Time, out: &mut Vec<u8>) {
    let text = jiff::Timestamp::from_nanosecond(i128::from(at.nanos()))
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .strftime("%Y-%m-%d-%H-%M-%S")
        .to_string();
    out.extend_from_slice(text.as_bytes());
}

fn type_name(ty: Type, out: &mut Vec<u8>) {
    let (name, element) = match ty {
        Type::Bool => ("bool", None),
        Type::Count => ("count", None),
        Type::Int => ("int", None),
        Type::Double => ("double", None),
        Type::Time => ("time", None),
        Type::Interval => ("interval", None),
        Type::String => ("string", None),
        Type::Enum => ("enum", None),
        Type::Addr => ("addr", None),
        Type::Port => ("port", None),
        Type::Set(element) => ("set[", Some(*element)),
        Type::Vector(element) => ("vector[", Some(*element)),
    };
    out.extend_from_slice(name.as_bytes());
    if let Some(element) = element {
        type_name(element, out);
        out.push(b']');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &[u8], in_list: bool, first: bool) -> String {
        let mut out = Vec::new();
        string(text, in_list, first, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn strings_that_would_read_as_something_else_are_escaped() {
        for (text, expected) in [
            (&b"plain text"[..], "plain text"),
            (b"", "(empty)"),
            (b"-", "\\x2d"),
            (b"--", "--"),
            (b"(empty)", "\\x28empty)"),
            (b"a\tb\n", "a\\x09b\\x0a"),
            (b"back\\slash", "back\\\\slash"),
            ("gr\u{fc}n".as_bytes(), "gr\u{fc}n"),
            (b"\xff\xc3(", "\\xff\\xc3("),
            (b"a,b", "a,b"),
            // One byte that shows nothing, and none beyond ASCII stands as it is: up to the next separator or backslash.
            ("gr\u{fc}n\x07\u{20ac}".as_bytes(), "gr\\xc3\\xbcn\\x07\\xe2\\x82\\xac"),
            ("gr\u{fc}n\n".as_bytes(), "gr\\xc3\\xbcn\\x0a"),
            ("\u{fc}\t\x7f\u{fc}\\\u{fc}".as_bytes(), "\u{fc}\\x09\\x7f\\xc3\\xbc\\\\\u{fc}"),
            ("\u{85}".as_bytes(), "\\xc2\\x85"),
            ("\u{a0}\u{2028}\u{d7ff}\u{f900}\u{1f604}".as_bytes(), "\u{a0}\u{2028}\u{d7ff}\u{f900}\u{1f604}"),
            ("\u{e000}".as_bytes(), "\\xee\\x80\\x80"),
            ("\u{fffe}".as_bytes(), "\\xef\\xbf\\xbe"),
        ] {
            assert_eq!(written(text, false, false), expected, "{text:?}");
        }
        assert_eq!(written("\u{fc},\x01\u{fc}".as_bytes(), true, false), "\u{fc}\\x2c\\x01\\xc3\\xbc");
        assert_eq!(written(b"", true, false), "(empty)");
        assert_eq!(written(b"a,b", true, false), "a\\x2cb");
        assert_eq!(written(b"#x#", false, true), "\\x23x#");
    }

    #[test]
    fn header_names_fields_and_types() {
        use crate::record::{FieldDef, Schema};
        let schema = Schema {
            summary: &[],
            path: "x",
            fields: &[
                FieldDef { name: "ts", ty: Type::Time, optional: false, zeek: None, doc: "" },
                FieldDef { name: "s", ty: Type::Set(&Type::String), optional: true, zeek: None, doc: "" },
            ],
        };
        let mut out = Vec::new();
        header(&schema, Time::from_nanos(1_300_475_167_000_000_000), &mut out);
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("#separator \\x09\n"));
        assert!(
            text.ends_with("#open\t2011-03-18-19-06-07\n#fields\tts\ts\n#types\ttime\tset[string]\n"),
            "{text}"
        );
    }
}
