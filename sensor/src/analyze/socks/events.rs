//! SOCKS' events and their arguments.

use std::net::IpAddr;

use nightjar_protocols::socks;

use crate::event::{Conn, Port, arg_records, events};

events! { [crate::analyze::first::socks]
    /// A client asks its proxy for a connection or for something else.
    pub struct Request<'a>: "socks_request" {
        c: Conn,
        version: u8,
        request_type: u8,
        sa: Address<'a>,
        p: Port,
        user: &'a [u8],
    }
    /// The proxy has answered.
    pub struct Reply<'a>: "socks_reply" {
        c: Conn,
        version: u8,
        reply: u8,
        sa: Address<'a>,
        p: Port,
    }
    /// A client logs in (RFC 1929).
    pub struct Login<'a>: "socks_login_userpass_request" {
        c: Conn,
        user: &'a [u8],
        password: &'a [u8],
    }
    /// What the proxy says of a login; 0 where it is right.
    pub struct LoginReply: "socks_login_userpass_reply" {
        c: Conn,
        code: u8,
    }
}

arg_records! {
    /// Where somebody is.
    pub struct Address<'a>: "SOCKS::Address" {
        host: Option<IpAddr> => "&optional &log",
        name: Option<&'a [u8]> => "&optional &log",
    }
}

impl<'a> Address<'a> {
    pub fn of(address: socks::Address<'a>) -> Self {
        Address { host: address.host, name: address.name }
    }
}
