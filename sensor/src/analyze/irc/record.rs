//! irc.log: one row for each command of those that say who somebody is and where, and for each file that users send.

use crate::flow::Flow;
use crate::record::{Uid, record};
use crate::time::Time;

record! {
    /// A command, or a file.
    pub struct IrcRow<'a> in "irc" of conn {
        /// When the command was seen.
        ts,
        /// The name that the client had before it.
        nick: Option<&'a [u8]> = "nick",
        /// The user that the client was before it.
        user: Option<&'a [u8]> = "user",
        /// NICK, USER, JOIN or DCC.
        command: Option<&'a str> = "command",
        /// What the command is about.
        value: Option<&'a [u8]> = "value",
        /// What it says beside that.
        addl: Option<&'a [u8]> = "addl",
        /// The file that is to be sent.
        dcc_file_name: Option<&'a [u8]> = "dcc_file_name",
        /// Its size, as the sender says it.
        dcc_file_size: Option<u64> = "dcc_file_size",
        /// Its type, by its content.
        dcc_mime_type: Option<&'a str> = "dcc_mime_type",
        /// Its identifier.
        fuid: Option<Uid> = "fuid",
    }
}

/// What is known of a connection.
#[derive(Default)]
pub(super) struct Known {
    pub ts: Time,
    pub nick: Option<Box<[u8]>>,
    pub user: Option<Box<[u8]>>,
    pub command: Option<&'static str>,
    pub value: Option<Box<[u8]>>,
    pub addl: Option<Box<[u8]>>,
    pub file_name: Option<Box<[u8]>>,
    pub file_size: Option<u64>,
    pub mime_type: Option<&'static str>,
    pub fuid: Option<Uid>,
}

pub(super) fn of<'a>(flow: &mut Flow, known: &'a Known) -> IrcRow<'a> {
    IrcRow {
        conn: flow.columns(known.ts),
        nick: known.nick.as_deref(),
        user: known.user.as_deref(),
        command: known.command,
        value: known.value.as_deref(),
        addl: known.addl.as_deref(),
        dcc_file_name: known.file_name.as_deref(),
        dcc_file_size: known.file_size,
        dcc_mime_type: known.mime_type,
        fuid: known.fuid,
    }
}
