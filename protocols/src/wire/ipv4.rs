//! The IPv4 header (RFC 791 §3.1).

use std::net::Ipv4Addr;

use etherparse::Ipv4HeaderSlice;

/// The fields of an IPv4 header that is there as a whole. Neither its checksum nor what it says of the packet's length
/// is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of the header with its options, in bytes: 20 to 60.
    pub header_len: u8,
    /// Of header and payload, in bytes. 0 where the sending card was to fill it in.
    pub total_len: u16,
    /// The identification, the same in all fragments of a datagram.
    pub id: u16,
    /// DF.
    pub dont_fragment: bool,
    /// MF.
    pub more_fragments: bool,
    /// In bytes.
    pub fragment_offset: u16,
    /// Hops that are left.
    pub ttl: u8,
    /// What the payload is, as IANA numbers them.
    pub protocol: u8,
    /// The source.
    pub src: Ipv4Addr,
    /// The destination.
    pub dst: Ipv4Addr,
}

/// Of a header without options, in bytes.
pub const MIN_LEN: usize = 20;

impl Header {
    /// Reads a header with its options. `None` where it is not of version 4, not whole, or by its own length shorter
    /// than 20 bytes; [`Lengths`] tells which.
    #[inline(always)]
    pub fn read(packet: &[u8]) -> Option<Self> {
        let header = Ipv4HeaderSlice::from_slice(packet).ok()?;
        Some(Header {
            header_len: header.ihl() * 4,
            total_len: header.total_len(),
            id: header.identification(),
            dont_fragment: header.dont_fragment(),
            more_fragments: header.more_fragments(),
            fragment_offset: header.fragments_offset().value() * 8,
            ttl: header.ttl(),
            protocol: header.protocol().0,
            src: header.source_addr(),
            dst: header.destination_addr(),
        })
    }

    /// Whether it is not all of a datagram.
    #[inline]
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }
}

/// What a header says of lengths, in bytes, whether it can be so or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// 0 to 60.
    pub header: u8,
    /// Of the packet, up to 65,535.
    pub total: u16,
}

impl Lengths {
    /// Reads them.
    pub const fn read(head: &[u8; MIN_LEN]) -> Self {
        let [first, _, high, low, ..] = *head;
        Lengths { header: (first & 0x0f) * 4, total: u16::from_be_bytes([high, low]) }
    }
}
