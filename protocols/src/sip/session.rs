//! Messages, line by line.
//!
//! Zeek reads what all requests of a connection, and all replies, consist of as one stream each, over UDP as well: what a
//! datagram leaves open goes on in the next one. So does this.

use crate::bounds::Broken;
use crate::pending::{Pending, Step};

/// Hears what a session reads. `is_request` says what a message is, whoever sent it.
pub trait Handler {
    /// The first line of a request.
    fn request(&mut self, method: &[u8], uri: &[u8], version: &[u8]);

    /// The first line of a reply.
    fn reply(&mut self, version: &[u8], code: u16, reason: &[u8]);

    /// A header.
    fn header(&mut self, is_request: bool, name: &[u8], value: &[u8]);

    /// That was the last one.
    fn headers_done(&mut self, is_request: bool);

    /// A message is over, with its body.
    fn done(&mut self, is_request: bool);

    /// Something stood before a request.
    fn junk(&mut self, junk: &[u8]);

    /// The bytes are not SIP's, for this reason, in Zeek's words but for the place in its source.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line. Stops lines that never end.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 64 << 10 }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Headers,
    Body,
}

/// Messages one after the other.
#[derive(Debug, Default)]
struct Flow {
    pending: Pending,
    at: At,
    /// Of the message at hand.
    is_request: bool,
    /// As the last message that had one said: of datagrams, Zeek does not forget it in between.
    content_length: u64,
    /// Bytes of the body that are to come.
    left: u64,
    /// A line ended with CR: an LF that follows is no line of its own.
    after_cr: bool,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    /// Replies and requests, or over TCP what the responder and the originator send.
    flows: [Flow; 2],
    lost: bool,
}

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.flows.iter().map(|flow| flow.pending.len()).sum()
    }

    /// The payload of a datagram, whoever sent it.
    pub fn datagram(&mut self, payload: &[u8], handler: &mut impl Handler) {
        // Some only keep a connection alive.
        if payload.len() == 2 && payload.first() == Some(&b'\r') {
            return;
        }
        let is_request = !(payload.len() > 6 && is_reply(payload));
        let limits = self.limits;
        let [replies, requests] = &mut self.flows;
        let flow = if is_request { requests } else { replies };
        flow.is_request = is_request;
        flow.data(limits, None, payload, handler);
    }

    /// The next bytes of a direction of a stream.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.lost {
            return;
        }
        let limits = self.limits;
        let [resp, orig] = &mut self.flows;
        let flow = if is_orig { orig } else { resp };
        flow.data(limits, Some(is_reply), bytes, handler);
    }

    /// Bytes of a stream are missing: nothing more can be read.
    pub fn gap(&mut self) {
        self.lost = true;
        self.flows = Default::default();
    }
}

fn is_reply(start: &[u8]) -> bool {
    start.starts_with(b"SIP/")
}

impl Flow {
    /// Reads on. `is_reply` looks at what a message begins with, where it may be either.
    fn data(
        &mut self,
        limits: Limits,
        is_reply: Option<fn(&[u8]) -> bool>,
        bytes: &[u8],
        handler: &mut impl Handler,
    ) {
        let mut pending = std::mem::take(&mut self.pending);
        // The end of a line is only looked for in what is new.
        let mut seen = pending.len();
        pending.feed(bytes, |rest| {
            if std::mem::take(&mut self.after_cr) && rest.first() == Some(&b'\n') {
                return Step::Took(1);
            }
            if self.at == At::Body {
                let body = self.left.min(rest.len() as u64);
                self.left -= body;
                self.end_of_body(handler);
                return Step::Took(body);
            }
            let new = rest.get(seen..).unwrap_or_default();
            let end = new.iter().position(|byte| matches!(byte, b'\r' | b'\n')).map(|end| seen + end);
            if end.unwrap_or(rest.len()) > limits.line {
                self.at = At::Start;
                handler.violation("Binpac exception: line too long");
                return Step::Discard;
            }
            let Some(end) = end else { return Step::NeedMore };
            seen = 0;
            let line = rest.get(..end).unwrap_or_default();
            self.after_cr = rest.get(end) == Some(&b'\r');
            if self.at == At::Start
                && let Some(is_reply) = is_reply
            {
                // Between messages of a stream there may be empty lines (RFC 3261 §7.5).
                if line.is_empty() {
                    return Step::Took(end as u64 + 1);
                }
                (self.is_request, self.content_length) = (!is_reply(line), 0);
            }
            match self.line(line, handler) {
                Ok(()) => {
                    self.end_of_body(handler);
                    Step::Took(end as u64 + 1)
                }
                Err(reason) => {
                    (self.at, self.after_cr) = (At::Start, false);
                    handler.violation(&reason);
                    Step::Discard
                }
            }
        });
        self.pending = pending;
    }

    /// A message is over once nothing is to come of its body.
    fn end_of_body(&mut self, handler: &mut impl Handler) {
        if self.at == At::Body && self.left == 0 {
            self.at = At::Start;
            handler.done(self.is_request);
        }
    }

    fn line(&mut self, line: &[u8], handler: &mut impl Handler) -> Result<(), String> {
        match self.at {
            At::Start => {
                self.at = At::Headers;
                match self.is_request {
                    true => request(line, handler),
                    false => reply(line, handler),
                }
            }
            At::Headers if line.is_empty() => {
                (self.at, self.left) = (At::Body, self.content_length);
                handler.headers_done(self.is_request);
                Ok(())
            }
            At::Headers | At::Body => self.header(line, handler),
        }
    }

    fn header(&mut self, line: &[u8], handler: &mut impl Handler) -> Result<(), String> {
        let (name, rest) = split(line, |byte| !matches!(byte, b':' | b' ' | b'\t'));
        if name.is_empty() {
            return Err(mismatch("[^: \\t]+", line));
        }
        let rest = space(rest);
        let value = rest.strip_prefix(b":").map(space).ok_or_else(|| mismatch(":", rest))?;
        if matches!(name, b"Content-Length" | b"L") {
            self.content_length = number(value);
        }
        handler.header(self.is_request, name, value);
        Ok(())
    }
}

fn request(line: &[u8], handler: &mut impl Handler) -> Result<(), String> {
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"_.!%*+`'~-".contains(&byte);
    let (junk, rest) = split(line, |byte| !is_token(byte));
    let (method, rest) = split(rest, is_token);
    if method.is_empty() {
        return Err(mismatch("[a-zA-Z0-9_.!%*+`'~-]+", rest));
    }
    let (uri, rest) = split(space(rest), |byte| byte.is_ascii_graphic());
    if uri.is_empty() {
        return Err(mismatch("[[:alnum:]@[:punct:]]+", rest));
    }
    let (version, _) = version(space(rest))?;
    if !junk.is_empty() {
        handler.junk(junk);
    }
    handler.request(method, uri, version);
    Ok(())
}

fn reply(line: &[u8], handler: &mut impl Handler) -> Result<(), String> {
    let (version, rest) = version(line)?;
    let rest = space(rest);
    let status = rest.first_chunk::<3>().filter(|digits| digits.iter().all(u8::is_ascii_digit));
    let status = status.ok_or_else(|| mismatch("[0-9]{3}", rest))?;
    let code = status.iter().fold(0, |code, digit| code * 10 + u16::from(digit - b'0'));
    handler.reply(version, code, space(rest.get(3..).unwrap_or_default()));
    Ok(())
}

/// The version that a text begins with, and what is behind it.
fn version(text: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let rest = text.strip_prefix(b"SIP/").ok_or_else(|| mismatch("SIP/", text))?;
    let (major, behind) = split(rest, |byte| byte.is_ascii_digit());
    let (minor, after) = split(behind.strip_prefix(b".").unwrap_or_default(), |byte| byte.is_ascii_digit());
    if major.is_empty() || minor.is_empty() {
        return Err(mismatch("[0-9]+\\.[0-9]+", rest));
    }
    let len = major.len() + 1 + minor.len();
    Ok((rest.get(..len).unwrap_or_default(), after))
}

/// What a text begins with as long as bytes are such, and the rest.
fn split(text: &[u8], is: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !is(*byte)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, b""))
}

fn space(text: &[u8]) -> &[u8] {
    split(text, |byte| matches!(byte, b' ' | b'\t')).1
}

/// The number that a text begins with, 0 where there is none.
pub fn number(text: &[u8]) -> u64 {
    let digits = space(text).iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0, |number: u64, digit| number.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

/// What Zeek says of what is not as it has to be.
fn mismatch(expected: &str, actual: &[u8]) -> String {
    Broken::mismatch("", expected, actual).to_string()
}
