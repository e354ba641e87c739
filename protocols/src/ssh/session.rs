//! Both directions of a connection.

use crate::error::ParseError;
use crate::reader::Reader;
use crate::ssh::kex::{self, HostKey, KexInit, Method, NameList};
use crate::ssh::logins::{Attempt, Logins};

/// Hears what a session reads.
pub trait Handler {
    /// An identification string (RFC 4253 §4.2), without its end of line.
    fn version(&mut self, is_orig: bool, line: &[u8]);

    /// What one side can do.
    fn capabilities(&mut self, is_orig: bool, can: &KexInit<'_>);

    /// The server's key.
    fn host_key(&mut self, key: &HostKey<'_>);

    /// The group that the server chose (RFC 4419 §3).
    fn dh_group(&mut self, p: &[u8], g: &[u8]);

    /// A side's ephemeral public key (RFC 5656 §4).
    fn ecc_key(&mut self, is_orig: bool, q: &[u8]);

    /// SSH_MSG_KEXGSS_ERROR (RFC 4462 §2.1).
    fn gss_error(&mut self, major: u32, minor: u32, message: &[u8]);

    /// Keys are taken into use: it is SSH for sure.
    fn confirmed(&mut self);

    /// A side sent so many encrypted bytes.
    fn encrypted(&mut self, is_orig: bool, len: usize);

    /// A login, as sizes show it.
    fn attempt(&mut self, attempt: Attempt);

    /// Something is odd.
    fn weird(&mut self, name: &'static str, addl: &[u8]);

    /// The bytes are not SSH's, for this reason, in Zeek's words where it has any.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of an identification string. RFC 4253 §4.2 allows 255; lines that come before it may be longer.
    pub line: usize,
    /// Bytes of a message of the key exchange. RFC 4253 §6.1 asks for 35,000. Stops lengths that never come.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 4 << 10, message: 256 << 10 }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Version,
    Key,
    Encrypted,
    /// Bytes are missing, or it was given up.
    Lost,
}

#[derive(Debug, Default)]
struct Side {
    phase: Phase,
    /// The beginning of a line or message that is not whole yet.
    held: Vec<u8>,
    /// A line ended with CR: an LF that follows is no byte of what comes next.
    after_cr: bool,
    speaks: Speaks,
}

/// The protocol version that a side offers (RFC 4253 §5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Speaks {
    #[default]
    Unknown,
    V1,
    /// Both: `SSH-1.99-`.
    V199,
    V2,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Version {
    V1,
    V2,
}

/// A connection, as far as it was seen.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    orig: Side,
    resp: Side,
    /// The key exchange algorithms that came first, and whose they are.
    offered: Option<(bool, Box<[u8]>)>,
    method: Option<Method>,
    logins: Logins,
}

/// What to do after a step.
enum Step {
    /// So many bytes are done with.
    Took(usize),
    NeedMore,
}

/// Message numbers (RFC 4250 §4.1.2, and those of version 1).
mod number {
    pub const NEWKEYS: u8 = 21;
    pub const KEX_30: u8 = 30;
    pub const KEX_31: u8 = 31;
    pub const KEX_33: u8 = 33;
    pub const GSS_HOSTKEY: u8 = 33;
    pub const GSS_ERROR: u8 = 34;
    pub const V1_PUBLIC_KEY: u8 = 2;
    pub const V1_SESSION_KEY: u8 = 3;
}

impl Session {
    /// A connection of which nothing has come yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held of lines and messages that are not whole.
    pub fn buffered(&self) -> usize {
        self.orig.held.len()
            + self.resp.held.len()
            + self.offered.as_ref().map_or(0, |(_, names)| names.len())
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
        if let Some((is_orig, _)) = &mut self.offered {
            *is_orig = !*is_orig;
        }
    }

    /// Bytes of a direction are missing: nothing more can be read, of either.
    pub fn gap(&mut self) {
        for side in [&mut self.orig, &mut self.resp] {
            side.phase = Phase::Lost;
            side.held = Vec::new();
        }
    }

    /// The next bytes of a direction, in the pieces in which they came: sizes tell of logins.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.side(is_orig).phase == Phase::Encrypted {
            return self.encrypted(is_orig, bytes.len(), handler);
        }
        let mut held = std::mem::take(&mut self.side(is_orig).held);
        let all = if held.is_empty() {
            bytes
        } else {
            held.extend_from_slice(bytes);
            &held
        };
        let mut rest = all;
        while !rest.is_empty() {
            let step = match self.side(is_orig).phase {
                Phase::Lost => return,
                Phase::Encrypted => {
                    self.encrypted(is_orig, rest.len(), handler);
                    rest = &[];
                    break;
                }
                Phase::Version => self.line(is_orig, rest, handler),
                Phase::Key => self.message(is_orig, rest, handler),
            };
            match step {
                Ok(Step::Took(taken)) => {
                    debug_assert!(taken > 0, "each step takes something");
                    rest = rest.get(taken.max(1)..).unwrap_or_default();
                }
                Ok(Step::NeedMore) => break,
                // What is left of the piece is thrown away, and the next one is looked at again.
                Err(reason) => {
                    handler.violation(&reason);
                    return;
                }
            }
        }
        if !rest.is_empty() {
            let start = all.len() - rest.len();
            self.side(is_orig).held = if held.is_empty() {
                rest.to_vec()
            } else {
                held.drain(..start);
                held
            };
        }
    }

    fn side(&mut self, is_orig: bool) -> &mut Side {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    fn line(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Result<Step, String> {
        let Some(end) = rest.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            if rest.len() > self.limits.line {
                self.side(is_orig).phase = Phase::Lost;
                return Err("no end of the identification string".to_owned());
            }
            return Ok(Step::NeedMore);
        };
        let (line, ends_with_cr) = (rest.get(..end).unwrap_or_default(), rest.get(end) == Some(&b'\r'));
        let side = self.side(is_orig);
        (side.phase, side.after_cr, side.speaks) = (Phase::Key, ends_with_cr, Speaks::of(line));
        handler.version(is_orig, line);
        Ok(Step::Took(end + 1))
    }

    fn message(&mut self, is_orig: bool, rest: &[u8], handler: &mut impl Handler) -> Result<Step, String> {
        if std::mem::take(&mut self.side(is_orig).after_cr) && rest.first() == Some(&b'\n') {
            return Ok(Step::Took(1));
        }
        let Some(length) = rest.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else {
            return Ok(Step::NeedMore);
        };
        let Some(version) = self.version() else {
            return Err(
                "Binpac exception: binpac exception: invalid index for case: SSH_Key_Exchange: 3".to_owned()
            );
        };
        let length = length as usize;
        let padding = if version == Version::V1 { 8 - length % 8 } else { 0 };
        let whole = length + padding + 4;
        if whole > self.limits.message {
            self.side(is_orig).phase = Phase::Lost;
            return Err(format!("message of {length} bytes in the key exchange"));
        }
        let Some(message) = rest.get(4..whole) else { return Ok(Step::NeedMore) };
        let read = match version {
            Version::V1 => self.message1(is_orig, message, padding, handler),
            Version::V2 => self.message2(is_orig, message, handler),
        };
        read.map(|()| Step::Took(whole))
            .map_err(|error| format!("Binpac exception: binpac exception: {error}"))
    }

    /// The version that both sides speak (RFC 4253 §5).
    fn version(&self) -> Option<Version> {
        match (self.orig.speaks, self.resp.speaks) {
            (Speaks::V2 | Speaks::V199, Speaks::V2 | Speaks::V199) => Some(Version::V2),
            (Speaks::V1, Speaks::V1 | Speaks::V199) | (Speaks::V199, Speaks::V1) => Some(Version::V1),
            _ => None,
        }
    }

    fn message1(
        &mut self,
        is_orig: bool,
        message: &[u8],
        padding: usize,
        handler: &mut impl Handler,
    ) -> Result<(), ParseError> {
        let mut r = Reader::new(message);
        r.skip(padding, "padding")?;
        match r.u8("type")? {
            number::V1_PUBLIC_KEY => {
                r.skip(8 + 4, "cookie")?;
                kex::mpint1(&mut r, "server_key_exp")?;
                kex::mpint1(&mut r, "server_key_mod")?;
                r.skip(4, "host_key")?;
                let exponent = kex::mpint1(&mut r, "host_key_exp")?;
                let modulus = kex::mpint1(&mut r, "host_key_mod")?;
                handler.host_key(&HostKey::V1 { exponent, modulus });
            }
            number::V1_SESSION_KEY => handler.confirmed(),
            _ => return Err(ParseError::malformed("SSH1_Message")),
        }
        self.side(is_orig).phase = Phase::Encrypted;
        Ok(())
    }

    fn message2(
        &mut self,
        is_orig: bool,
        message: &[u8],
        handler: &mut impl Handler,
    ) -> Result<(), ParseError> {
        let mut r = Reader::new(message);
        let padding = usize::from(r.u8("padding_length")?);
        let kind = r.u8("msg_type")?;
        let len = r.remaining().checked_sub(padding).ok_or(ParseError::malformed("padding_length"))?;
        let payload = r.take(len, "payload")?;
        if kind == number::NEWKEYS {
            self.side(is_orig).phase = Phase::Encrypted;
            handler.confirmed();
            return Ok(());
        }
        match self.method {
            None => {
                let can = KexInit::parse(payload)?;
                self.offer(is_orig, can.kex, handler);
                handler.capabilities(is_orig, &can);
                Ok(())
            }
            Some(method) => exchange(method, is_orig, kind, payload, handler),
        }
    }

    /// A side's key exchange algorithms: with those of both it is known what follows.
    fn offer(&mut self, is_orig: bool, names: NameList<'_>, handler: &mut impl Handler) {
        let Some((of_orig, first)) = &self.offered else {
            self.offered = Some((is_orig, names.0.into()));
            return;
        };
        if *of_orig == is_orig {
            return;
        }
        let (client, server) = if is_orig { (names, NameList(first)) } else { (NameList(first), names) };
        if let Some(agreed) = client.agreed(server) {
            self.method = Method::of(agreed);
            if self.method.is_none() {
                handler.weird("ssh_unknown_kex_algorithm", agreed);
            }
        }
    }

    fn encrypted(&mut self, is_orig: bool, len: usize, handler: &mut impl Handler) {
        if len == 0 {
            return;
        }
        handler.encrypted(is_orig, len);
        // Of version 1 the sizes are others.
        if self.version() == Some(Version::V2)
            && let Some(attempt) = self.logins.encrypted(is_orig, len)
        {
            handler.attempt(attempt);
        }
    }
}

/// A message between both sides' SSH_MSG_KEXINIT and their SSH_MSG_NEWKEYS.
fn exchange(
    method: Method,
    is_orig: bool,
    kind: u8,
    payload: &[u8],
    handler: &mut impl Handler,
) -> Result<(), ParseError> {
    let mut r = Reader::new(payload);
    match (method, kind) {
        (Method::Dh, number::KEX_31) | (Method::DhGex, number::KEX_33) => {
            handler.host_key(&HostKey::V2(kex::string(&mut r, "k_s")?));
        }
        (Method::DhGex, number::KEX_31) => {
            let (p, g) = (kex::string(&mut r, "p")?, kex::string(&mut r, "g")?);
            handler.dh_group(p, g);
        }
        (Method::Ecc, number::KEX_30) => handler.ecc_key(is_orig, kex::string(&mut r, "q_c")?),
        (Method::Ecc, number::KEX_31) => {
            let (key, q) = (kex::string(&mut r, "k_s")?, kex::string(&mut r, "q_s")?);
            handler.host_key(&HostKey::V2(key));
            handler.ecc_key(is_orig, q);
        }
        (Method::Gss, number::GSS_HOSTKEY) => {
            handler.host_key(&HostKey::V2(kex::string(&mut r, "k_s")?));
        }
        (Method::Gss, number::GSS_ERROR) => {
            let (major, minor) = (r.u32("major_status")?, r.u32("minor_status")?);
            handler.gss_error(major, minor, kex::string(&mut r, "message")?);
        }
        _ => {}
    }
    Ok(())
}

impl Speaks {
    fn of(line: &[u8]) -> Speaks {
        match line.get(4) {
            Some(b'2') => Speaks::V2,
            Some(b'1') if line.get(6..8) == Some(b"99") => Speaks::V199,
            Some(b'1') => Speaks::V1,
            _ => Speaks::Unknown,
        }
    }
}
