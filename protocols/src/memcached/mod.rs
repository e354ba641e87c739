//! memcached (doc/protocol.txt and the binary protocol of memcached), over TCP and UDP.
//!
//! [`Session`] reads both directions, in text or in binary, and tells a [`Handler`] of requests and what came of them.
//! Values are skipped: their lengths are told.

mod binary;
pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;
mod text;

pub use session::{Handler, Limits, Session};

use crate::probe::Probe;

/// Where servers usually are, over TCP and UDP.
pub const PORT: u16 = 11211;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// What is asked for, as the text protocol names it.
    pub command: &'a [u8],
    /// The first key.
    pub key: Option<&'a [u8]>,
    /// So many keys there are.
    pub keys: u64,
    /// Bytes of the value that it brings.
    pub len: Option<u64>,
    /// It is not answered: not at all, or (in binary) only where something went wrong or was found.
    pub is_quiet: bool,
    /// What its answer has as well, in binary and over UDP.
    pub tag: Option<u32>,
    /// It is in binary.
    pub is_binary: bool,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response<'a> {
    /// What the server said last: `STORED`, `END`, or the like.
    pub status: &'a [u8],
    /// Whether it did what it was asked.
    pub success: bool,
    /// Values that it told.
    pub values: u64,
    /// Bytes of those.
    pub bytes: u64,
    /// Whose answer it is.
    pub tag: Option<u32>,
}

/// Whether a client's first bytes are a request.
pub fn probe(data: &[u8]) -> Probe {
    match data.first() {
        Some(&binary::REQUEST) => binary::probe(data),
        _ => text::probe(data, text::COMMANDS),
    }
}

/// Whether a server's first bytes are an answer.
pub fn probe_answer(data: &[u8]) -> Probe {
    match data.first() {
        Some(&binary::RESPONSE) => binary::probe(data),
        _ => text::probe(data, text::ANSWERS),
    }
}
