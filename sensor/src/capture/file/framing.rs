//! What the capture formats have in common: finding the next record in a window of bytes.

use super::{pcap, pcapng};

/// The longest packet, as in libpcap (`MAXIMUM_SNAPLEN`). A longer one means that we are reading rubbish.
pub(super) const MAX_PACKET: u32 = 256 * 1024;

/// A packet's place in the window, and what its record says of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framed {
    pub offset: usize,
    pub len: u32,
    pub wire_len: u32,
    /// Nanoseconds since the epoch.
    pub ts: i64,
    pub link: u16,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    /// A packet, in a record of `advance` bytes.
    Packet { packet: Framed, advance: usize },
    /// Packets of this link type may follow.
    Link { link: u16, advance: usize },
    /// A record without a packet; it may reach beyond the window.
    Skip { advance: u64, unknown: bool },
    /// The window must be at least this long: never more than a buffer holds.
    Need(usize),
}

/// Takes one record off the front of the window, or says why there is none.
pub(super) trait Framer {
    fn next(&mut self, window: &[u8]) -> Result<Step, String>;
}

pub(super) enum Format {
    Pcap(pcap::Pcap),
    PcapNg(pcapng::PcapNg),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    pub fn other(self) -> Self {
        match self {
            Order::Little => Order::Big,
            Order::Big => Order::Little,
        }
    }

    pub fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Order::Little => u16::from_le_bytes(bytes),
            Order::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Order::Little => u32::from_le_bytes(bytes),
            Order::Big => u32::from_be_bytes(bytes),
        }
    }

    pub fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Order::Little => u64::from_le_bytes(bytes),
            Order::Big => u64::from_be_bytes(bytes),
        }
    }

    /// The first `N` 32-bit words, where there are so many.
    #[inline]
    pub fn words<const N: usize>(self, bytes: &[u8]) -> Option<[u32; N]> {
        let words = bytes.as_chunks::<4>().0.first_chunk::<N>()?;
        Some(words.map(|word| self.u32(word)))
    }
}
