//! GSS-API's event.

use crate::event::{Conn, events};

events! { [crate::analyze::first::gssapi]
    /// How a negotiation stands: 0 where it was accepted, 1 where it goes on, 2 where it was rejected (RFC 4178 §4.2.2).
    pub struct NegResult: "gssapi_neg_result" {
        c: Conn,
        state: u64,
    }
}
