//! snmp.log: one row for every connection.

use nightjar_protocols::snmp::{self, Kind, Oid, Value};

use crate::flow::Flow;
use crate::record::record;
use crate::time::{Interval, Time};

record! {
    /// What was asked of an agent over one connection, and what it told.
    pub struct SnmpRow<'a> in "snmp" of conn {
        /// When the first message was seen.
        ts,
        /// From the first message to the last.
        duration: Interval = "duration" as "interval &default=0secs",
        /// The version: 1, 2c or 3.
        version: &'a str = "version" as "string",
        /// The first community that was named, of versions 1 and 2c.
        community: Option<&'a [u8]> = "community",
        /// Variables in requests for them, and for those behind them.
        get_requests: u64 = "get_requests",
        /// Variables in requests for many.
        get_bulk_requests: u64 = "get_bulk_requests",
        /// Variables in answers.
        get_responses: u64 = "get_responses",
        /// Variables in requests to set them.
        set_requests: u64 = "set_requests",
        /// How the agent describes its system.
        display_string: Option<&'a [u8]> = "display_string",
        /// Since when it is up, as it says.
        up_since: Option<Time> = "up_since",
    }
}

/// What is known of a connection, from its first message on.
pub(super) struct Known {
    ts: Time,
    last: Time,
    version: u64,
    community: Option<Box<[u8]>>,
    get_requests: u64,
    get_bulk_requests: u64,
    get_responses: u64,
    set_requests: u64,
    display_string: Option<Box<[u8]>>,
    up_since: Option<Time>,
}

/// sysDescr.0 and sysUpTime.0 (RFC 3418 §2).
const DESCRIPTION: Oid<'static> = Oid(&[0x2b, 6, 1, 2, 1, 1, 1, 0]);
const UP_TIME: Oid<'static> = Oid(&[0x2b, 6, 1, 2, 1, 1, 3, 0]);
/// A time that long ago is before the capture by any means; it need not be kept exactly.
const LONGEST: u64 = i64::MAX as u64 / 10_000_000;

impl Known {
    pub fn new(ts: Time, version: u64) -> Self {
        Known {
            ts,
            last: ts,
            version,
            community: None,
            get_requests: 0,
            get_bulk_requests: 0,
            get_responses: 0,
            set_requests: 0,
            display_string: None,
            up_since: None,
        }
    }

    /// Adds a message.
    pub fn take(&mut self, now: Time, header: &snmp::Header<'_>, body: &snmp::Body<'_>) {
        self.last = now;
        if self.community.is_none() {
            self.community = header.community.map(Into::into);
        }
        match body {
            snmp::Body::Common(kind, pdu) => {
                let count = pdu.bindings.count() as u64;
                match kind {
                    Kind::GetRequest | Kind::GetNextRequest => self.get_requests += count,
                    Kind::SetRequest => self.set_requests += count,
                    Kind::Response => {
                        self.get_responses += count;
                        pdu.bindings.iter().for_each(|binding| self.look(now, &binding));
                    }
                    Kind::InformRequest | Kind::TrapV2 | Kind::Report => {}
                }
            }
            snmp::Body::Bulk(bulk) => self.get_bulk_requests += bulk.bindings.count() as u64,
            _ => {}
        }
    }

    fn look(&mut self, now: Time, binding: &snmp::Binding<'_>) {
        match binding.value {
            Value::Octets(octets) if binding.oid == DESCRIPTION => self.display_string = Some(octets.into()),
            Value::Unsigned(ticks) if binding.oid == UP_TIME => {
                let up = Interval::from_nanos(ticks.min(LONGEST) as i64 * 10_000_000);
                self.up_since = Some(Time::from_nanos(now.nanos().saturating_sub(up.nanos())));
            }
            _ => {}
        }
    }

    pub fn row(&self, flow: &mut Flow) -> SnmpRow<'_> {
        let version = match self.version {
            0 => "1",
            1 => "2c",
            3 => "3",
            _ => "unknown",
        };
        SnmpRow {
            conn: flow.columns(self.ts),
            duration: self.last - self.ts,
            version,
            community: self.community.as_deref(),
            get_requests: self.get_requests,
            get_bulk_requests: self.get_bulk_requests,
            get_responses: self.get_responses,
            set_requests: self.set_requests,
            display_string: self.display_string.as_deref(),
            up_since: self.up_since,
        }
    }
}
