//! Both directions of a control connection.

use crate::ftp::adat::{Adat, is_start_of};
use crate::mime::base64::Base64Flaw;
use crate::nvt::{Lines, Piece};

/// Hears what a session reads.
pub trait Handler {
    /// The client's side is FTP.
    fn confirmed(&mut self);

    /// A command, in upper case, and what follows it.
    fn request(&mut self, command: &[u8], arg: &[u8]);

    /// A line of a reply: its code, 0 within a reply of several lines, and what follows; more lines follow where it
    /// `continues`.
    fn reply(&mut self, code: u16, text: &[u8], continues: bool);

    /// Server and client have agreed on TLS: what follows is its. True where somebody reads it.
    fn start_tls(&mut self) -> bool;

    /// They have agreed on GSSAPI: security data is told with [`secured`](Self::secured) from here on.
    fn start_gssapi(&mut self) -> bool;

    /// Bytes of TLS, of the connection or of an exchange of security data.
    fn secured(&mut self, is_orig: bool, bytes: &[u8]);

    /// The exchange of security data is over.
    fn end_gssapi(&mut self, accepted: bool);

    /// Something odd, in Zeek's words.
    fn weird(&mut self, weird: Weird);

    /// A line is no reply.
    fn violation(&mut self, reason: &'static str, line: &[u8]);
}

/// Something odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weird {
    /// Of lines.
    Line(&'static str),
    /// What stands for a command is none.
    InvalidCommand,
    /// A command of too many letters.
    LongCommand {
        /// How many.
        len: usize,
    },
    /// Of security data.
    Adat(&'static str),
    /// Of its base64.
    Base64(Base64Flaw),
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line. Stops lines that never end; security data is the longest.
    pub line: usize,
    /// Letters of a command, 0 for any number (`FTP::max_command_length`).
    pub command: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 64 << 10, command: 100 }
    }
}

/// A control connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Lines,
    resp: Lines,
    confirmed: bool,
    /// The code of a reply of several lines that is not over.
    pending: Option<u16>,
    /// The last mechanism that was asked for, of those that are known.
    asked: Option<Mechanism>,
    /// All that follows is TLS.
    tls: bool,
    adat: Option<Adat>,
    command: Vec<u8>,
    reported: Reported,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mechanism {
    Tls,
    Gssapi,
}

/// Oddities of lines that are told once a connection.
#[derive(Debug, Default)]
struct Reported {
    single_cr: bool,
    nul: bool,
}

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session {
            limits,
            orig: Lines::new(limits.line),
            resp: Lines::new(limits.line),
            confirmed: false,
            pending: None,
            asked: None,
            tls: false,
            adat: None,
            command: Vec::new(),
            reported: Reported::default(),
        }
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let mut input = bytes;
        while !self.tls {
            let lines = if is_orig { &mut self.orig } else { &mut self.resp };
            // Where the line lies must not keep the session from changing: it goes out and comes back.
            let mut taken = std::mem::replace(lines, Lines::new(0));
            let over = match taken.next(&mut input) {
                None => true,
                Some(piece) => {
                    self.piece(is_orig, piece, handler);
                    false
                }
            };
            *(if is_orig { &mut self.orig } else { &mut self.resp }) = taken;
            if over {
                return;
            }
        }
        if !input.is_empty() {
            handler.secured(is_orig, input);
        }
    }

    /// A direction's sender has closed.
    pub fn end(&mut self, is_orig: bool, handler: &mut impl Handler) {
        if self.tls {
            return;
        }
        let lines = if is_orig { &mut self.orig } else { &mut self.resp };
        let mut taken = std::mem::replace(lines, Lines::new(0));
        if let Some(line) = taken.end() {
            self.line(is_orig, line, handler);
        }
        *(if is_orig { &mut self.orig } else { &mut self.resp }) = taken;
    }

    /// Lets go of lines that have not ended: what is still to come of them is taken for others.
    pub fn forget(&mut self) {
        self.orig.forget();
        self.resp.forget();
    }

    /// Whether the client has begun a line that did not end.
    pub fn is_in_command(&self) -> bool {
        self.orig.is_partial()
    }

    /// All that follows is TLS.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.buffered() + self.resp.buffered()
    }

    fn piece(&mut self, is_orig: bool, piece: Piece<'_>, handler: &mut impl Handler) {
        match piece {
            Piece::Line(line) => self.line(is_orig, line, handler),
            Piece::Weird(name) => {
                let seen = match name {
                    "line_terminated_with_single_CR" => &mut self.reported.single_cr,
                    "NUL_in_line" => &mut self.reported.nul,
                    _ => &mut false,
                };
                if !std::mem::replace(seen, true) {
                    handler.weird(Weird::Line(name));
                }
            }
            Piece::Negotiation { .. } | Piece::Subnegotiation { .. } => {}
        }
    }

    fn line(&mut self, is_orig: bool, line: &[u8], handler: &mut impl Handler) {
        if line.is_empty() {
            return;
        }
        let read = if is_orig { self.request(line, handler) } else { self.reply(line, handler) };
        if !read || self.tls {
            return;
        }
        let Some(adat) = &mut self.adat else { return };
        let said = if is_orig { adat.command(line) } else { adat.reply(line) };
        if let Some(flaw) = said.flaw {
            handler.weird(Weird::Base64(flaw));
        }
        if let Some(name) = said.weird {
            handler.weird(Weird::Adat(name));
        }
        if said.data {
            handler.secured(is_orig, adat.decoded());
        }
        if said.over {
            self.adat = None;
            handler.end_gssapi(said.accepted);
        }
    }

    /// A line of the client's; whether it is a command.
    fn request(&mut self, line: &[u8], handler: &mut impl Handler) -> bool {
        let (command, arg) = word(line);
        if command.len() < 3 || !command.iter().all(u8::is_ascii_graphic) {
            if self.confirmed {
                handler.weird(Weird::InvalidCommand);
            }
            return false;
        }
        let most = self.limits.command;
        if most > 0 && command.len() > most {
            if self.confirmed {
                handler.weird(Weird::LongCommand { len: command.len() });
            }
            return false;
        }
        self.command.clear();
        self.command.extend(command.iter().map(u8::to_ascii_uppercase));
        if !std::mem::replace(&mut self.confirmed, true) {
            handler.confirmed();
        }
        if is_start_of(&self.command, b"AUTH") {
            self.asked = match arg {
                // RFC 4217 §17: the other names are of before.
                _ if [&b"TLS"[..], b"TLS-C", b"TLS-P", b"SSL"]
                    .iter()
                    .any(|name| arg.eq_ignore_ascii_case(name)) =>
                {
                    Some(Mechanism::Tls)
                }
                _ if arg.eq_ignore_ascii_case(b"GSSAPI") => Some(Mechanism::Gssapi),
                _ => None,
            };
        }
        handler.request(&self.command, arg);
        true
    }

    /// A line of the server's; whether it is a reply, or a part of one.
    fn reply(&mut self, line: &[u8], handler: &mut impl Handler) -> bool {
        let mut code = reply_code(line);
        let mut text = line;
        let (behind, mut continues) = (line.get(3).copied(), false);
        match self.pending {
            Some(pending) if code == pending && behind == Some(b' ') => {
                text = line.get(3..).unwrap_or_default().trim_ascii_start();
                self.pending = None;
            }
            Some(_) => (continues, code) = (true, 0),
            None => {
                let wrong = match (code, behind) {
                    (0, _) => Some("non-numeric reply code"),
                    (..100, _) => Some("invalid reply code"),
                    (_, None | Some(b'-' | b' ')) => None,
                    _ => Some("invalid reply line"),
                };
                if let Some(reason) = wrong {
                    handler.violation(reason, line);
                    return false;
                }
                if behind == Some(b'-') {
                    self.pending = Some(code);
                    continues = true;
                }
                text = line.get(3 + usize::from(continues)..).unwrap_or_default().trim_ascii_start();
            }
        }
        if code == 234 && self.asked == Some(Mechanism::Tls) {
            self.tls = handler.start_tls();
        }
        if code == 334 && self.asked == Some(Mechanism::Gssapi) && handler.start_gssapi() {
            self.adat = Some(Adat::default());
        }
        handler.reply(code, text, continues);
        true
    }
}

/// The code of a reply; 0 where there is none.
pub(super) fn reply_code(line: &[u8]) -> u16 {
    match line.first_chunk::<3>() {
        Some(digits) if digits.iter().all(u8::is_ascii_digit) => {
            digits.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'))
        }
        _ => 0,
    }
}

/// The first word of a line, and what follows it and the space behind it.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let len = line.iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
    let (word, rest) = line.split_at_checked(len).unwrap_or((line, &[]));
    (word, rest.trim_ascii_start())
}
