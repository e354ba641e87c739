//! Tokens of structured header fields (RFC 2045 §5.1, RFC 5322 §3.2).

/// Linear whitespace: tab and space.
pub const fn is_lws(byte: u8) -> bool {
    byte == b'\t' || byte == b' '
}

/// What C's `isspace` calls a space.
pub const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r')
}

const fn is_field_name(byte: u8) -> bool {
    byte >= 33 && byte <= 126 && byte != b':'
}

const fn is_tspecial(byte: u8) -> bool {
    matches!(
        byte,
        b'(' | b')'
            | b'<'
            | b'>'
            | b'@'
            | b','
            | b';'
            | b':'
            | b'\\'
            | b'"'
            | b'/'
            | b'['
            | b']'
            | b'?'
            | b'='
    )
}

/// Which bytes make a token: a MIME token, or the wider set met in boundaries in the wild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// RFC 2045 §5.1.
    Mime,
    /// Every printable byte except the quote.
    Boundary,
}

impl TokenKind {
    const fn accepts(self, byte: u8) -> bool {
        let printable = byte >= 33 && byte <= 126;
        match self {
            TokenKind::Mime => printable && !is_tspecial(byte),
            TokenKind::Boundary => printable && byte != b'"',
        }
    }
}

/// Steps over one parenthesised comment, nested ones included; an open one swallows the rest.
fn skip_comment(data: &[u8]) -> &[u8] {
    let mut depth = 0usize;
    let mut bytes = data.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'(' => depth += 1,
            b')' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return data.get(at + 1..).unwrap_or_default();
                }
            }
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    &[]
}

/// Steps over linear whitespace and comments.
pub fn skip_lws_comments(mut data: &[u8]) -> &[u8] {
    loop {
        match data {
            [byte, rest @ ..] if is_lws(*byte) => data = rest,
            [b'(', ..] => data = skip_comment(data),
            _ => return data,
        }
    }
}

/// The first run of accepted bytes, wherever it begins, and what follows it.
fn first_run(mut data: &[u8], accepts: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    loop {
        let (&first, behind) = data.split_first()?;
        if accepts(first) {
            let end = data.iter().position(|&b| !accepts(b)).unwrap_or(data.len());
            return Some(data.split_at(end));
        }
        let skipped = skip_lws_comments(data);
        data = if skipped.len() < data.len() { skipped } else { behind };
    }
}

/// The next token and what follows it.
pub fn token(data: &[u8], kind: TokenKind) -> Option<(&[u8], &[u8])> {
    let data = if kind == TokenKind::Mime { skip_lws_comments(data) } else { data };
    first_run(data, |byte| kind.accepts(byte))
}

/// `type/subtype` and what follows.
pub fn slash_pair(data: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let (first, rest) = token(data, TokenKind::Mime)?;
    let rest = skip_lws_comments(rest).strip_prefix(b"/")?;
    let (second, rest) = token(rest, TokenKind::Mime)?;
    Some((first, second, rest))
}

/// A parameter's value: a token or a quoted string with its quoted pairs resolved into `out`.
/// Returns what follows, or `None` where there is no value or the quote is never closed.
pub fn value<'a>(data: &'a [u8], kind: TokenKind, out: &mut Vec<u8>) -> Option<&'a [u8]> {
    out.clear();
    let data = if kind == TokenKind::Mime { skip_lws_comments(data) } else { data };
    let Some(quoted) = data.strip_prefix(b"\"") else {
        let (found, rest) = token(data, kind)?;
        out.extend_from_slice(found);
        return Some(rest);
    };
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, &byte)) = bytes.next() {
        match byte {
            b'"' => return quoted.get(at + 1..),
            b'\\' => out.extend(bytes.next().map(|(_, &escaped)| escaped)),
            _ => out.push(byte),
        }
    }
    None
}

/// Splits a header line at its colon as leniently as Zeek: junk and comments before the name are
/// stepped over, whitespace may stand before the colon, and the value keeps its trailing
/// whitespace. `None` for a line that is no header.
pub fn header_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, rest) = first_run(skip_lws_comments(line), is_field_name)?;
    let mut value = skip_lws_comments(rest).strip_prefix(b":")?;
    while let Some((&first, rest)) = value.split_first() {
        if !is_space(first) {
            break;
        }
        value = rest;
    }
    Some((name, value))
}

/// A decimal or hexadecimal number at the start of `text`, an optional minus before it; bytes
/// behind the digits are ignored. 0 where there is nothing at all, as in Zeek; `None` where there is
/// something that begins with no digit, or beyond 63 bits.
pub fn leading_number(text: &[u8], radix: u32) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut number: Option<i64> = digits.is_empty().then_some(0);
    for &byte in digits {
        let Some(digit) = char::from(byte).to_digit(radix) else { break };
        number = Some(number.unwrap_or(0).checked_mul(i64::from(radix))?.checked_add(i64::from(digit))?);
    }
    number.map(|n| if negative { -n } else { n })
}
