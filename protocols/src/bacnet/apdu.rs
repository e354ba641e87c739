//! What applications say (§20).

use crate::error::{ParseError, Result};
use crate::reader::Reader;

/// Kinds of them (§20.1).
pub mod pdu {
    #![allow(missing_docs, reason = "they are the standard's names")]
    pub const CONFIRMED: u8 = 0;
    pub const UNCONFIRMED: u8 = 1;
    pub const SIMPLE_ACK: u8 = 2;
    pub const COMPLEX_ACK: u8 = 3;
    pub const SEGMENT_ACK: u8 = 4;
    pub const ERROR: u8 = 5;
    pub const REJECT: u8 = 6;
    pub const ABORT: u8 = 7;
}

/// Services (§21).
mod service {
    pub const READ_PROPERTY: u8 = 12;
    pub const WRITE_PROPERTY: u8 = 15;
    pub const I_AM: u8 = 0;
    pub const I_HAVE: u8 = 1;
    pub const WHO_HAS: u8 = 7;
    pub const WHO_IS: u8 = 8;
}

/// What a value is, where it stands for itself (§20.2.1.4).
mod tag {
    pub const UNSIGNED: u8 = 2;
    pub const ENUMERATED: u8 = 9;
    pub const OBJECT: u8 = 12;
}

/// An object, by its type and number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// What it is.
    pub kind: u16,
    /// Which of these.
    pub instance: u32,
}

/// What is said of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the variants say what is in them")]
pub enum Said<'a> {
    /// Nothing that is read.
    #[default]
    Nothing,
    /// Devices with these numbers, or all, are to say that they are there.
    WhoIs(Option<(u32, u32)>),
    /// One does, and who made it.
    IAm { device: Object, vendor: u32 },
    /// Whoever has this object, or one of this name, is to say so.
    WhoHas { range: Option<(u32, u32)>, object: Option<Object>, name: &'a [u8] },
    /// One does.
    IHave { object: Object, name: &'a [u8] },
    /// A property: the object, which, and of an array the place, and its value's tag and bytes.
    Property { object: Object, property: u32, index: Option<u32>, value: Option<(u8, &'a [u8])> },
}

/// What an application says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Apdu<'a> {
    /// Its kind.
    pub kind: u8,
    /// What is to be done, or was.
    pub service: Option<u8>,
    /// The number that a request and its answer have.
    pub invoke: Option<u8>,
    /// What went wrong.
    pub reason: Option<u32>,
    /// What it is about.
    pub said: Said<'a>,
}

/// Reads what is left of a message.
pub(super) fn read<'a>(r: &mut Reader<'a>) -> Result<Apdu<'a>> {
    let first = r.u8("APDU type")?;
    let (kind, is_segmented) = (first >> 4, first & 8 != 0);
    let mut apdu = Apdu { kind, ..Apdu::default() };
    match kind {
        pdu::CONFIRMED | pdu::COMPLEX_ACK => {
            if kind == pdu::CONFIRMED {
                r.skip(1, "APDU sizes")?;
            }
            apdu.invoke = Some(r.u8("invoke identifier")?);
            if is_segmented {
                r.skip(2, "segment")?;
            }
            let service = r.u8("service")?;
            apdu.service = Some(service);
            // What comes in segments is not put together.
            if !is_segmented && matches!(service, service::READ_PROPERTY | service::WRITE_PROPERTY) {
                apdu.said = property(r)?;
            }
        }
        pdu::UNCONFIRMED => {
            let service = r.u8("service")?;
            apdu.service = Some(service);
            apdu.said = discovery(service, r)?;
        }
        pdu::SIMPLE_ACK => {
            (apdu.invoke, apdu.service) = (Some(r.u8("invoke identifier")?), Some(r.u8("service")?));
        }
        pdu::SEGMENT_ACK => apdu.invoke = Some(r.u8("invoke identifier")?),
        pdu::ERROR => {
            (apdu.invoke, apdu.service) = (Some(r.u8("invoke identifier")?), Some(r.u8("service")?));
            // Of some services other things stand around class and code.
            if let (Ok(_), Ok(code)) = (number(r, tag::ENUMERATED), number(r, tag::ENUMERATED)) {
                apdu.reason = Some(code);
            }
        }
        pdu::REJECT | pdu::ABORT => {
            apdu.invoke = Some(r.u8("invoke identifier")?);
            apdu.reason = Some(r.u8("reason")?.into());
        }
        _ => return Err(ParseError::malformed("APDU type")),
    }
    Ok(apdu)
}

/// A value's tag, whether it stands in a place of its own, and its bytes; none of what opens or closes something.
struct Value<'a> {
    tag: u8,
    in_context: bool,
    bytes: Option<&'a [u8]>,
}

/// The next value (§20.2.1).
fn value<'a>(r: &mut Reader<'a>) -> Result<Value<'a>> {
    let first = r.u8("tag")?;
    let in_context = first & 8 != 0;
    let tag = if first >> 4 == 15 { r.u8("tag")? } else { first >> 4 };
    let len = match first & 7 {
        6 | 7 if in_context => return Ok(Value { tag, in_context, bytes: None }),
        // Truth is its own length.
        len if tag == 1 && !in_context => {
            let bytes: &[u8] = if len == 0 { &[0] } else { &[1] };
            return Ok(Value { tag, in_context, bytes: Some(bytes) });
        }
        5 => match r.u8("length")? {
            254 => r.u16("length")?.into(),
            255 => r.u32("length")?,
            len => len.into(),
        },
        len => len.into(),
    };
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    Ok(Value { tag, in_context, bytes: Some(r.take(len, "value")?) })
}

/// A number of up to four bytes.
fn as_number(bytes: &[u8]) -> Result<u32> {
    if bytes.is_empty() || bytes.len() > 4 {
        return Err(ParseError::malformed("number"));
    }
    Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
}

/// The next value, which is a number of this kind.
fn number(r: &mut Reader<'_>, kind: u8) -> Result<u32> {
    match value(r)? {
        Value { tag, in_context: false, bytes: Some(bytes) } if tag == kind => as_number(bytes),
        _ => Err(ParseError::malformed("tag")),
    }
}

/// The next value, if it stands in this place.
fn in_place<'a>(r: &mut Reader<'a>, place: u8) -> Result<Option<&'a [u8]>> {
    let mut ahead = *r;
    if ahead.is_empty() {
        return Ok(None);
    }
    match value(&mut ahead)? {
        Value { tag, in_context: true, bytes: Some(bytes) } if tag == place => {
            *r = ahead;
            Ok(Some(bytes))
        }
        _ => Ok(None),
    }
}

fn object(bytes: &[u8]) -> Result<Object> {
    let number = as_number(bytes)?;
    Ok(Object { kind: (number >> 22) as u16, instance: number & 0x3f_ffff })
}

/// The next value, which is an object.
fn own_object(r: &mut Reader<'_>) -> Result<Object> {
    match value(r)? {
        Value { tag: tag::OBJECT, in_context: false, bytes: Some(bytes) } => object(bytes),
        _ => Err(ParseError::malformed("object")),
    }
}

fn range(r: &mut Reader<'_>) -> Result<Option<(u32, u32)>> {
    let Some(low) = in_place(r, 0)? else { return Ok(None) };
    let high = in_place(r, 1)?.ok_or(ParseError::malformed("range"))?;
    Ok(Some((as_number(low)?, as_number(high)?)))
}

/// A text behind the byte that says how it is written.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.get(1..).unwrap_or_default()
}

fn discovery<'a>(service: u8, r: &mut Reader<'a>) -> Result<Said<'a>> {
    Ok(match service {
        service::WHO_IS => Said::WhoIs(range(r)?),
        service::I_AM => {
            let device = own_object(r)?;
            // How much it takes, and whether in segments.
            number(r, tag::UNSIGNED)?;
            number(r, tag::ENUMERATED)?;
            Said::IAm { device, vendor: number(r, tag::UNSIGNED)? }
        }
        service::WHO_HAS => {
            let range = range(r)?;
            let object = in_place(r, 2)?.map(object).transpose()?;
            let name = in_place(r, 3)?.map(text).unwrap_or_default();
            Said::WhoHas { range, object, name }
        }
        service::I_HAVE => {
            own_object(r)?;
            let object = own_object(r)?;
            let name = value(r)?.bytes.map(text).unwrap_or_default();
            Said::IHave { object, name }
        }
        _ => Said::Nothing,
    })
}

/// What is read or written: the first value of several.
fn property<'a>(r: &mut Reader<'a>) -> Result<Said<'a>> {
    let object = object(in_place(r, 0)?.ok_or(ParseError::malformed("object"))?)?;
    let property = as_number(in_place(r, 1)?.ok_or(ParseError::malformed("property"))?)?;
    let index = in_place(r, 2)?.map(as_number).transpose()?;
    let mut found = None;
    if !r.is_empty() {
        // A value stands between what opens and closes its place.
        let opens = value(r)?;
        if opens.tag == 3 && opens.in_context && opens.bytes.is_none() {
            let first = value(r)?;
            found = first.bytes.map(|bytes| (if first.in_context { u8::MAX } else { first.tag }, bytes));
        }
    }
    Ok(Said::Property { object, property, index, value: found })
}
