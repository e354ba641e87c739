//! IMAP's events and their arguments.

use crate::event::{Conn, List, events};

events! { [crate::analyze::first::imap]
    /// What the server says that it can do.
    pub struct Capabilities<'a>: "imap_capabilities" {
        c: Conn,
        capabilities: List<'a, &'a [u8]>,
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "imap_starttls" {
        c: Conn,
    }
}
