//! MySQL's events.

use crate::event::{Conn, List, events};

events! { [crate::analyze::first::mysql]
    /// A client sent a command, by its code, and what it gave to it.
    pub struct CommandRequest<'a>: "mysql_command_request" {
        c: Conn,
        command: u64,
        arg: &'a [u8],
    }
    /// A client wants to be another user; comes after the command.
    pub struct ChangeUser<'a>: "mysql_change_user" {
        c: Conn,
        username: &'a [u8],
    }
    /// A server reported an error.
    pub struct Error<'a>: "mysql_error" {
        c: Conn,
        code: u64,
        msg: &'a [u8],
    }
    /// Something succeeded.
    pub struct Okay: "mysql_ok" {
        c: Conn,
        affected_rows: u64,
    }
    /// The columns of a result, which rows follow, or its rows are over.
    pub struct Eof: "mysql_eof" {
        c: Conn,
        is_intermediate: bool,
    }
    /// A row of a result.
    pub struct ResultRow<'a>: "mysql_result_row" {
        c: Conn,
        row: List<'a, &'a [u8]>,
    }
    /// A server greeted, and this is its version.
    pub struct ServerVersion<'a>: "mysql_server_version" {
        c: Conn,
        ver: &'a [u8],
    }
    /// A client said who it is.
    pub struct Handshake<'a>: "mysql_handshake" {
        c: Conn,
        username: &'a [u8],
    }
    /// A client asked for TLS.
    pub struct SslRequest: "mysql_ssl_request" {
        c: Conn,
    }
    /// How a side is to be authenticated, or is, and the data for it.
    pub struct AuthPlugin<'a>: "mysql_auth_plugin" {
        c: Conn,
        is_orig: bool,
        name: &'a [u8],
        data: &'a [u8],
    }
    /// A server asked to authenticate in another way.
    pub struct AuthSwitchRequest<'a>: "mysql_auth_switch_request" {
        c: Conn,
        name: &'a [u8],
        data: &'a [u8],
    }
    /// What else is exchanged to authenticate.
    pub struct AuthMoreData<'a>: "mysql_auth_more_data" {
        c: Conn,
        is_orig: bool,
        data: &'a [u8],
    }
}
