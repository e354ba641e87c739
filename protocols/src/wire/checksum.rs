//! The Internet checksum (RFC 1071).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A one's complement sum under way. The sum is kept in the machine's byte order: it comes out
/// right for comparing with 0xffff either way (RFC 1071 §2 B).
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum(u64);

impl Sum {
    /// Adds bytes that begin at an even offset. An odd last byte is padded with zero, so only the
    /// last piece of a sum may be odd.
    #[inline]
    pub fn with(mut self, data: &[u8]) -> Self {
        // Four accumulators of 32-bit words in 64 bits: no carry can be lost below 2^32 words, and
        // the loop compiles to vector adds.
        let mut lanes = [0u64; 4];
        let mut blocks = data.chunks_exact(16);
        for block in &mut blocks {
            for (lane, word) in lanes.iter_mut().zip(block.chunks_exact(4)) {
                *lane += u64::from(word_of(word));
            }
        }
        for word in blocks.remainder().chunks(4) {
            lanes[0] += u64::from(word_of(word));
        }
        self.0 += lanes.iter().map(|lane| fold_to_32(*lane)).sum::<u64>();
        self
    }

    /// Adds a number of two bytes.
    #[inline]
    pub fn with_u16(mut self, value: u16) -> Self {
        self.0 += u64::from(value.to_be());
        self
    }

    /// Whether the sum over data and checksum comes to all ones, as it does for intact data.
    #[inline]
    pub fn is_valid(self) -> bool {
        self.folded() == 0xffff
    }

    /// The checksum field's value, as two bytes of wire, for a sum made with that field as zero.
    pub fn checksum(self) -> [u8; 2] {
        (!self.folded()).to_ne_bytes()
    }

    #[inline]
    fn folded(self) -> u16 {
        let mut sum = self.0;
        while sum > 0xffff {
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }
}

/// Up to four bytes as a word, padded with zeros behind.
#[inline]
fn word_of(bytes: &[u8]) -> u32 {
    match <[u8; 4]>::try_from(bytes) {
        Ok(word) => u32::from_ne_bytes(word),
        Err(_) => {
            let mut word = [0; 4];
            for (to, from) in word.iter_mut().zip(bytes) {
                *to = *from;
            }
            u32::from_ne_bytes(word)
        }
    }
}

const fn fold_to_32(sum: u64) -> u64 {
    (sum & 0xffff_ffff) + (sum >> 32)
}

/// Whether a header or message that carries its own checksum is intact (IPv4 header, ICMPv4).
#[inline]
pub fn verify(data: &[u8]) -> bool {
    Sum::default().with(data).is_valid()
}

/// Whether a TCP segment, UDP datagram or ICMPv6 message with its checksum is intact, given the
/// pseudo header (RFC 9293 §3.1, RFC 768, RFC 8200 §8.1). Addresses of two families are never
/// intact.
#[inline]
pub fn verify_transport(src: IpAddr, dst: IpAddr, protocol: u8, data: &[u8]) -> bool {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => pseudo_v4(src, dst, protocol, data.len()),
        (IpAddr::V6(src), IpAddr::V6(dst)) => pseudo_v6(&src, &dst, protocol, data.len()),
        _ => return false,
    }
    .with(data)
    .is_valid()
}

#[inline]
fn pseudo_v4(src: Ipv4Addr, dst: Ipv4Addr, protocol: u8, len: usize) -> Sum {
    Sum::default().with(&src.octets()).with(&dst.octets()).with_u16(u16::from(protocol)).with_u16(len as u16)
}

#[inline]
fn pseudo_v6(src: &Ipv6Addr, dst: &Ipv6Addr, protocol: u8, len: usize) -> Sum {
    Sum::default()
        .with(&src.octets())
        .with(&dst.octets())
        .with(&(len as u32).to_be_bytes())
        .with_u16(u16::from(protocol))
}
