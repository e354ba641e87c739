//! Finger (RFC 1288): who somebody is, and what is said of it.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::lines::{Lines, Piece};

/// Where servers usually are.
pub const PORT: u16 = 79;

/// Bytes of a line that are held.
const MAX_LINE: usize = 4096;

/// Bytes that an answer's line needs to show what it is.
const TELLING: usize = 10;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// All that is known of it (`/W`).
    pub full: bool,
    /// Of whom; empty is of all.
    pub user: &'a [u8],
    /// Where else to ask.
    pub host: &'a [u8],
}

/// Hears what a session reads.
pub trait Handler {
    /// What is asked.
    fn request(&mut self, request: &Request<'_>);

    /// A line of what is said.
    fn reply(&mut self, line: &[u8]);

    /// It is Finger.
    fn confirmed(&mut self);

    /// It is not; nothing more is read.
    fn violation(&mut self, reason: &'static str);
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    request: Lines,
    reply: Lines,
    /// It was asked; what follows is not told.
    asked: bool,
    is_over: bool,
}

impl Default for Session {
    fn default() -> Self {
        Session { request: Lines::new(MAX_LINE), reply: Lines::new(MAX_LINE), asked: false, is_over: false }
    }
}

impl Session {
    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.request.buffered() + self.reply.buffered()
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let mut input = data;
        while !self.is_over && !input.is_empty() {
            let lines = if is_orig { &mut self.request } else { &mut self.reply };
            let Some(Piece::Line(line) | Piece::Part(line) | Piece::Plain(line)) = lines.next(&mut input)
            else {
                return;
            };
            if std::str::from_utf8(line).is_err() {
                self.is_over = true;
                return h.violation("not text");
            }
            if !is_orig {
                if line.len() > TELLING {
                    h.confirmed();
                }
                if !line.is_empty() {
                    h.reply(line);
                }
            } else if !std::mem::replace(&mut self.asked, true) {
                ask(line, h);
            }
        }
    }

    /// A direction is over: what was asked may lack the end of its line.
    pub fn end<H: Handler>(&mut self, is_orig: bool, h: &mut H) {
        if !is_orig || self.is_over || std::mem::replace(&mut self.asked, true) {
            return;
        }
        match self.request.end() {
            Some(line) if std::str::from_utf8(line).is_ok() => ask(line, h),
            _ => {}
        }
    }

    /// Bytes of a direction are missing: it is not known where lines begin.
    pub fn gap(&mut self) {
        self.is_over = true;
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.request, &mut self.reply);
    }
}

fn ask<H: Handler>(line: &[u8], h: &mut H) {
    let request = request(line);
    if !request.user.is_empty() || request.full {
        h.confirmed();
    }
    h.request(&request);
}

/// What a line asks (RFC 1288 §2.3).
fn request(line: &[u8]) -> Request<'_> {
    let line = line.trim_ascii();
    let (full, line) = match line.strip_prefix(b"/W") {
        Some(rest) => (true, rest.trim_ascii_start()),
        None => (false, line),
    };
    let at = line.iter().position(|byte| *byte == b'@').unwrap_or(line.len());
    let (user, host) = line.split_at_checked(at).unwrap_or((line, &[]));
    Request { full, user, host: host.strip_prefix(b"@").unwrap_or(host) }
}
