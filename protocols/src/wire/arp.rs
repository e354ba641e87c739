//! ARP and RARP (RFC 826, RFC 903): only whether the packet is whole; nothing is made of it yet.

use super::{Reject, Result};

/// Checks that the addresses whose lengths the header gives are there.
pub fn check(data: &[u8]) -> Result<()> {
    const TRUNCATED: Reject = Reject::truncated("truncated_ARP");
    let [_, _, _, _, hardware_len, protocol_len, _, _, addresses @ ..] = data else {
        return Err(TRUNCATED);
    };
    let need = 2 * (usize::from(*hardware_len) + usize::from(*protocol_len));
    if addresses.len() < need { Err(TRUNCATED) } else { Ok(()) }
}
