//! The account of every row: what was offered for export, and what became of it.
//!
//! Every row stands in exactly one place. Each method moves rows from one place to another, so that
//! offered + recovered = acknowledged + in flight + spooled + dead letters + dropped holds at any moment.

use std::time::{Duration, Instant};

use crate::counters::{CounterSet, Metric, counter, counters, gauge};

/// Why a row was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The queue in memory was full, in live capture.
    QueueFull,
    /// The spool had reached its size, in live capture.
    SpoolFull,
    /// The spool could not be written, in live capture.
    SpoolFailed,
    /// It was in the spool for longer than it may be.
    Expired,
    /// Its checksum in the spool is wrong.
    Damaged,
    /// The receiver takes no row of this size.
    TooLarge,
    /// The receiver lets us not write there.
    NotAuthorised,
    /// There is no such topic, and the receiver does not make it.
    UnknownTopic,
    /// The receiver refused it otherwise.
    Refused,
    /// It was in memory at the end, and there is no spool to keep it.
    Shutdown,
    /// A replay waited for the receiver as long as it may, and went on.
    Deadline,
}

impl Reason {
    pub const ALL: [Reason; 11] = [
        Reason::QueueFull,
        Reason::SpoolFull,
        Reason::SpoolFailed,
        Reason::Expired,
        Reason::Damaged,
        Reason::TooLarge,
        Reason::NotAuthorised,
        Reason::UnknownTopic,
        Reason::Refused,
        Reason::Shutdown,
        Reason::Deadline,
    ];

    const NAMES: [&str; Reason::ALL.len()] = {
        let mut names = [""; Reason::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Reason::ALL[at].name();
            at += 1;
        }
        names
    };

    /// As a label of a metric.
    pub const fn name(self) -> &'static str {
        match self {
            Reason::QueueFull => "queue_full",
            Reason::SpoolFull => "spool_full",
            Reason::SpoolFailed => "spool_failed",
            Reason::Expired => "expired",
            Reason::Damaged => "damaged",
            Reason::TooLarge => "too_large",
            Reason::NotAuthorised => "not_authorised",
            Reason::UnknownTopic => "unknown_topic",
            Reason::Refused => "refused",
            Reason::Shutdown => "shutdown",
            Reason::Deadline => "deadline",
        }
    }
}

counters! {
    /// The rows of one stream, or of all.
    pub struct Counts {
        /// Given to the exporter by this run.
        pub offered: u64 = offered(&["run"]),
        /// Left in the spool by earlier runs.
        pub recovered: u64 = offered(&["spool"]),
        /// Rows that the receiver has, and said so.
        pub acked: u64 = counter("export_acknowledged_rows_total"),
        /// Rows in memory, sent or not.
        pub in_flight: u64 = gauge("export_in_flight_rows"),
        /// Rows that are only on disk.
        pub spooled: u64 = gauge("export_spooled_rows"),
        /// Rows that the receiver will never take, written to the dead-letter file, by the reason.
        pub dead: [u64; Reason::ALL.len()] =
            counter("export_dead_letter_rows_total").by("reason", &Reason::NAMES),
        /// Rows that were not delivered and will not be, by the reason.
        pub dropped: [u64; Reason::ALL.len()] =
            counter("export_dropped_rows_total").by("reason", &Reason::NAMES),
    }
}

const fn offered(from: &'static [&'static str]) -> Metric {
    counter("export_offered_rows_total").by("from", from).of_family(
        "Rows given to an exporter, by this run or by earlier ones, which left them in its spool. They are acknowledged, \
         dropped, in flight or spooled.",
    )
}

counters! {
    /// What else an exporter counts.
    pub struct ExporterCounts {
        /// Rows for topics that the receiver takes none for at the moment.
        pub held_rows: u64 = gauge("export_held_rows"),
        /// Rows sent again because sending them failed. Some of them may have arrived twice.
        pub resent: u64 = counter("export_resent_rows_total"),
        /// Bytes of the spool that no row could be read from.
        pub unreadable_bytes: u64 = counter("export_unreadable_bytes_total"),
    }
}

impl Counts {
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    pub fn dead_total(&self) -> u64 {
        self.dead.iter().sum()
    }

    /// Whether every row is somewhere.
    pub fn balanced(&self) -> bool {
        let settled = self.acked + self.dead_total() + self.dropped_total();
        self.offered + self.recovered == settled + self.in_flight + self.spooled
    }
}

/// Stands for the stream of rows found in the spool that cannot be read.
pub const UNREADABLE: &str = "?";

/// What one exporter did with its rows.
#[derive(Clone, Debug, Default)]
pub struct Account {
    /// By name, in the order in which they came up.
    streams: Vec<(Box<str>, Counts)>,
    /// The stream looked up last: rows of a stream come in runs.
    last: usize,
    /// From packet time to acknowledgement; only live capture has it.
    pub lag: Histogram,
    pub counts: ExporterCounts,
    /// Something of the spool is damaged or missing, whether rows are known to be lost by it or not.
    pub damaged: bool,
    /// How much of what the spool may hold is taken, in per cent.
    pub spool_fill: u64,
    /// What is wrong at the moment.
    pub alarms: Vec<Alarm>,
}

/// Something that is wrong, for as long as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub kind: AlarmKind,
    /// The destination that it is about; empty where it is about all.
    pub about: Box<str>,
    /// A sentence for the operator.
    pub text: String,
    /// Since when.
    pub since: Instant,
    /// It speaks against the sensor's being ready: it has lasted, or rows are lost.
    pub serious: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AlarmKind {
    /// The receiver cannot be reached, does not answer, or takes nothing.
    Receiver,
    /// It takes no rows for one destination.
    Refused,
    /// The spool cannot be written or read, or is damaged.
    Spool,
    /// The spool fills.
    SpoolFills,
    /// Rows are lost.
    Loss,
    /// Rows go to the dead-letter file.
    DeadLetters,
}

impl AlarmKind {
    pub const ALL: [AlarmKind; 6] = [
        AlarmKind::Receiver,
        AlarmKind::Refused,
        AlarmKind::Spool,
        AlarmKind::SpoolFills,
        AlarmKind::Loss,
        AlarmKind::DeadLetters,
    ];

    /// As a label of a metric.
    pub const fn name(self) -> &'static str {
        match self {
            AlarmKind::Receiver => "receiver",
            AlarmKind::Refused => "refused",
            AlarmKind::Spool => "spool",
            AlarmKind::SpoolFills => "spool_fills",
            AlarmKind::Loss => "loss",
            AlarmKind::DeadLetters => "dead_letters",
        }
    }
}

impl Account {
    pub fn streams(&self) -> impl Iterator<Item = (&str, &Counts)> {
        let mut streams: Vec<_> = self.streams.iter().map(|(name, counts)| (&name[..], counts)).collect();
        streams.sort_unstable_by_key(|(name, _)| *name);
        streams.into_iter()
    }

    pub fn total(&self) -> Counts {
        self.streams.iter().fold(Counts::default(), |mut total, (_, counts)| {
            total.merge(counts);
            total
        })
    }

    #[inline]
    fn of(&mut self, stream: &str) -> &mut Counts {
        if self.streams.get(self.last).is_none_or(|(name, _)| &name[..] != stream) {
            let known = self.streams.iter().position(|(name, _)| &name[..] == stream);
            self.last = known.unwrap_or(self.streams.len());
            if known.is_none() {
                self.streams.push((stream.into(), Counts::default()));
            }
        }
        &mut self.streams[self.last].1
    }

    /// A row was given to the exporter.
    pub fn offered(&mut self, stream: &str, rows: u64) {
        let counts = self.of(stream);
        counts.offered += rows;
        counts.in_flight += rows;
    }

    /// A row was found in the spool of an earlier run.
    pub fn recovered(&mut self, stream: &str) {
        let counts = self.of(stream);
        counts.recovered += 1;
        counts.spooled += 1;
    }

    /// A row is on disk and not in memory any more.
    pub fn spooled(&mut self, stream: &str) {
        let counts = self.of(stream);
        counts.in_flight -= 1;
        counts.spooled += 1;
    }

    /// A row was read back from disk.
    pub fn read_back(&mut self, stream: &str) {
        let counts = self.of(stream);
        counts.spooled -= 1;
        counts.in_flight += 1;
    }

    /// A row on disk cannot be read any more, nor its stream: it is counted to any that has rows there.
    pub fn unreadable(&mut self) {
        let waiting = |(_, counts): &(Box<str>, Counts)| counts.spooled > 0;
        let unknown = self.streams.iter().position(|of| waiting(of) && &of.0[..] == UNREADABLE);
        if let Some(at) = unknown.or_else(|| self.streams.iter().position(waiting)) {
            let counts = &mut self.streams[at].1;
            counts.spooled -= 1;
            counts.dropped[Reason::Damaged as usize] += 1;
        }
    }

    pub fn acked(&mut self, stream: &str) {
        let counts = self.of(stream);
        counts.in_flight -= 1;
        counts.acked += 1;
    }

    /// A row in memory was written to the dead-letter file.
    pub fn dead(&mut self, stream: &str, reason: Reason) {
        let counts = self.of(stream);
        counts.in_flight -= 1;
        counts.dead[reason as usize] += 1;
    }

    /// A row in memory is lost.
    pub fn dropped(&mut self, stream: &str, reason: Reason) {
        let counts = self.of(stream);
        counts.in_flight -= 1;
        counts.dropped[reason as usize] += 1;
    }

    /// A row that was on disk only is lost.
    pub fn dropped_from_spool(&mut self, stream: &str, reason: Reason) {
        let counts = self.of(stream);
        counts.spooled -= 1;
        counts.dropped[reason as usize] += 1;
    }
}

/// Durations, counted in buckets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// How many were at most as long as the bound at the same place in [`Histogram::BOUNDS`]; the
    /// last counts the longer ones.
    pub counts: [u64; Histogram::BOUNDS.len() + 1],
    pub sum: Duration,
}

impl Histogram {
    /// Upper bounds of the buckets in milliseconds.
    pub const BOUNDS: [u64; 14] =
        [5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 60_000, 600_000, 3_600_000];

    pub fn add(&mut self, duration: Duration) {
        let bucket = Self::BOUNDS.partition_point(|bound| Duration::from_millis(*bound) < duration);
        self.counts[bucket] += 1;
        self.sum += duration;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_in_one_place() {
        let mut account = Account::default();
        account.offered("conn", 5);
        account.recovered("dns");
        account.spooled("conn");
        account.acked("conn");
        account.dropped("conn", Reason::SpoolFull);
        account.dead("conn", Reason::TooLarge);
        account.read_back("dns");
        account.spooled("dns");
        account.dropped_from_spool("dns", Reason::Expired);
        let total = account.total();
        assert!(total.balanced() && account.streams().all(|(_, counts)| counts.balanced()));
        assert_eq!((total.acked, total.in_flight, total.spooled, total.dropped_total()), (1, 1, 1, 2));
        assert_eq!(total.dead_total(), 1);
    }

    #[test]
    fn durations_are_counted_by_the_first_bound_that_holds_them() {
        let mut lag = Histogram::default();
        for millis in [0, 5, 6, 3_600_001] {
            lag.add(Duration::from_millis(millis));
        }
        assert_eq!((lag.counts[0], lag.counts[1], lag.counts[14]), (2, 1, 1));
        assert_eq!(Reason::ALL.iter().position(|r| *r == Reason::Shutdown), Some(Reason::Shutdown as usize));
        assert!(Reason::ALL.iter().enumerate().all(|(at, reason)| *reason as usize == at));
    }
}
