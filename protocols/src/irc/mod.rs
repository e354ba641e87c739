//! IRC (RFC 1459, RFC 2812): messages of clients and servers, and the transfers that users agree on (DCC).
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads.

pub mod fuzz;
mod message;
mod probe;
mod session;
#[cfg(test)]
mod tests;

pub use message::{Joined, Message};
pub use probe::{probe_client, probe_server};
pub use session::{Handler, Session};

/// Where servers listen.
pub const PORTS: [u16; 4] = [6666, 6667, 6668, 6669];
