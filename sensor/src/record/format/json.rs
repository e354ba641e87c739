//! JSON lines, as Zeek writes them with `LogAscii::use_json=T`: unset fields are left out.

use nightjar_protocols::text;
use nightjar_script::value::text::{LETTERED, is_legible};

use crate::record::format::number::{integer, seconds, signed};
use crate::record::format::tsv::hex;
use crate::record::format::{Columns, JsonTime, Placing, all_plain};
use crate::record::{Record, Value, Visitor};

pub(super) fn row<R: Record>(record: &R, time: JsonTime, out: &mut Vec<u8>) {
    out.push(b'{');
    let start = out.len();
    record.visit(&mut Row { fields: R::SCHEMA.fields, time, start, out });
    out.extend_from_slice(b"}\n");
}

pub(super) fn row_with_places<R: Record>(
    record: &R,
    time: JsonTime,
    fields: u64,
    out: &mut Vec<u8>,
    place: &mut dyn FnMut(usize, usize),
) {
    out.push(b'{');
    let start = out.len();
    let columns = Row { fields: R::SCHEMA.fields, time, start, out };
    record.visit(&mut Placing { columns, fields, place });
    out.extend_from_slice(b"}\n");
}

impl Columns for Row<'_> {
    fn len(&self) -> usize {
        self.out.len()
    }
}

struct Row<'a> {
    fields: &'static [crate::record::FieldDef],
    time: JsonTime,
    start: usize,
    out: &'a mut Vec<u8>,
}

impl Visitor for Row<'_> {
    #[inline]
    fn field(&mut self, index: usize, value: Value<'_>) {
        if matches!(value, Value::Unset) {
            return;
        }
        if self.out.len() > self.start {
            self.out.push(b',');
        }
        self.out.push(b'"');
        self.out.extend_from_slice(self.fields[index].name.as_bytes());
        self.out.extend_from_slice(b"\":");
        scalar(value, self.time, self.out);
    }
}

#[inline]
pub(crate) fn scalar(value: Value<'_>, time: JsonTime, out: &mut Vec<u8>) {
    match value {
        Value::Unset => out.extend_from_slice(b"null"),
        Value::Bool(b) => out.extend_from_slice(if b { b"true" } else { b"false" }),
        Value::Count(n) => integer(n, out),
        Value::Int(n) => signed(n, out),
        Value::Double(d) if d.is_finite() => {
            double(d, out);
        }
        Value::Double(_) => out.extend_from_slice(b"null"),
        Value::Time(t) => match time {
            JsonTime::Epoch => trimmed_seconds(t.nanos(), out),
            // By the seconds of scripts, as Zeek.
            JsonTime::Millis => signed((t.as_secs_f64() * 1e3) as i64, out),
            JsonTime::Iso8601 => iso8601(t.nanos(), out),
        },
        Value::Interval(i) => trimmed_seconds(i.nanos(), out),
        Value::Enum(name) => string(name.as_bytes(), out),
        Value::Addr(a) => {
            out.push(b'"');
            text::address(a, out);
            out.push(b'"');
        }
        Value::Port(p) => integer(u64::from(p), out),
        Value::Uid(uid) => string(uid.as_bytes(), out),
        Value::Bytes(text) => string(text, out),
        Value::List(items) => {
            out.push(b'[');
            for at in 0..items.count() {
                if at > 0 {
                    out.push(b',');
                }
                scalar(items.item(at), time, out);
            }
            out.push(b']');
        }
    }
}

/// Seconds with up to six decimals, zeros at the end left out: `1.5`, `2.0`.
fn trimmed_seconds(nanos: i64, out: &mut Vec<u8>) {
    seconds(nanos, out);
    while out.ends_with(b"0") && !out.ends_with(b".0") {
        out.pop();
    }
}

fn iso8601(nanos: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    date_time(nanos, out);
    out.extend_from_slice(b"Z\"");
}

/// Appends `2011-03-18T19:06:07.096535`, in UTC.
pub(crate) fn date_time(nanos: i64, out: &mut Vec<u8>) {
    let at = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let civil = jiff::tz::Offset::UTC.to_datetime(at);
    let mut digits = |number: i64, width: usize, after: &[u8]| {
        let mut text = [b'0'; 6];
        let mut rest = number.unsigned_abs();
        for place in text[..width].iter_mut().rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        out.extend_from_slice(&text[..width]);
        out.extend_from_slice(after);
    };
    digits(civil.year().into(), 4, b"-");
    digits(civil.month().into(), 2, b"-");
    digits(civil.day().into(), 2, b"T");
    digits(civil.hour().into(), 2, b":");
    digits(civil.minute().into(), 2, b":");
    digits(civil.second().into(), 2, b".");
    digits(i64::from(civil.subsec_nanosecond()) / 1_000, 6, b"");
}

/// A value as plain text, without quotes: a key, or a part of a sentence.
pub(crate) fn plain_text(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bytes(text) => out.extend_from_slice(text),
        Value::Enum(name) => out.extend_from_slice(name.as_bytes()),
        Value::Uid(uid) => out.extend_from_slice(uid.as_bytes()),
        Value::Addr(a) => text::address(a, out),
        Value::Unset => {}
        value => scalar(value, JsonTime::Epoch, out),
    }
}

/// The shortest digits that name the number; with an exponent outside of 1e-6 to 1e21, as Zeek's JSON library does.
fn double(d: f64, out: &mut Vec<u8>) {
    use std::io::Write;
    let start = out.len();
    let _ =
        if d == 0.0 || (1e-6..1e21).contains(&d.abs()) { write!(out, "{d}") } else { write!(out, "{d:e}") };
    if !out[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.extend_from_slice(b".0");
    }
}

/// A JSON string. Where the text is not [legible](is_legible) but for control characters that JSON has letters for, every byte beyond printable ASCII becomes `\xNN` with the backslash escaped, as in Zeek.
pub(crate) fn string(text: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    if all_plain(text, b'"') {
        out.extend_from_slice(text);
    } else {
        let legible = is_legible(text, LETTERED);
        text.iter().for_each(|byte| escaped(*byte, legible, out));
    }
    out.push(b'"');
}

fn escaped(byte: u8, legible: bool, out: &mut Vec<u8>) {
    match byte {
        b'"' => out.extend_from_slice(b"\\\""),
        b'\\' => out.extend_from_slice(b"\\\\"),
        b'\n' => out.extend_from_slice(b"\\n"),
        b'\r' => out.extend_from_slice(b"\\r"),
        b'\t' => out.extend_from_slice(b"\\t"),
        0x08 => out.extend_from_slice(b"\\b"),
        0x0c => out.extend_from_slice(b"\\f"),
        b' '..=b'~' => out.push(byte),
        _ if legible => out.push(byte),
        _ => {
            out.push(b'\\');
            hex(byte, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_make_a_string_that_json_reads() {
        for (text, expected) in [
            (&b"plain"[..], "\"plain\""),
            (b"a\"b\\c\n\x01\x7f", "\"a\\\"b\\\\c\\n\\\\x01\\\\x7f\""),
            ("\u{20ac}".as_bytes(), "\"\u{20ac}\""),
            (b"\xffx", "\"\\\\xffx\""),
            ("\u{e9}\n\x08\x0c".as_bytes(), "\"\u{e9}\\n\\b\\f\""),
            // One byte that shows nothing, and none beyond ASCII stands as it is.
            (b"\xc3\xa9\n\xff", "\"\\\\xc3\\\\xa9\\n\\\\xff\""),
            ("\u{e9}\x01\\".as_bytes(), "\"\\\\xc3\\\\xa9\\\\x01\\\\\""),
            ("\u{85}".as_bytes(), "\"\\\\xc2\\\\x85\""),
            ("\u{ffff}".as_bytes(), "\"\\\\xef\\\\xbf\\\\xbf\""),
        ] {
            let mut out = Vec::new();
            string(text, &mut out);
            let written = String::from_utf8(out).unwrap();
            assert_eq!(written, expected);
            serde_json::from_str::<serde_json::Value>(&written).unwrap();
        }
    }

    #[test]
    fn moments_are_dates_with_microseconds() {
        for (nanos, expected) in [
            (1_300_475_167_096_535_999, "2011-03-18T19:06:07.096535"),
            (0, "1970-01-01T00:00:00.000000"),
            (-1_000, "1969-12-31T23:59:59.999999"),
        ] {
            let mut out = Vec::new();
            date_time(nanos, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    #[test]
    fn seconds_lose_the_zeros_at_their_end() {
        for (nanos, expected) in
            [(1_500_000_000, "1.5"), (2_000_000_000, "2.0"), (1_234, "0.000001"), (-5_000, "-0.000005")]
        {
            let mut out = Vec::new();
            trimmed_seconds(nanos, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    /// JSON::TS_MILLIS is about moments; Zeek takes them from a double, cut off.
    #[test]
    fn milliseconds_are_those_of_moments_and_not_of_spans() {
        let written = |value| {
            let mut out = Vec::new();
            scalar(value, JsonTime::Millis, &mut out);
            String::from_utf8(out).unwrap()
        };
        let at = |nanos| Value::Time(crate::time::Time::from_nanos(nanos));
        assert_eq!(written(at(1_300_475_167_096_535_000)), "1300475167096");
        assert_eq!(written(at(1_700_000_000_003_000_000)), "1700000000003");
        assert_eq!(written(Value::Interval(crate::time::Interval::from_nanos(1_250_000))), "0.00125");
    }
}
