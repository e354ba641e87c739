//! One end of a TCP connection, as far as it can be told from the packets it sent.

use std::ops::{Deref, DerefMut};

use crate::flow::history::Scaled;
use crate::flow::tcp::reassembly::Stream;
use crate::flow::tcp::seq_delta;
use crate::time::Time;

/// What an end has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointState {
    /// Nothing was seen from it.
    #[default]
    Inactive,
    SynSent,
    /// A SYN-ACK, but no SYN before it from the other side.
    SynAckSent,
    /// Data, but no SYN.
    Partial,
    Established,
    /// It sent a FIN.
    Closed,
    /// It sent a RST.
    Reset,
}

impl EndpointState {
    pub(super) fn is_handshake(self) -> bool {
        matches!(self, EndpointState::Inactive | EndpointState::SynSent | EndpointState::SynAckSent)
    }
}

/// The responder's state, kept apart: of most in a scan nothing is ever seen.
#[derive(Debug, Default)]
pub struct Side(Option<Box<Endpoint>>);

impl Side {
    pub(super) const UNSEEN: Side = Side(None);

    /// Makes what is here another end's, and that this one's.
    pub(super) fn swap(&mut self, other: &mut Endpoint) {
        std::mem::swap(&mut **self, other);
    }

    /// What there is to be changed of an end of which something was seen.
    pub(super) fn seen_mut(&mut self) -> Option<&mut Endpoint> {
        self.0.as_deref_mut()
    }
}

static UNSEEN: Endpoint = Endpoint::unseen();

impl Deref for Side {
    type Target = Endpoint;

    #[inline]
    fn deref(&self) -> &Endpoint {
        self.0.as_deref().unwrap_or(&UNSEEN)
    }
}

impl DerefMut for Side {
    #[inline]
    fn deref_mut(&mut self) -> &mut Endpoint {
        self.0.get_or_insert_with(|| Box::new(Endpoint::unseen()))
    }
}

#[derive(Debug)]
pub struct Endpoint {
    pub state: EndpointState,
    pub(super) previous: EndpointState,
    pub(super) did_close: bool,
    pub(super) window_scale: u8,
    pub(super) fin_count: u16,
    pub(super) rst_count: u16,
    /// The initial sequence number; the one before the first seen where no SYN was.
    pub(super) start_seq: u32,
    /// One past the last sequence number sent, and the last one acknowledged by the other side,
    /// with how often each has wrapped.
    pub(super) last_seq: u32,
    pub(super) ack_seq: u32,
    pub(super) seq_wraps: u32,
    pub(super) ack_wraps: u32,
    pub(super) window: u32,
    pub(super) window_seq: u32,
    pub(super) window_ack_seq: u32,
    /// Relative sequence number after the last FIN.
    pub(super) fin_seq: u64,
    pub(super) last_time: Time,
    /// Relative sequence numbers of the last control packets: a repetition is not history.
    pub(super) last_syn: u32,
    pub(super) last_fin: u32,
    pub(super) last_rst: u32,
    pub(super) bad_checksums: Scaled,
    pub(super) retransmissions: Scaled,
    pub(super) zero_windows: Scaled,
    pub(super) gaps: Scaled,
    pub(super) stream: Stream,
}

impl Endpoint {
    pub(super) const fn unseen() -> Self {
        Endpoint {
            state: EndpointState::Inactive,
            previous: EndpointState::Inactive,
            did_close: false,
            window_scale: 0,
            fin_count: 0,
            rst_count: 0,
            start_seq: 0,
            last_seq: 0,
            ack_seq: 0,
            seq_wraps: 0,
            ack_wraps: 0,
            window: 0,
            window_seq: 0,
            window_ack_seq: 0,
            fin_seq: 0,
            last_time: Time::from_nanos(0),
            last_syn: 0,
            last_fin: 0,
            last_rst: 0,
            bad_checksums: Scaled::ZERO,
            retransmissions: Scaled::ZERO,
            zero_windows: Scaled::ZERO,
            gaps: Scaled::ZERO,
            stream: Stream::new(),
        }
    }

    pub(super) fn begin_at(&mut self, seq: u32) {
        self.start_seq = seq;
        self.ack_seq = seq;
    }

    /// As if a SYN had come just before `first`.
    pub(super) fn begin_partial(&mut self, first: u32) {
        self.begin_at(first.wrapping_sub(1));
    }

    pub(super) fn update_last_seq(&mut self, seq: u32) {
        self.seq_wraps += u32::from(seq < self.last_seq);
        self.last_seq = seq;
    }

    pub(super) fn update_ack_seq(&mut self, seq: u32) {
        self.ack_wraps += u32::from(seq < self.ack_seq);
        self.ack_seq = seq;
    }

    pub(super) fn full_last(&self) -> u64 {
        (u64::from(self.seq_wraps) << 32) + u64::from(self.last_seq)
    }

    fn full_ack(&self) -> u64 {
        (u64::from(self.ack_wraps) << 32) + u64::from(self.ack_seq)
    }

    /// The last acknowledged sequence number, relative to the start.
    pub(super) fn relative_ack(&self) -> u64 {
        self.full_ack().wrapping_sub(u64::from(self.start_seq))
    }

    /// Nothing beyond the SYN was acknowledged yet.
    pub(super) fn no_data_acked(&self) -> bool {
        let ack = self.full_ack();
        let start = u64::from(self.start_seq);
        ack == start || ack == start.wrapping_add(1)
    }

    pub(super) fn is_active(&self) -> bool {
        self.state != EndpointState::Inactive && !self.did_close
    }

    /// `seq` relative to the start, given that `last` was the highest so far after `wraps` wraps.
    /// `None` where it lies before the start.
    pub(super) fn relative(&self, seq: u32, last: u32, wraps: u32) -> Relative {
        let delta = seq_delta(seq, last);
        let wraps = if delta < 0 && wraps > 0 && seq > last {
            wraps - 1
        } else if delta > 0 && seq < last {
            wraps + 1
        } else {
            wraps
        };
        if wraps == 0 {
            let delta = seq_delta(seq, self.start_seq);
            return Relative { seq: i64::from(delta) as u64, underflow: delta < 0 };
        }
        let full = (u64::from(wraps) << 32) + u64::from(seq);
        Relative { seq: full.wrapping_sub(u64::from(self.start_seq)), underflow: false }
    }

    /// Payload bytes sent, judged by sequence numbers (Zeek's `orig_bytes`, `resp_bytes`).
    pub fn size(&self, peer: EndpointState) -> u64 {
        if self.previous == EndpointState::SynSent
            && self.state == EndpointState::Reset
            && peer == EndpointState::Inactive
            && !self.no_data_acked()
        {
            // A half-open connection was found and aborted; it never could send data.
            return 0;
        }
        let mut size = self.full_last().max(self.full_ack()).wrapping_sub(u64::from(self.start_seq));
        // The SYN, or the one made up, and the FIN take a number each.
        size = size.saturating_sub(1);
        if self.fin_count > 0 {
            size = size.saturating_sub(1);
        }
        size
    }
}

/// A sequence number relative to an end's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Relative {
    pub seq: u64,
    /// It lies before the start: a misordered or broken packet.
    pub underflow: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_numbers_survive_a_wrap() {
        let mut end = Endpoint::unseen();
        end.begin_at(0xffff_fff0);
        end.last_seq = 0xffff_fff1;
        let at = |end: &Endpoint, seq| end.relative(seq, end.last_seq, end.seq_wraps);
        assert_eq!(at(&end, 0xffff_fff1), Relative { seq: 1, underflow: false });
        assert_eq!(at(&end, 0x10), Relative { seq: 0x20, underflow: false });
        end.update_last_seq(0x10);
        assert_eq!((end.seq_wraps, at(&end, 0xffff_fff5).seq), (1, 5));
        assert!(at(&end, 0xffff_ffe0).seq > u64::MAX / 2);
        assert_eq!(end.size(EndpointState::Established), 0x1f);
    }

    #[test]
    fn a_number_before_the_start_is_an_underflow() {
        let mut end = Endpoint::unseen();
        end.begin_at(1000);
        end.last_seq = 1001;
        assert!(end.relative(999, 1001, 0).underflow);
        assert!(!end.relative(1000, 1001, 0).underflow);
    }
}
