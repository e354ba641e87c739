//! WebSocket (RFC 6455): frames, messages, and what they carry.
//!
//! [`Session`] reads both directions from behind the HTTP exchange that began them, and tells a [`Handler`] what it reads.

pub mod fuzz;
mod handshake;
mod session;
#[cfg(test)]
mod tests;

pub use handshake::{accept_for, listed};
pub use session::{Frame, Handler, Limits, Session, opcode};
