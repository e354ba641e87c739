//! What is done outside the sensor about a notice: mail through a relay, and a list for a firewall to read.

mod block;
mod mail;

pub use block::BlockList;
pub use mail::{Mail, Mailer};
