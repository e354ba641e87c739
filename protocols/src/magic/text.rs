//! Tests for formats that a row of the table cannot describe.

use super::pattern::Class;

/// Blanks and line ends, as Zeek's signatures count them around markup and JSON.
pub(super) const BLANK: Class = Class::of(b"\r\n \t");
pub(super) const DIGIT: Class = Class::of(b"").and(b'0', b'9');
/// C's `isspace`.
pub(super) const SPACE: Class = Class::of(b" \t\n\x0b\x0c\r");

const IDENT_START: Class = Class::of(b"").and(b'a', b'z').and(b'A', b'Z');
const IDENT: Class = Class::of(b"\\_").and(b'a', b'z').and(b'A', b'Z').and(b'0', b'9');
/// What opens a value Zeek accepts after a JSON key; not `-` nor `n`, so `{"a": null}` is no JSON to it.
const VALUE_START: Class = Class::of(b"\"[{").and(b'0', b'9');
const PLAIN: Class = Class::of(b"\t\n\x0b\x0c\r").and(0x20, 0x7e);
const TAR_NAME: Class = Class::of(b"\0").and(0x20, 0x7e);

/// First bytes of the tests below: their own first characters, blanks and byte order marks.
pub(super) const JSON_FIRST: Class = Class::of(b"\r\n \t{[\xef\xff\xfe");
pub(super) const INI_FIRST: Class = Class::of(b"\0\r\n \t[\xef\xff\xfe");
pub(super) const PLAIN_FIRST: Class = Class::of(b"\0\t\n\x0b\x0c\r\xef\xff\xfe").and(0x20, 0x7e);
pub(super) const TAR_FIRST: Class = TAR_NAME;

/// What follows a byte order mark, or all of it where there is none.
pub(super) fn after_bom(data: &[u8]) -> &[u8] {
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"];
    marks.iter().find_map(|mark| data.strip_prefix(*mark)).unwrap_or(data)
}

pub(super) fn skip<'a>(data: &'a [u8], class: &Class) -> &'a [u8] {
    let n = data.iter().take_while(|b| class.has(**b)).count();
    data.get(n..).unwrap_or_default()
}

/// An object whose first key is followed by a value, or an array whose first element is followed by a comma
/// or is itself an array or object.
///
/// Zeek's third signature, for `{}` and `[]` alone, asks for the end of the data, which its matcher never
/// signals for files: empty documents have no type.
pub(super) fn is_json(data: &[u8]) -> bool {
    let data = skip(after_bom(data), &BLANK);
    match data.split_first() {
        Some((b'{', body)) => is_json_member(skip(body, &BLANK)),
        Some((b'[', body)) => is_json_element(skip(body, &BLANK)),
        _ => false,
    }
}

fn is_json_member(data: &[u8]) -> bool {
    let after_key = match data.first() {
        Some(b'"') => after_string(data),
        Some(b) if IDENT_START.has(*b) => Some(skip(data, &IDENT)),
        _ => None,
    };
    let Some(after_key) = after_key else { return false };
    let Some(value) = skip(after_key, &BLANK).strip_prefix(b":") else { return false };
    let value = skip(value, &BLANK);
    value.first().is_some_and(|b| VALUE_START.has(*b)) || after_bool(value).is_some()
}

fn is_json_element(data: &[u8]) -> bool {
    let after = match data.first() {
        Some(b'{' | b'[') => return true,
        Some(b'"') => after_string(data),
        Some(b'0'..=b'9') => Some(after_number(data)),
        _ => after_bool(data),
    };
    after.is_some_and(|rest| skip(rest, &BLANK).starts_with(b","))
}

/// Behind a quoted string of at least one character; Zeek does not look for escaped quotes.
fn after_string(data: &[u8]) -> Option<&[u8]> {
    let body = data.strip_prefix(b"\"")?;
    let len = memchr::memchr(b'"', body).filter(|len| *len > 0)?;
    body.get(len + 1..)
}

fn after_number(data: &[u8]) -> &[u8] {
    let whole = skip(data, &DIGIT);
    match whole.strip_prefix(b".").map(|frac| (frac, skip(frac, &DIGIT))) {
        Some((frac, rest)) if rest.len() < frac.len() => rest,
        _ => whole,
    }
}

fn after_bool(data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(b"true").or_else(|| data.strip_prefix(b"false"))
}

/// A section header alone on the first line that is not blank: `[name]`. NULs are let through so that
/// UTF-16 text passes.
pub(super) fn is_ini(data: &[u8]) -> bool {
    const LEAD: Class = Class::of(b"\0\r\n \t");
    const TRAIL: Class = Class::of(b"\0 \t");
    let Some(body) = skip(after_bom(data), &LEAD).strip_prefix(b"[") else { return false };
    let Some(end) = memchr::memchr2(b'\r', b'\n', body) else { return false };
    let line = body.get(..end).unwrap_or_default();
    let trailing = line.iter().rev().take_while(|b| TRAIL.has(**b)).count();
    matches!(line.get(..line.len() - trailing), Some([_, .., b']']))
}

/// Ten characters of ASCII text, behind the byte order mark of any Unicode encoding.
pub(super) fn is_plain(data: &[u8]) -> bool {
    let marks: [&[u8]; 6] =
        [b"\xef\xbb\xbf", b"\x00\x00\xfe\xff", b"\xfe\xff", b"\xff\xfe\x00\x00", b"\xff\xfe", b""];
    let text = marks.iter().find_map(|mark| data.strip_prefix(*mark)).unwrap_or(data);
    text.get(..10).is_some_and(|head| head.iter().all(|b| PLAIN.has(*b)))
}

/// A POSIX or older tar header: a name of 100 bytes, then mode, uid, gid, size, time, checksum as octal text,
/// then the type of the entry.
pub(super) fn is_tar(data: &[u8]) -> bool {
    const NUMBER: Class = Class::of(b" ").and(b'0', b'9');
    const CHECKSUM: Class = Class::of(b"\0 ").and(b'0', b'9');
    const FIELD_END: [usize; 5] = [107, 115, 123, 135, 147];
    let Some(head) = data.first_chunk::<157>() else { return false };
    // The ends of fields first: a single byte decides for nearly every other file.
    if FIELD_END.iter().any(|at| head.get(*at) != Some(&0)) {
        return false;
    }
    let (name, fields) = head.split_at(100);
    let (numbers, checksum) = fields.split_at(48);
    name.iter().all(|b| TAR_NAME.has(*b))
        && numbers.iter().enumerate().all(|(i, b)| NUMBER.has(*b) || FIELD_END.contains(&(100 + i)))
        && matches!(checksum, [sum @ .., end, kind]
            if sum.iter().all(|b| CHECKSUM.has(*b)) && matches!(end, b' ' | 0) && matches!(kind, b'0'..=b'7' | 0))
}
