//! What a session tells.

use crate::mime::mail;
use crate::smtp::command::UNKNOWN;
use crate::smtp::{Command, State};

/// A line of a server's reply.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// 100 to 599.
    pub code: u16,
    /// The command that it answers; `None` where that is not known.
    pub command: Option<Command>,
    /// What is behind the code.
    pub msg: &'a [u8],
    /// More lines follow.
    pub continues: bool,
}

/// What was not expected, as `smtp_unexpected` tells it.
#[derive(Clone, Copy, Debug)]
pub enum Detail<'a> {
    /// What stood there.
    Text(&'a [u8]),
    /// Missing bytes.
    Gap {
        /// Where they began, from 1.
        seq: u64,
        /// How many there are.
        len: u64,
    },
    /// A command that does not fit what the session is in.
    Command {
        /// `None` where it is not known.
        command: Option<Command>,
        /// The reply's code; 0 before it has come.
        reply: u16,
        /// What the session was in.
        state: State,
    },
    /// A reply that does not fit its command.
    Reply {
        /// `None` where it is not known.
        command: Option<Command>,
        /// The code.
        reply: u16,
        /// What the session was in.
        state: State,
    },
}

impl Detail<'_> {
    /// In Zeek's words.
    pub fn text(&self) -> Vec<u8> {
        let word = |command: Option<Command>| command.map_or(UNKNOWN, Command::word);
        match *self {
            Detail::Text(text) => text.to_vec(),
            Detail::Gap { seq, len } => format!("seq = {seq}, len = {len}").into_bytes(),
            Detail::Command { command, reply, state } => {
                format!("{} reply = {reply} state = {}", word(command), state as u8).into_bytes()
            }
            Detail::Reply { command, reply, state } => {
                format!("{reply} state = {}, last command = {}", state as u8, word(command)).into_bytes()
            }
        }
    }
}

/// Hears what a session reads. Between [`begin_mail`](Self::begin_mail) and [`end_mail`](Self::end_mail) it hears of the
/// mail's entities.
pub trait Handler: mail::Handler {
    /// A command, its word in upper case, or `**` for a line in answer to a challenge. Whose client sends it.
    fn request(&mut self, is_orig: bool, command: Option<Command>, word: &[u8], arg: &[u8]);

    /// A line of a reply.
    fn reply(&mut self, is_orig: bool, reply: &Reply<'_>);

    /// A line of a mail.
    fn data(&mut self, _is_orig: bool, _line: &[u8]) {}

    /// Something that does not fit, in Zeek's words.
    fn unexpected(&mut self, _is_orig: bool, _msg: &'static str, _detail: &Detail<'_>) {}

    /// Behind this both directions are TLS.
    fn starttls(&mut self) {}

    /// Bytes of that.
    fn passed_on(&mut self, _is_orig: bool, _data: &[u8]) {}

    /// A mail begins.
    fn begin_mail(&mut self, _is_orig: bool) {}

    /// So many of the mail's bytes are missing; it ends with that.
    fn mail_gap(&mut self, _len: u64) {}

    /// The mail has ended.
    fn end_mail(&mut self) {}

    /// An oddity that Zeek has a weird for, and the analyzer that Zeek says has seen it.
    fn weird(&mut self, _name: &'static str, _addl: &str, _source: &'static str) {}

    /// It is SMTP.
    fn confirmed(&mut self) {}

    /// The rules were broken, in Zeek's words.
    fn violation(&mut self, _reason: &'static str, _line: &[u8]) {}
}
