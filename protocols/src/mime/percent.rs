//! Percent-decoding as Zeek's `unescape_URI` does it (RFC 3986 §2.1, and `%uXXXX` beside it).

/// An oddity in a percent-encoded text, named as Zeek's weird.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PercentFlaw {
    /// A lone `%` ends the text.
    AtEnd,
    /// `%` and one character end the text.
    PartialAtEnd,
    /// `%%`: the first is dropped (seen in evasions).
    Double,
    /// `%` before something that is no escape.
    Unescaped,
}

impl PercentFlaw {
    /// Its name in weird.log.
    pub const fn weird(self) -> &'static str {
        match self {
            PercentFlaw::AtEnd => "illegal_%_at_end_of_URI",
            PercentFlaw::PartialAtEnd => "partial_escape_at_end_of_URI",
            PercentFlaw::Double => "double_%_in_URI",
            PercentFlaw::Unescaped => "unescaped_%_in_URI",
        }
    }
}

const fn hex(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

/// Two hexadecimal digits as one octet.
pub const fn hex_pair(high: u8, low: u8) -> Option<u8> {
    match (hex(high), hex(low)) {
        (Some(high), Some(low)) => Some(high << 4 | low),
        _ => None,
    }
}

/// Appends the decoded form of `text` to `out`. Output is never longer than the input.
pub fn unescape(text: &[u8], out: &mut Vec<u8>, mut flaw: impl FnMut(PercentFlaw)) {
    let mut rest = text;
    while let Some(at) = memchr::memchr(b'%', rest) {
        let (plain, escape) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = match escape {
            [_] => {
                out.push(b'%');
                flaw(PercentFlaw::AtEnd);
                return;
            }
            [_, one] => {
                out.extend_from_slice(&[b'%', *one]);
                flaw(PercentFlaw::PartialAtEnd);
                return;
            }
            [_, b'%', ..] => {
                flaw(PercentFlaw::Double);
                escape.get(1..).unwrap_or_default()
            }
            [_, a, b, tail @ ..] if hex_pair(*a, *b).is_some() => {
                out.extend(hex_pair(*a, *b));
                tail
            }
            [_, b'u', a, b, c, d, tail @ ..] if hex_pair(*a, *b).is_some() && hex_pair(*c, *d).is_some() => {
                // A zero high octet is most likely ASCII in disguise: keep the low one only.
                if (*a, *b) != (b'0', b'0') {
                    out.extend(hex_pair(*a, *b));
                }
                out.extend(hex_pair(*c, *d));
                tail
            }
            [_, other, tail @ ..] => {
                flaw(PercentFlaw::Unescaped);
                out.extend_from_slice(&[b'%', *other]);
                tail
            }
            [] => return,
        };
    }
    out.extend_from_slice(rest);
}
