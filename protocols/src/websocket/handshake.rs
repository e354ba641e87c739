//! What the headers of the HTTP exchange say.

use sha1::{Digest, Sha1};

/// What the server makes of the client's key (RFC 6455 §1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `Sec-WebSocket-Accept` that is right for a `Sec-WebSocket-Key`.
pub fn accept_for(key: &[u8]) -> String {
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    base64(&digest)
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let number = three.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for nth in 0..4 {
            let digit = DIGITS.get((number >> (18 - 6 * nth) & 0x3f) as usize).copied();
            text.push(if nth <= three.len() { digit.map_or('=', char::from) } else { '=' });
        }
    }
    text
}

/// What a header lists, with commas between, as Zeek splits it: an empty one lists one empty text.
pub fn listed(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut parts = value.split(|byte| *byte == b',').peekable();
    let mut is_first = true;
    std::iter::from_fn(move || {
        let mut part = parts.next()?;
        while !is_first && let Some(rest) = part.strip_prefix(b" ") {
            part = rest;
        }
        while parts.peek().is_some()
            && let Some(rest) = part.strip_suffix(b" ")
        {
            part = rest;
        }
        is_first = false;
        Some(part)
    })
}
