//! Finger's events and their arguments.

use crate::event::{Conn, events};

events! { [crate::analyze::first::finger]
    /// Somebody is asked for; `full` is all that is known.
    pub struct Asked<'a>: "finger_request" {
        c: Conn,
        full: bool,
        username: &'a [u8],
        hostname: &'a [u8],
    }
    /// A line of what is said.
    pub struct Said<'a>: "finger_reply" {
        c: Conn,
        reply_line: &'a [u8],
    }
}
