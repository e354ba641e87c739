//! S7comm and S7comm-plus, in which Siemens' controllers are spoken to: messages in COTP (RFC 905, ISO 8073) in TPKT
//! (RFC 1006). Siemens has published neither; what is read is what Wireshark and snap7 agree on.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::error::{ParseError, Result};
use crate::pending::{Pending, Step};
use crate::probe::Probe;
use crate::reader::Reader;

/// Where controllers listen (IANA: iso-tsap).
pub const PORT: u16 = 102;

/// Bytes of TPKT's header.
const TPKT: usize = 4;

/// COTP's data (ISO 8073 §13.7), in the upper half of the byte that says what it is.
const DATA: u8 = 0x0f;

/// What messages begin with.
const S7: u8 = 0x32;
const S7_PLUS: u8 = 0x72;

/// Kinds of messages (remote operating service control).
pub mod rosctr {
    #![allow(missing_docs, reason = "they are the protocol's names")]
    pub const JOB: u8 = 1;
    pub const ACK: u8 = 2;
    pub const ACK_DATA: u8 = 3;
    pub const USER_DATA: u8 = 7;
}

/// What is asked for, of jobs.
pub mod function {
    #![allow(missing_docs, reason = "they are the protocol's names")]
    pub const REQUEST_DOWNLOAD: u8 = 0x1a;
    pub const DOWNLOAD_ENDED: u8 = 0x1c;
    pub const START_UPLOAD: u8 = 0x1d;
    pub const END_UPLOAD: u8 = 0x1f;
    pub const PLC_CONTROL: u8 = 0x28;
}

/// A message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// What kind it is.
    pub rosctr: u8,
    /// Its number, which its answer has, too.
    pub reference: u16,
    /// What is asked for; with user data the group and whether it is a request.
    pub function: Option<u8>,
    /// With user data, what of the group.
    pub subfunction: Option<u8>,
    /// The service of the controller that is started or stopped.
    pub service: &'a [u8],
    /// What went wrong: its class and number, or with user data only the number.
    pub error: Option<(u8, u16)>,
    /// The name of a block that is loaded up or down.
    pub block: &'a [u8],
    /// What else it says.
    pub data: &'a [u8],
}

/// A message of S7comm-plus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Plus {
    /// The protocol's version.
    pub version: u8,
    /// Request, answer or notification.
    pub opcode: u8,
    /// What is asked for; notifications have none.
    pub function: Option<u16>,
}

/// Hears what a session reads.
pub trait Handler {
    /// A unit of COTP.
    fn cotp(&mut self, is_orig: bool, kind: u8);

    /// A message.
    fn message(&mut self, is_orig: bool, message: &Message<'_>);

    /// A message of S7comm-plus.
    fn plus(&mut self, is_orig: bool, plus: &Plus);

    /// The rules are broken: by this field.
    fn violation(&mut self, error: &ParseError);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a message that comes in several units of COTP. Stops a sender that never says which is the last.
    pub message: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: 64 << 10 }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    halves: [Half; 2],
}

/// A direction.
#[derive(Debug, Default)]
struct Half {
    /// What is not a whole TPKT yet.
    pending: Pending,
    /// What came of a message in units before its last.
    message: Vec<u8>,
    /// Bytes are missing, or what came was no unit: a piece that begins with one is waited for.
    lost: bool,
}

impl Session {
    /// A connection of which nothing was seen yet; `is_partial`: which is seen from the middle on.
    pub fn new(limits: Limits, is_partial: bool) -> Self {
        let half = || Half { lost: is_partial, ..Half::default() };
        Session { limits, halves: [half(), half()] }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.halves.iter().map(|half| half.pending.len() + half.message.len()).sum()
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let [orig, resp] = &mut self.halves;
        let Half { pending, message, lost } = if is_orig { orig } else { resp };
        if *lost && probe(bytes) != Probe::Match {
            return;
        }
        *lost = false;
        let limits = &self.limits;
        pending.feed(bytes, |rest| {
            let Some([version, _, high, low]) = rest.first_chunk::<TPKT>() else { return Step::NeedMore };
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            if *version != 3 || len <= TPKT {
                *lost = true;
                handler.violation(&ParseError::malformed("TPKT"));
                return Step::Discard;
            }
            let Some(unit) = rest.get(TPKT..len) else { return Step::NeedMore };
            if let Err(error) = cotp(is_orig, unit, message, limits, handler) {
                handler.violation(&error);
            }
            Step::Took(len as u64)
        });
    }

    /// Bytes of a direction are missing: it is taken up where a piece begins with a unit.
    pub fn gap(&mut self, is_orig: bool) {
        let [orig, resp] = &mut self.halves;
        *(if is_orig { orig } else { resp }) = Half { lost: true, ..Half::default() };
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.halves.swap(0, 1);
    }
}

/// Reads a unit of COTP.
fn cotp(
    is_orig: bool,
    unit: &[u8],
    begun: &mut Vec<u8>,
    limits: &Limits,
    handler: &mut impl Handler,
) -> Result<()> {
    let mut r = Reader::new(unit);
    let len = r.u8("COTP length")?;
    let mut header = r.sub(len.into(), "COTP header")?;
    let kind = header.u8("COTP type")? >> 4;
    handler.cotp(is_orig, kind);
    if kind != DATA {
        return Ok(());
    }
    let is_last = header.u8("COTP number")? & 0x80 != 0;
    if begun.is_empty() && is_last {
        return message(is_orig, r.rest(), handler);
    }
    if begun.len() + r.remaining() > limits.message {
        begun.clear();
        return Err(ParseError::malformed("COTP message"));
    }
    begun.extend_from_slice(r.rest());
    if is_last {
        return message(is_orig, &std::mem::take(begun), handler);
    }
    Ok(())
}

fn message(is_orig: bool, bytes: &[u8], handler: &mut impl Handler) -> Result<()> {
    match bytes.first() {
        Some(&S7) => handler.message(is_orig, &read(bytes)?),
        Some(&S7_PLUS) => handler.plus(is_orig, &read_plus(bytes)?),
        // Others use COTP as well: MMS, X.224.
        _ => {}
    }
    Ok(())
}

fn read(bytes: &[u8]) -> Result<Message<'_>> {
    let mut r = Reader::new(bytes);
    r.skip(1, "protocol")?;
    let rosctr = r.u8("rosctr")?;
    r.skip(2, "redundancy")?;
    let reference = u16::from_le_bytes(r.take_array("reference")?);
    let (parameters, data) = (r.u16("parameter length")?, r.u16("data length")?);
    let mut message = Message { rosctr, reference, ..Message::default() };
    if matches!(rosctr, rosctr::ACK | rosctr::ACK_DATA) {
        message.error = Some((r.u8("error class")?, r.u8("error code")?.into()));
    }
    let mut p = r.sub(parameters.into(), "parameters")?;
    message.data = r.take(data.into(), "data")?;
    if p.is_empty() {
        return Ok(message);
    }
    if rosctr == rosctr::USER_DATA {
        p.skip(5, "user data")?;
        message.function = Some(p.u8("function")?);
        message.subfunction = Some(p.u8("subfunction")?);
        p.skip(1, "sequence")?;
        // Answers say whether anything went wrong.
        if p.remaining() >= 4 {
            p.skip(2, "data unit")?;
            message.error = Some((0xfe, p.u16("error")?));
        }
        return Ok(message);
    }
    let function = p.u8("function")?;
    message.function = Some(function);
    if rosctr == rosctr::JOB {
        match function {
            function::PLC_CONTROL => {
                p.skip(7, "control")?;
                let len = p.u16("argument length")?;
                p.skip(len.into(), "argument")?;
                let len = p.u8("service length")?;
                message.service = p.take(len.into(), "service")?;
            }
            function::REQUEST_DOWNLOAD..=function::START_UPLOAD => {
                p.skip(7, "block status")?;
                let len = p.u8("block length")?;
                message.block = p.take(len.into(), "block")?;
            }
            _ => {}
        }
    }
    Ok(message)
}

fn read_plus(bytes: &[u8]) -> Result<Plus> {
    let mut r = Reader::new(bytes);
    r.skip(1, "protocol")?;
    let version = r.u8("version")?;
    r.skip(2, "length")?;
    // From the third version on a digest stands before what is said.
    if version == 3 && r.rest().first() == Some(&32) {
        r.skip(33, "digest")?;
    }
    let opcode = r.u8("opcode")?;
    let has_function = matches!(opcode, 0x31 | 0x32);
    if has_function {
        r.skip(2, "reserved")?;
    }
    let function = if has_function { Some(r.u16("function")?) } else { None };
    Ok(Plus { version, opcode, function })
}

/// What a read of the system's state list asks for or gives: what came of it, the list and its index.
pub fn szl(message: &Message<'_>) -> Option<(u8, u16, u16)> {
    if message.rosctr != rosctr::USER_DATA || message.function? & 0x0f != 4 || message.subfunction? != 1 {
        return None;
    }
    let mut r = Reader::new(message.data);
    let code = r.u8("return code").ok()?;
    r.skip(3, "transport").ok()?;
    Some((code, r.u16("list").ok()?, r.u16("index").ok()?))
}

/// Whether a direction begins with a unit of COTP that holds a message, or that asks for a connection.
pub fn probe(bytes: &[u8]) -> Probe {
    // Both sides begin with these: version 3, nothing, the length, and what COTP's header is.
    match bytes.get(..6) {
        None if Probe::prefix(bytes.get(..bytes.len().min(2)).unwrap_or_default(), &[3, 0])
            == Probe::NoMatch =>
        {
            Probe::NoMatch
        }
        None => Probe::NeedMore,
        Some([3, 0, _, len, cotp, kind]) => {
            let len = usize::from(*len);
            match kind {
                // Behind a connection's request or answer parameters of it follow: RDP's has none of these.
                0xe0 | 0xd0 => match bytes.get(TPKT + 7) {
                    _ if usize::from(*cotp) + TPKT + 1 != len => Probe::NoMatch,
                    None => Probe::NeedMore,
                    Some(0xc0..=0xc2) => Probe::Match,
                    Some(_) => Probe::NoMatch,
                },
                0xf0 if *cotp == 2 => match bytes.get(7) {
                    None => Probe::NeedMore,
                    Some(&(S7 | S7_PLUS)) => Probe::Match,
                    Some(_) => Probe::NoMatch,
                },
                _ => Probe::NoMatch,
            }
        }
        Some(_) => Probe::NoMatch,
    }
}
