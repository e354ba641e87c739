//! Both directions of a connection.

use crate::error::Result;
use crate::pending::{Pending, Step};
use crate::reader::Reader;

/// Hears what a session reads.
pub trait Handler {
    /// It is PostgreSQL for sure.
    fn confirmed(&mut self);

    /// The client wants TLS.
    fn ssl_request(&mut self);

    /// The server's answer to that: `S` or `N`.
    fn ssl_reply(&mut self, answer: u8);

    /// Bytes of TLS.
    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]);

    /// What the client says of itself, before [`startup`](Self::startup).
    fn startup_parameter(&mut self, name: &[u8], value: &[u8]);

    /// The client begins, in this version.
    fn startup(&mut self, major: u16, minor: u16);

    /// How the client is to be authenticated, and the data for it.
    fn authentication_request(&mut self, identifier: u32, data: &[u8]);

    /// The client is who it says.
    fn authentication_ok(&mut self);

    /// What the client answers to be authenticated.
    fn authentication_response(&mut self, data: &[u8]);

    /// A query.
    fn simple_query(&mut self, query: &[u8]);

    /// The client is done.
    fn terminate(&mut self);

    /// A part of an error or of a notice.
    fn field(&mut self, is_error: bool, code: u8, value: &[u8]);

    /// The error or the notice is over.
    fn report(&mut self, is_error: bool);

    /// A row of so many columns.
    fn data_row(&mut self, columns: u16);

    /// The server waits for a query: in no transaction (`I`), in one (`T`), in one that has failed (`E`).
    fn ready(&mut self, status: u8);

    /// A setting of the server's.
    fn parameter_status(&mut self, name: &[u8], value: &[u8]);

    /// What a query is cancelled with.
    fn backend_key(&mut self, process: u32, secret: u32);

    /// Another message.
    fn other(&mut self, is_orig: bool, kind: u8, content: &[u8]);

    /// A message was too long to be read whole.
    fn cut(&mut self);

    /// The bytes are not PostgreSQL's, for this reason.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message that are read. They may have a gigabyte; stops a client from having that held.
    pub message: usize,
    /// Bytes of a side that wait until the other has said whether there is TLS.
    pub waiting: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 1 << 20, waiting: 16 << 10 }
    }
}

/// What a client begins with instead of a version.
mod magic {
    pub const CANCEL: u32 = 80_877_102;
    pub const TLS: u32 = 80_877_103;
    pub const GSSAPI: u32 = 80_877_104;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing was asked for yet.
    Begin,
    /// The client asked for TLS, or for GSSAPI's encryption.
    Asked {
        tls: bool,
    },
    Plain,
    Tls,
    /// Nothing can be read any more.
    Lost,
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Pending,
    resp: Pending,
    phase: Phase,
}

/// Bytes of what a client begins with, at the least.
const BEGIN: usize = 8;

/// Bytes of a message's type and length.
const HEADER: usize = 5;

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, orig: Pending::default(), resp: Pending::default(), phase: Phase::Begin }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.len() + self.resp.len()
    }

    /// Whether what comes is TLS.
    pub fn is_tls(&self) -> bool {
        self.phase == Phase::Tls
    }

    /// Bytes are missing: nothing more can be read, of either direction.
    pub fn gap(&mut self) {
        if self.phase != Phase::Tls {
            self.lose();
        }
    }

    fn lose(&mut self) {
        self.phase = Phase::Lost;
        (self.orig, self.resp) = Default::default();
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let (mut side, mut before) = (is_orig, self.phase);
        self.feed(side, bytes, handler);
        // What the other side has said already could not be read before. Each change has taken bytes.
        while self.phase != before {
            before = self.phase;
            side = !side;
            self.feed(side, &[], handler);
        }
    }

    fn feed(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let mut pending = std::mem::take(if is_orig { &mut self.orig } else { &mut self.resp });
        pending.feed(bytes, |rest| self.step(is_orig, rest, handler));
        let waits = matches!(self.phase, Phase::Begin | Phase::Asked { .. });
        if waits && pending.len() > self.limits.waiting {
            self.refuse("too many messages buffered", handler);
        }
        if self.phase != Phase::Lost {
            *(if is_orig { &mut self.orig } else { &mut self.resp }) = pending;
        }
    }

    fn refuse(&mut self, reason: &str, handler: &mut impl Handler) {
        self.lose();
        handler.violation(&format!("error while parsing PostgreSQL: {reason}"));
    }

    fn step(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Step {
        match self.phase {
            Phase::Lost => Step::Discard,
            Phase::Tls => {
                handler.tls_data(is_orig, rest);
                Step::Took(rest.len() as u64)
            }
            Phase::Plain => self.message(is_orig, rest, handler),
            Phase::Begin if is_orig => self.begin(rest, handler),
            Phase::Asked { tls } if !is_orig => self.answer(tls, rest, handler),
            Phase::Begin | Phase::Asked { .. } => Step::NeedMore,
        }
    }

    fn begin(&mut self, rest: &[u8], handler: &mut impl Handler) -> Step {
        let Some(&[a, b, c, d, e, f, g, h]) = rest.first_chunk::<BEGIN>() else { return Step::NeedMore };
        let (len, version) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
        match (len, version) {
            (8, magic::TLS | magic::GSSAPI) => {
                let tls = version == magic::TLS;
                self.phase = Phase::Asked { tls };
                if tls {
                    handler.ssl_request();
                }
                return Step::Took(8);
            }
            // Another connection's query is to be cancelled, and that is all.
            (16.., magic::CANCEL) => {
                self.lose();
                return Step::Discard;
            }
            _ => {}
        }
        let [major, minor] = [version >> 16, version & 0xffff];
        if major != 3 {
            self.refuse(&format!("unsupported PostgreSQL major version {major}"), handler);
            return Step::Discard;
        }
        let whole = len as usize;
        if whole < BEGIN + 1 || whole > self.limits.waiting {
            self.refuse("length of the startup message", handler);
            return Step::Discard;
        }
        let Some(parameters) = rest.get(BEGIN..whole) else { return Step::NeedMore };
        if !startup(parameters, handler) {
            self.refuse("parameters of the startup message", handler);
            return Step::Discard;
        }
        self.phase = Phase::Plain;
        handler.confirmed();
        handler.startup(3, minor as u16);
        Step::Took(whole as u64)
    }

    /// What the server says to TLS, or to GSSAPI's encryption.
    fn answer(&mut self, tls: bool, rest: &[u8], handler: &mut impl Handler) -> Step {
        match rest.first() {
            None => return Step::NeedMore,
            Some(answer @ (b'S' | b'N')) if tls => {
                self.phase = if *answer == b'S' { Phase::Tls } else { Phase::Begin };
                handler.confirmed();
                handler.ssl_reply(*answer);
            }
            Some(b'N') => self.phase = Phase::Begin,
            // All that follows is encrypted in a way that nobody reads.
            Some(b'G') if !tls => self.lose(),
            Some(_) => self.refuse("answer to a request for encryption", handler),
        }
        if self.phase == Phase::Lost { Step::Discard } else { Step::Took(1) }
    }

    fn message(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Step {
        let Some(&[kind, a, b, c, d]) = rest.first_chunk::<HEADER>() else { return Step::NeedMore };
        let Some(len) = u32::from_be_bytes([a, b, c, d]).checked_sub(4) else {
            self.refuse("length of a message", handler);
            return Step::Discard;
        };
        let whole = u64::from(len);
        // Of rows only the number of columns is read.
        let most = if !is_orig && kind == b'D' { 2 } else { self.limits.message };
        let read = (len as usize).min(most);
        let Some(content) = rest.get(HEADER..HEADER + read) else { return Step::NeedMore };
        if whole > self.limits.message as u64 && kind != b'D' {
            handler.cut();
        }
        let done = if is_orig { client(kind, content, handler) } else { server(kind, content, handler) };
        if done.is_err() {
            self.refuse(&format!("message of type {}", kind.escape_ascii()), handler);
            return Step::Discard;
        }
        Step::Took(HEADER as u64 + whole)
    }
}

/// The bytes before the next NUL, which is read as well.
fn text<'a>(r: &mut Reader<'a>) -> Result<&'a [u8]> {
    let end = r.rest().iter().position(|byte| *byte == 0).unwrap_or(r.remaining());
    let text = r.take(end, "text")?;
    r.skip(1, "NUL").map(|()| text)
}

fn is_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(byte))
}

fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| (0x20..0x7f).contains(byte))
}

/// Names and values up to a NUL; false where they are something else.
fn startup(parameters: &[u8], handler: &mut impl Handler) -> bool {
    let Some(parameters) = parameters.strip_suffix(b"\0") else { return false };
    let mut r = Reader::new(parameters);
    while !r.is_empty() {
        match (text(&mut r), text(&mut r)) {
            (Ok(name), Ok(value)) if is_name(name) && !value.is_empty() && is_value(value) => {
                handler.startup_parameter(name, value);
            }
            _ => return false,
        }
    }
    true
}

fn client(kind: u8, content: &[u8], handler: &mut impl Handler) -> Result<()> {
    match kind {
        b'p' => handler.authentication_response(content),
        b'X' => handler.terminate(),
        b'Q' => handler.simple_query(text(&mut Reader::new(content)).unwrap_or(content)),
        _ => handler.other(true, kind, content),
    }
    Ok(())
}

fn server(kind: u8, content: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Reader::new(content);
    match kind {
        b'K' => handler.backend_key(r.u32("process")?, r.u32("secret")?),
        b'E' | b'N' => {
            let is_error = kind == b'E';
            loop {
                match r.u8("code")? {
                    0 => break,
                    code => handler.field(is_error, code, text(&mut r)?),
                }
            }
            handler.report(is_error);
        }
        b'R' => match r.u32("identifier")? {
            0 => handler.authentication_ok(),
            identifier => handler.authentication_request(identifier, r.rest()),
        },
        b'S' => {
            let (name, value) = (text(&mut r)?, text(&mut r)?);
            handler.parameter_status(name, value);
        }
        b'D' => handler.data_row(r.u16("columns")?),
        b'Z' => handler.ready(r.u8("status")?),
        _ => handler.other(false, kind, content),
    }
    Ok(())
}
