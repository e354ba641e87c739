//! Events of signatures.

use crate::event::{Conn, arg_records, events};

arg_records! {
    /// What matched, and where.
    pub struct SignatureState<'a>: "signature_state" {
        /// The signature.
        sig_id: &'a str,
        /// The connection.
        conn: Conn,
        /// Whether the originator sent it.
        is_orig: bool,
        /// Bytes of that direction's first payload.
        payload_size: u64,
    }
}

events! { [crate::analyze::first::signatures]
    /// A signature has matched whose action is an event.
    pub struct SignatureMatch<'a>: "signature_match" {
        state: SignatureState<'a>,
        msg: &'a str,
        data: &'a [u8],
    }
    /// A signature has matched as far as packets tell: a function has its say, or the signature names the event; not
    /// one of Zeek's.
    pub struct SignatureFound<'a>: "Signatures::found" {
        state: SignatureState<'a>,
        data: &'a [u8],
        end_of_match: u64,
    }
}
