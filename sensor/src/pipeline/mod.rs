//! The wiring: packets to workers, what workers say to the logs.

mod crew;
mod exchange;
pub mod fuzz;
mod iptunnel;
mod ledger;
mod live;
mod loss;
mod merge;
mod plain;
mod pulse;
mod rendezvous;
mod replay;
mod ring;
mod supervisor;
mod task;
#[cfg(test)]
mod tests;
mod watchdog;
mod whereabouts;
mod worker;

pub use exchange::Handover;
pub use ledger::{Histogram, InterfaceLedger, Ledger, RingCounts, RingLedger, SensorCounts, Stalled};
pub use live::{Changeable, Control, HANG_AFTER, InterfaceOptions, Live, LiveError, LiveSummary};
pub use replay::{ReplayError, ReplayOptions, Summary, replay};
pub use watchdog::Hang;
pub use worker::WorkerStats;

use crate::analyze::LogDecl;
use crate::record::Schema;

/// The logs of traffic, and of a running sensor.
pub fn streams() -> impl Iterator<Item = &'static Schema> {
    of_traffic().chain(loss::LOGS.iter().copied())
}

/// The logs whose rows are declared for scripts from their records.
pub fn declared_logs() -> impl Iterator<Item = &'static LogDecl> {
    crate::analyze::declared_logs().chain(crate::policy::DECLARED_LOGS)
}

/// The logs of traffic alone.
pub fn of_traffic() -> impl Iterator<Item = &'static Schema> {
    crate::analyze::logs().chain(crate::policy::LOGS.iter().copied())
}
