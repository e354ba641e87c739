//! IMAP (RFC 3501) up to where it becomes TLS, as far as Zeek reads it.
//!
//! [`Session`] tells a [`Handler`](starttls::Handler) what the server can do, when TLS begins, and beyond Zeek what came of
//! logins, up to the first that was let in.

pub mod fuzz;
mod login;
#[cfg(test)]
mod tests;

use crate::imap::login::Login;
use crate::lines::{Lines, Piece};
use crate::starttls::{self, Handler};

/// Where servers usually are.
pub const PORT: u16 = 143;

/// Bytes of a line that are held.
const MAX_LINE: usize = 16 << 10;

/// Capabilities of one line that are told.
const MAX_CAPABILITIES: usize = 256;

/// What is read of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    Lines,
    /// What comes of logins: Zeek reads nothing more.
    Logins,
    /// Nothing more.
    Nothing,
    Tls,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    /// Of the originator and the responder.
    lines: [Lines; 2],
    reads: Reads,
    /// The tag of the client's STARTTLS.
    starttls: Option<Vec<u8>>,
    /// A login that was not answered yet.
    login: Option<Login>,
    /// One was let in: others are not looked for.
    is_in: bool,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            lines: [Lines::new(MAX_LINE), Lines::new(MAX_LINE)],
            reads: Reads::Lines,
            starttls: None,
            login: None,
            is_in: false,
        }
    }
}

impl starttls::Session for Session {
    const CEILING: usize = 3 * MAX_LINE + Login::CEILING;

    fn buffered(&self) -> usize {
        let lines: usize = self.lines.iter().map(Lines::buffered).sum();
        lines + self.starttls.as_ref().map_or(0, Vec::len) + self.login.as_ref().map_or(0, Login::buffered)
    }

    fn is_tls(&self) -> bool {
        self.reads == Reads::Tls
    }

    fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let side = usize::from(!is_orig);
        let Some(place) = self.lines.get_mut(side) else { return };
        let mut lines = std::mem::take(place);
        let mut input = data;
        while matches!(self.reads, Reads::Lines | Reads::Logins) && !input.is_empty() {
            match lines.next(&mut input) {
                Some(Piece::Line(line)) => self.line(is_orig, line, h),
                Some(Piece::Part(_) | Piece::Plain(_)) => {}
                None => break,
            }
        }
        if self.is_tls() {
            lines.skip_lf(&mut input);
            if !input.is_empty() {
                h.passed_on(is_orig, input);
            }
        }
        if let Some(place) = self.lines.get_mut(side) {
            *place = lines;
        }
    }

    fn gap(&mut self) {
        if !self.is_tls() {
            self.reads = Reads::Nothing;
        }
    }

    fn flip(&mut self) {
        self.lines.reverse();
    }
}

impl Session {
    fn line<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        match &mut self.login {
            Some(login) if is_orig && login.continues() => login.go_on(line),
            Some(login) if !is_orig => {
                if let Some(success) = login.answer(line) {
                    h.login(&login.mechanism, &login.response, success);
                    self.login = None;
                    self.is_in = success;
                    if success && self.reads == Reads::Logins {
                        self.reads = Reads::Nothing;
                    }
                }
            }
            _ if is_orig && !self.is_in => {
                if let Some(login) = Login::begin(line) {
                    self.login = Some(login);
                }
            }
            _ => {}
        }
        if self.reads == Reads::Lines {
            self.command(is_orig, line, h);
        }
    }

    /// What Zeek makes of a line.
    fn command<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        let mut words = line.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        let (Some(tag), Some(command)) = (words.next(), words.next()) else { return };
        let is = |known: &str| command.eq_ignore_ascii_case(known.as_bytes());
        if !is_orig && tag == b"*" {
            if is("OK") {
                h.confirmed();
            } else if is("CAPABILITY") {
                let capabilities: Vec<&[u8]> = words.take(MAX_CAPABILITIES).collect();
                return h.capabilities(&capabilities);
            }
        }
        // Zeek knows these in small letters alone where they end the reading.
        const ENDS: [&[u8]; 6] = [b"authenticate", b"login", b"examine", b"create", b"list", b"fetch"];
        if ENDS.contains(&command) {
            h.confirmed();
            self.reads = Reads::Logins;
            return;
        }
        if is_orig {
            if command == b"capability" || is("STARTTLS") {
                h.confirmed();
            }
            if is("STARTTLS") && self.starttls.replace(tag.to_vec()).is_some() {
                h.weird("IMAP: client sent duplicate StartTLS");
            }
        } else if self.starttls.as_deref() == Some(tag) {
            if is("OK") {
                self.reads = Reads::Tls;
                h.starttls();
            } else {
                h.weird("IMAP: server refused StartTLS");
            }
        }
    }
}
