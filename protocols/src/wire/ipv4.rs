//! The IPv4 header (RFC 791 §3.1).

use std::net::Ipv4Addr;

/// An IPv4 header's fields, as they stand on the wire: nothing is verified yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of the header with its options, in bytes: 0 to 60, valid from 20 on.
    pub header_len: u8,
    /// Of header and payload, in bytes. 0 where the sending card was to fill it in.
    pub total_len: u16,
    pub id: u16,
    pub dont_fragment: bool,
    pub more_fragments: bool,
    /// In bytes.
    pub fragment_offset: u16,
    pub ttl: u8,
    pub protocol: u8,
    pub src: Ipv4Addr,
    pub dst: Ipv4Addr,
}

pub const MIN_LEN: usize = 20;

impl Header {
    /// Reads the fixed part. The options may lie beyond the end of the bytes.
    #[inline]
    pub fn read(h: &[u8; MIN_LEN]) -> Self {
        let fragment = u16::from_be_bytes([h[6], h[7]]);
        Header {
            header_len: (h[0] & 0x0f) * 4,
            total_len: u16::from_be_bytes([h[2], h[3]]),
            id: u16::from_be_bytes([h[4], h[5]]),
            dont_fragment: fragment & 0x4000 != 0,
            more_fragments: fragment & 0x2000 != 0,
            fragment_offset: (fragment & 0x1fff) * 8,
            ttl: h[8],
            protocol: h[9],
            src: Ipv4Addr::new(h[12], h[13], h[14], h[15]),
            dst: Ipv4Addr::new(h[16], h[17], h[18], h[19]),
        }
    }

    #[inline]
    pub const fn is_fragment(&self) -> bool {
        self.more_fragments || self.fragment_offset != 0
    }
}
