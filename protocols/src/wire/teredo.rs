//! Teredo (RFC 4380): IPv6 in UDP, behind optional authentication and origin headers.

use std::net::Ipv4Addr;

use super::ipv6;
use super::numbers::ipproto;

/// A Teredo packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Teredo<'a> {
    /// The authentication header, if there is one.
    pub authentication: Option<Authentication<'a>>,
    /// The origin indication, if there is one.
    pub origin: Option<Origin>,
    /// The IPv6 packet, with anything behind it.
    pub inner: &'a [u8],
    /// A bubble: an IPv6 header that only keeps the NAT open.
    pub bubble: bool,
    /// A bubble with bytes behind its header: no violation, but `Teredo_bubble_with_payload`.
    pub payload_in_bubble: bool,
}

/// RFC 4380 §5.1.1, authentication encapsulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authentication<'a> {
    /// Who the client is.
    pub client_id: &'a [u8],
    /// What authenticates it.
    pub value: &'a [u8],
    /// To match answers to questions.
    pub nonce: u64,
    /// Whether the client needs a new key.
    pub confirmation: u8,
}

/// RFC 4380 §5.1.1, origin indication: the client's address and port as the server saw them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The address.
    pub addr: Ipv4Addr,
    /// The port.
    pub port: u16,
}

/// Why a datagram is no Teredo packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The reason for which the analyzer gives up.
    pub violation: &'static str,
    /// A weird that is told only of connections already known to be Teredo.
    pub weird: Option<&'static str>,
}

impl Refused {
    const fn bad(weird: Option<&'static str>) -> Self {
        Refused { violation: "Bad Teredo encapsulation", weird }
    }

    const fn inner(violation: &'static str) -> Self {
        Refused { violation, weird: None }
    }
}

const TAG_ORIGIN: u16 = 0;
const TAG_AUTHENTICATION: u16 = 1;

/// Reads the headers and checks that one whole IPv6 packet follows.
pub fn parse(mut data: &[u8]) -> Result<Teredo<'_>, Refused> {
    let mut authentication = None;
    let mut origin = None;
    loop {
        let [t0, t1, ..] = *data else { return Err(Refused::bad(Some("truncated_Teredo"))) };
        match u16::from_be_bytes([t0, t1]) {
            TAG_ORIGIN if origin.is_none() => {
                let Some(([_, _, p0, p1, addr @ ..], rest)) = data.split_first_chunk::<8>() else {
                    return Err(Refused::bad(Some("truncated_Teredo_origin_indication")));
                };
                // Both are sent inverted, so that NATs do not rewrite them (§5.1.1).
                origin = Some(Origin {
                    addr: Ipv4Addr::from(!u32::from_be_bytes(*addr)),
                    port: !u16::from_be_bytes([*p0, *p1]),
                });
                data = rest;
            }
            // It cannot follow an origin indication.
            TAG_AUTHENTICATION if origin.is_none() && authentication.is_none() => {
                let Some((header, rest)) = read_authentication(data) else {
                    return Err(Refused::bad(Some("truncated_Teredo_authentication")));
                };
                authentication = Some(header);
                data = rest;
            }
            tag if tag >> 12 == 6 => return check_inner(data, authentication, origin),
            _ => return Err(Refused::bad(None)),
        }
    }
}

fn read_authentication(data: &[u8]) -> Option<(Authentication<'_>, &[u8])> {
    let ([_, _, id_len, value_len], rest) = data.split_first_chunk::<4>()?;
    let (client_id, rest) = rest.split_at_checked(usize::from(*id_len))?;
    let (value, rest) = rest.split_at_checked(usize::from(*value_len))?;
    let (nonce, rest) = rest.split_first_chunk::<8>()?;
    let (confirmation, rest) = rest.split_first()?;
    let nonce = u64::from_be_bytes(*nonce);
    Some((Authentication { client_id, value, nonce, confirmation: *confirmation }, rest))
}

/// The inner packet must fill the datagram exactly, bubbles aside.
fn check_inner<'a>(
    inner: &'a [u8],
    authentication: Option<Authentication<'a>>,
    origin: Option<Origin>,
) -> Result<Teredo<'a>, Refused> {
    // What the chain finds odd is told when the packet itself is decoded.
    let Some(header) = ipv6::Header::read(inner, &mut |_| {}) else {
        return Err(Refused::bad(Some("truncated_IPv6_in_Teredo")));
    };
    let bubble = header.next == ipproto::NO_NEXT;
    let empty = header.total_len() as usize <= header.header_len;
    let (have, want) = (inner.len(), header.total_len() as usize);
    if have < want {
        return Err(Refused::inner("Truncated Teredo or invalid inner IP version"));
    }
    if have > want && !(bubble && empty) {
        return Err(Refused::inner("Teredo payload length"));
    }
    Ok(Teredo { authentication, origin, inner, bubble, payload_in_bubble: have > want })
}

/// Whether a datagram on any port looks like Teredo: an IPv6 header with an address in 2001::/32,
/// or an authentication or origin header with an IPv6 header behind it.
pub fn probe(data: &[u8]) -> bool {
    const PREFIX: [u8; 4] = [0x20, 0x01, 0, 0];
    let [b0, b1, ..] = *data else { return false };
    if data.len() < 40 {
        return false;
    }
    let prefixed = |at: usize| data.get(at..at + 4).is_some_and(|bytes| bytes == PREFIX);
    if b0 >> 4 == 6 && (prefixed(8) || prefixed(24)) {
        return true;
    }
    let rest = match (b0, b1) {
        (0, 0) => data,
        (0, 1) => match read_authentication(data) {
            Some((_, rest)) if rest.starts_with(&[0, 0]) => rest,
            _ => return false,
        },
        _ => return false,
    };
    rest.get(8..).is_some_and(|ip| ip.len() >= 40 && ip.first().is_some_and(|b| b >> 4 == 6))
}
