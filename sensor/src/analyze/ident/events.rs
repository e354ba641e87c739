//! Ident's events and their arguments.

use crate::event::{Conn, Port, events};

events! { [crate::analyze::first::ident]
    /// Whose is a connection between these ports?
    pub struct Asked: "ident_request" {
        c: Conn,
        lport: Port,
        rport: Port,
    }
    /// A user's.
    pub struct Said<'a>: "ident_reply" {
        c: Conn,
        lport: Port,
        rport: Port,
        user_id: &'a [u8],
        system: &'a [u8],
    }
    /// That is not said.
    pub struct Refused<'a>: "ident_error" {
        c: Conn,
        lport: Port,
        rport: Port,
        line: &'a [u8],
    }
}
