//! One row of any record in the format the user chose.

pub(crate) mod json;
mod number;
mod tsv;

pub(crate) use number::seconds;
pub(crate) use tsv::{hex, piece, stamp};

use std::ops::Range;

use crate::record::{Record, Schema, Value, Visitor};
use crate::time::Time;

/// How log files are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Tsv,
    Json(JsonTime),
}

/// `LogAscii::json_timestamps`: how JSON spells a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonTime {
    /// `JSON::TS_EPOCH`: seconds as a number, `1300475167.096535`.
    Epoch,
    /// `JSON::TS_MILLIS`: milliseconds as an integer.
    Millis,
    /// `JSON::TS_ISO8601`: `"2011-03-18T19:06:07.096535Z"`.
    Iso8601,
}

impl Format {
    /// Appends `record` as one line, newline included.
    #[inline]
    pub fn row<R: Record>(self, record: &R, out: &mut Vec<u8>) {
        match self {
            Format::Tsv => tsv::row(record, out),
            Format::Json(time) => json::row(record, time, out),
        }
    }

    /// The same, and tells `place` where the columns stand that have a bit in `fields`: from the separator before
    /// them to their end.
    #[inline]
    pub fn row_with_places<R: Record>(
        self,
        record: &R,
        fields: u64,
        out: &mut Vec<u8>,
        place: &mut dyn FnMut(usize, usize),
    ) {
        match self {
            Format::Tsv => tsv::row_with_places(record, fields, out, place),
            Format::Json(time) => json::row_with_places(record, time, fields, out, place),
        }
    }

    /// Where the members stand of a row that this wrote as JSON, without braces, and how times in it are spelled.
    pub fn json_members(self, row: Range<usize>) -> Option<(JsonTime, Range<usize>)> {
        match self {
            Format::Tsv => None,
            Format::Json(time) => Some((time, row.start + "{".len()..row.end - "}\n".len())),
        }
    }

    /// What stands before the first row.
    pub fn header(self, schema: &Schema, opened: Time, out: &mut Vec<u8>) {
        if self == Format::Tsv {
            tsv::header(schema, opened, out);
        }
    }

    /// What stands after the last row.
    pub fn footer(self, closed: Time, out: &mut Vec<u8>) {
        if self == Format::Tsv {
            tsv::footer(closed, out);
        }
    }
}

/// Whether `text` is printable ASCII without backslashes and without `special`: most strings are, and
/// are written as they stand. It looks at every byte, so that it looks at many at a time.
pub(super) fn all_plain(text: &[u8], special: u8) -> bool {
    text.iter()
        .fold(true, |all, &byte| all & (0x20..0x7f).contains(&byte) & (byte != b'\\') & (byte != special))
}

/// A writer of columns.
trait Columns: Visitor {
    /// How much it has written.
    fn len(&self) -> usize;
}

/// Tells where columns stand.
struct Placing<'a, V> {
    columns: V,
    fields: u64,
    place: &'a mut dyn FnMut(usize, usize),
}

impl<V: Columns> Visitor for Placing<'_, V> {
    #[inline(always)]
    fn field(&mut self, index: usize, value: Value<'_>) {
        let start = self.columns.len();
        self.columns.field(index, value);
        if self.fields >> index & 1 == 1 {
            (self.place)(start, self.columns.len());
        }
    }
}
