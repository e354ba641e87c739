//! SIP's events.

use crate::analyze::mime::events::HeaderList;
use crate::event::{Conn, UpperCase, events};

events! { [crate::analyze::first::sip]
    /// The first line of a request.
    pub struct Request<'a>: "sip_request" {
        c: Conn,
        method: &'a [u8],
        original_uri: &'a [u8] = "original_URI",
        version: &'a [u8],
    }
    /// The first line of a reply.
    pub struct Reply<'a>: "sip_reply" {
        c: Conn,
        version: &'a [u8],
        code: u64,
        reason: &'a [u8],
    }
    /// A header, of a request (`is_orig`) or a reply.
    pub struct OneHeader<'a>: "sip_header" {
        c: Conn,
        is_orig: bool,
        name: UpperCase<'a>,
        value: &'a [u8],
    }
    /// All headers of a message.
    pub struct AllHeaders<'a>: "sip_all_headers" {
        c: Conn,
        is_orig: bool,
        hlist: HeaderList<'a>,
    }
    /// A message begins, behind its first line.
    pub struct BeginEntity: "sip_begin_entity" {
        c: Conn,
        is_orig: bool,
    }
    /// A message is over.
    pub struct EndEntity: "sip_end_entity" {
        c: Conn,
        is_orig: bool,
    }
}
