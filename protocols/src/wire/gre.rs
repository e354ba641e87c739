//! Generic Routing Encapsulation: version 0 (RFC 2784, 2890) with transparent Ethernet, ERSPAN
//! types I to III and Aruba's 802.11, and version 1 as PPTP uses it (RFC 2637).

use super::numbers::{ethertype, ipproto, ppp};
use super::{Reject, Result};

/// A GRE packet past its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gre<'a> {
    /// What the payload is.
    pub inner: Inner,
    /// What stands behind the header.
    pub payload: &'a [u8],
}

/// What a GRE packet carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inner {
    /// An IP packet, or what is taken for one: version 0 with any other protocol number.
    Ip,
    /// Version 1: an IP packet of the version that PPP names, as an IP protocol number.
    Pptp(u8),
    /// A frame of Ethernet.
    Ethernet,
    /// A frame of 802.11.
    Ieee80211,
}

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACK: u16 = 0x0080;
/// Flags that neither version defines.
const RESERVED: u16 = 0x0078;
const VERSION: u16 = 0x0007;

const ERSPAN: u16 = 0x88be;
const ERSPAN_III: u16 = 0x22eb;
const PPTP: u16 = 0x880b;

const ETHERNET_LEN: usize = 14;
const PPP_LEN: usize = 4;

/// Reads a GRE header and the shim between it and the packet inside.
pub fn parse(data: &[u8]) -> Result<Gre<'_>> {
    let [f0, f1, p0, p1, ..] = *data else { return Err(TRUNCATED) };
    let flags = u16::from_be_bytes([f0, f1]);
    let protocol = u16::from_be_bytes([p0, p1]);
    let body = data.get(header_len(flags)..);

    let (inner, shim) = match flags & VERSION {
        0 => version_0(flags, protocol, body)?,
        1 if protocol != PPTP => {
            return Err(Reject::malformed("egre_protocol_type").with("proto=", u32::from(protocol)));
        }
        1 => (Inner::Pptp(ipproto::IPV4), PPP_LEN),
        version => {
            return Err(Reject::unsupported("unknown_gre_version").with("version=", u32::from(version)));
        }
    };
    if flags & ROUTING != 0 {
        // RFC 1701's source route, whose length only a walk would tell. RFC 2784 dropped it.
        return Err(Reject::unsupported("gre_routing"));
    }
    if flags & RESERVED != 0 {
        return Err(Reject::malformed("unknown_gre_flags"));
    }
    let (shim, payload) = body.and_then(|body| body.split_at_checked(shim)).ok_or(TRUNCATED)?;
    let inner = match inner {
        Inner::Pptp(_) => Inner::Pptp(ppp_protocol(shim)?),
        Inner::Ethernet if payload.len() < ETHERNET_LEN => return Err(TRUNCATED),
        inner => inner,
    };
    Ok(Gre { inner, payload })
}

const TRUNCATED: Reject = Reject::truncated("truncated_GRE");

const fn header_len(flags: u16) -> usize {
    4 * (1 + (flags & (CHECKSUM | KEY | SEQUENCE | ACK)).count_ones() as usize)
}

/// What version 0 carries, and how many bytes of ERSPAN stand before it. The comparisons are
/// strict where Zeek's are: something must follow the inner header.
fn version_0(flags: u16, protocol: u16, body: Option<&[u8]>) -> Result<(Inner, usize)> {
    let body_len = body.map_or(0, <[u8]>::len);
    match protocol {
        ethertype::TRANSPARENT_ETHERNET | ERSPAN if body_len <= ETHERNET_LEN => Err(TRUNCATED),
        ethertype::TRANSPARENT_ETHERNET => Ok((Inner::Ethernet, 0)),
        // A sequence number tells type II, with its header, from type I, without.
        ERSPAN if flags & SEQUENCE != 0 => Ok((Inner::Ethernet, 8)),
        ERSPAN => Ok((Inner::Ethernet, 0)),
        ERSPAN_III if body_len <= 12 + ETHERNET_LEN => Err(TRUNCATED),
        ERSPAN_III => {
            // The O bit announces a subheader specific to the platform.
            let optional = body.and_then(|body| body.get(11)).is_some_and(|flags| flags & 0x01 != 0);
            match optional {
                true if body_len <= 12 + 8 + ETHERNET_LEN => Err(TRUNCATED),
                true => Ok((Inner::Ethernet, 12 + 8)),
                false => Ok((Inner::Ethernet, 12)),
            }
        }
        _ if is_aruba(protocol) && body_len == 0 => Err(TRUNCATED),
        _ if is_aruba(protocol) => Ok((Inner::Ieee80211, 0)),
        _ => Ok((Inner::Ip, 0)),
    }
}

/// The protocol numbers of Aruba's access points for 802.11 frames: 0x8200 to 0x8370 and 0x9000.
const fn is_aruba(protocol: u16) -> bool {
    protocol & 0x0f == 0
        && (protocol & 0x8200 == 0x8200 || (protocol & 0x8300 == 0x8300 && protocol <= 0x8370))
        || protocol == 0x9000
}

/// The IP version in the PPP header that PPTP puts before the packet.
fn ppp_protocol(shim: &[u8]) -> Result<u8> {
    let [_, _, p0, p1] = *shim else { return Err(TRUNCATED) };
    match u16::from_be_bytes([p0, p1]) {
        ppp::IPV4 => Ok(ipproto::IPV4),
        ppp::IPV6 => Ok(ipproto::IPV6),
        _ => Err(Reject::unsupported("non_ip_packet_in_encap")),
    }
}
