//! The wiring: packets to workers, what workers say to the logs.

mod iptunnel;
mod merge;
mod plain;
mod replay;
mod worker;

pub use replay::{ReplayError, ReplayOptions, Summary, replay};
pub use worker::WorkerStats;
