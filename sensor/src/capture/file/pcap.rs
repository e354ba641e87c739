//! The classic capture format (draft-ietf-opsawg-pcap): a 24-byte header, then records.
//!
//! What libpcap reads, we read in the same way: both byte orders, microseconds and nanoseconds, Alexey
//! Kuznetzov's patched format, and old files that have the two lengths of a packet swapped.

use super::framing::{Framed, Framer, MAX_PACKET, Order, Step};

pub(super) const HEADER: usize = 24;

const MICROSECONDS: u32 = 0xa1b2_c3d4;
const NANOSECONDS: u32 = 0xa1b2_3c4d;
const KUZNETZOV: u32 = 0xa1b2_cd34;

const ETHERNET: u16 = 1;

pub(super) struct Pcap {
    order: Order,
    variant: Variant,
    lengths: Lengths,
    snaplen: u32,
    link: u16,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variant {
    Micro,
    Nano,
    Kuznetzov,
}

/// In which order a record gives the captured length and the length on the wire.
enum Lengths {
    Captured,
    Wire,
    /// Version 2.3 had both; the captured length is the smaller one.
    Either,
}

impl Pcap {
    pub fn is_magic(start: [u8; 4]) -> bool {
        variant(start).is_some()
    }

    pub fn new(header: &[u8; HEADER]) -> Result<Self, String> {
        let [m0, m1, m2, m3, major0, major1, minor0, minor1, _rest @ ..] = *header;
        let (variant, order) = variant([m0, m1, m2, m3]).ok_or("no pcap header")?;
        let lengths = match (order.u16([major0, major1]), order.u16([minor0, minor1])) {
            (2, 0..=2) | (543, 0) => Lengths::Wire,
            (2, 3) => Lengths::Either,
            (2, 4) => Lengths::Captured,
            (major, minor) => return Err(format!("pcap version {major}.{minor} is not known")),
        };
        let [_, _, _, _, snaplen, link] = order.words(header).ok_or("no pcap header")?;
        // The upper half holds the frame check sequence's length and is of no use here.
        let link = link as u16;
        let snaplen = match snaplen {
            0 => MAX_PACKET,
            // libpcap: this format's cooked captures put a made-up Ethernet header before `snaplen` bytes.
            n if variant == Variant::Kuznetzov && link == ETHERNET => n.saturating_add(14),
            n => n,
        };
        Ok(Pcap { order, variant, lengths, snaplen, link })
    }

    pub fn link(&self) -> u16 {
        self.link
    }

    pub fn nanoseconds(&self) -> bool {
        self.variant == Variant::Nano
    }
}

impl Framer for Pcap {
    #[inline]
    fn next(&mut self, window: &[u8]) -> Result<Step, String> {
        let header = if self.variant == Variant::Kuznetzov { 24 } else { 16 };
        let Some([seconds, fraction, first, second]) = self.order.words(window) else {
            return Ok(Step::Need(header));
        };
        let (captured, wire_len) = match self.lengths {
            Lengths::Captured => (first, second),
            Lengths::Wire => (second, first),
            Lengths::Either => (first.min(second), first.max(second)),
        };
        if captured > MAX_PACKET {
            return Err(format!("a packet of {captured} bytes, where {MAX_PACKET} is the most"));
        }
        let advance = header + captured as usize;
        if window.len() < advance {
            return Ok(Step::Need(advance));
        }
        let unit = if self.variant == Variant::Nano { 1 } else { 1_000 };
        let ts = i64::from(seconds) * 1_000_000_000 + i64::from(fraction) * unit;
        // A record may hold more than the header's snaplen; libpcap cuts it, and so Zeek never sees the rest.
        let len = captured.min(self.snaplen);
        Ok(Step::Packet { packet: Framed { offset: header, len, wire_len, ts, link: self.link }, advance })
    }
}

fn variant(start: [u8; 4]) -> Option<(Variant, Order)> {
    [Order::Little, Order::Big].into_iter().find_map(|order| match order.u32(start) {
        MICROSECONDS => Some((Variant::Micro, order)),
        NANOSECONDS => Some((Variant::Nano, order)),
        KUZNETZOV => Some((Variant::Kuznetzov, order)),
        _ => None,
    })
}
