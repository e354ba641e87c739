//! Both directions of a connection.

use crate::irc::message::{self, Message, without_spaces};
use crate::lines::{Lines, Piece};

/// Hears what a session reads.
pub trait Handler {
    /// The client's side is IRC.
    fn confirmed(&mut self);

    /// A message.
    fn message(&mut self, is_orig: bool, message: &Message<'_>);

    /// Bytes of TLS.
    fn secured(&mut self, is_orig: bool, bytes: &[u8]);

    /// An oddity, in Zeek's words, and what Zeek names as its source.
    fn weird(&mut self, name: &'static str, source: &'static str);

    /// The rules were broken.
    fn violation(&mut self, reason: &'static str);
}

/// Bytes of a line that are held, as in Zeek. Stops lines that never end.
const MAX_LINE: usize = 1000;
/// Lines that are longer than this are none (RFC 1459 §2.3).
const MAX_MESSAGE: usize = 512;
/// Letters of a command.
const MAX_COMMAND: usize = 20;
/// With more commands than these that are too long it is something else.
const MAX_INVALID: u32 = 20;

/// What Zeek names as the source of what is odd.
const SOURCE: &str = "IRC";

/// A connection.
#[derive(Debug)]
pub struct Session {
    orig: Lines,
    resp: Lines,
    confirmed: bool,
    invalid: u32,
    /// All that follows is TLS.
    tls: bool,
}

impl Default for Session {
    fn default() -> Self {
        let lines = || Lines::new(MAX_LINE);
        Session { orig: lines(), resp: lines(), confirmed: false, invalid: 0, tls: false }
    }
}

impl Session {
    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let mut input = bytes;
        if self.tls {
            // The end of the line that agreed to it.
            self.lines(is_orig).skip_lf(&mut input);
        }
        while !self.tls && !input.is_empty() {
            // Where the line lies must not keep the session from changing: it goes out and comes back.
            let mut lines = std::mem::take(self.lines(is_orig));
            let more = match lines.next(&mut input) {
                Some(Piece::Line(line) | Piece::Part(line)) => {
                    self.line(is_orig, line, handler);
                    true
                }
                Some(Piece::Plain(_)) => true,
                None => false,
            };
            if self.tls {
                lines.skip_lf(&mut input);
            }
            for flaw in lines.take_flaws() {
                handler.weird(flaw.weird(), crate::lines::Flaw::SOURCE);
            }
            *self.lines(is_orig) = lines;
            if !more {
                return;
            }
        }
        if self.tls && !input.is_empty() {
            handler.secured(is_orig, input);
        }
    }

    /// Whether all that follows is TLS.
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

    fn lines(&mut self, is_orig: bool) -> &mut Lines {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    fn line(&mut self, is_orig: bool, line: &[u8], handler: &mut impl Handler) {
        if line.len() > MAX_MESSAGE {
            return handler.weird("irc_line_size_exceeded", SOURCE);
        }
        let mut line = without_spaces(line);
        if line.len() < 3 {
            return handler.weird("irc_line_too_short", SOURCE);
        }
        let mut prefix = &[][..];
        if let Some(rest) = line.strip_prefix(b":") {
            let Some(end) = rest.iter().position(|byte| *byte == b' ') else {
                return handler.weird("irc_invalid_line", SOURCE);
            };
            let (front, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
            (prefix, line) = (front, without_spaces(behind));
        }
        if is_orig && !std::mem::replace(&mut self.confirmed, true) {
            handler.confirmed();
        }
        if line.len() < 3 {
            handler.weird("irc_invalid_line", SOURCE);
            return handler.violation("line too short");
        }
        if line.first().is_some_and(u8::is_ascii_digit) {
            return self.reply(is_orig, prefix, line, handler);
        }
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        let (word, params) = line.split_at_checked(end).unwrap_or((line, &[]));
        let params = without_spaces(params);
        if word.len() > MAX_COMMAND {
            handler.weird("irc_invalid_command", SOURCE);
            self.invalid += 1;
            if self.invalid > MAX_INVALID {
                handler.weird("irc_too_many_invalid", SOURCE);
                handler.violation("too many long lines");
            }
            return;
        }
        let mut upper = [0; MAX_COMMAND];
        let Some(command) = upper.get_mut(..word.len()) else { return };
        command.copy_from_slice(word);
        command.make_ascii_uppercase();
        // What agrees to it is the reply.
        if *command != *b"STARTTLS" {
            match message::command(is_orig, prefix, command, params) {
                Ok(Some(message)) => handler.message(is_orig, &message),
                Ok(None) => {}
                Err(weird) => handler.weird(weird, SOURCE),
            }
        }
    }

    fn reply(&mut self, is_orig: bool, prefix: &[u8], line: &[u8], handler: &mut impl Handler) {
        let [a, b, c, b' ', params @ ..] = line else {
            handler.weird("irc_invalid_reply_number", SOURCE);
            return handler.violation("invalid reply number");
        };
        if !(b.is_ascii_digit() && c.is_ascii_digit()) {
            handler.weird("irc_invalid_reply_number", SOURCE);
            return handler.violation("invalid reply number");
        }
        let code = [a, b, c].iter().fold(0, |code, digit| code * 10 + u16::from(**digit - b'0'));
        // 000 is none, as in Zeek.
        if code == 0 {
            return;
        }
        match message::reply(prefix, code, params) {
            Ok(Some(message)) => {
                self.tls = message == Message::StartTls;
                handler.message(is_orig, &message);
            }
            Ok(None) => {}
            Err(weird) => handler.weird(weird, SOURCE),
        }
    }
}
