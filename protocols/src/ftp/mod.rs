//! FTP's control connections (RFC 959): commands, replies, the addresses in them, and what secures them (RFC 2228).
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads.

mod adat;
pub mod address;
pub mod fuzz;
mod log;
mod path;
mod probe;
mod session;
#[cfg(test)]
mod tests;

pub use address::DataEnd;
pub use log::{Channel, Command, Ends, Log, LogHandler, LogSettings, Row};
pub use probe::{probe_client, probe_server};
pub use session::{Handler, Limits, Session, Weird};

/// Where servers listen, those of GridFTP at the second.
pub const PORTS: [u16; 2] = [21, 2811];
