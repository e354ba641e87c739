//! MySQL's client/server protocol (<https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html>): logins,
//! commands and what comes of them.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads. It goes from state to state
//! as Zeek 7.0 does.

mod command;
pub mod fuzz;
mod packet;
mod session;
#[cfg(test)]
mod tests;

pub use command::{QUIT, name};
pub use packet::Row;
pub use session::{Handler, Limits, Session};

/// Where servers usually are.
pub const PORTS: [u16; 2] = [1434, 3306];
