//! A cursor whose errors are those of Zeek's generated parsers (binpac), for protocols of which Zeek tells in these words
//! what was broken.

use std::fmt::{self, Write as _};

use crate::reader::Reader;

/// What could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Broken {
    /// A field would be longer than what there is.
    OutOfBound {
        /// The record and the field, with a colon between them.
        what: &'static str,
        /// Bytes of the record up to the end of the field.
        need: u64,
        /// Bytes that there are, from its beginning on.
        have: u64,
    },
    /// What follows depends on a number, and there is nothing for this one.
    Case {
        /// What depends on it.
        what: &'static str,
        /// The number.
        index: i64,
    },
    /// Something else, in Zeek's words.
    Other(String),
}

/// Bytes that are shown of what is not as it has to be.
const MAX_SHOWN: usize = 1024;

impl Broken {
    /// Other bytes stand `at` a place, which may be empty, than the pattern that is expected there. They are shown up to
    /// the first NUL, as binpac's C strings are.
    pub fn mismatch(at: &str, expected: &str, actual: &[u8]) -> Broken {
        let actual = actual.split(|byte| *byte == 0).next().unwrap_or_default();
        let place = if at.is_empty() { String::new() } else { format!(" at {at}") };
        let mut why = format!("string mismatch{place}: \nexpected pattern: \"{expected}\"\nactual data: \"");
        for byte in actual.iter().take(MAX_SHOWN) {
            match byte {
                0x20..0x7f | 8..=10 | 12..=13 => why.push(char::from(*byte)),
                _ => _ = write!(why, "\\x{byte:02x}"),
            }
        }
        why.push('"');
        Broken::Other(why)
    }
}

/// What reading gives.
pub type Result<T> = std::result::Result<T, Broken>;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Binpac exception: binpac exception: ")?;
        match self {
            Broken::OutOfBound { what, need, have } => write!(f, "out_of_bound: {what}: {need} > {have}"),
            Broken::Case { what, index } => write!(f, "invalid index for case: {what}: {index}"),
            Broken::Other(why) => f.write_str(why),
        }
    }
}

/// A bounded cursor over borrowed bytes. `what` names the record and the field as Zeek does.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    reader: Reader<'a>,
    /// Where the record at hand began: what is needed is counted from there.
    record: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of these bytes, which are a record.
    pub const fn new(data: &'a [u8]) -> Self {
        Cursor { reader: Reader::new(data), record: 0 }
    }

    /// Reads a record within the record.
    ///
    /// # Errors
    ///
    /// Those of `read`.
    pub fn record<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = std::mem::replace(&mut self.record, self.reader.position());
        let result = read(self);
        self.record = outer;
        result
    }

    /// Bytes that are not read yet.
    pub const fn remaining(&self) -> usize {
        self.reader.remaining()
    }

    /// The same bytes, without reading them.
    pub fn rest(&self) -> &'a [u8] {
        self.reader.rest()
    }

    /// How many bytes were read so far.
    pub const fn position(&self) -> usize {
        self.reader.position()
    }

    /// Whether all is read.
    pub const fn is_empty(&self) -> bool {
        self.reader.is_empty()
    }

    /// Says that a field needs so many bytes more, where they are not there: several fields of a fixed length are looked
    /// at together by Zeek's parsers.
    ///
    /// # Errors
    ///
    /// Where there are fewer bytes.
    pub fn need(&self, need: usize, what: &'static str) -> Result<()> {
        if need > self.remaining() {
            return Err(self.out_of_bound(need, what));
        }
        Ok(())
    }

    /// Bytes of the record at hand that were read so far.
    pub const fn in_record(&self) -> usize {
        self.position() - self.record
    }

    /// Passes over what stands before `place`, as counted from where the record at hand began; nothing where that is
    /// behind.
    ///
    /// # Errors
    ///
    /// Where the place lies behind the end.
    pub fn pad_to(&mut self, place: i64, what: &'static str) -> Result<()> {
        let len = usize::try_from(place).unwrap_or(0).saturating_sub(self.in_record());
        self.take(len, what).map(|_| ())
    }

    fn out_of_bound(&self, need: usize, what: &'static str) -> Broken {
        let before = (self.position() - self.record) as u64;
        // A length of eight bytes may be any.
        Broken::OutOfBound {
            what,
            need: before.saturating_add(need as u64),
            have: before + self.remaining() as u64,
        }
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    ///
    /// Where there are fewer; nothing is read then. The same goes for the others.
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8]> {
        self.reader.take(len, what).map_err(|_| self.out_of_bound(len, what))
    }

    /// All that is left.
    pub fn take_rest(&mut self) -> &'a [u8] {
        let rest = self.rest();
        self.take(rest.len(), "").unwrap_or_default()
    }

    /// A field up to where `whole` bytes of the record are read. Where that is less than what was read of it already, it
    /// is an error as well: lengths that count what stands before them may be too small.
    ///
    /// # Errors
    ///
    /// Likewise.
    pub fn up_to(&mut self, whole: usize, what: &'static str) -> Result<&'a [u8]> {
        let before = self.position() - self.record;
        match whole.checked_sub(before) {
            Some(len) => self.take(len, what),
            None => {
                let have = (before + self.remaining()) as u64;
                Err(Broken::OutOfBound { what, need: whole as u64, have })
            }
        }
    }

    /// The next `N` bytes, which Zeek's parser looks at together: `what` is the last of them.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N]> {
        self.need(N, what)?;
        self.reader.take_array(what).map_err(|_| Broken::Other(String::new()))
    }

    /// The next byte.
    pub fn u8(&mut self, what: &'static str) -> Result<u8> {
        self.array::<1>(what).map(|[byte]| byte)
    }

    /// Two bytes, the high one first.
    pub fn u16(&mut self, what: &'static str) -> Result<u16> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// Four bytes, the high one first.
    pub fn u32(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Two bytes, the low one first.
    pub fn u16_le(&mut self, what: &'static str) -> Result<u16> {
        self.array(what).map(u16::from_le_bytes)
    }

    /// Three bytes, the low one first.
    pub fn u24_le(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(|[a, b, c]| u32::from_le_bytes([a, b, c, 0]))
    }

    /// Four bytes, the low one first.
    pub fn u32_le(&mut self, what: &'static str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// Eight bytes, the low one first.
    pub fn u64_le(&mut self, what: &'static str) -> Result<u64> {
        self.array(what).map(u64::from_le_bytes)
    }

    /// The bytes before the next NUL, which is read as well; `None`, and nothing read, where there is no NUL.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let end = self.rest().iter().position(|byte| *byte == 0)?;
        let text = self.take(end, "text").ok()?;
        self.take(1, "NUL").ok()?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order_and_what_is_missing_is_told() {
        let mut r = Cursor::new(b"\x01\x02\x00\x03\x00\x00ab\0c");
        assert_eq!((r.u8("a"), r.u16_le("b"), r.u24_le("c")), (Ok(1), Ok(2), Ok(3)));
        assert_eq!((r.text(), r.text()), (Some(&b"ab"[..]), None));
        let broken = r.u32("Some_Record:field").unwrap_err();
        let expected = "Binpac exception: binpac exception: out_of_bound: Some_Record:field: 13 > 10";
        let within = r.record(|r| r.u16("Another_Record:field")).unwrap_err();
        assert_eq!(within, Broken::OutOfBound { what: "Another_Record:field", need: 2, have: 1 });
        let short = r.record(|r| r.u8("Record:len").and_then(|_| r.up_to(0, "Record:field")));
        assert_eq!(short, Err(Broken::OutOfBound { what: "Record:field", need: 0, have: 1 }));
        assert_eq!((broken.to_string().as_str(), r.take_rest(), r.is_empty()), (expected, &b""[..], true));
    }
}
