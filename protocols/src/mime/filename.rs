//! File names in `Content-Disposition` and `Content-Type` (RFC 2183, RFC 5987).

use super::percent;

/// The file name a `Content-Disposition` value carries.
pub fn from_content_disposition(value: &[u8]) -> Option<Vec<u8>> {
    has_parameter(value, b"filename", true).then(|| extract(value))
}

/// The file name a `Content-Type` value carries in its `name` parameter.
pub fn from_content_type(value: &[u8]) -> Option<Vec<u8>> {
    has_parameter(value, b"name", false).then(|| extract(value))
}

fn skip_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] = text {
        text = rest;
    }
    text
}

/// What follows `name`, blanks, an optional `*` and `=` at the start of `text`.
fn after_assignment<'a>(text: &'a [u8], name: &[u8], star: bool) -> Option<&'a [u8]> {
    let (head, rest) = text.split_at_checked(name.len())?;
    if !head.eq_ignore_ascii_case(name) {
        return None;
    }
    let rest = skip_blanks(rest);
    match rest {
        [b'=', tail @ ..] => Some(tail),
        [b'*', b'=', tail @ ..] if star => Some(tail),
        _ => None,
    }
}

fn has_parameter(value: &[u8], name: &[u8], star: bool) -> bool {
    (0..value.len()).any(|at| value.get(at..).is_some_and(|t| after_assignment(t, name, star).is_some()))
}

/// Zeek's reading: what follows the last `name=`, unquoted, without the charset and language that
/// RFC 5987 puts before it, percent-decoded.
fn extract(value: &[u8]) -> Vec<u8> {
    let last = (0..value.len()).rev().find_map(|at| after_assignment(value.get(at..)?, b"name", true));
    let mut name = skip_blanks(last.unwrap_or(value));
    if let Some(quoted) = name.strip_prefix(b"\"") {
        name = quoted.split(|&b| b == b'"').next().unwrap_or_default();
    }
    name = without_charset(name);
    let mut out = Vec::with_capacity(name.len());
    percent::unescape(name, &mut out, |_| {});
    out
}

/// The character class of the charset in Zeek's pattern, its accidental range `+-^` included.
const fn is_charset(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#' | b'$' | b'%' | b'&' | b'+'..=b'^' | b'_' | b'`' | b'{' | b'}' | b'~')
}

/// Drops `charset'language'`.
fn without_charset(name: &[u8]) -> &[u8] {
    let mut parts = name.splitn(3, |&b| b == b'\'');
    let (Some(charset), Some(language), Some(_)) = (parts.next(), parts.next(), parts.next()) else {
        return name;
    };
    if charset.is_empty() || !charset.iter().chain(language).all(|&b| is_charset(b)) {
        return name;
    }
    name.rsplit(|&b| b == b'\'').next().unwrap_or_default()
}
