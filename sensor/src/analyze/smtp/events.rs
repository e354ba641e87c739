//! SMTP's events and their arguments.

use crate::event::{Conn, Name, events};

events! { [crate::analyze::first::smtp]
    /// A command, in upper case; `**` is a line in answer to a challenge.
    pub struct Request<'a>: "smtp_request" {
        c: Conn,
        is_orig: bool,
        command: &'a [u8],
        arg: &'a [u8],
    }
    /// A line of a reply, and the command that it answers: `>` is the connection itself, `.` the end of a mail.
    pub struct Reply<'a>: "smtp_reply" {
        c: Conn,
        is_orig: bool,
        code: u16,
        cmd: Name,
        msg: &'a [u8],
        cont_resp: bool,
    }
    /// A line of a mail that does not come in chunks.
    pub struct Data<'a>: "smtp_data" {
        c: Conn,
        is_orig: bool,
        data: &'a [u8],
    }
    /// Something that does not fit.
    pub struct Unexpected<'a>: "smtp_unexpected" {
        c: Conn,
        is_orig: bool,
        msg: Name,
        detail: &'a [u8],
    }
    /// The connection goes on under TLS.
    pub struct StartTls: "smtp_starttls" {
        c: Conn,
    }
}
