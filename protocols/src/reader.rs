//! The one cursor that binary parsers read through.

use crate::error::{ParseError, Result};

/// A bounded cursor over borrowed bytes. Every read names the field it is for, so that an error
/// can say what was missing.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    data: &'a [u8],
    pos: usize,
}

impl<'a> Reader<'a> {
    /// At the beginning of these bytes.
    pub const fn new(data: &'a [u8]) -> Self {
        Reader { data, pos: 0 }
    }

    /// How many bytes were read so far.
    pub const fn position(&self) -> usize {
        self.pos
    }

    /// Bytes that are not read yet.
    pub const fn remaining(&self) -> usize {
        self.data.len() - self.pos
    }

    /// Whether all is read.
    pub const fn is_empty(&self) -> bool {
        self.remaining() == 0
    }

    /// The bytes not read yet, without reading them.
    pub fn rest(&self) -> &'a [u8] {
        self.data.get(self.pos..).unwrap_or_default()
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8]> {
        let (out, _) = self.rest().split_at_checked(len).ok_or(ParseError::truncated(field))?;
        self.pos += len;
        Ok(out)
    }

    /// The next `N` bytes.
    pub fn take_array<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        let (head, _) = self.rest().split_first_chunk::<N>().ok_or(ParseError::truncated(field))?;
        self.pos += N;
        Ok(*head)
    }

    /// A cursor over the next `len` bytes alone; this one moves past them.
    pub fn sub(&mut self, len: usize, field: &'static str) -> Result<Reader<'a>> {
        Ok(Reader::new(self.take(len, field)?))
    }

    /// Moves past the next `len` bytes.
    pub fn skip(&mut self, len: usize, field: &'static str) -> Result<()> {
        self.take(len, field).map(|_| ())
    }

    /// The next byte.
    pub fn u8(&mut self, field: &'static str) -> Result<u8> {
        self.take_array::<1>(field).map(|[b]| b)
    }

    /// Two bytes, the high one first.
    pub fn u16(&mut self, field: &'static str) -> Result<u16> {
        self.take_array(field).map(u16::from_be_bytes)
    }

    /// Four bytes, the high one first.
    pub fn u32(&mut self, field: &'static str) -> Result<u32> {
        self.take_array(field).map(u32::from_be_bytes)
    }

    /// Eight bytes, the high one first.
    pub fn u64(&mut self, field: &'static str) -> Result<u64> {
        self.take_array(field).map(u64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn reads_fields_in_order_and_stops_at_the_end() {
        let mut r = Reader::new(&[1, 0, 2, 0, 0, 0, 3, 9]);
        assert_eq!(r.u8("a"), Ok(1));
        assert_eq!(r.u16("b"), Ok(2));
        assert_eq!(r.u32("c"), Ok(3));
        assert_eq!(r.rest(), [9]);
        let err = r.u16("d").unwrap_err();
        assert_eq!((err.kind, err.field), (ErrorKind::Truncated, "d"));
        assert_eq!(r.position(), 7, "a failed read does not move the cursor");
    }

    #[test]
    fn a_length_from_the_wire_cannot_overflow() {
        let mut r = Reader::new(&[0; 4]);
        r.u8("a").unwrap();
        assert!(r.take(usize::MAX, "len").is_err());
        assert!(r.sub(4, "len").is_err());
        assert_eq!(r.sub(3, "len").unwrap().remaining(), 3);
    }
}
