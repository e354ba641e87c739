//! The frames of one block: reading the kernel's headers, and putting VLAN tags back.

use std::mem::offset_of;

use libc::{tpacket_block_desc, tpacket_hdr_v1, tpacket_hdr_variant1, tpacket3_hdr};

use crate::capture::Packet;
use crate::capture::live::SeenPacket;
use crate::time::Time;

/// Walks the frames of a block.
///
/// The kernel is to be trusted, but numbers that lead out of the block end the walk all the same.
pub(super) struct Frames<'a> {
    /// The block behind its status word.
    bytes: &'a mut [u8],
    link: u16,
    left: u32,
    /// Where the next frame's header begins.
    at: usize,
}

/// Blocks are described by offsets from their start; the slice we get begins here.
const ORIGIN: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, block_status) + 4;
const NUM_PACKETS: usize = offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST_PACKET: usize =
    offset_of!(tpacket_block_desc, hdr) + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

const VLAN_TCI: usize = offset_of!(tpacket3_hdr, hv1) + offset_of!(tpacket_hdr_variant1, tp_vlan_tci);
const VLAN_TPID: usize = offset_of!(tpacket3_hdr, hv1) + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid);

const ETHERTYPE_VLAN: u16 = 0x8100;
/// Both addresses of an Ethernet frame, behind which its tags stand.
const MACS: usize = 12;
const TAG: usize = 4;

/// Link types that have a place for a VLAN tag.
const LINK_ETHERNET: u16 = 1;

impl<'a> Frames<'a> {
    pub fn new(bytes: &'a mut [u8], link: u16) -> Self {
        let mut frames = Frames { bytes, link, left: 0, at: 0 };
        frames.left = frames.u32_at(NUM_PACKETS).unwrap_or(0);
        frames.at = frames.u32_at(FIRST_PACKET).unwrap_or(0) as usize;
        frames
    }

    pub fn next_frame(&mut self) -> Option<SeenPacket<'_>> {
        self.left = self.left.checked_sub(1)?;
        let header = self.at;
        let word = |frames: &Self, field: usize| frames.u32_at(header + field);
        let step = word(self, offset_of!(tpacket3_hdr, tp_next_offset))? as usize;
        let seconds = word(self, offset_of!(tpacket3_hdr, tp_sec))?;
        let nanos = word(self, offset_of!(tpacket3_hdr, tp_nsec))?;
        let captured = word(self, offset_of!(tpacket3_hdr, tp_snaplen))? as usize;
        let mut wire_len = word(self, offset_of!(tpacket3_hdr, tp_len))?;
        let status = word(self, offset_of!(tpacket3_hdr, tp_status))?;
        let mac = usize::from(self.u16_at(header + offset_of!(tpacket3_hdr, tp_mac))?);
        let tag = self.tag(header, status);
        self.at += step;
        // A step of nothing would show the same frame again.
        if step == 0 {
            self.left = 0;
        }
        let mut start = (header + mac).checked_sub(ORIGIN)?;
        let end = start.checked_add(captured)?;
        if let Some(tag) = tag.filter(|_| self.link == LINK_ETHERNET && captured >= MACS) {
            start = start.checked_sub(TAG)?;
            let frame = self.bytes.get_mut(start..end)?;
            frame.copy_within(TAG..TAG + MACS, 0);
            frame.get_mut(MACS..MACS + TAG)?.copy_from_slice(&tag);
            wire_len = wire_len.saturating_add(TAG as u32);
        }
        let data = self.bytes.get(start..end)?;
        let ts = Time::from_nanos(i64::from(seconds) * 1_000_000_000 + i64::from(nanos));
        Some(SeenPacket {
            packet: Packet { ts, link: self.link, wire_len: wire_len.max(data.len() as u32), data },
            checksums_pending: status & libc::TP_STATUS_CSUMNOTREADY != 0,
        })
    }

    /// The VLAN tag that the NIC or the kernel has taken out of the frame.
    fn tag(&self, header: usize, status: u32) -> Option<[u8; TAG]> {
        if status & libc::TP_STATUS_VLAN_VALID == 0 {
            return None;
        }
        let tci = self.u32_at(header + VLAN_TCI)? as u16;
        let tpid = match self.u16_at(header + VLAN_TPID)? {
            tpid if status & libc::TP_STATUS_VLAN_TPID_VALID != 0 => tpid,
            _ => ETHERTYPE_VLAN,
        };
        let ([a, b], [c, d]) = (tpid.to_be_bytes(), tci.to_be_bytes());
        Some([a, b, c, d])
    }

    fn u32_at(&self, at: usize) -> Option<u32> {
        let bytes = self.bytes.get(at.checked_sub(ORIGIN)?..)?.first_chunk::<4>()?;
        Some(u32::from_ne_bytes(*bytes))
    }

    fn u16_at(&self, at: usize) -> Option<u16> {
        let bytes = self.bytes.get(at.checked_sub(ORIGIN)?..)?.first_chunk::<2>()?;
        Some(u16::from_ne_bytes(*bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A block as the kernel would fill it, without its first bytes up to the status word.
    fn block(frames: &[(&[u8], u32, u32, u16)]) -> Vec<u8> {
        let mut bytes = vec![0u8; 4096];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(NUM_PACKETS, &(frames.len() as u32).to_ne_bytes());
        put(FIRST_PACKET, &48u32.to_ne_bytes());
        let mut at = 48;
        for (nth, (data, status, tci, tpid)) in frames.iter().enumerate() {
            let step = if nth + 1 == frames.len() { 0u32 } else { 512 };
            put(at, &step.to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_sec), &(100 + nth as u32).to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_nsec), &7u32.to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_snaplen), &(data.len() as u32).to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_len), &(data.len() as u32 + 2).to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_status), &status.to_ne_bytes());
            put(at + offset_of!(tpacket3_hdr, tp_mac), &86u16.to_ne_bytes());
            put(at + VLAN_TCI, &tci.to_ne_bytes());
            put(at + VLAN_TPID, &tpid.to_ne_bytes());
            put(at + 86, data);
            at += 512;
        }
        bytes.split_off(ORIGIN)
    }

    #[test]
    fn frames_are_found_and_tags_put_back() {
        let plain = b"ddddddssssss\x08\x00payload";
        let valid = libc::TP_STATUS_VLAN_VALID;
        let tpid = libc::TP_STATUS_VLAN_TPID_VALID;
        let mut bytes = block(&[
            (plain, 0, 0, 0),
            (plain, valid, 0x2005, 0),
            (plain, valid | tpid, 3, 0x88a8),
            (plain, libc::TP_STATUS_CSUMNOTREADY, 0, 0),
        ]);
        let mut frames = Frames::new(&mut bytes, LINK_ETHERNET);
        let mut seen = Vec::new();
        while let Some(frame) = frames.next_frame() {
            let Packet { ts, wire_len, data, .. } = frame.packet;
            seen.push((ts.nanos(), wire_len as usize - data.len(), data.to_vec(), frame.checksums_pending));
        }
        let tagged = |tag: &[u8]| [b"ddddddssssss", tag, b"\x08\x00payload"].concat();
        assert_eq!(
            seen,
            [
                (100_000_000_007, 2, plain.to_vec(), false),
                (101_000_000_007, 2, tagged(b"\x81\x00\x20\x05"), false),
                (102_000_000_007, 2, tagged(b"\x88\xa8\x00\x03"), false),
                (103_000_000_007, 2, plain.to_vec(), true),
            ]
        );
    }

    #[test]
    fn numbers_that_lead_out_of_the_block_end_it() {
        for (at, value) in [(48, 60_000u32), (FIRST_PACKET, 5000), (48 + 12, 90_000), (FIRST_PACKET, 3)] {
            let mut bytes = block(&[(b"ddddddssssss\x08\x00", 0, 0, 0), (b"ddddddssssss\x08\x00", 0, 0, 0)]);
            bytes[at - ORIGIN..at - ORIGIN + 4].copy_from_slice(&value.to_ne_bytes());
            let mut frames = Frames::new(&mut bytes, LINK_ETHERNET);
            let mut count = 0;
            while frames.next_frame().is_some() {
                count += 1;
            }
            assert!(count <= 1, "{at}");
        }
    }
}
