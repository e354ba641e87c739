//! RFB's events.

use crate::event::{Conn, events};

events! { [crate::analyze::first::rfb]
    /// How the client authenticates, by its number (RFC 6143 §7.1.2).
    pub struct AuthenticationType: "rfb_authentication_type" {
        c: Conn,
        authtype: u64,
    }
    /// What came of that: true where it failed, as in Zeek.
    pub struct AuthResult: "rfb_auth_result" {
        c: Conn,
        result: bool,
    }
    /// Whether the client shares the desktop with others.
    pub struct ShareFlag: "rfb_share_flag" {
        c: Conn,
        flag: bool,
    }
    /// The client's version.
    pub struct ClientVersion<'a>: "rfb_client_version" {
        c: Conn,
        major_version: &'a [u8],
        minor_version: &'a [u8],
    }
    /// The server's version.
    pub struct ServerVersion<'a>: "rfb_server_version" {
        c: Conn,
        major_version: &'a [u8],
        minor_version: &'a [u8],
    }
    /// The desktop.
    pub struct ServerParameters<'a>: "rfb_server_parameters" {
        c: Conn,
        name: &'a [u8],
        width: u64,
        height: u64,
    }
}
