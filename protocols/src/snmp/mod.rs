//! SNMP: versions 1 (RFC 1157), 2c (RFC 1901) and 3 (RFC 3412), with the PDUs of RFC 1157 and RFC 3416.
//!
//! It is read as Zeek reads it: lengths of what is constructed are not looked at, so that fields follow each other,
//! and variable bindings go on to the end of the datagram.

pub mod fuzz;
#[cfg(test)]
mod tests;

pub use crate::asn1::Oid;
use crate::asn1::{
    INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE, encoding, expect, integer, meta, number, octets, oid,
};
use crate::bounds::{Cursor, Result};

/// Where agents listen, and those who are told of traps.
pub const PORTS: [u16; 2] = [161, 162];

const IP_ADDRESS: u8 = 0x40;
const COUNTER_32: u8 = 0x41;
const UNSIGNED_32: u8 = 0x42;
const TIME_TICKS: u8 = 0x43;
const COUNTER_64: u8 = 0x46;
/// Without a value, and what is said instead of one (RFC 3416 §3).
const NO_VALUE: [u8; 4] = [0x05, 0x80, 0x81, 0x82];

/// A datagram as far as it could be read.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// What stands before the PDU; none where that could not be read.
    pub header: Option<Header<'a>>,
    /// Of version 3: the flags are not the one byte that they have to be.
    pub odd_flags: bool,
    /// What follows, or why nothing more could be read.
    pub body: Result<Body<'a>>,
}

/// What stands before the PDU.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a> {
    /// 0, 1 and 3 are known.
    pub version: u64,
    /// Of versions 1 and 2c.
    pub community: Option<&'a [u8]>,
    /// Of version 3.
    pub v3: Option<V3<'a>>,
}

/// A header of version 3 (RFC 3412 §6).
#[derive(Clone, Copy, Debug)]
pub struct V3<'a> {
    /// Tells messages apart.
    pub id: u64,
    /// What the sender can take.
    pub max_size: u64,
    /// Authenticated, encrypted, and answered with a report, from the lowest bit on.
    pub flags: u8,
    /// Which model (RFC 3411 §5).
    pub security_model: u64,
    /// What that model says.
    pub security_parameters: &'a [u8],
    /// The engine and the name of the context; none where that is encrypted.
    pub context: Option<(&'a [u8], &'a [u8])>,
}

/// What a datagram is.
#[derive(Clone, Debug)]
pub enum Body<'a> {
    /// A version that is not known.
    UnknownVersion,
    /// Of version 3: it cannot be read.
    Encrypted,
    /// Of version 3: neither a PDU nor an encrypted one.
    UnknownScope(u8),
    /// A PDU of a type that is not known.
    UnknownPdu(u8),
    /// All but those that follow.
    Common(Kind, Common<'a>),
    /// GetBulkRequest (RFC 3416 §4.2.3).
    Bulk(Bulk<'a>),
    /// Trap of version 1 (RFC 1157 §4.1.6).
    Trap(Trap<'a>),
}

/// A type of PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are named as in RFC 3416")]
pub enum Kind {
    GetRequest,
    GetNextRequest,
    Response,
    SetRequest,
    InformRequest,
    TrapV2,
    Report,
}

/// What most PDUs have.
#[derive(Clone, Copy, Debug)]
pub struct Common<'a> {
    /// Tells requests apart.
    pub request_id: i64,
    /// What went wrong.
    pub error_status: i64,
    /// With which binding.
    pub error_index: i64,
    /// The variables.
    pub bindings: Bindings<'a>,
}

/// A request for many variables.
#[derive(Clone, Copy, Debug)]
pub struct Bulk<'a> {
    /// Tells requests apart.
    pub request_id: i64,
    /// So many variables are asked for once.
    pub non_repeaters: u64,
    /// So often those that follow.
    pub max_repetitions: u64,
    /// The variables.
    pub bindings: Bindings<'a>,
}

/// A trap of version 1.
#[derive(Clone, Copy, Debug)]
pub struct Trap<'a> {
    /// What kind of device it is.
    pub enterprise: Oid<'a>,
    /// The device's address, as it stands there.
    pub agent: &'a [u8],
    /// What happened.
    pub generic: i64,
    /// More exactly.
    pub specific: i64,
    /// Hundredths of a second since the device was started.
    pub time_stamp: u64,
    /// The variables.
    pub bindings: Bindings<'a>,
}

/// Variables with their values.
#[derive(Clone, Copy, Debug)]
pub struct Bindings<'a> {
    bytes: &'a [u8],
    count: usize,
}

impl<'a> Bindings<'a> {
    /// How many there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Each, in its order.
    pub fn iter(&self) -> impl Iterator<Item = Binding<'a>> + use<'a> {
        let mut cursor = Cursor::new(self.bytes);
        std::iter::from_fn(move || binding(&mut cursor).ok())
    }
}

/// A variable and its value.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'a> {
    /// Which.
    pub oid: Oid<'a>,
    /// Of the value.
    pub tag: u8,
    /// What it is.
    pub value: Value<'a>,
}

/// A value, as its tag says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the kinds of values")]
pub enum Value<'a> {
    None,
    Oid(Oid<'a>),
    Signed(i64),
    Unsigned(u64),
    Address(&'a [u8]),
    Octets(&'a [u8]),
}

impl<'a> Message<'a> {
    /// Reads a datagram.
    pub fn parse(datagram: &'a [u8]) -> Message<'a> {
        let mut message = Message { header: None, odd_flags: false, body: Ok(Body::UnknownVersion) };
        message.body = message.read(&mut Cursor::new(datagram));
        message
    }

    fn read(&mut self, cursor: &mut Cursor<'a>) -> Result<Body<'a>> {
        expect(meta(cursor)?, SEQUENCE)?;
        let version = integer(cursor)?;
        let header = Header { version, community: None, v3: None };
        match version {
            0 | 1 => {
                self.header = Some(Header { community: Some(octets(cursor)?), ..header });
                pdu(cursor)
            }
            3 => self.version_3(cursor, header),
            _ => {
                self.header = Some(header);
                Ok(Body::UnknownVersion)
            }
        }
    }

    fn version_3(&mut self, cursor: &mut Cursor<'a>, header: Header<'a>) -> Result<Body<'a>> {
        expect(meta(cursor)?, SEQUENCE)?;
        let (id, max_size) = (integer(cursor)?, integer(cursor)?);
        let flags = octets(cursor)?;
        let security_model = integer(cursor)?;
        self.odd_flags = flags.len() != 1;
        let security_parameters = octets(cursor)?;
        let flags = flags.first().copied().unwrap_or(0);
        let v3 = V3 { id, max_size, flags, security_model, security_parameters, context: None };
        let (scope, _) = meta(cursor)?;
        let context = match scope {
            SEQUENCE => Some((octets(cursor)?, octets(cursor)?)),
            _ => None,
        };
        self.header = Some(Header { v3: Some(V3 { context, ..v3 }), ..header });
        match scope {
            SEQUENCE => pdu(cursor),
            OCTET_STRING => Ok(Body::Encrypted),
            tag => Ok(Body::UnknownScope(tag)),
        }
    }
}

fn pdu<'a>(cursor: &mut Cursor<'a>) -> Result<Body<'a>> {
    let kind = match meta(cursor)?.0 {
        0xa0 => Kind::GetRequest,
        0xa1 => Kind::GetNextRequest,
        0xa2 => Kind::Response,
        0xa3 => Kind::SetRequest,
        0xa4 => return trap(cursor),
        0xa5 => {
            let (request_id, non_repeaters, max_repetitions) =
                (integer(cursor)?.cast_signed(), integer(cursor)?, integer(cursor)?);
            let bindings = bindings(cursor)?;
            return Ok(Body::Bulk(Bulk { request_id, non_repeaters, max_repetitions, bindings }));
        }
        0xa6 => Kind::InformRequest,
        0xa7 => Kind::TrapV2,
        0xa8 => Kind::Report,
        tag => return Ok(Body::UnknownPdu(tag)),
    };
    let mut number = || integer(cursor).map(u64::cast_signed);
    let (request_id, error_status, error_index) = (number()?, number()?, number()?);
    Ok(Body::Common(kind, Common { request_id, error_status, error_index, bindings: bindings(cursor)? }))
}

fn trap<'a>(cursor: &mut Cursor<'a>) -> Result<Body<'a>> {
    let enterprise = oid(cursor)?;
    let (tag, agent) = encoding(cursor)?;
    expect((tag, 0), IP_ADDRESS)?;
    let (generic, specific) = (integer(cursor)?.cast_signed(), integer(cursor)?.cast_signed());
    let (tag, ticks) = encoding(cursor)?;
    expect((tag, 0), TIME_TICKS)?;
    let bindings = bindings(cursor)?;
    Ok(Body::Trap(Trap { enterprise, agent, generic, specific, time_stamp: number(ticks), bindings }))
}

fn bindings<'a>(cursor: &mut Cursor<'a>) -> Result<Bindings<'a>> {
    expect(meta(cursor)?, SEQUENCE)?;
    let bytes = cursor.rest();
    let mut count = 0;
    while !cursor.is_empty() {
        binding(cursor)?;
        count += 1;
    }
    Ok(Bindings { bytes, count })
}

fn binding<'a>(cursor: &mut Cursor<'a>) -> Result<Binding<'a>> {
    expect(meta(cursor)?, SEQUENCE)?;
    let oid = oid(cursor)?;
    let (tag, content) = encoding(cursor)?;
    let value = match tag {
        tag if NO_VALUE.contains(&tag) => Value::None,
        OBJECT_IDENTIFIER => Value::Oid(Oid(content)),
        INTEGER => Value::Signed(number(content).cast_signed()),
        COUNTER_32 | UNSIGNED_32 | TIME_TICKS | COUNTER_64 => Value::Unsigned(number(content)),
        IP_ADDRESS => Value::Address(content),
        _ => Value::Octets(content),
    };
    Ok(Binding { oid, tag, value })
}
