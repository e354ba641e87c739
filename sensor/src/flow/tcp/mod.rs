//! TCP connections: what one segment does to the state that Zeek's logs are made of.
//!
//! RFC 9293 says what endpoints should do; a monitor sees what they did, from the middle, with
//! packets missing. Where there is a choice this follows Zeek's TCP analyzer.

mod deliver;
mod endpoint;
mod machine;
mod reassembly;
mod segment;
mod state;

pub use endpoint::{Endpoint, EndpointState, Side};
pub use reassembly::check as check_reassembly;

pub(super) use reassembly::BufferedTotal;
pub(super) use segment::{Peek, Segment};

use crate::flow::handler::Dir;

/// Both ends of a connection and what they have in common.
#[derive(Debug)]
pub struct Tcp {
    pub orig: Endpoint,
    pub resp: Side,
    /// No SYN was seen from the side that spoke first: sequence numbers are guessed.
    is_partial: bool,
    seen_orig: bool,
    seen_resp: bool,
    /// The originator has acknowledged something.
    seen_first_ack: bool,
    /// Timers that only make sense while the connection may still do something.
    is_active: bool,
    /// Nothing more is expected.
    ended: bool,
    /// A close that waits for data still missing, and whether it is to be reported as an orderly one.
    close_deferred: bool,
    deferred_report: bool,
}

impl Tcp {
    pub(in crate::flow) const fn new() -> Self {
        Tcp {
            orig: Endpoint::unseen(),
            resp: Side::UNSEEN,
            is_partial: false,
            seen_orig: false,
            seen_resp: false,
            seen_first_ack: false,
            is_active: true,
            ended: false,
            close_deferred: false,
            deferred_report: false,
        }
    }

    pub fn end(&self, dir: Dir) -> &Endpoint {
        match dir {
            Dir::Orig => &self.orig,
            Dir::Resp => &self.resp,
        }
    }

    fn end_mut(&mut self, dir: Dir) -> &mut Endpoint {
        match dir {
            Dir::Orig => &mut self.orig,
            Dir::Resp => &mut self.resp,
        }
    }

    /// Whether the connection may still do something: neither over nor given up by a timer.
    pub fn is_pending(&self) -> bool {
        self.is_active && !self.both_closed()
    }

    /// Asserts what must hold of both streams; returns the bytes that they hold back.
    pub(super) fn check(&self) -> usize {
        self.orig.stream.check() + self.resp.stream.check()
    }

    fn both_closed(&self) -> bool {
        self.orig.did_close && self.resp.did_close
    }

    /// Swaps the roles, where the one taken for the originator turns out to be the responder.
    pub(super) fn flip(&mut self) {
        self.resp.swap(&mut self.orig);
        std::mem::swap(&mut self.seen_orig, &mut self.seen_resp);
        // What made it partial was said of the other side; its next packet may say it again.
        self.is_partial = false;
    }

    fn mark_seen(&mut self, dir: Dir) {
        match dir {
            Dir::Orig => self.seen_orig = true,
            Dir::Resp => self.seen_resp = true,
        }
    }
}

/// The signed distance from `b` to `a` in 32-bit sequence space (RFC 9293 §3.4).
fn seq_delta(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b) as i32
}
