//! PostgreSQL's protocol, version 3 (<https://www.postgresql.org/docs/current/protocol.html>): logins, queries and what comes
//! of them.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads, as Zeek 7.1 does.

pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Handler, Limits, Session};

/// Where servers usually are.
pub const PORT: u16 = 5432;
