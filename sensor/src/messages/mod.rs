//! Messages of programs: what syslog and files tell, which rules take them, and when they were written.

mod clock;
mod literal;
mod read;
mod receive;
mod rules;

pub use clock::Clock;
pub use read::{Lines, LinesError, Source, open};
pub use receive::{Arrivals, Arrived, Listening, Received, Sources};
pub use rules::{Found, Pattern, Rules};

use nightjar_protocols::syslog::{Line, facility_name, severity_name};

use crate::counters::{counter, counters};
use crate::time::Time;

/// A message, as it is matched.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub time: Time,
    /// The file, or who sent it.
    pub source: &'a [u8],
    pub host: Option<&'a [u8]>,
    pub program: Option<&'a [u8]>,
    pub pid: Option<u64>,
    pub facility: Option<&'static str>,
    pub severity: Option<&'static str>,
    pub text: &'a [u8],
}

impl<'a> Message<'a> {
    /// What was read of a line.
    pub fn of(line: &Line<'a>, source: &'a [u8], time: Time) -> Message<'a> {
        let priority = line.priority;
        Message {
            time,
            source,
            host: line.host,
            program: line.program,
            pid: line.pid,
            facility: priority.and_then(|value| facility_name(value >> 3)),
            severity: priority.and_then(|value| severity_name(value & 7)),
            text: line.text,
        }
    }
}

counters! {
    /// What became of messages.
    pub struct Counters {
        /// Messages that were read.
        pub messages: u64 = counter("messages_total"),
        /// Those of them that a rule took.
        pub matched: u64 = counter("messages_matched_total"),
        /// Those that no rule took.
        pub unmatched: u64 = counter("messages_unmatched_total"),
        /// Lines longer than a message may be: the rest was left out.
        pub cut: u64 = counter("messages_cut_total").lost("messages were cut because their lines are too long"),
        /// Messages without a time that could be read; they have that of the one before.
        pub undated: u64 = counter("messages_undated_total"),
        /// Datagrams that came faster than they were looked at.
        pub lost: u64 = counter("messages_lost_total").lost("messages came by UDP faster than they could be looked at"),
        /// Connections that were refused: there were too many, or their TLS went wrong.
        pub refused: u64 = counter("messages_connections_refused_total"),
        /// Messages whose time is more than a minute from this sensor's.
        pub skewed: u64 = counter("messages_skewed_total"),
        /// Messages more than a second older than one before.
        pub late: u64 = counter("messages_late_total"),
        /// Matches whose words are not of the types that the rule's event takes.
        pub unfit: u64 = counter("messages_unfit_total"),
    }
}
