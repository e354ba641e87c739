//! The parts of packets.

use crate::bounds::{Broken, Cursor, Result};

/// A length-encoded integer, of which the first byte was read; 0 where that is no length (NULL, an error).
pub fn integer(r: &mut Cursor<'_>, first: u8) -> Result<u64> {
    match first {
        0xfc => r.u16_le("LengthEncodedIntegerLookahead:i2").map(u64::from),
        0xfd => r.u24_le("LengthEncodedIntegerLookahead:i3").map(u64::from),
        0xfe => r.u64_le("LengthEncodedIntegerLookahead:i4"),
        0xfb | 0xff => Ok(0),
        small => Ok(u64::from(small)),
    }
}

/// A length-encoded string.
pub fn string<'a>(r: &mut Cursor<'a>) -> Result<&'a [u8]> {
    r.record(|r| {
        let first = r.u8("LengthEncodedInteger:length")?;
        string_after(r, first, "LengthEncodedString:val")
    })
}

/// A length-encoded string, of which the first byte was read.
pub fn string_after<'a>(r: &mut Cursor<'a>, first: u8, what: &'static str) -> Result<&'a [u8]> {
    let len = r.record(|r| integer(r, first))?;
    r.take(usize::try_from(len).unwrap_or(usize::MAX), what)
}

/// A string that ends with NUL.
pub fn text<'a>(r: &mut Cursor<'a>, what: &'static str) -> Result<&'a [u8]> {
    r.text().ok_or_else(|| Broken::mismatch(what, "[^\\0]*\\0", r.rest()))
}

/// A row of a result, whose fields are texts; NULL is an empty one.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// Its packet.
    bytes: &'a [u8],
    columns: u32,
}

impl<'a> Row<'a> {
    /// The row of so many columns that a packet is.
    ///
    /// # Errors
    ///
    /// Where it has fewer.
    pub fn parse(bytes: &'a [u8], columns: u32) -> Result<Row<'a>> {
        let mut r = Cursor::new(bytes);
        let first = r.u8("Resultset:marker")?;
        string_after(&mut r, first, "LengthEncodedStringArg:val")?;
        for _ in 1..columns {
            string(&mut r)?;
        }
        Ok(Row { bytes, columns })
    }

    /// Its fields, in order.
    pub fn fields(&self) -> impl Iterator<Item = &'a [u8]> {
        let mut r = Cursor::new(self.bytes);
        (0..self.columns.max(1)).map_while(move |_| string(&mut r).ok())
    }
}

/// The definition of a column, of which nothing is told.
pub fn column(r: &mut Cursor<'_>, first: u8) -> Result<()> {
    string_after(r, first, "LengthEncodedStringArg:val")?;
    for _ in 0..5 {
        string(r)?;
    }
    let next = r.u8("LengthEncodedInteger:length")?;
    integer(r, next)?;
    r.take(2 + 4 + 1 + 2 + 1 + 2, "ColumnDefinition41:filler").map(|_| ())
}
