//! What a session tells.

use crate::mime::mail;

/// Hears what a session reads. Between [`begin_mail`](Self::begin_mail) and [`end_mail`](Self::end_mail) it hears of the
/// mail's entities.
pub trait Handler: mail::Handler {
    /// A command, in upper case.
    fn request(&mut self, _command: &'static str, _arg: &[u8]) {}

    /// The first line of a reply: `OK` or `ERR`, and what is behind it.
    fn reply(&mut self, _status: &'static str, _msg: &[u8]) {}

    /// Another line of a reply.
    fn data(&mut self, _line: &[u8]) {}

    /// Something that does not fit, in Zeek's words.
    fn unexpected(&mut self, _is_orig: bool, _msg: &'static str, _detail: &[u8]) {}

    /// A login has ended. The password may be one that only answers a challenge.
    fn login(&mut self, _success: bool, _user: &[u8], _password: &[u8]) {}

    /// Behind this both directions are TLS.
    fn starttls(&mut self) {}

    /// Bytes of that.
    fn passed_on(&mut self, _is_orig: bool, _data: &[u8]) {}

    /// A mail begins, which the server sends.
    fn begin_mail(&mut self) {}

    /// It has ended.
    fn end_mail(&mut self) {}

    /// An oddity that Zeek has a weird for, and the analyzer that Zeek says has seen it.
    fn weird(&mut self, _name: &'static str, _addl: &[u8], _source: &'static str) {}

    /// It is POP3.
    fn confirmed(&mut self) {}

    /// The rules were broken, in Zeek's words.
    fn violation(&mut self, _reason: &str, _line: &[u8]) {}
}
