//! The ledger of loss: what every stage of the running sensor has seen, dropped and cut off.

use std::sync::Arc;
use std::time::Duration;

use crate::analyze::Unclaimed;
use crate::capture::interface::NicCounts;
use crate::capture::live::{Counts, Kind};
use crate::counters::CounterSet;
use crate::log::{ArchiveCounts, RowCounts};
use crate::pipeline::worker::WorkerStats;
use crate::policy::ScriptCounters;
use crate::sink::Delivery;
use crate::time::Time;

/// Everything that is counted, at one moment.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Wall clock.
    pub at: Time,
    /// Since the sensor was started, whatever the clock was set to.
    pub uptime: Duration,
    pub interfaces: Vec<InterfaceLedger>,
    /// Interface by interface, and within one by worker.
    pub rings: Vec<RingLedger>,
    pub logs: Vec<RowCounts>,
    pub log_failures: u64,
    pub archive: ArchiveCounts,
    pub weirds_suppressed: u64,
    /// From the time of what a row tells to its being written.
    pub log_lag: Histogram,
    /// Reports of workers that wait for the logs, and how many may.
    pub queued_reports: usize,
    pub queue_capacity: usize,
    /// Resident memory.
    pub memory_bytes: u64,
    pub reloads: u64,
    /// Scripts were read again that do not compile.
    pub reload_failures: u64,
    pub scripts: ScriptCounters,
    /// The accounts of exporters.
    pub exports: Vec<Delivery>,
    /// How long the stage behind the workers, where scripts run and logs are written, has not come round.
    pub stalled: Stalled,
}

/// A thread that does not come round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stalled {
    pub time: Duration,
    /// It computes, and waits for nothing.
    pub runs: bool,
    /// A disk does not answer it.
    pub waits_for_disk: bool,
}

#[derive(Clone, Debug)]
pub struct InterfaceLedger {
    /// As it is configured.
    pub name: Arc<str>,
    /// What it is called now, where it was renamed.
    pub renamed: Option<String>,
    pub kind: Kind,
    /// Only some packets are let in.
    pub filtered: bool,
    /// It is there and up.
    pub up: bool,
    /// Since the sensor was started, however often the interface was made anew.
    pub nic: NicCounts,
}

/// One worker on one interface.
#[derive(Clone, Debug)]
pub struct RingLedger {
    pub interface: Arc<str>,
    pub worker: usize,
    /// The number of the interface that it captures on.
    pub index: u32,
    pub source: Counts,
    pub stats: WorkerStats,
    /// Connections that no analyzer took, by port.
    pub unclaimed: Unclaimed,
    /// Bytes held for fragments.
    pub fragment_bytes: u64,
    /// Things workers said that were dropped because the logs were too far behind.
    pub shed: u64,
    /// The clock was set back, and all flows ended.
    pub clock_steps: u64,
    /// The worker failed and was started again on its ring.
    pub restarts: u64,
    /// The worker hung and was given up.
    pub hangs: u64,
    /// Errors of the interface, such as its going down.
    pub interface_errors: u64,
    /// The interface was removed and made anew, and capture went on.
    pub followed: u64,
    /// It was, and capture cannot go on without a restart.
    pub cut_off: bool,
    /// Network time.
    pub now: Time,
    /// Goes up with every turn of its loop: it stands still when the worker does.
    pub turns: u64,
    pub ended: bool,
}

impl RingLedger {
    pub fn new(interface: Arc<str>, worker: usize) -> Self {
        RingLedger {
            interface,
            worker,
            index: 0,
            source: Counts::default(),
            stats: WorkerStats::default(),
            unclaimed: Unclaimed::default(),
            fragment_bytes: 0,
            shed: 0,
            clock_steps: 0,
            restarts: 0,
            hangs: 0,
            interface_errors: 0,
            followed: 0,
            cut_off: false,
            now: Time::default(),
            turns: 0,
            ended: false,
        }
    }

    /// What there was now and is no more: all the worker had in memory is forgotten.
    pub fn forget(&mut self) {
        self.fragment_bytes = 0;
        self.stats.flow.open_by_proto = [0; 3];
        (self.stats.flow.most_open, self.stats.flow.reassembly_bytes) = (0, 0);
        let analyze = &mut self.stats.analyze;
        analyze.forget_gauges();
        // Who comes next counts on where these are counted.
        analyze.unclaimed = 0;
    }

    pub fn open_flows(&self) -> u64 {
        self.stats.flow.open_by_proto.iter().sum()
    }

    /// How logs and metrics call it: `eth1-0`.
    pub fn peer(&self) -> String {
        format!("{}-{}", self.interface, self.worker)
    }
}

impl Ledger {
    /// Packets that reached the sockets, those dropped included.
    pub fn link(&self) -> u64 {
        self.rings.iter().map(|ring| ring.source.link).sum()
    }

    /// What all workers have counted.
    pub fn counted(&self) -> WorkerStats {
        let mut counted = WorkerStats::default();
        self.rings.iter().for_each(|ring| counted.merge(&ring.stats));
        counted
    }

    pub fn delivered(&self) -> u64 {
        self.rings.iter().map(|ring| ring.source.delivered).sum()
    }

    pub fn dropped(&self) -> u64 {
        self.rings.iter().map(|ring| ring.source.dropped).sum()
    }

    /// How long ago the newest packet was analysed, by the worker furthest behind; none where nothing
    /// is behind.
    pub fn lag_seconds(&self) -> f64 {
        let rings = self.rings.iter().filter(|ring| ring.now != Time::default());
        let furthest = rings.map(|ring| (self.at - ring.now).nanos()).max().unwrap_or(0);
        furthest.max(0) as f64 / 1e9
    }
}

/// How often something took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Histogram {
    /// By [`Histogram::BOUNDS`], and those above the last.
    pub counts: [u64; Histogram::BOUNDS.len() + 1],
    pub sum: f64,
}

impl Histogram {
    /// Seconds.
    pub const BOUNDS: [f64; 9] = [0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 60.0, 600.0];

    pub fn add(&mut self, seconds: f64) {
        let at = Histogram::BOUNDS.iter().position(|bound| seconds <= *bound);
        self.counts[at.unwrap_or(Histogram::BOUNDS.len())] += 1;
        self.sum += seconds;
    }

    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// The resident memory of this process, 0 where the system does not tell.
pub(super) fn memory_bytes() -> u64 {
    let resident = std::fs::read_to_string("/proc/self/status").ok().and_then(|status| {
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
    });
    resident.unwrap_or(0) * 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_up_to_its_bounds() {
        let mut histogram = Histogram::default();
        for seconds in [0.0, 0.1, 0.11, 5.0, 601.0] {
            histogram.add(seconds);
        }
        assert_eq!(histogram.counts, [2, 1, 0, 0, 0, 1, 0, 0, 0, 1]);
        assert_eq!(histogram.total(), 5);
        assert!(memory_bytes() > 0);
    }
}
