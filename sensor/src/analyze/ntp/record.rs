//! ntp.log: one row for every message of time.

use crate::analyze::ntp::events::{Message, Standard};
use crate::flow::Flow;
use crate::record::record;
use crate::time::{Interval, Time};

record! {
    /// A message of time.
    pub struct NtpRow<'a> in "ntp" of conn {
        /// When it was seen.
        ts,
        /// The protocol's version.
        version: u64 = "version",
        /// The mode: 3 of clients, 4 of servers (RFC 5905 §7.3).
        mode: u64 = "mode",
        /// How many servers away from a clock.
        stratum: Option<u64> = "stratum" as "count",
        /// The longest time between messages.
        poll: Option<Interval> = "poll" as "interval",
        /// How exact the sender's clock is.
        precision: Option<Interval> = "precision" as "interval",
        /// To the clock and back.
        root_delay: Option<Interval> = "root_delay" as "interval",
        /// How far off that may be.
        root_disp: Option<Interval> = "root_disp" as "interval",
        /// Of stratum 0 a code, of 1 the clock's name, of others the address of the server before.
        ref_id: Option<&'a [u8]> = "ref_id" as "string",
        /// When the sender's clock was last set.
        ref_time: Option<Time> = "ref_time" as "time",
        /// When the request was sent.
        org_time: Option<Time> = "org_time" as "time",
        /// When the server got it.
        rec_time: Option<Time> = "rec_time" as "time",
        /// When this was sent.
        xmt_time: Option<Time> = "xmt_time" as "time",
        /// Extension fields.
        num_exts: u64 = "num_exts" as "count &default=0",
    }
}

/// The text that a message's reference is in its row.
pub(super) fn reference(message: &Message<'_>) -> Option<Vec<u8>> {
    let Standard { kiss_code, ref_id, ref_addr, .. } = message.std_msg?;
    kiss_code.or(ref_id).map(<[u8]>::to_vec).or_else(|| ref_addr.map(|addr| addr.to_string().into_bytes()))
}

pub(super) fn of<'a>(
    ts: Time,
    flow: &mut Flow,
    message: &Message<'_>,
    ref_id: Option<&'a [u8]>,
) -> NtpRow<'a> {
    let said = message.std_msg;
    NtpRow {
        conn: flow.columns(ts),
        version: message.version.into(),
        mode: message.mode.into(),
        stratum: said.map(|said| said.stratum.into()),
        poll: said.map(|said| said.poll),
        precision: said.map(|said| said.precision),
        root_delay: said.map(|said| said.root_delay),
        root_disp: said.map(|said| said.root_disp),
        ref_id,
        ref_time: said.map(|said| said.ref_time),
        org_time: said.map(|said| said.org_time),
        rec_time: said.map(|said| said.rec_time),
        xmt_time: said.map(|said| said.xmt_time),
        num_exts: said.map_or(0, |said| said.num_exts.into()),
    }
}
