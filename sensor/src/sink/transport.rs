//! What an exporter needs of a way to send rows.

use std::time::Duration;

use crate::export::Row;
use crate::sink::account::Reason;

/// Sends rows and reports on each, once, in any order.
pub trait Transport {
    /// Takes a row to be sent.
    fn offer(&mut self, message: &Message<'_>) -> Offer;

    /// Waits until there is something to report, but not longer than `wait`, and appends it.
    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>);

    /// Gives up what is not acknowledged, and reports it as failed.
    fn abandon(&mut self, reports: &mut Vec<Report>);

    /// What is wrong at the moment, if anything, in one sentence.
    fn trouble(&mut self) -> Option<String>;
}

/// A row with its identity.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub row: Row<'a>,
    /// The run that made it, and its number in that run: who gets it twice can tell.
    pub run: u64,
    pub seq: u64,
    /// What reports call it.
    pub pos: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It will be reported on.
    Taken,
    /// Later.
    Full,
    /// It cannot be sent.
    Refused(Reason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    pub pos: u64,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Acked,
    /// The receiver will never take it.
    Refused(Reason),
    /// It may have arrived or not; it can be sent again.
    Failed,
}
