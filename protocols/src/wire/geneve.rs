//! Geneve (RFC 8926): a frame or packet in UDP, named by EtherType, behind options.

use super::Reject;

/// A Geneve packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geneve<'a> {
    /// The virtual network, 24 bits.
    pub vni: u32,
    /// The EtherType of what is inside.
    pub protocol: u16,
    /// All options, unread.
    pub options: &'a [u8],
    /// May be empty.
    pub inner: &'a [u8],
}

/// Why a datagram is no Geneve packet to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The analyzer gives up on the connection, for this reason.
    Violation(&'static str),
    /// Odd, but no reason to give up.
    Weird(Reject),
}

/// Reads a Geneve header.
pub fn parse(data: &[u8]) -> Result<Geneve<'_>, Refused> {
    let Some((header, rest)) = data.split_first_chunk::<8>() else {
        return Err(Refused::Violation("Geneve header truncation"));
    };
    let [first, _, p0, p1, v0, v1, v2, _] = *header;
    let version = first >> 6;
    if version != 0 {
        let reject = Reject::unsupported("geneve_invalid_version").with("", u32::from(version));
        return Err(Refused::Weird(reject));
    }
    let options_len = usize::from(first & 0x3f) * 4;
    let Some((options, inner)) = rest.split_at_checked(options_len) else {
        return Err(Refused::Violation("Geneve option header truncation"));
    };
    Ok(Geneve {
        vni: u32::from_be_bytes([0, v0, v1, v2]),
        protocol: u16::from_be_bytes([p0, p1]),
        options,
        inner,
    })
}
