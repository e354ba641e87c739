//! SIP (RFC 3261): requests, replies and their headers, over UDP and TCP.
//!
//! [`Session`] reads messages and tells a [`Handler`] what they say; [`Dialog`] gathers what Zeek logs of a request and the
//! replies to it.

mod dialog;
pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use dialog::{Dialog, Transaction};
pub use session::{Handler, Limits, Session};

use crate::probe::Probe;

/// Where servers usually are.
pub const PORT: u16 = 5060;

/// Whether a datagram is a reply: `SIP/2.0` with the end of a line or a status behind it. Requests look like much else.
pub fn probe(datagram: &[u8]) -> Probe {
    let rest = datagram.strip_prefix(b" ").unwrap_or(datagram);
    let is_digit = |at: usize| rest.get(at).is_none_or(u8::is_ascii_digit);
    let is = |at: usize, byte: u8| rest.get(at).is_none_or(|found| *found == byte);
    let is_version =
        Probe::prefix(rest, b"SIP/") != Probe::NoMatch && is_digit(4) && is(5, b'.') && is_digit(6);
    let is_line = is(7, b'\r') && is(8, b'\n');
    let is_status = is(7, b' ') && (8..11).all(is_digit) && is(11, b' ');
    let len = if rest.get(7) == Some(&b'\r') { 9 } else { 12 };
    match is_version && (is_line || is_status) {
        true if rest.len() >= len => Probe::Match,
        true => Probe::NeedMore,
        false => Probe::NoMatch,
    }
}
