//! Quoted-printable (RFC 2045 §6.7).

use super::percent::hex_pair;

/// Appends the decoded form of one line, with its CRLF unless a soft line break ends it. Bytes
/// that the encoding forbids are kept as they are.
pub fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    let end = line.iter().rposition(|b| !matches!(b, b'\t' | b' ')).map_or(0, |at| at + 1);
    let mut rest = line.get(..end).unwrap_or_default();
    loop {
        rest = match rest {
            [] => {
                out.extend_from_slice(b"\r\n");
                return;
            }
            [b'='] => return,
            [b'=', a, b, tail @ ..] => match hex_pair(*a, *b) {
                Some(octet) => {
                    out.push(octet);
                    tail
                }
                None => {
                    out.push(b'=');
                    rest.get(1..).unwrap_or_default()
                }
            },
            [other, tail @ ..] => {
                out.push(*other);
                tail
            }
        };
    }
}
