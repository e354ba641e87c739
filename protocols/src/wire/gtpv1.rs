//! GTPv1 (3GPP TS 29.060 §6, TS 29.281): IP between the nodes of a mobile network, in UDP.

use std::borrow::Cow;

use super::numbers::ipproto;
use crate::bounds::{self, Broken, Cursor};
use crate::reader::Reader;

/// A GTPv1 message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gtp<'a> {
    /// Always 1.
    pub version: u8,
    /// Set for GTP, clear for GTP' (charging), which is not followed.
    pub protocol_type: bool,
    /// As 3GPP TS 29.060 §7.1 numbers them.
    pub message_type: u8,
    /// Of everything behind the first eight bytes, as the header says.
    pub length: u16,
    /// The tunnel endpoint.
    pub teid: u32,
    /// Present if any of the flags for its fields is.
    pub optional: Option<Optional>,
    /// Behind all headers: an IP packet in a G-PDU, information elements in signalling.
    pub body: &'a [u8],
}

/// What stands behind the header where one of its flags says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Optional {
    /// The sequence number.
    pub sequence: u16,
    /// The N-PDU number.
    pub n_pdu: u8,
    /// The type of the extension header that follows, 0 for none.
    pub next_extension: u8,
}

/// The message type of a packet of the user's.
pub const G_PDU: u8 = 255;
/// PDP context messages: create, update and delete, requests and responses.
const PDP_CONTEXT: std::ops::RangeInclusive<u8> = 16..=21;

/// Reads a GTP message with its extension headers and, for signalling about PDP contexts, checks
/// that its information elements are whole. The error is the reason for which the analyzer gives up.
pub fn parse(data: &[u8]) -> Result<Gtp<'_>, Cow<'static, str>> {
    let message = read(&mut Cursor::new(data)).map_err(|broken| broken.to_string())?;
    if PDP_CONTEXT.contains(&message.message_type) {
        check_elements(message.body).ok_or("GTPv1 information element")?;
    }
    Ok(message)
}

fn read<'a>(r: &mut Cursor<'a>) -> bounds::Result<Gtp<'a>> {
    let [flags, message_type, a, b, rest @ ..] = r.array::<8>("GTPv1_Header:teid")?;
    let (length, teid) = (u16::from_be_bytes([a, b]), u32::from_be_bytes(rest));
    let mut optional = None;
    if flags & 0x07 != 0 {
        let [a, b, n_pdu, next_extension] = r.record(|r| r.array::<4>("GTPv1_Opt_Header"))?;
        optional = Some(Optional { sequence: u16::from_be_bytes([a, b]), n_pdu, next_extension });
    }
    // Zeek goes by the E flag, not by the type in the optional field.
    while flags & 0x04 != 0 && r.record(extension)? != 0 {}
    Ok(Gtp {
        version: flags >> 5,
        protocol_type: flags & 0x10 != 0,
        message_type,
        length,
        teid,
        optional,
        body: r.take_rest(),
    })
}

/// The type of the extension header that follows.
fn extension(r: &mut Cursor<'_>) -> bounds::Result<u8> {
    // Counts words of four and includes itself and the next type.
    let words = usize::from(r.u8("GTPv1_Ext_Header:length")?);
    match (words * 4).checked_sub(2) {
        Some(len) => r.take(len, "GTPv1_Ext_Header:contents").map(drop)?,
        None => return Err(Broken::Other("GTPv1_Ext_Header:contents: negative length".to_owned())),
    }
    r.u8("GTPv1_Ext_Header:next_type")
}

/// Walks information elements (TS 29.060 §7.7): below 128 the type implies the length, from 128 on
/// a length follows. `None` for one cut short or of unknown length.
fn check_elements(body: &[u8]) -> Option<()> {
    let mut r = Reader::new(body);
    while !r.is_empty() {
        let kind = r.u8("type").ok()?;
        let len = match kind {
            0x80.. => usize::from(r.u16("length").ok()?),
            kind => fixed_len(kind)?,
        };
        let least = match kind {
            // End user address and private extension begin with two fixed bytes, QoS with one.
            128 | 255 => 2,
            135 => 1,
            _ => 0,
        };
        r.skip(len, "value").ok().filter(|()| len >= least)?;
    }
    Some(())
}

const fn fixed_len(kind: u8) -> Option<usize> {
    Some(match kind {
        1 | 8 | 11 | 13 | 14 | 15 | 19 | 20 | 21 | 23 | 24 | 29 => 1,
        25..=28 => 2,
        12 => 3,
        4 | 5 | 16 | 17 | 127 => 4,
        18 => 5,
        3 => 6,
        2 => 8,
        22 => 9,
        9 => 28,
        _ => return None,
    })
}

/// What a message carries for the sensor to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content<'a> {
    /// A packet of the IP version that the IP protocol number names.
    Packet {
        /// What it is, as IANA numbers them.
        protocol: u8,
        /// Its bytes.
        inner: &'a [u8],
    },
    /// Signalling, or not GTP proper: nothing to follow, and nothing wrong.
    Nothing,
}

impl<'a> Gtp<'a> {
    /// The packet inside. The error is the reason for which the analyzer gives up.
    pub fn content(&self) -> Result<Content<'a>, &'static str> {
        if self.version != 1 {
            return Err("GTPv1 bad Version");
        }
        if !self.protocol_type || self.message_type != G_PDU {
            return Ok(Content::Nothing);
        }
        let (Some(first), 20..) = (self.body.first(), self.body.len()) else {
            return Err("Truncated GTPv1");
        };
        let protocol = match first >> 4 {
            4 => ipproto::IPV4,
            6 => ipproto::IPV6,
            _ => return Err("non-IP packet in GTPv1"),
        };
        Ok(Content::Packet { protocol, inner: self.body })
    }
}
