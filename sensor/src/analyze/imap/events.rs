//! IMAP's events and their arguments.

use crate::event::{Conn, List, events};

events! { [crate::analyze::first::imap]
    /// What the server says that it can do.
    pub struct Capabilities<'a>: "imap_capabilities" {
        c: Conn,
        capabilities: List<'a, &'a [u8]>,
    }
    /// A login was answered; not one of Zeek's. `mechanism` is how it was done, empty of the command LOGIN; `response`
    /// is the user of that, and otherwise the first that the client gave, in base64.
    pub struct Login<'a>: "IMAP::login" {
        c: Conn,
        mechanism: &'a [u8],
        response: &'a [u8],
        success: bool,
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "imap_starttls" {
        c: Conn,
    }
}
