//! ARP and RARP (RFC 826, RFC 903): only whether the packet is whole; nothing is made of it yet.

use etherparse::ArpPacketSlice;

use super::{Reject, Result};

/// Checks that the addresses whose lengths the header gives are there.
pub fn check(data: &[u8]) -> Result<()> {
    ArpPacketSlice::from_slice(data).map(|_| ()).map_err(|_| Reject::truncated("truncated_ARP"))
}
