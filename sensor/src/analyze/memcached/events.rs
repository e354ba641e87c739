//! memcached's events. Zeek has no analyzer of it.

use crate::event::{Conn, events};

events! { [crate::analyze::first::memcached]
    /// A client asks for something: the first of so many keys, empty where there is none, and the bytes of the value that it
    /// brings.
    pub struct RequestSent<'a>: "memcached_request" {
        c: Conn,
        command: &'a [u8],
        key: &'a [u8],
        keys: u64,
        value_len: u64,
    }
    /// A server answers, with so many values and all their bytes.
    pub struct Answered<'a>: "memcached_response" {
        c: Conn,
        status: &'a [u8],
        success: bool,
        values: u64,
        value_len: u64,
    }
}
