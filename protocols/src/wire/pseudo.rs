//! Headers that capture systems put before a packet in place of a real link header.

use super::{Carried, Mac, Reject, Result, header};

/// Linux "cooked" captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinuxSll<'a> {
    /// Who sent it; there is no destination in this header.
    pub src: &'a Mac,
    /// An EtherType.
    pub protocol: u16,
    /// What stands behind the header.
    pub payload: &'a [u8],
}

/// `LINKTYPE_LINUX_SLL`: type, address type and length, address (8), protocol.
pub fn linux_sll(data: &[u8]) -> Result<LinuxSll<'_>> {
    let truncated = Reject::truncated("truncated_Linux_SLL_header");
    let (head, payload) = header::<16>(data, truncated.name)?;
    let src = head.get(6..12).and_then(|mac| mac.first_chunk()).ok_or(truncated)?;
    Ok(LinuxSll { src, protocol: u16::from_be_bytes([head[14], head[15]]), payload })
}

/// `LINKTYPE_LINUX_SLL2`: protocol, reserved, interface index, address type, packet type, address
/// length, address (8).
pub fn linux_sll2(data: &[u8]) -> Result<LinuxSll<'_>> {
    let truncated = Reject::truncated("truncated_Linux_SLL2_header");
    let (head, payload) = header::<20>(data, truncated.name)?;
    let src = head.get(12..18).and_then(|mac| mac.first_chunk()).ok_or(truncated)?;
    Ok(LinuxSll { src, protocol: u16::from_be_bytes([head[0], head[1]]), payload })
}

/// `LINKTYPE_NULL`: the address family in the byte order of the capturing host, which the file
/// does not tell. Families are small numbers, so the order shows itself.
pub fn null(data: &[u8]) -> Result<(u32, &[u8])> {
    let (head, payload) = header::<4>(data, "null_analyzer_failed")?;
    let little = u32::from_le_bytes(*head);
    let family = if little > 0xffff { u32::from_be_bytes(*head) } else { little };
    Ok((family, payload))
}

/// FDDI: 13 bytes of its own header and 8 of LLC and SNAP, which Zeek skips unread.
pub fn fddi(data: &[u8]) -> Result<&[u8]> {
    header::<21>(data, "FDDI_analyzer_failed").map(|(_, payload)| payload)
}

/// The TLV of an NFLOG record that holds the packet.
const NFLOG_PAYLOAD: u16 = 9;

/// `LINKTYPE_NFLOG`: an address family, then TLVs, one of which is the packet.
pub fn nflog(data: &[u8]) -> Result<Carried<'_>> {
    let ([family, version, _, _], mut rest) = header::<4>(data, "truncated_nflog_header")?;
    if *version != 0 {
        return Err(Reject::unsupported("unknown_nflog_version"));
    }
    loop {
        let ([l0, l1, t0, t1], payload) = header::<4>(rest, "nflog_no_pcap_payload")?;
        // The format has these in the order of the host that captured, which in practice is little
        // endian (libpcap swaps them where it is not).
        if u16::from_le_bytes([*t0, *t1]) == NFLOG_PAYLOAD {
            return Ok(Carried { protocol: u16::from(*family), payload });
        }
        let len = usize::from(u16::from_le_bytes([*l0, *l1]));
        if len < 4 {
            return Err(Reject::malformed("nflog_bad_tlv_len"));
        }
        // Padded to 32 bits, which the length may leave out.
        rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
}
