//! Counting across sensors: observations go to a topic of Kafka's, and are counted by whoever owns their partition.
//!
//! ```text
//! sensor: SumStats ─► shipper ─► exporter (spool, account) ─► topic, by slices of the keys
//! aggregator: topic ─► unit, one a partition: in order of packet time ─► scripts ─► state and rows, in one transaction
//! ```

mod aggregator;
mod batch;
mod group;
mod keeping;
mod shipper;
mod unit;

pub use aggregator::{Aggregator, Counters, Status, Trouble, clock};
pub use batch::{Batch, Observation, Origin};
pub use shipper::{Link, SLICES, STREAM, Shipper, slice_of};
