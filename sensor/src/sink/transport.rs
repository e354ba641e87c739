//! What an exporter needs of a way to send rows.

use std::time::Duration;

use crate::export::ExportRow;
use crate::sink::account::Reason;

/// Sends rows and reports on each, once, in any order.
pub trait Transport {
    /// Takes a row to be sent.
    fn offer(&mut self, message: &Message<'_>) -> Offer;

    /// Waits until there is something to report, but not longer than `wait`, and appends it.
    fn poll(&mut self, wait: Duration, reports: &mut Vec<Report>);

    /// Gives up what is not acknowledged, and reports it as failed.
    fn abandon(&mut self, reports: &mut Vec<Report>);

    /// Where a row goes, as far as one receiver takes rows for one and not for another.
    fn destination(&mut self, row: &ExportRow<'_>, into: &mut String);

    /// A destination that refused rows is about to be offered some again.
    fn ask_again(&mut self, destination: &str);

    /// What is wrong at the moment, if anything, in one sentence.
    fn incident(&mut self) -> Option<String>;
}

/// A row with its identity.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub row: ExportRow<'a>,
    /// The run that made it, and its number in that run: who gets it twice can tell.
    pub run: u64,
    pub seq: u64,
    /// What reports call it.
    pub pos: u64,
    pub via: Via,
}

/// How a row is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    Main,
    /// Apart from the others: its destination refused rows.
    Apart,
    /// Not together with any other.
    Singly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// It will be reported on.
    Accepted,
    /// Later.
    Full,
    /// As if it had been sent and reported on so.
    Reported(Outcome),
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
    Never(Reason),
    /// Its destination takes no rows until somebody mends that.
    Refused(Reason),
    /// It was refused together with others, and may pass alone.
    Crowded,
    /// It may have arrived or not; it can be sent again.
    Failed,
    /// It did not go out; it can be sent.
    Unsent,
}
