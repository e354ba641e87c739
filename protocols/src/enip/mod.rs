//! EtherNet/IP and CIP, as ODVA has published them (Common Industrial Protocol, volumes 1 and 2).
//!
//! [`Session`] follows both directions of a connection over TCP; [`datagram`] reads what comes over UDP. Both tell a
//! [`Handler`] what they read.

mod cip;
pub mod fuzz;
#[cfg(test)]
mod tests;

pub use cip::{Cip, Path};

use crate::error::{ParseError, Result};
use crate::pending::{Pending, Step};
use crate::probe::Probe;
use crate::reader::Reader;

/// Where devices listen, over TCP and UDP (IANA).
pub const PORT: u16 = 44_818;

/// Bytes of what every message begins with.
const HEADER: usize = 24;

/// What is to be done (volume 2, §2-3.2).
pub mod command {
    #![allow(missing_docs, reason = "they are the specification's names")]
    pub const LIST_IDENTITY: u16 = 0x63;
    pub const SEND_RR_DATA: u16 = 0x6f;
    pub const SEND_UNIT_DATA: u16 = 0x70;
}

/// All commands, by their numbers.
pub const COMMANDS: &[(u16, &str)] = &[
    (0x00, "NOP"),
    (0x04, "List Services"),
    (0x63, "List Identity"),
    (0x64, "List Interfaces"),
    (0x65, "Register Session"),
    (0x66, "Unregister Session"),
    (0x6f, "Send RR Data"),
    (0x70, "Send Unit Data"),
    (0x72, "Indicate Status"),
    (0x73, "Cancel"),
];

/// What a message begins with (volume 2, §2-3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// What is to be done.
    pub command: u16,
    /// Bytes that follow.
    pub len: u16,
    /// The session's number.
    pub session: u32,
    /// What came of it.
    pub status: u32,
    /// What the sender knows it by.
    pub context: [u8; 8],
    /// Nothing so far.
    pub options: u32,
}

/// What a device says of itself (volume 2, §2-4.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// Of EtherNet/IP.
    pub version: u16,
    /// Where it listens.
    pub address: [u8; 4],
    /// Likewise.
    pub port: u16,
    /// Who made it.
    pub vendor: u16,
    /// What kind of device it is.
    pub device: u16,
    /// Which of the vendor's.
    pub product: u16,
    /// Of the device: major and minor.
    pub revision: [u8; 2],
    /// How it is.
    pub status: u16,
    /// Its number.
    pub serial: u32,
    /// Its name.
    pub name: &'a [u8],
    /// What it does.
    pub state: u8,
}

/// Hears what is read.
pub trait Handler {
    /// A message begins.
    fn header(&mut self, is_orig: bool, header: &Header);

    /// A message of CIP; of several in one each is told, behind the one that they are in.
    fn cip(&mut self, is_orig: bool, cip: &Cip<'_>);

    /// A device says what it is.
    fn identity(&mut self, identity: &Identity<'_>);

    /// The rules are broken: by this field.
    fn violation(&mut self, error: &ParseError);
}

/// A connection.
#[derive(Debug, Default)]
pub struct Session {
    halves: [Half; 2],
}

/// A direction.
#[derive(Debug, Default)]
struct Half {
    pending: Pending,
    /// Bytes are missing, or what came was no message: a piece that begins with one is waited for.
    lost: bool,
}

impl Session {
    /// A connection of which nothing was seen yet; `is_partial`: which is seen from the middle on.
    pub fn new(is_partial: bool) -> Self {
        let half = || Half { pending: Pending::default(), lost: is_partial };
        Session { halves: [half(), half()] }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.halves.iter().map(|half| half.pending.len()).sum()
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let [orig, resp] = &mut self.halves;
        let Half { pending, lost } = if is_orig { orig } else { resp };
        if *lost && probe(bytes) != Probe::Match {
            return;
        }
        *lost = false;
        pending.feed(bytes, |rest| {
            let Some([low, high, a, b]) = rest.first_chunk::<4>() else { return Step::NeedMore };
            if !is_command(u16::from_le_bytes([*low, *high])) {
                *lost = true;
                handler.violation(&ParseError::malformed("command"));
                return Step::Discard;
            }
            let len = HEADER + usize::from(u16::from_le_bytes([*a, *b]));
            let Some(message) = rest.get(..len) else { return Step::NeedMore };
            if let Err(error) = read(is_orig, message, handler) {
                handler.violation(&error);
            }
            Step::Took(len as u64)
        });
    }

    /// Bytes of a direction are missing: it is taken up where a piece begins with a message.
    pub fn gap(&mut self, is_orig: bool) {
        let [orig, resp] = &mut self.halves;
        *(if is_orig { orig } else { resp }) = Half { lost: true, ..Half::default() };
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.halves.swap(0, 1);
    }
}

fn is_command(command: u16) -> bool {
    COMMANDS.iter().any(|(known, _)| *known == command)
}

/// Reads a datagram.
pub fn datagram(is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
    if let Err(error) = read(is_orig, bytes, handler) {
        handler.violation(&error);
    }
}

fn u16_le(r: &mut Reader<'_>, field: &'static str) -> Result<u16> {
    r.take_array(field).map(u16::from_le_bytes)
}

fn u32_le(r: &mut Reader<'_>, field: &'static str) -> Result<u32> {
    r.take_array(field).map(u32::from_le_bytes)
}

fn read(is_orig: bool, message: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Reader::new(message);
    let header = Header {
        command: u16_le(&mut r, "command")?,
        len: u16_le(&mut r, "length")?,
        session: u32_le(&mut r, "session handle")?,
        status: u32_le(&mut r, "status")?,
        context: r.take_array("sender context")?,
        options: u32_le(&mut r, "options")?,
    };
    if !is_command(header.command) {
        return Err(ParseError::malformed("command"));
    }
    let mut r = r.sub(header.len.into(), "data")?;
    handler.header(is_orig, &header);
    match header.command {
        command::SEND_RR_DATA | command::SEND_UNIT_DATA if !r.is_empty() => {
            r.skip(6, "interface handle")?;
            items(is_orig, &mut r, handler)
        }
        command::LIST_IDENTITY if !r.is_empty() => items(is_orig, &mut r, handler),
        _ => Ok(()),
    }
}

/// Items in the common packet format (volume 2, §2-6).
fn items(is_orig: bool, r: &mut Reader<'_>, handler: &mut impl Handler) -> Result<()> {
    // Each takes four bytes at least.
    for _ in 0..u16_le(r, "item count")? {
        let (kind, len) = (u16_le(r, "item type")?, u16_le(r, "item length")?);
        let mut item = r.sub(len.into(), "item")?;
        match kind {
            0x0c => handler.identity(&identity(&mut item)?),
            0xb1 => {
                let sequence = u16_le(&mut item, "sequence count")?;
                cip::read(is_orig, Some(sequence), item.rest(), handler)?;
            }
            0xb2 => cip::read(is_orig, None, item.rest(), handler)?,
            _ => {}
        }
    }
    Ok(())
}

fn identity<'a>(r: &mut Reader<'a>) -> Result<Identity<'a>> {
    let version = u16_le(r, "version")?;
    r.skip(2, "socket family")?;
    let (port, address) = (r.u16("socket port")?, r.take_array("socket address")?);
    r.skip(8, "socket padding")?;
    let (vendor, device, product) =
        (u16_le(r, "vendor")?, u16_le(r, "device type")?, u16_le(r, "product code")?);
    let (revision, status) = (r.take_array("revision")?, u16_le(r, "device status")?);
    let (serial, len) = (u32_le(r, "serial number")?, r.u8("name length")?);
    let name = r.take(len.into(), "name")?;
    let state = r.u8("state")?;
    Ok(Identity { version, address, port, vendor, device, product, revision, status, serial, name, state })
}

/// Whether a direction begins with a message.
pub fn probe(bytes: &[u8]) -> Probe {
    let Some(header) = bytes.first_chunk::<HEADER>() else {
        let known = |prefix: &[u8]| COMMANDS.iter().any(|(known, _)| known.to_le_bytes().starts_with(prefix));
        let front = bytes.get(..bytes.len().min(2)).unwrap_or_default();
        return if known(front) { Probe::NeedMore } else { Probe::NoMatch };
    };
    let [low, high, a, b, rest @ ..] = header;
    let (command, len) = (u16::from_le_bytes([*low, *high]), u16::from_le_bytes([*a, *b]));
    // Options are nothing, and so is the status of what begins a session, whose length is fixed.
    let fits = rest.ends_with(&[0; 4]) && rest.get(4..8) == Some(&[0; 4]);
    let begins = match command {
        0x65 => len == 4,
        0x04 | 0x64 => true,
        command::LIST_IDENTITY => len == 0 || len > 30,
        command::SEND_RR_DATA | command::SEND_UNIT_DATA => len >= 16 && rest.get(..4) != Some(&[0; 4]),
        _ => false,
    };
    if fits && begins { Probe::Match } else { Probe::NoMatch }
}
