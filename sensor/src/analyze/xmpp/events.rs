//! XMPP's events and their arguments.

use crate::event::{Conn, events};

events! { [crate::analyze::first::xmpp]
    /// The connection goes on under TLS.
    pub struct StartTls: "xmpp_starttls" {
        c: Conn,
    }
}
