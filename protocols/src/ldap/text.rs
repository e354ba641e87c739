//! Bytes as text, as Zeek's parser of LDAP makes it.

use std::borrow::Cow;

/// What is not printable in ASCII is a question mark.
pub fn ascii(bytes: &[u8]) -> Cow<'_, [u8]> {
    let plain = |byte: &u8| (0x20..0x7f).contains(byte);
    if bytes.iter().all(plain) {
        return Cow::Borrowed(bytes);
    }
    Cow::Owned(bytes.iter().map(|byte| if plain(byte) { *byte } else { b'?' }).collect())
}

/// What is not UTF-8 is a replacement character, each byte of it.
pub fn utf8(bytes: &[u8]) -> Cow<'_, [u8]> {
    if std::str::from_utf8(bytes).is_ok() {
        return Cow::Borrowed(bytes);
    }
    let (mut text, mut rest) = (Vec::with_capacity(bytes.len() + 16), bytes);
    while let Err(broken) = std::str::from_utf8(rest) {
        let (whole, behind) = rest.split_at_checked(broken.valid_up_to()).unwrap_or((rest, &[]));
        text.extend_from_slice(whole);
        text.extend_from_slice("\u{fffd}".as_bytes());
        rest = behind.get(1..).unwrap_or_default();
    }
    text.extend_from_slice(rest);
    Cow::Owned(text)
}
