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
        // Eight bytes at a time, of which each carry counts as one (RFC 1071 §2 C). Four sums, so that none has to wait
        // for another.
        let mut lanes = [self.0, 0, 0, 0];
        let (blocks, rest) = data.as_chunks::<32>();
        for block in blocks {
            let (words, _) = block.as_chunks::<8>();
            for (lane, word) in lanes.iter_mut().zip(words) {
                *lane = with_carry(*lane, u64::from_ne_bytes(*word));
            }
        }
        let (words, rest) = rest.as_chunks::<8>();
        let mut sum = lanes.iter().fold(0, |sum, lane| with_carry(sum, *lane));
        sum = words.iter().fold(sum, |sum, word| with_carry(sum, u64::from_ne_bytes(*word)));
        if !rest.is_empty() {
            sum = with_carry(sum, last_word(rest));
        }
        self.0 = sum;
        self
    }

    /// Adds a number of two bytes.
    #[inline]
    pub fn with_u16(mut self, value: u16) -> Self {
        self.0 = with_carry(self.0, u64::from(value.to_be()));
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
        // Halves are added to each other, with the carry, until 16 bits are left.
        let sum = self.0 as u32;
        let (sum, carry) = sum.overflowing_add((self.0 >> 32) as u32);
        let sum = sum + u32::from(carry);
        let (sum, carry) = (sum as u16).overflowing_add((sum >> 16) as u16);
        sum + u16::from(carry)
    }
}

#[inline]
const fn with_carry(sum: u64, word: u64) -> u64 {
    let (sum, carry) = sum.overflowing_add(word);
    // It cannot carry again: the sum is below the word then.
    sum + carry as u64
}

/// Less than eight bytes as a word, padded with zeros behind.
#[inline]
fn last_word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(bytes) {
        *to = *from;
    }
    u64::from_ne_bytes(word)
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
    let [src, dst] = [src, dst].map(|address| u64::from(u32::from_ne_bytes(address.octets())));
    Sum(src + dst).with_u16(u16::from(protocol)).with_u16(len as u16)
}

#[inline]
fn pseudo_v6(src: &Ipv6Addr, dst: &Ipv6Addr, protocol: u8, len: usize) -> Sum {
    Sum::default()
        .with(&src.octets())
        .with(&dst.octets())
        .with(&(len as u32).to_be_bytes())
        .with_u16(u16::from(protocol))
}
