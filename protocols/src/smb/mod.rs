//! SMB 1, 2 and 3 (MS-CIFS, MS-SMB, MS-SMB2): messages over NetBIOS sessions (RFC 1002) or right over TCP.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads. Where a message breaks the
//! rules it is told in the words of Zeek's parser, and both directions are taken up again where another begins.
//!
//! Of a frame of SMB 2 that compounds messages all are read, as by Zeek 8; Zeek 7.0 reads the first one.

pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;
pub mod text;
pub mod v1;
pub mod v2;

pub use session::{Compounds, Discarded, Handler, Limits, Pipe, Place, Session, Transform};

use crate::probe::Probe;

/// Over NetBIOS, and right over TCP.
pub const PORTS: [u16; 2] = [139, 445];

/// What messages begin with, behind the four bytes that say how long they are: the version's byte and these.
const MAGIC: &[u8] = b"SMB";

/// Bytes of what says how long a message is.
const FRAME: usize = 4;

/// Times of a file, in steps of 100 ns since 1601 (MS-DTYP §2.3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// When its content was changed.
    pub modified: u64,
    /// When it was looked at.
    pub accessed: u64,
    /// When it was made.
    pub created: u64,
    /// When anything of it was changed.
    pub changed: u64,
}

/// Whether a direction of a stream begins as SMB's do.
pub fn probe(bytes: &[u8]) -> Probe {
    match bytes.get(FRAME) {
        None => Probe::NeedMore,
        Some(0xfe | 0xff) => Probe::prefix(bytes.get(FRAME + 1..).unwrap_or_default(), MAGIC),
        Some(_) => Probe::NoMatch,
    }
}

/// Whether a piece of a stream begins with a message.
fn begins(piece: &[u8]) -> bool {
    matches!(piece.get(FRAME), Some(0xfe | 0xff)) && piece.get(FRAME + 1..FRAME + 4) == Some(MAGIC)
}
