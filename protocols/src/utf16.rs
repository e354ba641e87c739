//! Text of Windows' protocols: UTF-16, the low byte first.

/// The same in UTF-8 up to the first NUL, as Zeek shows it; none where it ends within a character, of which Zeek shows
/// the bytes. A surrogate alone stays what it is, and of an odd number of bytes the last is a character.
pub fn utf8(utf16: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(utf16.len() / 2);
    let mut units = utf16.chunks(2).map(|unit| match *unit {
        [low, high] => u16::from_le_bytes([low, high]),
        [low] => u16::from(low),
        _ => 0,
    });
    let mut ended = false;
    let mut next = units.next();
    while let Some(unit) = next {
        next = units.next();
        let mut code = u32::from(unit);
        if unit & 0xfc00 == 0xd800 {
            let low = next?;
            if low & 0xfc00 == 0xdc00 {
                code = 0x1_0000 + ((code & 0x3ff) << 10 | u32::from(low) & 0x3ff);
                next = units.next();
            }
        }
        // What follows is looked at for whether it ends within a character only.
        ended |= code == 0;
        if !ended {
            push(code, &mut text);
        }
    }
    Some(text)
}

/// Appends a character, be it half of one.
fn push(code: u32, text: &mut Vec<u8>) {
    if let Some(character) = char::from_u32(code) {
        text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        return;
    }
    let [_, _, high, low] = code.to_be_bytes();
    text.extend([0xe0 | high >> 4, 0x80 | (high & 0xf) << 2 | low >> 6, 0x80 | low & 0x3f]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_up_to_its_end() {
        assert_eq!(utf8(b"a\0\xe4\0\x3d\xd8\x00\xde").as_deref(), Some("aä😀".as_bytes()));
        assert_eq!(utf8(b"a\0\0\0b\0").as_deref(), Some(&b"a"[..]));
        assert_eq!(utf8(b"a\0b").as_deref(), Some(&b"ab"[..]));
        assert_eq!(utf8(b"").as_deref(), Some(&b""[..]));
    }

    #[test]
    fn half_characters_stay_unless_they_end_it() {
        assert_eq!(utf8(b"\x3d\xd8a\0").as_deref(), Some(&b"\xed\xa0\xbda"[..]));
        assert_eq!(utf8(b"\x00\xde").as_deref(), Some(&b"\xed\xb8\x80"[..]));
        assert_eq!((utf8(b"a\0\x3d\xd8"), utf8(b"\0\0\x3d\xd8")), (None, None));
    }
}
