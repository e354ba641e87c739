//! The wiring: packets to workers, what workers say to the logs.

mod iptunnel;
mod lane;
mod ledger;
mod live;
mod loss;
mod merge;
mod plain;
mod replay;
mod worker;

pub use ledger::{Histogram, InterfaceLedger, LaneLedger, Ledger};
pub use live::{Changeable, Control, InterfaceOptions, Live, LiveError, LiveSummary};
pub use loss::{LOGS, LossSettings};
pub use replay::{ReplayError, ReplayOptions, Summary, replay};
pub use worker::WorkerStats;
