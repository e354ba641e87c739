//! Quoted-printable (RFC 2045 §6.7).

use super::percent::hex_pair;

/// What the encoding forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuotedFlaw {
    /// `=` without two hexadecimal digits behind it.
    NoDigits,
    /// A byte that is neither printable nor a blank.
    Control(u8),
}

impl QuotedFlaw {
    /// The message that Zeek has for it.
    pub fn message(self) -> String {
        match self {
            QuotedFlaw::NoDigits => {
                "= is not followed by two hexadecimal digits in quoted-printable encoding".to_owned()
            }
            QuotedFlaw::Control(byte) => {
                format!("control characters in quoted-printable encoding: {}", i8::from_ne_bytes([byte]))
            }
        }
    }
}

/// Appends the decoded form of one line, with its CRLF unless a soft line break ends it. Bytes
/// that the encoding forbids are kept as they are.
pub fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    decode_line_with(line, out, |_| {});
}

/// The same; `flaw` hears of what is forbidden.
pub fn decode_line_with(line: &[u8], out: &mut Vec<u8>, mut flaw: impl FnMut(QuotedFlaw)) {
    let end = line.iter().rposition(|b| !matches!(b, b'\t' | b' ')).map_or(0, |at| at + 1);
    let mut rest = line.get(..end).unwrap_or_default();
    loop {
        rest = match rest {
            [] => {
                out.extend_from_slice(b"\r\n");
                return;
            }
            [b'='] => return,
            [b'=', a, b, tail @ ..] if hex_pair(*a, *b).is_some() => {
                out.extend(hex_pair(*a, *b));
                tail
            }
            [b'=', tail @ ..] => {
                flaw(QuotedFlaw::NoDigits);
                out.push(b'=');
                tail
            }
            [other, tail @ ..] => {
                if !matches!(other, b'\t' | b' '..=b'~') {
                    flaw(QuotedFlaw::Control(*other));
                }
                out.push(*other);
                tail
            }
        };
    }
}
