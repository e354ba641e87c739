//! Ethernet II and 802.3 frames with the tags that may stand before their payload: Cisco
//! FabricPath, 802.1Q and 802.1ad, VN-Tag, PBB (802.1ah), MPLS (RFC 3032), LLC and SNAP (802.2).

use etherparse::{Ethernet2HeaderSlice, SingleVlanHeaderSlice};

use super::numbers::ethertype;
use super::{Carried, Mac, Reject, Result, header};

/// An Ethernet header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet<'a> {
    /// The destination.
    pub dst: &'a Mac,
    /// The source.
    pub src: &'a Mac,
    /// What the payload is.
    pub next: Next,
    /// What stands behind the header.
    pub payload: &'a [u8],
}

/// What the type/length field and the bytes after it say of the payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Ethernet II: an EtherType.
    EtherType(u16),
    /// 802.3 with an 802.2 SNAP header.
    Snap,
    /// 802.3 with another 802.2 LLC header.
    Llc,
    /// Novell's "raw" 802.3, which carries IPX.
    Novell,
}

/// Type/length values from here on are EtherTypes (802.3 §3.2.6).
const MIN_ETHERTYPE: u16 = 0x0600;
const MAX_LENGTH: u16 = 1500;
/// The FabricPath header: two outer addresses, EtherType and tag.
const FABRIC_PATH_LEN: usize = 16;

/// Reads an Ethernet header, past a FabricPath header where there is one.
#[inline(always)]
pub fn parse(frame: &[u8]) -> Result<Ethernet<'_>> {
    const NAME: &str = "truncated_ethernet_frame";
    // Zeek wants more than 16 bytes, though the header has 14.
    if frame.len() <= 16 {
        return Err(Reject::truncated(NAME));
    }
    let head = Ethernet2HeaderSlice::from_slice(frame).map_err(|_| Reject::truncated(NAME))?;
    if head.ether_type().0 == ethertype::FABRIC_PATH {
        return fabric_path(frame);
    }
    inner(head, frame)
}

#[cold]
fn fabric_path(frame: &[u8]) -> Result<Ethernet<'_>> {
    const NAME: &str = "truncated_link_header_cfp";
    let (_, frame) = header::<FABRIC_PATH_LEN>(frame, NAME)?;
    header::<14>(frame, NAME)?;
    let head = Ethernet2HeaderSlice::from_slice(frame).map_err(|_| Reject::truncated(NAME))?;
    inner(head, frame)
}

#[inline(always)]
fn inner<'a>(head: Ethernet2HeaderSlice<'a>, frame: &'a [u8]) -> Result<Ethernet<'a>> {
    let truncated = Reject::truncated("truncated_ethernet_frame");
    let payload = frame.get(head.slice().len()..).ok_or(truncated)?;
    let (dst, rest) = head.slice().split_first_chunk::<6>().ok_or(truncated)?;
    let src = rest.first_chunk::<6>().ok_or(truncated)?;
    let next = match head.ether_type().0 {
        ethertype if ethertype >= MIN_ETHERTYPE => Next::EtherType(ethertype),
        len if len <= MAX_LENGTH => {
            if payload.len() < usize::from(len) {
                return Err(truncated);
            }
            ieee802_3(payload)
        }
        _ => return Err(Reject::malformed("undefined_ether_type")),
    };
    Ok(Ethernet { dst, src, next, payload })
}

/// Tells the three payloads of a frame with a length apart by their first two bytes.
fn ieee802_3(payload: &[u8]) -> Next {
    match payload {
        [0xaa, 0xaa, ..] => Next::Snap,
        [0xff, 0xff, ..] => Next::Novell,
        _ => Next::Llc,
    }
}

/// An 802.1Q or 802.1ad tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vlan<'a> {
    /// The VLAN identifier, 0 for a tag that carries only a priority.
    pub id: u16,
    /// What the payload is.
    pub next: Next,
    /// What stands behind the tag.
    pub payload: &'a [u8],
}

/// Reads a VLAN tag, from behind the EtherType that announced it.
pub fn vlan(data: &[u8]) -> Result<Vlan<'_>> {
    const NAME: &str = "truncated_VLAN_header";
    let (_, payload) = header::<4>(data, NAME)?;
    let tag = SingleVlanHeaderSlice::from_slice(data).map_err(|_| Reject::truncated(NAME))?;
    let id = tag.vlan_identifier().value();
    match tag.ether_type().0 {
        ethertype if ethertype >= MIN_ETHERTYPE => Ok(Vlan { id, next: Next::EtherType(ethertype), payload }),
        len if len <= MAX_LENGTH => {
            if payload.len() < 2 {
                return Err(Reject::truncated(NAME));
            }
            let next = ieee802_3(payload);
            // The length field tells the payload from the padding behind it.
            let payload = payload.get(..usize::from(len)).unwrap_or(payload);
            Ok(Vlan { id, next, payload })
        }
        _ => Err(Reject::malformed("undefined_vlan_protocol")),
    }
}

/// Skips a Cisco VN-Tag, which names the virtual interfaces and then an EtherType.
pub fn vntag(data: &[u8]) -> Result<Carried<'_>> {
    let ([_, _, _, _, t0, t1], payload) = header::<6>(data, "truncated_vntag_header")?;
    Ok(Carried { protocol: u16::from_be_bytes([*t0, *t1]), payload })
}

/// Skips a PBB service tag (802.1ah): a customer's Ethernet frame follows.
pub fn pbb(data: &[u8]) -> Result<&[u8]> {
    const NAME: &str = "truncated_PBB_header";
    // The tag and the customer's Ethernet header, with something behind it.
    header::<18>(data, NAME)?;
    header::<4>(data, NAME).map(|(_, frame)| frame)
}

/// Skips an MPLS label stack down to its bottom. What follows is not named (RFC 3032 §2.2).
pub fn mpls(mut data: &[u8]) -> Result<&[u8]> {
    loop {
        let ([_, _, flags, _], rest) = header::<4>(data, "truncated_link_header")?;
        data = rest;
        if flags & 1 != 0 {
            return Ok(data);
        }
    }
}

/// The destination SAP of an 802.2 LLC header.
pub fn llc(data: &[u8]) -> Result<u8> {
    match *data {
        [dsap, _, control, ref rest @ ..] if unnumbered(control) || !rest.is_empty() => Ok(dsap),
        _ => Err(Reject::truncated("truncated_llc_header")),
    }
}

/// Skips an 802.2 LLC header with SNAP. `None` where the protocol is not an EtherType but one of
/// the organisation that the header names.
pub fn snap(data: &[u8]) -> Result<Option<Carried<'_>>> {
    let [_, _, control, rest @ ..] = data else {
        return Err(Reject::truncated("truncated_snap_llc_header"));
    };
    // Any PDU but an unnumbered one has a second control byte.
    let rest = if unnumbered(*control) { rest } else { rest.get(1..).unwrap_or_default() };
    let Some(([o0, o1, o2, t0, t1], payload)) = rest.split_first_chunk::<5>() else {
        return Err(Reject::truncated("truncated_snap_header"));
    };
    let ethertype = u16::from_be_bytes([*t0, *t1]);
    Ok(([*o0, *o1, *o2] == [0; 3]).then_some(Carried { protocol: ethertype, payload }))
}

const fn unnumbered(control: u8) -> bool {
    control & 0x03 == 0x03
}
