//! Events of connections, and of what they were found to be.

use crate::analyze::Named;
use crate::event::{Arena, ArgType, Argument, Conn, File, Part, arg_records, events};

events! { [crate::analyze::first::conn]
    /// The first packet of a connection was seen.
    pub struct NewConnection: "new_connection" {
        c: Conn,
    }
    /// A TCP connection's handshake is complete.
    pub struct ConnectionEstablished: "connection_established" {
        c: Conn,
    }
    /// A TCP connection's SYN was not answered in time (`tcp_attempt_delay`).
    pub struct ConnectionAttempt: "connection_attempt" {
        c: Conn,
    }
    /// A TCP connection's SYN was answered, and nothing followed in the time that `connection_attempt` waits for an
    /// answer; not one of Zeek's.
    pub struct ConnectionHalfOpen: "Conn::half_open" {
        c: Conn,
    }
    /// A TCP connection's SYN was answered with a RST.
    pub struct ConnectionRejected: "connection_rejected" {
        c: Conn,
    }
    /// A TCP connection was ended by a RST.
    pub struct ConnectionReset: "connection_reset" {
        c: Conn,
    }
    /// Both sides of a TCP connection have ended it.
    pub struct ConnectionFinished: "connection_finished" {
        c: Conn,
    }
    /// One side of a TCP connection has ended it, of which only that side was seen.
    pub struct ConnectionHalfFinished: "connection_half_finished" {
        c: Conn,
    }
    /// A TCP connection is seen from the middle on.
    pub struct PartialConnection: "partial_connection" {
        c: Conn,
    }
    /// A TCP connection was idle for too long (`tcp_inactivity_timeout`).
    pub struct ConnectionTimeout: "connection_timeout" {
        c: Conn,
    }
    /// A TCP connection was still open when the capture ended.
    pub struct ConnectionPending: "connection_pending" {
        c: Conn,
    }
    /// A connection is over, or given up, and its row is about to be written.
    pub struct ConnectionStateRemove: "connection_state_remove" {
        c: Conn,
    }
    /// A connection was expected, and an analyzer is set on it for that.
    pub struct ScheduledAnalyzerApplied<'a>: "scheduled_analyzer_applied" {
        c: Conn,
        a: AnalyzerTag<'a>,
    }
    /// A connection has lasted for one of ConnThreshold::durations, and lasts still; not one of Zeek's.
    pub struct ConnectionLasts: "ConnThreshold::lasts" {
        c: Conn,
    }
    /// A connection was found to be of a protocol for sure.
    pub struct AnalyzerConfirmation<'a>: "analyzer_confirmation_info" {
        atype: Tag<'a>,
        info: ConfirmationInfo,
    }
    /// What was taken for a protocol breaks its rules.
    pub struct AnalyzerViolation<'a>: "analyzer_violation_info" {
        atype: Tag<'a>,
        info: ViolationInfo<'a>,
    }
}

/// An analyzer's tag.
#[derive(Clone, Copy, Debug)]
pub struct Tag<'a>(pub &'a Named);

impl Argument for Tag<'_> {
    const TYPE: ArgType = ArgType::Named("AllAnalyzers::Tag");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(format!("AllAnalyzers::{}", self.0.tag()).as_bytes())
    }
}

/// An analyzer's tag among those of protocols.
#[derive(Clone, Copy, Debug)]
pub struct AnalyzerTag<'a>(pub &'a Named);

impl Argument for AnalyzerTag<'_> {
    const TYPE: ArgType = ArgType::Named("Analyzer::Tag");

    fn put(&self, arena: &mut Arena) -> Part {
        arena.text(format!("Analyzer::ANALYZER_{}", self.0.name).as_bytes())
    }
}

arg_records! {
    /// What was confirmed.
    pub struct ConfirmationInfo: "AnalyzerConfirmationInfo" {
        /// The connection.
        c: Option<Conn>,
        /// The file, of what looks at files.
        f: Option<File>,
        /// The analyzer's number.
        aid: Option<u64>,
    }
    /// What was broken.
    pub struct ViolationInfo<'a>: "AnalyzerViolationInfo" {
        /// What is wrong.
        reason: &'a str,
        /// The connection.
        c: Option<Conn>,
        /// The file, of what looks at files.
        f: Option<File>,
        /// The analyzer's number.
        aid: Option<u64>,
        /// The bytes that are wrong.
        data: Option<&'a [u8]>,
    }
}
