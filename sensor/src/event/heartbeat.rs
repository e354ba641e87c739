//! Where a worker is, for another thread that looks whether it gets on.
//!
//! Plain stores to memory that is the worker's own: a packet costs a few of them. They are read together only when
//! the worker has not changed them for seconds, so they need not agree before that.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU64, AtomicUsize};

use crate::time::Time;

/// What one worker is at.
#[derive(Debug, Default)]
pub struct Heartbeat {
    /// Goes up with whatever the worker begins.
    beats: AtomicU64,
    packet: AtomicU64,
    /// The last packet whose timers have fired.
    timers: AtomicU64,
    now: AtomicI64,
    step: AtomicU8,
    /// The flow, as `flow::Tuple` packs it, and its ordinal.
    flow: [AtomicU64; 5],
    ordinal: AtomicU64,
    analyzer: AtomicUsize,
    /// Things said so far, and flows in memory.
    emitted: AtomicU64,
    flows: AtomicU64,
}

/// What a worker is at, as it was seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeartbeatSeen {
    /// The packet's number, from 1 on.
    pub packet: u64,
    /// Packet time.
    pub now: Time,
    pub step: Step,
    /// The flow at hand, as `flow::Tuple` packs it; zeros where there is none.
    pub flow: [u64; 5],
    pub ordinal: u64,
    /// Tells analyzers apart; 0 where none is at work.
    pub analyzer: usize,
    pub emitted: u64,
    pub flows: u64,
}

/// Steps of a worker's round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// It waits for packets, or does what is done in between.
    #[default]
    Between,
    /// From the frame to the flow that the packet belongs to.
    Decoding,
    /// The flow's state, reassembly, analyzers.
    Flow,
    /// A timer or the end of a flow.
    Timer,
}

impl Step {
    const ALL: [Step; 4] = [Step::Between, Step::Decoding, Step::Flow, Step::Timer];
}

impl Heartbeat {
    fn beat(&self) {
        // Nobody else writes it.
        self.beats.store(self.beats.load(Relaxed) + 1, Relaxed);
    }

    /// A packet, or time that passes after it, begins.
    #[inline]
    pub(super) fn at_packet(&self, packet: u64, now: Time) {
        self.beat();
        // Whoever waits for that sees what was done before.
        self.packet.store(packet, Release);
        self.now.store(now.nanos(), Relaxed);
        self.step.store(Step::Decoding as u8, Relaxed);
        self.flow[4].store(0, Relaxed);
    }

    /// It comes to this.
    #[inline]
    pub fn at(&self, step: Step) {
        self.beat();
        self.step.store(step as u8, Relaxed);
    }

    /// It comes to this flow.
    #[inline]
    pub fn at_flow(&self, flow: [u64; 5], ordinal: u64) {
        self.beat();
        for (to, word) in self.flow.iter().zip(flow) {
            to.store(word, Relaxed);
        }
        self.ordinal.store(ordinal, Relaxed);
    }

    /// The flow that it came to last is this one of those in memory.
    #[inline]
    pub fn at_known_flow(&self, ordinal: u64) {
        self.beat();
        self.ordinal.store(ordinal, Relaxed);
        self.step.store(Step::Flow as u8, Relaxed);
    }

    /// An analyzer is at work; gives back which one was before, to be set again when this is done.
    #[inline]
    pub fn at_analyzer(&self, analyzer: usize) -> usize {
        let before = self.analyzer.load(Relaxed);
        self.analyzer.store(analyzer, Relaxed);
        before
    }

    /// A packet was handled.
    #[inline]
    pub fn done(&self, emitted: u64, flows: u64) {
        self.beat();
        self.step.store(Step::Between as u8, Relaxed);
        self.analyzer.store(0, Relaxed);
        self.emitted.store(emitted, Relaxed);
        self.flows.store(flows, Relaxed);
    }

    /// The packet that it is at: it is done with those before.
    pub fn packet(&self) -> u64 {
        self.packet.load(Acquire)
    }

    /// The last packet that has fired all timers which it makes due; what it is itself about may be at work.
    pub fn past_timers(&self) -> u64 {
        self.timers.load(Acquire)
    }

    /// All timers that a packet makes due have fired.
    #[inline]
    pub fn timers_fired(&self, packet: u64) {
        self.timers.store(packet, Release);
    }

    /// It is at no packet any more.
    pub fn ended(&self) {
        self.packet.store(u64::MAX, Release);
        self.timers.store(u64::MAX, Release);
    }

    /// Changes as long as the worker gets on.
    pub fn beats(&self) -> u64 {
        self.beats.load(Relaxed)
    }

    pub fn seen(&self) -> HeartbeatSeen {
        let step = usize::from(self.step.load(Relaxed));
        HeartbeatSeen {
            packet: self.packet.load(Relaxed),
            now: Time::from_nanos(self.now.load(Relaxed)),
            step: Step::ALL.get(step).copied().unwrap_or_default(),
            flow: std::array::from_fn(|at| self.flow[at].load(Relaxed)),
            ordinal: self.ordinal.load(Relaxed),
            analyzer: self.analyzer.load(Relaxed),
            emitted: self.emitted.load(Relaxed),
            flows: self.flows.load(Relaxed),
        }
    }
}
