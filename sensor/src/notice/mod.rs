//! What leaves the sensor when a notice is raised: mail, and the list of addresses to block.
//!
//! Neither may hold up the analysis: threads of their own do what can take time, behind queues with a ceiling,
//! and what does not fit or does not work out is counted.

mod block_list;
mod outbox;
mod program;
mod smtp;

pub use block_list::BlockList;
pub use outbox::{Outbox, Parcel, Text, Via};

/// What became of it all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Raised and not suppressed.
    pub raised: u64,
    /// Not told, because the same was told not long ago.
    pub suppressed: u64,
    pub mails_sent: u64,
    /// Given up after several attempts, or refused.
    pub mails_failed: u64,
    /// Not tried: the queue was full, or the run ended.
    pub mails_dropped: u64,
    /// Suppressions that ended early for want of room.
    pub suppressions_forgotten: u64,
    /// Addresses that left the block list early for want of room.
    pub blocks_forgotten: u64,
    pub block_lists_written: u64,
    pub block_lists_failed: u64,
}
