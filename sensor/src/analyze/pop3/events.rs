//! POP3's events and their arguments.

use crate::event::{Conn, Name, events};

events! { [crate::analyze::first::pop3]
    /// A command, in upper case.
    pub struct Request<'a>: "pop3_request" {
        c: Conn,
        is_orig: bool,
        command: Name,
        arg: &'a [u8],
    }
    /// The first line of a reply: `OK` or `ERR`, and what is behind it.
    pub struct Reply<'a>: "pop3_reply" {
        c: Conn,
        is_orig: bool,
        cmd: Name,
        msg: &'a [u8],
    }
    /// Another line of a reply.
    pub struct Data<'a>: "pop3_data" {
        c: Conn,
        is_orig: bool,
        data: &'a [u8],
    }
    /// Something that does not fit.
    pub struct Unexpected<'a>: "pop3_unexpected" {
        c: Conn,
        is_orig: bool,
        msg: Name,
        detail: &'a [u8],
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "pop3_starttls" {
        c: Conn,
    }
    /// A user logged in.
    pub struct LoginSuccess<'a>: "pop3_login_success" {
        c: Conn,
        is_orig: bool,
        user: &'a [u8],
        password: &'a [u8],
    }
    /// A login failed.
    pub struct LoginFailure<'a>: "pop3_login_failure" {
        c: Conn,
        is_orig: bool,
        user: &'a [u8],
        password: &'a [u8],
    }
}
