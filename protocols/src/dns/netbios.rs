//! NetBIOS names inside DNS labels (RFC 1001 §14.1, "first level encoding").

/// Bytes of an encoded name: two letters for each of 16.
const ENCODED_LEN: usize = 32;

/// A name without its 16th byte, which is a type.
const MAX_LEN: usize = 15;

/// Decodes the half-ASCII `name` into `out` and gives the text: up to the first byte that is not
/// printable, without its padding. `None` where it is no such name or nothing is left of it.
///
/// As Zeek's `decode_netbios_name`: bytes 0 to 2 count as printable, for the `\x01\x02__MSBROWSE__`
/// of browser elections.
pub fn decode<'o>(name: &[u8], out: &'o mut [u8; 16]) -> Option<&'o [u8]> {
    if name.len() != ENCODED_LEN {
        return None;
    }
    let mut len = 0;
    for (byte, pair) in out.iter_mut().zip(name.chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        *byte = nibble(high)? << 4 | nibble(low)?;
        // Zeek stops here, and so never looks at letters behind an unprintable byte.
        if !(byte.is_ascii_graphic() || *byte == b' ' || *byte < 3) {
            break;
        }
        len += 1;
    }
    let text = out.get(..len.min(MAX_LEN))?;
    let end = text.iter().rposition(|&b| b != b' ' && b != 0)? + 1;
    text.get(..end)
}

fn nibble(letter: u8) -> Option<u8> {
    match letter.to_ascii_uppercase() {
        upper @ b'A'..=b'P' => Some(upper - b'A'),
        _ => None,
    }
}
