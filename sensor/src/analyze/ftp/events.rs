//! FTP's events and their arguments.

use std::net::IpAddr;

use nightjar_protocols::ftp::{Channel, Command};

use crate::event::{Conn, File, Port, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::ftp]
    /// A command, in upper case.
    pub struct Request<'a>: "ftp_request" {
        c: Conn,
        command: &'a [u8],
        arg: &'a [u8],
    }
    /// A line of a reply. Within one of several lines the code is 0.
    pub struct Reply<'a>: "ftp_reply" {
        c: Conn,
        code: u16,
        msg: &'a [u8],
        cont_resp: bool,
    }
    /// Client and server have agreed on TLS (RFC 4217 §4). Zeek has it from 8.0 on.
    pub struct StartTls: "ftp_starttls" {
        c: Conn,
    }
    /// The beginning of what a data connection carried, of both directions, and what it is.
    pub struct Transferred<'a>: "file_transferred" {
        c: Conn,
        prefix: &'a [u8],
        descr: &'a str,
        mime_type: &'a str,
    }
    /// A reply came, to this command; `cwd` is where the client is in the server's files.
    pub struct Answered<'a>: "FTP::answered" {
        c: Conn,
        command: Sent<'a>,
        cwd: &'a [u8],
    }
    /// A data connection is to come.
    pub struct ChannelExpected: "FTP::channel_expected" {
        c: Conn,
        channel: Expected,
    }
    /// A control connection is over.
    pub struct SessionOver: "FTP::session_over" {
        c: Conn,
    }
    /// A file begins that a data connection carries.
    pub struct DataFile: "FTP::data_file" {
        f: File,
        c: Conn,
    }
    /// A data connection is over that was expected.
    pub struct DataOver: "FTP::data_over" {
        c: Conn,
    }
}

arg_records! {
    /// A command.
    pub struct Sent<'a>: "FTP::CmdArg" {
        /// When it was sent.
        ts: Time,
        cmd: &'a [u8] => "&default=\"<unknown>\"",
        arg: &'a [u8] => "&default=\"\"",
        /// Which of the connection's.
        seq: u64 => "&default=0",
    }
    /// The ends of a data connection.
    pub struct Expected: "FTP::ExpectedDataChannel" {
        /// The client connects.
        passive: bool => "&log",
        /// Who connects.
        orig_h: IpAddr => "&log",
        /// To whom.
        resp_h: IpAddr => "&log",
        resp_p: Port => "&log",
    }
}

impl<'a> Sent<'a> {
    pub fn of(command: &'a Command) -> Self {
        let ts = Time::from_nanos(command.ts.cast_signed());
        Sent { ts, cmd: &command.name, arg: &command.arg, seq: command.seq }
    }
}

impl Expected {
    pub fn of(channel: &Channel) -> Self {
        let Channel { passive, orig, resp, port } = *channel;
        Expected { passive, orig_h: orig, resp_h: resp, resp_p: Port(port) }
    }
}
