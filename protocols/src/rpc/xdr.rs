//! Numbers and bytes in XDR (RFC 4506).

use crate::reader::Reader;

/// A cursor. Behind the end everything is 0 and empty, and [`Xdr::is_broken`].
#[derive(Clone, Copy, Debug)]
pub struct Xdr<'a> {
    reader: Reader<'a>,
    broken: bool,
}

impl<'a> Xdr<'a> {
    /// At the beginning of these bytes.
    pub const fn new(bytes: &'a [u8]) -> Self {
        Xdr { reader: Reader::new(bytes), broken: false }
    }

    /// Something was read that is not there.
    pub const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Bytes that are not read yet; none where something is broken.
    pub fn rest(&self) -> &'a [u8] {
        if self.broken { &[] } else { self.reader.rest() }
    }

    /// Nothing more is looked at.
    pub fn skip_rest(&mut self) {
        self.take(self.rest().len());
    }

    /// So many bytes.
    fn take(&mut self, len: usize) -> &'a [u8] {
        if self.broken {
            return &[];
        }
        self.reader.take(len, "XDR").unwrap_or_else(|_| {
            self.broken = true;
            &[]
        })
    }

    /// A number of 32 bits.
    pub fn u32(&mut self) -> u32 {
        self.take(4).first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes))
    }

    /// A number of 64 bits.
    pub fn u64(&mut self) -> u64 {
        self.take(8).first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
    }

    /// Seconds and nanoseconds.
    pub fn time(&mut self) -> (u32, u32) {
        (self.u32(), self.u32())
    }

    /// Yes or no.
    pub fn bool(&mut self) -> bool {
        self.u32() != 0
    }

    /// Bytes behind their number, filled up to a multiple of four; at most `max`.
    pub fn opaque(&mut self, max: usize) -> &'a [u8] {
        let len = self.u32() as usize;
        if len > max {
            self.broken = true;
        }
        let bytes = self.take(len);
        // What fills up may be missing where nothing follows.
        let fill = len.next_multiple_of(4) - len;
        self.take(fill.min(self.rest().len()));
        bytes
    }

    /// What follows, if it is said that something does.
    pub fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.bool() { Some(read(self)) } else { None }
    }
}
