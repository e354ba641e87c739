//! Texts as messages carry them.

use std::borrow::Cow;

use crate::bounds::{Cursor, Result};

/// UTF-16, the low byte first, as UTF-8: up to the first NUL, as in Zeek. What is no UTF-16 stays as it is.
pub fn of_utf16(bytes: &[u8]) -> Cow<'_, [u8]> {
    let (units, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return Cow::Borrowed(bytes);
    }
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let text: std::result::Result<String, _> = char::decode_utf16(units).collect();
    text.map_or(Cow::Borrowed(bytes), |text| Cow::Owned(text.into_bytes()))
}

/// A text of SMB 1 up to its NUL or the end, which may be UTF-16 at an even place of the record that it stands in:
/// `before` bytes of that come before what `r` reads.
pub(super) fn of_v1<'a>(r: &mut Cursor<'a>, unicode: bool, before: usize) -> Result<Cow<'a, [u8]>> {
    if !unicode {
        let text = r.text().unwrap_or_else(|| r.take_rest());
        return Ok(Cow::Borrowed(text));
    }
    r.take(before & 1, "SMB_unicode_string:pad")?;
    let (units, _) = r.rest().as_chunks::<2>();
    let Some(end) = units.iter().position(|unit| *unit == [0, 0]) else {
        return Ok(of_utf16(r.take_rest()));
    };
    let text = r.take(end * 2, "SMB_unicode_string:s")?;
    r.take(2, "SMB_unicode_string:s")?;
    Ok(of_utf16(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_16_is_read_up_to_its_nul() {
        for (bytes, text) in [
            (&b"a\0b\0"[..], &b"ab"[..]),
            (b"a\0\0\0b\0", b"a"),
            (b"\xe4\0\x3d\xd8\0\xde", "\u{e4}\u{1f600}".as_bytes()),
            (b"a\0b", b"a\0b"),
            (b"\x3d\xd8a\0", b"\x3d\xd8a\0"),
            (b"", b""),
        ] {
            assert_eq!(of_utf16(bytes), text, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn texts_of_smb_1_stand_at_even_places() {
        let mut r = Cursor::new(b"xa\0\0\0b\0c");
        assert_eq!(of_v1(&mut r, true, 1).as_deref(), Ok(&b"a"[..]));
        assert_eq!(of_v1(&mut r, false, 0).as_deref(), Ok(&b"b"[..]));
        assert_eq!(of_v1(&mut r, false, 0).as_deref(), Ok(&b"c"[..]), "it may end with the message");
        assert_eq!(of_v1(&mut r, true, 0).as_deref(), Ok(&b""[..]));
        assert!(of_v1(&mut r, true, 1).is_err());
    }
}
