//! Events for scripts: what traffic did, with all that a handler may look at.
//!
//! Handlers run in the ordered stage, so what they see is taken along, for events that some script handles.

use std::net::IpAddr;

use crate::event::{EventId, Span};
use crate::record::Uid;
use crate::time::{Interval, Time};

/// An event that happened. What it is about lies in the batch's [`Arena`](crate::event::Arena).
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    pub id: EventId,
    /// What [`Part::Conn`](crate::event::Part) stands for.
    pub conn: Option<u32>,
    /// What [`Part::File`](crate::event::Part) stands for.
    pub file: Option<u32>,
    pub args: Span,
    /// A bit for each handler that does nothing, of the scripts of this version.
    pub idle: u64,
    pub version: u32,
}

/// What a row belongs to: scripts that were shown it before find it again.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// A connection, or of files.log the file.
    pub uid: Uid,
    /// Tells the connection's rows of one log apart.
    pub nth: u64,
}

impl Owner {
    /// Of the next row; `rows` counts a connection's rows of one log.
    pub fn next(uid: Uid, rows: &mut u64) -> Owner {
        *rows += 1;
        Owner { uid, nth: *rows }
    }
}

/// A value in a row that scripts wrote.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Unset,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Time(Time),
    Interval(Interval),
    Bytes(Vec<u8>),
    Addr(IpAddr),
    Port(u16),
    List(Vec<Arg>),
}

impl Arg {
    pub fn text(text: &str) -> Arg {
        Arg::Bytes(text.as_bytes().to_vec())
    }
}
