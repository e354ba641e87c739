//! Texts as messages carry them.

use std::borrow::Cow;

use crate::bounds::{Cursor, Result};
use crate::utf16::utf8;

/// UTF-16 as UTF-8 ([`utf8`]), and what ends within a character as it is.
pub fn of_utf16(bytes: &[u8]) -> Cow<'_, [u8]> {
    utf8(bytes).map_or(Cow::Borrowed(bytes), Cow::Owned)
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
    fn what_ends_within_a_character_stays_as_it_is() {
        assert_eq!(
            (of_utf16(b"a\0"), of_utf16(b"a\0\x3d\xd8")),
            (b"a"[..].into(), b"a\0\x3d\xd8"[..].into())
        );
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
