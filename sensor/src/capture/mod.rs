//! Where packets come from.

mod af_packet;
mod af_xdp;
mod block;
pub mod deal;
pub mod ethtool;
pub mod file;
mod filter;
pub mod interface;
pub mod live;
mod live_pcap;
mod mapping;
mod socket;

pub use block::{Block, Packets};

use crate::time::Time;

/// One captured frame, borrowed from the buffer it was read into.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    pub ts: Time,
    /// The link type, as in the pcap file's header (`LINKTYPE_…`).
    pub link: u16,
    /// How long the frame was on the wire; more than `data` holds where the capture cut it.
    pub wire_len: u32,
    pub data: &'a [u8],
}
