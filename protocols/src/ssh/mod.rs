//! SSH (RFC 4251 to 4254, and version 1): identification strings, key exchange, and what the sizes of encrypted
//! packets tell of logins.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads. [`Info`] makes of that
//! what ssh.log has.

pub mod fuzz;
mod info;
mod kex;
mod logins;
mod session;
#[cfg(test)]
mod tests;

pub use info::{COMPRESSED, Info, Negotiated};
pub use kex::{HostKey, KexInit, NameList, fingerprint};
pub use logins::Attempt;
pub use session::{Handler, Limits, Session};

use crate::probe::Probe;

/// Where servers usually listen (IANA).
pub const PORT: u16 = 22;

/// Whether a direction of a stream begins as SSH's do: with an identification string (RFC 4253 §4.2).
pub fn probe(bytes: &[u8]) -> Probe {
    let mut begin = [0; 4];
    let seen = bytes.get(..begin.len()).unwrap_or(bytes);
    let begin = begin.get_mut(..seen.len()).unwrap_or_default();
    begin.copy_from_slice(seen);
    begin.make_ascii_uppercase();
    Probe::prefix(begin, b"SSH-")
}
