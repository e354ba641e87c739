//! DNS over UDP and TCP, multicast DNS, LLMNR and NetBIOS names, as Zeek 7.0 understands them.
//!
//! RFC 1034/1035 messages, RFC 1002 (NetBIOS names), RFC 4033-4035 and 5155 (DNSSEC), RFC 6891
//! (EDNS), RFC 9460 (SVCB/HTTPS) and the smaller record types in [`rdata`]. The parts, inside out:
//!
//! * [`name`] decodes one compressed name; [`rdata`] the data of one record.
//! * [`parse`] walks one message and reports it to a [`Visitor`], with [`Weird`]s where Zeek has
//!   them. Nothing is allocated; names are written into a [`Scratch`] that the caller keeps.
//! * [`answer`] spells a record as a value of `dns.log`'s `answers`; [`codes`] names the numbers.
//! * [`stream`] cuts a TCP stream into messages (RFC 1035 §4.2.2).
//! * [`session`] pairs queries with replies and hands out finished [`Row`]s of `dns.log`.
//!
//! A damaged message is read as far as Zeek reads it: the log is to show the same rows, and what
//! stood before the damage is evidence. Not followed: SvcParams (RFC 9460 §2.1), the NetBIOS node
//! status (RFC 1002 §4.2.18), and the opcodes beside QUERY, which Zeek 7.0 does not log either.

pub mod answer;
pub mod codes;
pub mod fuzz;
pub mod name;
pub mod netbios;
pub mod parse;
pub mod rdata;
mod row;
pub mod session;
pub mod stream;
mod types;
mod weird;

pub use parse::{Options, Outcome, Scratch, Visitor, parse_message};
pub use row::{Row, RowPool};
pub use session::{Flow, Pending, Session, Sink, Transport, Workspace};
pub use stream::StreamParser;
pub use types::{Header, Question, Record, Section, rr};
pub use weird::Weird;

#[cfg(test)]
mod tests;
