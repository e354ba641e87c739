//! ASN.1 in BER (X.690), as protocols of Zeek's generated parsers have it: what is broken is told in their words.

use crate::bounds::{Broken, Cursor, Result};

/// Tag of a number.
pub const INTEGER: u8 = 0x02;
/// Tag of bytes.
pub const OCTET_STRING: u8 = 0x04;
/// Tag of a name of numbers.
pub const OBJECT_IDENTIFIER: u8 = 0x06;
/// Tag of a number that stands for something.
pub const ENUMERATED: u8 = 0x0a;
/// Tag of several, one after the other.
pub const SEQUENCE: u8 = 0x30;

/// What constructed tags of an application begin at.
pub const APPLICATION: u8 = 0x60;
/// What constructed tags of a context begin at: the fields of a sequence.
const CONTEXT: u8 = 0xa0;

/// An object identifier, as encoded (X.690 §8.19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Oid<'a>(pub &'a [u8]);

impl Oid<'_> {
    /// With dots between its numbers; empty where it ends within one.
    pub fn text(self) -> String {
        let mut text = String::new();
        let (mut value, mut open) = (0_u64, false);
        for byte in self.0 {
            value = value << 7 | u64::from(byte & 0x7f);
            open = byte & 0x80 != 0;
            if open {
                continue;
            }
            if text.is_empty() {
                let root = (value / 40).min(2);
                text = format!("{root}.{}", value - root * 40);
            } else {
                text.push('.');
                text.push_str(&value.to_string());
            }
            value = 0;
        }
        if open { String::new() } else { text }
    }
}

/// A tag and a length (X.690 §8.1).
///
/// # Errors
///
/// Where it is not whole. The same goes for the others.
pub fn meta(cursor: &mut Cursor<'_>) -> Result<(u8, u64)> {
    cursor.record(|cursor| {
        let [tag, length] = cursor.array("ASN1EncodingMeta:len")?;
        let more = if length & 0x80 != 0 { usize::from(length & 0x7f) } else { 0 };
        let more = cursor.take(more, "ASN1EncodingMeta:more_len")?;
        Ok((tag, if length & 0x80 != 0 { number(more) } else { length.into() }))
    })
}

/// What stands before a content, for protocols whose fields follow each other whatever their tags say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// One byte: protocols that are read here have no longer ones.
    pub tag: u8,
    /// As it stands there: there may be fewer bytes.
    pub length: u64,
}

impl Head {
    /// The number of a field in its sequence, if it is one; else a number that no field has.
    pub const fn index(self) -> u8 {
        self.tag.wrapping_sub(CONTEXT)
    }

    /// The length, for what is taken: more than there ever is stays a number that can be told.
    pub fn size(self) -> usize {
        usize::try_from(self.length).map_or(u32::MAX as usize, |len| len.min(u32::MAX as usize))
    }
}

/// A tag and a length, by their names.
///
/// # Errors
///
/// Where it is not whole.
pub fn head(cursor: &mut Cursor<'_>) -> Result<Head> {
    meta(cursor).map(|(tag, length)| Head { tag, length })
}

/// A content, whatever its tag.
///
/// # Errors
///
/// Where it is not whole.
pub fn content<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    encoding(cursor).map(|(_, content)| content)
}

/// The content of a field of a sequence, which has a tag of its own within that of the field.
///
/// # Errors
///
/// Where it is not whole.
pub fn field<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    meta(cursor)?;
    content(cursor)
}

/// A tag, and the content that its length says.
///
/// # Errors
///
/// Where it is not whole.
pub fn encoding<'a>(cursor: &mut Cursor<'a>) -> Result<(u8, &'a [u8])> {
    let (tag, length) = meta(cursor)?;
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let content = cursor.record(|cursor| {
        // More than any datagram has; what is to be told of it stays a number that can be.
        cursor.take(length.min(u32::MAX as usize), "ASN1Encoding:content")
    })?;
    Ok((tag, content))
}

/// Refuses any other tag.
///
/// # Errors
///
/// Where it is another.
pub fn expect((tag, _): (u8, u64), expected: u8) -> Result<()> {
    if tag == expected {
        return Ok(());
    }
    Err(Broken::Other(format!("Got ASN.1 tag {tag}, expect {expected}")))
}

/// Integers of more bytes than these have no value of 64 bits.
const MOST_BYTES: usize = 9;

/// A number of at most eight bytes and one before them; a sign is not looked at.
///
/// # Errors
///
/// Where it is something else, or longer.
pub fn integer(cursor: &mut Cursor<'_>) -> Result<u64> {
    let (tag, content) = encoding(cursor)?;
    expect((tag, 0), INTEGER)?;
    if content.len() > MOST_BYTES {
        return Err(Broken::Other(format!("ASN.1 integer width overflow: {}", content.len())));
    }
    Ok(number(content))
}

/// Bytes.
///
/// # Errors
///
/// Where it is something else.
pub fn octets<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8]> {
    let (tag, content) = encoding(cursor)?;
    expect((tag, 0), OCTET_STRING).map(|()| content)
}

/// An object identifier.
///
/// # Errors
///
/// Where it is something else.
pub fn oid<'a>(cursor: &mut Cursor<'a>) -> Result<Oid<'a>> {
    let (tag, content) = encoding(cursor)?;
    expect((tag, 0), OBJECT_IDENTIFIER).map(|()| Oid(content))
}

/// The bytes of a number, the high one first. As in Zeek a sign is not looked at.
pub fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short_or_long_and_never_more_than_there_is() {
        let mut cursor = Cursor::new(b"\x04\x02ab\xa1\x81\x03\x02\x01\x07\x30\x85\xff\xff\xff\xff\xff");
        assert_eq!(encoding(&mut cursor), Ok((OCTET_STRING, &b"ab"[..])));
        assert_eq!(field(&mut cursor).map(number), Ok(7));
        let told = encoding(&mut cursor).unwrap_err().to_string();
        assert!(told.ends_with("out_of_bound: ASN1Encoding:content: 4294967295 > 0"), "{told}");
        let mut cursor = Cursor::new(b"\x30\x84\x01");
        let told = meta(&mut cursor).unwrap_err().to_string();
        assert!(told.ends_with("out_of_bound: ASN1EncodingMeta:more_len: 6 > 3"), "{told}");
    }

    #[test]
    fn fields_have_a_number() {
        let index = |tag| Head { tag, length: 0 }.index();
        assert_eq!((index(0xa0), index(0xac), index(0x30)), (0, 12, 0x90));
    }
}
