//! Messages of CIP (volume 1, §2-4).

use crate::enip::{Handler, u16_le};
use crate::error::{ParseError, Result};
use crate::reader::Reader;

/// The services that others are in.
const MULTIPLE: u8 = 0x0a;
const UNCONNECTED_SEND: u8 = 0x52;

/// The class of what sends them on.
const CONNECTION_MANAGER: u32 = 6;

/// Messages of one that holds several. Stops messages of nothing but places.
const MAX_MESSAGES: usize = 1000;

/// What a request is for (volume 1, §C-1.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "they are the specification's names")]
pub struct Path {
    pub class: Option<u32>,
    pub instance: Option<u32>,
    pub attribute: Option<u32>,
}

/// A message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cip<'a> {
    /// Its number, over a connection of CIP.
    pub sequence: Option<u16>,
    /// What is to be done, without the bit that answers have.
    pub service: u8,
    /// What came of it, and more of that, of answers.
    pub status: Option<(u8, Option<u16>)>,
    /// What it is for, of requests.
    pub path: Path,
    /// What else it says.
    pub data: &'a [u8],
}

/// Reads a message, and those in it.
pub(super) fn read(
    is_orig: bool,
    sequence: Option<u16>,
    bytes: &[u8],
    handler: &mut impl Handler,
) -> Result<()> {
    let outer = one(sequence, bytes)?;
    handler.cip(is_orig, &outer);
    let is_request = outer.status.is_none();
    match outer.service {
        MULTIPLE => each(is_orig, sequence, outer.data, handler),
        UNCONNECTED_SEND if is_request && outer.path.class == Some(CONNECTION_MANAGER) => {
            let mut r = Reader::new(outer.data);
            r.skip(2, "timeout")?;
            let len = u16_le(&mut r, "message length")?;
            let inner = one(sequence, r.take(len.into(), "message")?)?;
            handler.cip(is_orig, &inner);
            if inner.service == MULTIPLE {
                each(is_orig, sequence, inner.data, handler)?;
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Those of one that holds several, each up to where the next begins: what is in them is not looked into.
fn each(is_orig: bool, sequence: Option<u16>, bytes: &[u8], handler: &mut impl Handler) -> Result<()> {
    let mut r = Reader::new(bytes);
    // Answers that refuse all have none.
    if r.is_empty() {
        return Ok(());
    }
    let count = usize::from(u16_le(&mut r, "service count")?);
    if count > MAX_MESSAGES {
        return Err(ParseError::malformed("service count"));
    }
    let places = (0..count).map(|_| u16_le(&mut r, "service offset").map(usize::from));
    let places = places.collect::<Result<Vec<_>>>()?;
    for (nth, place) in places.iter().enumerate() {
        let end = places.get(nth + 1).copied().unwrap_or(bytes.len());
        let message = bytes.get(*place..end).ok_or(ParseError::malformed("service offset"))?;
        handler.cip(is_orig, &one(sequence, message)?);
    }
    Ok(())
}

fn one(sequence: Option<u16>, bytes: &[u8]) -> Result<Cip<'_>> {
    let mut r = Reader::new(bytes);
    let service = r.u8("service")?;
    let mut cip = Cip { sequence, service: service & 0x7f, ..Cip::default() };
    if service & 0x80 != 0 {
        r.skip(1, "reserved")?;
        let (status, words) = (r.u8("status")?, r.u8("additional status size")?);
        let mut more = r.sub(usize::from(words) * 2, "additional status")?;
        cip.status =
            Some((status, if words > 0 { Some(u16_le(&mut more, "additional status")?) } else { None }));
    } else {
        let words = r.u8("path size")?;
        cip.path = path(r.sub(usize::from(words) * 2, "path")?)?;
    }
    cip.data = r.rest();
    Ok(cip)
}

fn path(mut r: Reader<'_>) -> Result<Path> {
    let mut path = Path::default();
    while !r.is_empty() {
        let segment = r.u8("segment")?;
        // Others than logical ones name tags and routes.
        if segment >> 5 != 1 {
            break;
        }
        let value = match segment & 3 {
            0 => r.u8("segment")?.into(),
            1 => {
                r.skip(1, "segment")?;
                u16_le(&mut r, "segment")?.into()
            }
            2 => {
                r.skip(1, "segment")?;
                super::u32_le(&mut r, "segment")?
            }
            _ => break,
        };
        match segment >> 2 & 7 {
            0 => path.class = Some(value),
            1 => path.instance = Some(value),
            4 => path.attribute = Some(value),
            _ => {}
        }
    }
    Ok(path)
}
