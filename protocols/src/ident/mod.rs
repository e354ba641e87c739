//! Ident (RFC 1413): whose a connection is.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::lines::{Flaw, Lines, Piece};

/// Bytes of a line that are held, as in Zeek.
const MAX_LINE: usize = 1000;

/// Ports of a connection: at the host that is asked, and at the one that asks.
pub type Ports = (u16, u16);

/// Hears what a session reads.
pub trait Handler {
    /// Whose is it?
    fn request(&mut self, ports: Ports);

    /// A user's, on such a system.
    fn reply(&mut self, ports: Ports, user: &[u8], system: &[u8]);

    /// That is not said, and why.
    fn error(&mut self, ports: Ports, why: &[u8]);

    /// Something odd, that Zeek has a weird for.
    fn weird(&mut self, name: &'static str, about: &[u8]);

    /// A flaw of lines.
    fn flaw(&mut self, flaw: Flaw);
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    lines: [Lines; 2],
    /// Something was asked, and all that was is whole.
    asked: bool,
    bad_reply: bool,
    is_over: bool,
}

impl Default for Session {
    fn default() -> Self {
        let lines = [Lines::new(MAX_LINE).drop_nul(), Lines::new(MAX_LINE).drop_nul()];
        Session { lines, asked: false, bad_reply: false, is_over: false }
    }
}

impl Session {
    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.lines.iter().map(Lines::buffered).sum()
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let mut input = data;
        let [orig, resp] = &mut self.lines;
        let lines = if is_orig { orig } else { resp };
        while !self.is_over && !input.is_empty() {
            match lines.next(&mut input) {
                Some(Piece::Line(b"")) => {}
                Some(Piece::Line(line) | Piece::Part(line)) if is_orig => self.asked |= request(line, h),
                Some(Piece::Line(line) | Piece::Part(line)) => {
                    if reply(line, h).is_none() && !std::mem::replace(&mut self.bad_reply, true) {
                        h.weird("bad_ident_reply", line);
                    }
                }
                Some(Piece::Plain(_)) => {}
                None => break,
            }
            lines.take_flaws().for_each(|flaw| h.flaw(flaw));
        }
        lines.take_flaws().for_each(|flaw| h.flaw(flaw));
    }

    /// Whether the side that asks has left something half said, or said nothing.
    pub fn is_partial(&self) -> bool {
        let [orig, _] = &self.lines;
        !self.is_over && (!self.asked || orig.buffered() > 0)
    }

    /// Bytes of a direction are missing: it is not known where lines begin.
    pub fn gap(&mut self) {
        self.is_over = true;
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.lines.reverse();
    }
}

/// Whether a line is a request.
fn request<H: Handler>(line: &[u8], h: &mut H) -> bool {
    let Some((ports, rest)) = pair(line, h) else {
        h.weird("bad_ident_request", line);
        return false;
    };
    if !rest.is_empty() {
        h.weird("ident_request_addendum", line);
    }
    h.request(ports);
    true
}

/// A reply; none where it is not one.
fn reply<H: Handler>(line: &[u8], h: &mut H) -> Option<()> {
    let (ports, rest) = pair(line, h)?;
    let rest = rest.strip_prefix(b":")?.trim_ascii_start();
    if let Some(rest) = rest.strip_prefix(b"ERROR") {
        h.error(ports, rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start());
        return Some(());
    }
    let rest = rest.strip_prefix(b"USERID")?.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
    let colon = rest.iter().position(|byte| *byte == b':')?;
    let (system, user) = rest.split_at_checked(colon)?;
    // What stands behind a comma is how the name is written.
    let system = system.split(|byte| *byte == b',').next().unwrap_or_default().trim_ascii_end();
    h.reply(ports, user.get(1..).unwrap_or_default().trim_ascii_start(), system);
    Some(())
}

/// Two ports with a comma between them, and what follows.
fn pair<'a, H: Handler>(line: &'a [u8], h: &mut H) -> Option<(Ports, &'a [u8])> {
    let (first, rest) = port(line, h)?;
    let (second, rest) = port(rest.strip_prefix(b",")?, h)?;
    Some(((first, second), rest))
}

/// A port, and what follows it and blanks. One that is too large is 0.
fn port<'a, H: Handler>(line: &'a [u8], h: &mut H) -> Option<(u16, &'a [u8])> {
    let line = line.trim_ascii_start();
    let digits = line.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = line.split_at_checked(digits).filter(|(digits, _)| !digits.is_empty())?;
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    if number.is_none() {
        h.weird("bad_ident_port", line);
    }
    Some((number.unwrap_or(0), rest.trim_ascii_start()))
}
