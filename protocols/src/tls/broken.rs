//! What is too short for what it says that it has, in the words of Zeek's parser.

use std::fmt;

use crate::reader::Reader;

/// A part of a message that would be longer than what there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    what: &'static str,
    need: usize,
    have: usize,
}

impl Broken {
    pub fn of(what: &'static str, need: usize, have: usize) -> Broken {
        Broken { what, need, have }
    }
}

pub type Result<T> = std::result::Result<T, Broken>;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Broken { what, need, have } = self;
        write!(f, "Binpac exception: binpac exception: out_of_bound: {what}: {need} > {have}")
    }
}

/// Reads with names that tell what is broken.
pub trait Take<'a> {
    fn bytes(&mut self, len: usize, what: &'static str) -> Result<&'a [u8]>;
    fn byte(&mut self, what: &'static str) -> Result<u8>;
    fn short(&mut self, what: &'static str) -> Result<u16>;
    fn u24(&mut self, what: &'static str) -> Result<usize>;
    fn long(&mut self, what: &'static str) -> Result<u32>;

    /// What a length of one byte says, and what follows it.
    fn counted8(&mut self, what: &'static str) -> Result<&'a [u8]>;
    fn counted16(&mut self, what: &'static str) -> Result<&'a [u8]>;

    /// A list with its length before it, which counts for Zeek's parser.
    fn list8(&mut self, what: &'static str) -> Result<&'a [u8]>;
    fn list16(&mut self, what: &'static str) -> Result<&'a [u8]>;
    fn list24(&mut self, what: &'static str) -> Result<&'a [u8]>;
}

impl<'a> Take<'a> for Reader<'a> {
    fn bytes(&mut self, len: usize, what: &'static str) -> Result<&'a [u8]> {
        let have = self.remaining();
        self.take(len, what).map_err(|_| Broken { what, need: len, have })
    }

    fn byte(&mut self, what: &'static str) -> Result<u8> {
        self.bytes(1, what).map(|bytes| number(bytes) as u8)
    }

    fn short(&mut self, what: &'static str) -> Result<u16> {
        self.bytes(2, what).map(|bytes| number(bytes) as u16)
    }

    fn u24(&mut self, what: &'static str) -> Result<usize> {
        self.bytes(3, what).map(|bytes| number(bytes) as usize)
    }

    fn long(&mut self, what: &'static str) -> Result<u32> {
        self.bytes(4, what).map(|bytes| number(bytes) as u32)
    }

    fn counted8(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let len = self.byte(what)?;
        self.bytes(usize::from(len), what)
    }

    fn counted16(&mut self, what: &'static str) -> Result<&'a [u8]> {
        let len = self.short(what)?;
        self.bytes(usize::from(len), what)
    }

    fn list8(&mut self, what: &'static str) -> Result<&'a [u8]> {
        list(self, 1, what)
    }

    fn list16(&mut self, what: &'static str) -> Result<&'a [u8]> {
        list(self, 2, what)
    }

    fn list24(&mut self, what: &'static str) -> Result<&'a [u8]> {
        list(self, 3, what)
    }
}

fn list<'a>(r: &mut Reader<'a>, width: usize, what: &'static str) -> Result<&'a [u8]> {
    let have = r.remaining();
    let len = number(r.bytes(width, what)?) as usize;
    r.take(len, what).map_err(|_| Broken { what, need: len + width, have })
}

/// Up to eight bytes, the most significant first.
pub fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
