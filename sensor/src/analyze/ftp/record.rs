//! ftp.log: one row for each command of those that are logged, with its reply.

use std::net::IpAddr;

use nightjar_protocols::ftp::Row;

use crate::flow::Flow;
use crate::record::{Uid, record};
use crate::time::Time;

record! {
    /// A command and its reply.
    pub struct FtpRow<'a> in "ftp" of conn {
        /// When the command was sent.
        ts,
        /// Who is logged in, or tries to be.
        user: &'a [u8] = "user" as "string &default=\"<unknown>\"",
        /// The password, of guests or with `FTP::default_capture_password`.
        password: Option<&'a [u8]> = "password",
        /// The command, in upper case.
        command: Option<&'a [u8]> = "command",
        /// What follows it; of files as an URL.
        arg: Option<&'a [u8]> = "arg",
        /// The type of the file that was transferred, by its content.
        mime_type: Option<&'a str> = "mime_type",
        /// The file's size, as the server says it.
        file_size: Option<u64> = "file_size",
        /// The code of the last reply.
        reply_code: Option<u64> = "reply_code",
        /// Its text.
        reply_msg: Option<&'a [u8]> = "reply_msg",
        /// Whether the client makes the data connection that is announced.
        passive: Option<bool> = "data_channel.passive" as "FTP::ExpectedDataChannel &optional$bool",
        /// Who makes it.
        orig_h: Option<IpAddr> = "data_channel.orig_h" as "FTP::ExpectedDataChannel &optional$addr",
        /// To whom.
        resp_h: Option<IpAddr> = "data_channel.resp_h" as "FTP::ExpectedDataChannel &optional$addr",
        /// Where that listens.
        resp_p: Option<u16> = "data_channel.resp_p" as "FTP::ExpectedDataChannel &optional$port",
        /// The identifier of the file that was transferred.
        fuid: Option<Uid> = "fuid",
    }
}

/// What was found on data connections.
#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    pub fuid: Option<Uid>,
    pub mime_type: Option<&'static str>,
}

pub(super) fn of<'a>(flow: &mut Flow, row: &'a Row, found: Found) -> FtpRow<'a> {
    FtpRow {
        conn: flow.columns(Time::from_nanos(row.ts.cast_signed())),
        user: row.user.as_deref().unwrap_or(b"<unknown>"),
        password: row.password.as_deref(),
        command: row.command.as_deref(),
        arg: row.arg.as_deref(),
        mime_type: found.mime_type,
        file_size: row.file_size,
        reply_code: row.reply_code.map(u64::from),
        reply_msg: row.reply_msg.as_deref(),
        passive: row.channel.map(|channel| channel.passive),
        orig_h: row.channel.map(|channel| channel.orig),
        resp_h: row.channel.map(|channel| channel.resp),
        resp_p: row.channel.map(|channel| channel.port),
        fuid: found.fuid,
    }
}
