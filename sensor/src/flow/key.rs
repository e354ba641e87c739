//! A flow's five-tuple, and the key that both its directions share.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::{IpAddr, Ipv6Addr};

use crate::event::{ConnId, Proto};

/// One end of a flow; IPv4 addresses are kept as IPv4-mapped ones.
#[derive(Clone, Copy, Debug)]
pub struct End {
    // Not an integer: flows would be larger by what that is aligned to.
    addr: [u8; 16],
    pub port: u16,
}

/// Compared as numbers: every packet does that a few times, and bytes are compared by a call.
impl PartialEq for End {
    #[inline]
    fn eq(&self, other: &End) -> bool {
        self.number() == other.number() && self.port == other.port
    }
}

impl Eq for End {}

impl Ord for End {
    #[inline]
    fn cmp(&self, other: &End) -> Ordering {
        (self.number(), self.port).cmp(&(other.number(), other.port))
    }
}

impl PartialOrd for End {
    #[inline]
    fn partial_cmp(&self, other: &End) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl End {
    pub fn new(addr: IpAddr, port: u16) -> Self {
        let addr = match addr {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().octets(),
            IpAddr::V6(v6) => v6.octets(),
        };
        End { addr, port }
    }

    pub fn addr(&self) -> IpAddr {
        Ipv6Addr::from(self.addr).to_canonical()
    }

    /// Whether it has this address.
    #[inline]
    pub fn is_at(&self, addr: IpAddr) -> bool {
        let addr = match addr {
            IpAddr::V4(v4) => 0xffff_0000_0000 | u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        self.number() == addr
    }

    #[inline]
    pub fn has_addr_of(&self, other: &End) -> bool {
        self.number() == other.number()
    }

    /// Its address as a number.
    #[inline]
    fn number(&self) -> u128 {
        u128::from_be_bytes(self.addr)
    }
}

/// The ends of a flow as a packet named them: who sent it, who was to receive it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuple {
    pub src: End,
    pub dst: End,
    pub proto: Proto,
    /// ICMP messages that have no answer: the other direction is another flow.
    pub one_way: bool,
}

/// What a flow is found by: the same for both directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    low: End,
    high: End,
    proto: Proto,
    one_way: bool,
}

impl Hash for Key {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Key { low, high, proto, one_way } = self;
        state.write_u128(low.number());
        state.write_u128(high.number());
        let kind = (*proto as u64) << 1 | u64::from(*one_way);
        state.write_u64(u64::from(low.port) << 32 | u64::from(high.port) << 16 | kind);
    }
}

impl Tuple {
    /// Whether both are of one flow: their keys are the same.
    #[inline]
    pub fn is_same_flow(&self, other: &Tuple) -> bool {
        let swapped = || !self.one_way && self.src == other.dst && self.dst == other.src;
        (self.proto, self.one_way) == (other.proto, other.one_way)
            && ((self.src == other.src && self.dst == other.dst) || swapped())
    }

    #[inline]
    pub fn key(&self) -> Key {
        let (low, high) =
            if self.one_way || self.src <= self.dst { (self.src, self.dst) } else { (self.dst, self.src) };
        Key { low, high, proto: self.proto, one_way: self.one_way }
    }

    pub fn id(&self) -> ConnId {
        ConnId {
            orig_h: self.src.addr(),
            orig_p: self.src.port,
            resp_h: self.dst.addr(),
            resp_p: self.dst.port,
        }
    }

    /// As words, of which the last is never 0.
    #[inline]
    pub fn pack(&self) -> [u64; 5] {
        let half = |end: &End, from: usize| u64::from_be_bytes(std::array::from_fn(|i| end.addr[from + i]));
        let ports = u64::from(self.src.port) << 48 | u64::from(self.dst.port) << 32;
        let rest = (self.proto as u64) << 2 | u64::from(self.one_way) << 1 | 1;
        [half(&self.src, 0), half(&self.src, 8), half(&self.dst, 0), half(&self.dst, 8), ports | rest]
    }

    /// What was packed; none where nothing was.
    pub fn unpack(words: [u64; 5]) -> Option<Tuple> {
        let [a, b, c, d, rest] = words;
        let proto = match rest >> 2 & 0x3 {
            _ if rest & 1 == 0 => return None,
            at if at == Proto::Tcp as u64 => Proto::Tcp,
            at if at == Proto::Udp as u64 => Proto::Udp,
            _ => Proto::Icmp,
        };
        let end = |high: u64, low: u64, port: u64| {
            let addr = u128::from(high) << 64 | u128::from(low);
            End { addr: addr.to_be_bytes(), port: (port & 0xffff) as u16 }
        };
        let one_way = rest & 2 != 0;
        Some(Tuple { src: end(a, b, rest >> 48), dst: end(c, d, rest >> 32), proto, one_way })
    }

    pub fn flip(&mut self) {
        std::mem::swap(&mut self.src, &mut self.dst);
    }
}

impl Key {
    /// The key's bytes, for hashes that must not change between releases.
    pub fn bytes(&self) -> [u8; 38] {
        let mut out = [0; 38];
        out[..16].copy_from_slice(&self.low.addr);
        out[16..32].copy_from_slice(&self.high.addr);
        out[32..34].copy_from_slice(&self.low.port.to_be_bytes());
        out[34..36].copy_from_slice(&self.high.port.to_be_bytes());
        out[36] = self.proto as u8;
        out[37] = u8::from(self.one_way);
        out
    }

    /// Which of `workers` owns the flow. Both directions have one owner, in every run.
    #[inline]
    pub fn owner(&self, workers: usize) -> usize {
        if workers <= 1 {
            return 0;
        }
        let word = |at: &[u8; 16], from: usize| u64::from_le_bytes(std::array::from_fn(|i| at[from + i]));
        let ports = u64::from(self.low.port) << 32 | u64::from(self.high.port) << 8 | self.proto as u64;
        let mut hash = ports;
        for part in [
            word(&self.low.addr, 0),
            word(&self.low.addr, 8),
            word(&self.high.addr, 0),
            word(&self.high.addr, 8),
        ] {
            let product = u128::from(hash ^ part).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
            hash = (product as u64) ^ (product >> 64) as u64;
        }
        ((u128::from(hash) * workers as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tuple(src: (&str, u16), dst: (&str, u16), one_way: bool) -> Tuple {
        let end = |(addr, port): (&str, u16)| End::new(addr.parse().unwrap(), port);
        Tuple { src: end(src), dst: end(dst), proto: Proto::Tcp, one_way }
    }

    #[test]
    fn both_directions_have_one_key_unless_one_way() {
        let (a, b) = (("10.0.0.1", 1234), ("2001:db8::1", 80));
        assert_eq!(tuple(a, b, false).key(), tuple(b, a, false).key());
        assert_ne!(tuple(a, b, true).key(), tuple(b, a, true).key());
        assert_eq!(tuple(a, b, false).id().orig_h.to_string(), "10.0.0.1");
    }

    #[test]
    fn flows_are_the_same_where_their_keys_are() {
        let ends =
            [("10.0.0.1", 80), ("10.0.0.2", 80), ("10.0.0.1", 81), ("::ffff:0:1", 80), ("2001:db8::1", 80)];
        let all: Vec<Tuple> = { ends.iter() }
            .flat_map(|a| ends.iter().map(move |b| (*a, *b)))
            .flat_map(|(a, b)| [false, true].map(|one_way| tuple(a, b, one_way)))
            .collect();
        for (a, b) in all.iter().flat_map(|a| all.iter().map(move |b| (a, b))) {
            assert_eq!(a.is_same_flow(b), a.key() == b.key(), "{a:?} {b:?}");
        }
        let ends = all.iter().flat_map(|tuple| [tuple.src, tuple.dst]);
        assert!(ends.clone().all(|end| end.is_at(end.addr())));
        assert!(!all[0].src.is_at("10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        for one_way in [false, true] {
            let tuple =
                Tuple { proto: Proto::Icmp, ..tuple(("10.0.0.1", 65535), ("2001:db8::1", 80), one_way) };
            assert_eq!(Tuple::unpack(tuple.pack()), Some(tuple));
        }
        assert_eq!(Tuple::unpack([7, 7, 7, 7, 0]), None);
    }

    #[test]
    fn owners_are_spread() {
        let mut counts = [0; 4];
        for port in 0..4000 {
            let key = tuple(("10.0.0.1", port), ("10.0.0.2", 53), false).key();
            counts[key.owner(4)] += 1;
        }
        assert!(counts.iter().all(|&n| n > 800), "{counts:?}");
    }
}
