//! BACnet/IP (ANSI/ASHRAE 135, Annex J): what stands before every message, who is there, and properties that are read and
//! written.
//!
//! [`read`] reads a datagram.

mod apdu;
pub mod fuzz;
#[cfg(test)]
mod tests;

pub use apdu::{Apdu, Object, Said, pdu};

use crate::error::{ParseError, Result};
use crate::probe::Probe;
use crate::reader::Reader;

/// Where devices listen (IANA).
pub const PORT: u16 = 47_808;

/// What every datagram begins with.
const BVLC: u8 = 0x81;

/// Functions of what stands first (§J.2).
pub mod function {
    #![allow(missing_docs, reason = "they are the standard's names")]
    pub const RESULT: u8 = 0x00;
    pub const FORWARDED: u8 = 0x04;
    pub const DISTRIBUTE: u8 = 0x09;
    pub const UNICAST: u8 = 0x0a;
    pub const BROADCAST: u8 = 0x0b;
}

/// The last of them.
const LAST_FUNCTION: u8 = 0x0c;

/// A datagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Message<'a> {
    /// What it is for.
    pub function: u8,
    /// What came of something, where that is what it tells.
    pub result: Option<u16>,
    /// What the application says, if it does.
    pub apdu: Option<Apdu<'a>>,
}

/// Reads a datagram.
///
/// # Errors
///
/// Where it is none.
pub fn read(bytes: &[u8]) -> Result<Message<'_>> {
    let mut r = Reader::new(bytes);
    if r.u8("BVLC type")? != BVLC {
        return Err(ParseError::malformed("BVLC type"));
    }
    let (function, len) = (r.u8("BVLC function")?, r.u16("BVLC length")?);
    let rest = usize::from(len).checked_sub(4).ok_or(ParseError::malformed("BVLC length"))?;
    let mut r = r.sub(rest, "BVLC")?;
    let mut message = Message { function, ..Message::default() };
    match function {
        function::RESULT => message.result = Some(r.u16("BVLC result")?),
        function::FORWARDED => {
            r.skip(6, "BVLC address")?;
            message.apdu = npdu(&mut r)?;
        }
        function::DISTRIBUTE | function::UNICAST | function::BROADCAST => message.apdu = npdu(&mut r)?,
        _ => {}
    }
    Ok(message)
}

/// What the network layer says (§6.2), and the application behind it.
fn npdu<'a>(r: &mut Reader<'a>) -> Result<Option<Apdu<'a>>> {
    if r.u8("NPDU version")? != 1 {
        return Err(ParseError::malformed("NPDU version"));
    }
    let control = r.u8("NPDU control")?;
    let has_destination = control & 0x20 != 0;
    for there in [has_destination, control & 0x08 != 0] {
        if there {
            r.skip(2, "NPDU network")?;
            let len = r.u8("NPDU address length")?;
            r.skip(len.into(), "NPDU address")?;
        }
    }
    if has_destination {
        r.skip(1, "NPDU hop count")?;
    }
    // Messages of the network layer itself have no more.
    if control & 0x80 != 0 {
        return Ok(None);
    }
    apdu::read(r).map(Some)
}

/// Whether a datagram is one.
pub fn probe(bytes: &[u8]) -> Probe {
    match bytes {
        [BVLC, function, high, low, ..]
            if *function <= LAST_FUNCTION
                && usize::from(u16::from_be_bytes([*high, *low])) == bytes.len()
                && read(bytes).is_ok() =>
        {
            Probe::Match
        }
        _ => Probe::NoMatch,
    }
}
