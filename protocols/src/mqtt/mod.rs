//! MQTT 3.1 and 3.1.1 (<https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html>): who connects, what is published,
//! and what is subscribed to.
//!
//! [`Session`] reads both directions of a connection and tells a [`Handler`] what it reads.

pub mod fuzz;
mod names;
mod session;
#[cfg(test)]
mod tests;

pub use names::{qos, return_code, version};
pub use session::{Ack, Connect, Handler, Limits, Publish, Session, Topics};

use crate::probe::Probe;

/// Where brokers usually are.
pub const PORT: u16 = 1883;

/// CONNECT, without flags.
const CONNECT: u8 = 0x10;

/// Whether a direction of a stream begins with a CONNECT: behind its length and that of the protocol's name, `MQTT` or
/// `MQIsdp`.
pub fn probe(bytes: &[u8]) -> Probe {
    match bytes.first() {
        None => return Probe::NeedMore,
        Some(&CONNECT) => {}
        Some(_) => return Probe::NoMatch,
    }
    // The length has up to four bytes.
    let found = (4..=7).any(|at| bytes.get(at..at + 2) == Some(b"MQ"));
    match found {
        true => Probe::Match,
        false if bytes.len() < 9 => Probe::NeedMore,
        false => Probe::NoMatch,
    }
}
