//! IEEE 802.11 data frames, with the radiotap header that captures put before them.

use super::{Carried, Mac, Reject, Result};

/// What a frame on the air was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// Management, control, or a data frame without data.
    NoData,
    /// Encrypted: nothing to follow.
    Protected,
    /// Data.
    Data(Data<'a>),
}

/// A data frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Who sent it.
    pub src: &'a Mac,
    /// To whom.
    pub dst: &'a Mac,
    /// The payload is not one LLC frame but several, each with a header: an A-MSDU.
    pub aggregated: bool,
    /// What stands behind the header.
    pub payload: &'a [u8],
}

/// Skips a radiotap header, whose fields describe the radio and not the packet.
pub fn radiotap(data: &[u8]) -> Result<&[u8]> {
    const NAME: &str = "truncated_radiotap_header";
    let [_, _, l0, l1, ..] = *data else { return Err(Reject::truncated(NAME)) };
    let len = usize::from(u16::from_le_bytes([l0, l1]));
    match data.get(len..) {
        Some(rest) if !rest.is_empty() => Ok(rest),
        _ => Err(Reject::truncated(NAME)),
    }
}

const TYPE_DATA: u8 = 2;
const SUBTYPE_NO_DATA: u8 = 0x4;
const SUBTYPE_QOS: u8 = 0x8;
const TO_DS: u8 = 0x01;
const FROM_DS: u8 = 0x02;
const PROTECTED: u8 = 0x40;
const QOS_AMSDU: u8 = 0x80;

/// Reads the MAC header of a frame (802.11-2020 §9.3.2).
pub fn parse(frame: &[u8]) -> Result<Frame<'_>> {
    let truncated = Reject::truncated("truncated_802_11_header");
    let mut len = 24;
    let [control, flags, ..] = *frame else { return Err(truncated) };
    if frame.len() <= len {
        return Err(truncated);
    }
    let subtype = control >> 4;
    if (control >> 2) & 0x3 != TYPE_DATA || subtype & SUBTYPE_NO_DATA != 0 {
        return Ok(Frame::NoData);
    }
    let addresses = flags & (TO_DS | FROM_DS);
    if addresses == TO_DS | FROM_DS {
        // Between access points, a fourth address follows.
        len += 6;
    }
    let mut aggregated = false;
    if subtype & SUBTYPE_QOS != 0 {
        let qos = frame.get(len).ok_or(truncated)?;
        aggregated = qos & QOS_AMSDU != 0;
        len += 2;
    }
    if flags & PROTECTED != 0 {
        return Ok(Frame::Protected);
    }
    let payload = frame.get(len..).filter(|rest| !rest.is_empty()).ok_or(truncated)?;
    let mac = |at: usize| frame.get(at..).and_then(|rest| rest.first_chunk::<6>()).ok_or(truncated);
    // Where the addresses stand depends on who relays (§9.3.2.1, table 9-30).
    let (src, dst) = match addresses {
        0 => (mac(10)?, mac(4)?),
        TO_DS => (mac(10)?, mac(16)?),
        FROM_DS => (mac(16)?, mac(4)?),
        _ => (mac(24)?, mac(16)?),
    };
    Ok(Frame::Data(Data { src, dst, aggregated, payload }))
}

/// Reads the LLC/SNAP header of a data frame. `None` where it carries no EtherType.
pub fn llc(payload: &[u8]) -> Result<Option<Carried<'_>>> {
    let Some((head, payload)) = payload.split_first_chunk::<8>() else {
        return Err(Reject::truncated("truncated_802_11_llc_header"));
    };
    Ok(match head {
        [0xaa, 0xaa, 0x03, 0, 0, 0, t0, t1] => {
            Some(Carried { protocol: u16::from_be_bytes([*t0, *t1]), payload })
        }
        _ => None,
    })
}

/// The frames inside an A-MSDU (802.11-2020 §9.3.2.2).
#[derive(Clone, Copy, Debug)]
pub struct Subframes<'a> {
    rest: &'a [u8],
}

impl<'a> Subframes<'a> {
    /// The frames of this payload.
    pub const fn new(payload: &'a [u8]) -> Self {
        Subframes { rest: payload }
    }
}

impl<'a> Iterator for Subframes<'a> {
    type Item = Result<&'a [u8]>;

    /// The LLC frame in the next subframe. An error is the last item.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let data = std::mem::take(&mut self.rest);
        let Some((head, body)) = data.split_first_chunk::<14>() else {
            return Some(Err(Reject::truncated("truncated_802_11_amsdu_header")));
        };
        let len = usize::from(u16::from_be_bytes([head[12], head[13]]));
        let Some((frame, rest)) = body.split_at_checked(len) else {
            return Some(Err(Reject::truncated("truncated_802_11_amsdu_packet")));
        };
        // Each subframe but the last is padded to a multiple of four, its header of 14 included.
        let padding = (len + 14).next_multiple_of(4) - (len + 14);
        self.rest = rest.get(padding..).unwrap_or_default();
        Some(Ok(frame))
    }
}
