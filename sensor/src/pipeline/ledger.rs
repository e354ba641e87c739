//! The ledger of loss: what every stage of the running sensor has seen, dropped and cut off.

use std::sync::Arc;
use std::time::Duration;

use crate::aggregate;
use crate::analyze::Unclaimed;
use crate::capture::interface::NicCounts;
use crate::capture::live::{Counts, Kind};
use crate::counters::{CounterSet, Loss, counter, counters, gauge};
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
    pub counts: SensorCounts,
    /// From the time of what a row tells to its being written.
    pub log_lag: Histogram,
    pub scripts: ScriptCounters,
    /// Of one that counts for all sensors, and has no interfaces.
    pub aggregator: Option<aggregate::Counters>,
    /// The accounts of exporters.
    pub exports: Vec<Delivery>,
    /// How long the stage behind the workers, where scripts run and logs are written, has not come round.
    pub stalled: Stalled,
}

counters! {
    /// What is counted around the workers, once for the sensor.
    pub struct SensorCounts {
        /// Reports of workers that wait for the logs.
        pub queued_reports: u64 = gauge("queued_reports"),
        /// How many reports may wait.
        pub queue_capacity: u64 = gauge("queue_capacity"),
        /// Oddities not logged because they repeat others.
        pub weirds_suppressed: u64 =
            counter("weirds_suppressed_total").lost("oddities not logged because they repeat others"),
        /// Attempts to write a log that failed, files of logs that were made anew because somebody removed them, and rows
        /// of logs that no file can be named after.
        pub log_failures: u64 = counter("log_failures_total"),
        pub archive: ArchiveCounts,
        /// Resident memory.
        pub memory_bytes: u64 = gauge("memory_bytes"),
        /// How often the configuration and the scripts were read again and taken over.
        pub reloads: u64 = counter("reloads_total"),
        /// How often scripts were read again that do not compile. The old ones run on, with the old configuration.
        pub reload_failures: u64 = counter("reload_failures_total"),
    }
}

counters! {
    /// What is counted around one worker.
    pub struct RingCounts {
        /// Memory for fragments that wait for the rest.
        pub fragment_bytes: u64 = gauge("fragment_bytes"),
        /// How often the worker failed and was started again on its ring.
        pub restarts: u64 =
            counter("worker_restarts_total").lost("times a worker failed and was started again"),
        /// How often the worker hung at a packet; its flow was given up, and another worker took over.
        pub hangs: u64 = counter("worker_hangs_total")
            .lost("times a worker hung and was replaced (a fault of ours; please report)"),
        /// How often the clock was set back, and all flows ended.
        pub clock_steps: u64 = counter("clock_steps_total").lost("times the clock was set back"),
        /// Errors of the interface, such as its going down.
        pub interface_errors: u64 = counter("interface_errors_total"),
        /// How often the interface was removed and made anew, and capture went on with it.
        pub followed: u64 = counter("interface_made_anew_total"),
        /// Rows, weirds and tunnels of it dropped because the logs were too far behind.
        pub shed: u64 = counter("shed_total").lost("rows dropped because the logs were too far behind"),
    }
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
    pub counts: RingCounts,
    /// The interface was removed and made anew, and capture cannot go on without a restart.
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
            counts: RingCounts::default(),
            cut_off: false,
            now: Time::default(),
            turns: 0,
            ended: false,
        }
    }

    /// What there was now and is no more: all the worker had in memory is forgotten.
    pub fn forget(&mut self) {
        self.counts.forget_gauges();
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

    /// What was not analysed, was cut off or given up, by all of them together.
    pub fn losses(&self) -> Vec<Loss> {
        let (mut nic, mut source, mut around) =
            (NicCounts::default(), Counts::default(), RingCounts::default());
        self.interfaces.iter().for_each(|interface| nic.merge(&interface.nic));
        for ring in &self.rings {
            source.merge(&ring.source);
            around.merge(&ring.counts);
        }
        let (stats, counts, scripts) = (self.counted().losses(), self.counts.losses(), self.scripts.losses());
        let aggregator = self.aggregator.unwrap_or_default().losses();
        [nic.losses(), source.losses(), around.losses(), stats, counts, scripts, aggregator].concat()
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
