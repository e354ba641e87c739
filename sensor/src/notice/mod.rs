//! What leaves the sensor when a notice is raised: mail, and the list of addresses to block.
//!
//! Neither may hold up the analysis: threads of their own do what can take time, behind queues with a ceiling,
//! and what does not fit or does not work out is counted.

mod block_list;
mod outbox;
mod program;
mod smtp;

pub use block_list::{BlockList, without};
pub use outbox::{Outbox, Parcel, Text, Via};
pub use smtp::{Login, Password, Relay};

use crate::counters::{counter, counters};

counters! {
    /// What became of it all.
    pub struct Counters {
        /// Notices raised, without those suppressed.
        pub raised: u64 = counter("notices_total"),
        /// Notices not told because the same was told not long before.
        pub suppressed: u64 = counter("notices_suppressed_total"),
        /// Suppressions that ended early because Notice::max_suppressed was reached.
        pub suppressions_forgotten: u64 = counter("notice_suppressions_forgotten_total")
            .lost("suppressions of notices that ended early because there were too many"),
        /// Mails sent.
        pub mails_sent: u64 = counter("mails_total"),
        /// Mails given up after several attempts, or refused.
        pub mails_failed: u64 = counter("mails_failed_total").lost("mails that could not be sent"),
        /// Mails not tried because too many waited, or because the run ended.
        pub mails_dropped: u64 = counter("mails_dropped_total").lost("mails dropped because too many waited"),
        /// Block lists written.
        pub block_lists_written: u64 = counter("block_lists_total"),
        /// Attempts to write a block list that failed; they are repeated.
        pub block_lists_failed: u64 =
            counter("block_list_failures_total").lost("attempts to write the block list that failed"),
        /// Addresses that left the block list early for want of room.
        pub blocks_forgotten: u64 = counter("blocks_forgotten_total")
            .lost("addresses that left the block list early because there were too many"),
    }
}
