//! RFB, the protocol of VNC (RFC 6143): its handshake, and what the client sends after it.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads.

pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Handler, Session};

use crate::probe::Probe;

/// What each side begins with.
const BEGIN: &[u8] = b"RFB";

/// Whether a direction of a stream begins as RFB's do.
pub fn probe(bytes: &[u8]) -> Probe {
    Probe::prefix(bytes, BEGIN)
}

/// What Zeek calls a way to authenticate (RFC 6143 §7.1.2).
pub fn authentication(kind: u32) -> &'static str {
    match kind {
        0 => "Invalid",
        1 => "None",
        2 => "VNC",
        16 => "Tight",
        17 => "Ultra",
        18 => "TLS",
        19 => "VeNCrypt",
        20 => "GTK-VNC SASL",
        21 => "MD5 hash authentication",
        22 => "Colin Dean xvp",
        30 => "Apple Remote Desktop",
        _ => "RealVNC",
    }
}
