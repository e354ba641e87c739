//! NTP (RFC 5905), with control messages (RFC 1119, mode 6) and ntpd's private ones (mode 7).

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::bounds::{Cursor, Result};

/// Where servers listen (IANA).
pub const PORT: u16 = 123;

/// The mode of a client's request.
pub const CLIENT: u8 = 3;
/// The mode of a server's answer.
pub const SERVER: u8 = 4;

/// A message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Message<'a> {
    /// The protocol's.
    pub version: u8,
    /// From 0, reserved, to 7, private (RFC 5905 §7.3).
    pub mode: u8,
    /// What stands in it.
    pub body: Body<'a>,
}

/// What the mode says that a message is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<'a> {
    /// Modes 1 to 5: of time.
    Standard(Standard<'a>),
    /// Mode 6.
    Control(Control<'a>),
    /// Mode 7.
    Private(Private<'a>),
    /// Mode 0, which is reserved.
    Nothing,
}

/// A message of time (RFC 5905 §7.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standard<'a> {
    /// 1 of servers with a clock of their own, and one more with each server between.
    pub stratum: u8,
    /// The longest time between messages, as a power of two of seconds.
    pub poll: i8,
    /// The clock's, likewise.
    pub precision: i8,
    /// To that clock and back.
    pub root_delay: Short,
    /// Likewise.
    pub root_dispersion: Short,
    /// A code, the clock's name, or the address of the server before (RFC 5905 §7.3).
    pub reference_id: [u8; 4],
    /// When the clock was last set.
    pub reference: Stamp,
    /// When the request was sent.
    pub origin: Stamp,
    /// When it came.
    pub receive: Stamp,
    /// When the answer was sent.
    pub transmit: Stamp,
    /// Extension fields.
    pub extensions: u32,
    /// What authenticates it.
    pub mac: Option<Mac<'a>>,
}

/// A control message (RFC 1119 §B).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Control<'a> {
    /// What is asked for.
    pub op_code: u8,
    /// An answer.
    pub response: bool,
    /// It says what went wrong.
    pub error: bool,
    /// It is not the last.
    pub more: bool,
    /// Tells answers apart.
    pub sequence: u16,
    /// The system's, peer's or clock's, or an error.
    pub status: u16,
    /// The peer that it is about.
    pub association_id: u16,
    /// What was asked for, or is told.
    pub data: &'a [u8],
    /// What authenticates it.
    pub mac: Option<Mac<'a>>,
}

/// A message of ntpd's own.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Private<'a> {
    /// What is asked for.
    pub request_code: u8,
    /// A digest follows.
    pub authenticated: bool,
    /// Of an answer in parts.
    pub sequence: u8,
    /// Whose request codes they are.
    pub implementation: u8,
    /// What went wrong.
    pub error: u8,
    /// What was asked for, or is told.
    pub data: &'a [u8],
}

/// A key's number, and the digest that was made with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac<'a> {
    /// Which key.
    pub key_id: u32,
    /// The digest.
    pub digest: &'a [u8],
}

/// A span of seconds with 16 bits behind the point. Zeek takes both halves to have a sign, and so do we.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Short(pub [u8; 4]);

impl Short {
    /// In seconds.
    pub fn seconds(self) -> f64 {
        let [a, b, c, d] = self.0;
        f64::from(i16::from_be_bytes([a, b])) + f64::from(i16::from_be_bytes([c, d])) / 65_536.0
    }
}

/// A moment: seconds since 1900, with 32 bits behind the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp(pub u64);

/// Seconds from 1900 to 1970.
const TO_UNIX: i64 = 2_208_988_800;

impl Stamp {
    /// Nanoseconds since 1970; 0 where nothing is said.
    pub fn unix_nanos(self) -> i64 {
        if self.0 == 0 {
            return 0;
        }
        let (seconds, fraction) = (self.0 >> 32, self.0 & 0xffff_ffff);
        let nanos = (fraction * 1_000_000_000) >> 32;
        (seconds.cast_signed() - TO_UNIX) * 1_000_000_000 + nanos.cast_signed()
    }
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    pub fn parse(datagram: &'a [u8]) -> Result<Message<'a>> {
        let mut cursor = Cursor::new(datagram);
        let first = cursor.record(|cursor| cursor.u8("NTP_PDU:first_byte"))?;
        let mode = first & 7;
        let body = match mode {
            1..=5 => Body::Standard(cursor.record(Standard::parse)?),
            6 => Body::Control(cursor.record(Control::parse)?),
            7 => Body::Private(cursor.record(Private::parse)?),
            _ => Body::Nothing,
        };
        Ok(Message { version: first >> 3 & 7, mode, body })
    }
}

impl<'a> Standard<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        cursor.need(47, "NTP_std_msg:transmit_ts")?;
        let [stratum, poll, precision] = cursor.array("NTP_std_msg:precision")?;
        let mut short = || cursor.array("NTP_std_msg:root_dispersion").map(Short);
        let (root_delay, root_dispersion) = (short()?, short()?);
        let reference_id = cursor.array("NTP_std_msg:reference_id")?;
        let mut stamp = || cursor.array("NTP_std_msg:transmit_ts").map(u64::from_be_bytes).map(Stamp);
        let (reference, origin, receive, transmit) = (stamp()?, stamp()?, stamp()?, stamp()?);
        let mut extensions = 0;
        while cursor.remaining() > MOST_MAC {
            cursor.record(extension)?;
            extensions += 1;
        }
        let mac = match cursor.remaining() {
            len @ (20 | MOST_MAC) => Some(mac(cursor, len)?),
            _ => None,
        };
        Ok(Standard {
            stratum,
            poll: poll.cast_signed(),
            precision: precision.cast_signed(),
            root_delay,
            root_dispersion,
            reference_id,
            reference,
            origin,
            receive,
            transmit,
            extensions,
            mac,
        })
    }
}

/// More bytes behind a message than these are extension fields, and not what authenticates it.
const MOST_MAC: usize = 24;

fn mac<'a>(cursor: &mut Cursor<'a>, len: usize) -> Result<Mac<'a>> {
    cursor.record(|cursor| {
        let key_id = cursor.u32("NTP_MAC:key_id")?;
        Ok(Mac { key_id, digest: cursor.up_to(len, "NTP_MAC:digest")? })
    })
}

/// An extension field, which Zeek takes to be one of Autokey (RFC 5906 §10).
fn extension(cursor: &mut Cursor<'_>) -> Result<()> {
    let before = cursor.remaining();
    let [_, _, a, b, _, _, _, _, _, _, _, _, _, _, c, d, e, f] = cursor.array("Extension_Field:value_len")?;
    let value = u32::from_be_bytes([c, d, e, f]) as usize;
    cursor.take(value, "Extension_Field:value")?;
    cursor.record(|cursor| {
        let signature = cursor.u32("Extension_Field:sig_len")? as usize;
        cursor.take(signature, "Extension_Field:signature")
    })?;
    let read = before - cursor.remaining();
    let pad = usize::from(u16::from_be_bytes([a, b])).saturating_sub(read);
    cursor.record(|cursor| cursor.take(pad, "Extension_Field:pad")).map(|_| ())
}

impl<'a> Control<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        let [bits, a, b, c, d, e, f, _, _, g, h] = cursor.array("NTP_control_msg:c")?;
        let count = usize::from(u16::from_be_bytes([g, h]));
        let data = cursor.take(count, "NTP_control_msg:data")?;
        let mac = if cursor.remaining() == 12 { Some(mac(cursor, 12)?) } else { None };
        Ok(Control {
            op_code: bits & 0x1f,
            response: bits & 0x80 != 0,
            error: bits & 0x40 != 0,
            more: bits & 0x20 != 0,
            sequence: u16::from_be_bytes([a, b]),
            status: u16::from_be_bytes([c, d]),
            association_id: u16::from_be_bytes([e, f]),
            data,
            mac,
        })
    }
}

impl<'a> Private<'a> {
    fn parse(cursor: &mut Cursor<'a>) -> Result<Self> {
        let [bits, implementation, request_code, a, b] = cursor.array("NTP_mode7_msg:err_and_data_len")?;
        let lengths = u16::from_be_bytes([a, b]);
        let data = cursor.take(usize::from(lengths & 0xfff), "NTP_mode7_msg:data")?;
        let authenticated = bits & 0x80 != 0;
        if authenticated {
            cursor.record(|cursor| cursor.need(20, "NTP_MAC"))?;
        }
        Ok(Private {
            request_code,
            authenticated,
            sequence: bits & 0x7f,
            implementation,
            error: (lengths >> 12) as u8,
            data,
        })
    }
}
