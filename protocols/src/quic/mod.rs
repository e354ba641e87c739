//! QUIC (RFC 9000, RFC 9001), version 2 (RFC 9369) and the drafts that were in use: packets, and the beginning of the TLS
//! handshake in them. Initial packets are protected by keys that anybody can derive; of others only headers are read.
//!
//! [`Session`] follows the datagrams of a connection and tells a [`Handler`] what it reads. [`Info`] makes of that what
//! quic.log has.

mod broken;
mod frames;
pub mod fuzz;
mod info;
mod keys;
mod packet;
mod session;
#[cfg(test)]
mod tests;
pub mod version;

pub use info::{Full, Info};
pub use packet::{Header, Packet};
pub use session::{Handler, Limits, Session};

use crate::probe::Probe;

/// Where servers usually listen: HTTP/3, DNS (RFC 9250), and DNS in its drafts.
pub const PORTS: [u16; 3] = [443, 853, 784];

/// Whether a datagram begins with an Initial packet of version 1 or 2 (Zeek's `dpd_quic_initial`, `dpd_quic_v2_initial`).
pub fn probe(bytes: &[u8]) -> Probe {
    let (kind, number) = match bytes.first() {
        Some(0xc0..=0xcf) => (0xc0, version::V1),
        Some(0xd0..=0xdf) => (0xd0, version::V2),
        _ => return Probe::NoMatch,
    };
    let [a, b, c, d] = number.to_be_bytes();
    let wanted = [kind, a, b, c, d];
    match Probe::prefix(bytes.get(1..).unwrap_or_default(), wanted.get(1..).unwrap_or_default()) {
        // Nothing but the first byte is there.
        Probe::Match if bytes.len() < wanted.len() => Probe::NeedMore,
        verdict => verdict,
    }
}
