//! Events for scripts: what traffic did, with all that a handler may look at.
//!
//! Handlers run in the ordered stage, so what they see is taken along: a copy, made only for events
//! that some script handles.

use std::net::IpAddr;

use crate::event::{ConnId, Proto};
use crate::record::{Items, Record, Schema, Uid, Value, Visitor};
use crate::time::{Interval, Time};

/// Declares the events there are, with Zeek's names.
macro_rules! events {
    ($($id:ident = $name:literal,)+) => {
        /// An event that scripts can handle.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum EventId { $($id,)+ }

        impl EventId {
            pub const ALL: &'static [EventId] = &[$(EventId::$id,)+];

            pub const fn name(self) -> &'static str {
                match self { $(EventId::$id => $name,)+ }
            }
        }
    };
}

events! {
    NewConnection = "new_connection",
    ConnectionEstablished = "connection_established",
    ConnectionAttempt = "connection_attempt",
    ConnectionRejected = "connection_rejected",
    ConnectionReset = "connection_reset",
    ConnectionFinished = "connection_finished",
    ConnectionHalfFinished = "connection_half_finished",
    PartialConnection = "partial_connection",
    ConnectionTimeout = "connection_timeout",
    ConnectionStateRemove = "connection_state_remove",
    HttpRequest = "http_request",
    HttpReply = "http_reply",
    HttpHeader = "http_header",
    HttpBeginEntity = "http_begin_entity",
    HttpEntityData = "http_entity_data",
    HttpEndEntity = "http_end_entity",
    HttpMessageDone = "http_message_done",
    ConnWeird = "conn_weird",
    FlowWeird = "flow_weird",
    NetWeird = "net_weird",
}

/// The events that somebody listens to.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventSet(u64);

impl EventSet {
    pub fn insert(&mut self, id: EventId) {
        self.0 |= 1 << id as u64;
    }

    #[inline]
    pub const fn contains(self, id: EventId) -> bool {
        self.0 >> id as u64 & 1 == 1
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// An event that happened.
#[derive(Debug)]
pub struct Raised {
    pub id: EventId,
    /// The connection, which is the first argument of most.
    pub conn: Option<Box<ConnView>>,
    /// The other arguments.
    pub args: Vec<Arg>,
}

/// A connection as it stood when something happened.
#[derive(Debug)]
pub struct ConnView {
    pub uid: Uid,
    pub id: ConnId,
    pub proto: Proto,
    pub orig: EndView,
    pub resp: EndView,
    pub start: Time,
    pub duration: Interval,
    pub services: Vec<&'static str>,
    pub history: Vec<u8>,
    /// The log rows being filled for it: `c$http` and the like.
    pub records: Vec<RecordView>,
}

/// One end of it (`c$orig`, `c$resp`).
#[derive(Clone, Copy, Debug, Default)]
pub struct EndView {
    pub size: u64,
    /// Zeek's number for the state: `TCP_ESTABLISHED`, `UDP_ACTIVE` and so on.
    pub state: u64,
    pub packets: u64,
    pub ip_bytes: u64,
}

/// A record with its values, in the order of its schema.
#[derive(Debug)]
pub struct RecordView {
    pub schema: &'static Schema,
    pub values: Vec<Arg>,
}

/// A value taken along.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    Unset,
    Bool(bool),
    Count(u64),
    Int(i64),
    Double(f64),
    Time(Time),
    Interval(Interval),
    Bytes(Vec<u8>),
    Addr(IpAddr),
    Port(u16),
    List(Vec<Arg>),
    /// A record by its fields in order.
    Record(Vec<Arg>),
}

impl Arg {
    pub fn text(text: &str) -> Arg {
        Arg::Bytes(text.as_bytes().to_vec())
    }
}

impl From<Value<'_>> for Arg {
    fn from(value: Value<'_>) -> Arg {
        match value {
            Value::Unset => Arg::Unset,
            Value::Bool(b) => Arg::Bool(b),
            Value::Count(n) => Arg::Count(n),
            Value::Int(n) => Arg::Int(n),
            Value::Double(d) => Arg::Double(d),
            Value::Time(t) => Arg::Time(t),
            Value::Interval(i) => Arg::Interval(i),
            Value::Bytes(text) => Arg::Bytes(text.to_vec()),
            Value::Enum(name) => Arg::text(name),
            Value::Addr(addr) => Arg::Addr(addr),
            Value::Port(port) => Arg::Port(port),
            Value::Uid(uid) => Arg::Bytes(uid.as_bytes().to_vec()),
            Value::List(items) => Arg::List(elements(items)),
        }
    }
}

fn elements(items: &dyn Items) -> Vec<Arg> {
    (0..items.count()).map(|at| items.item(at).into()).collect()
}

impl RecordView {
    /// Copies a record.
    pub fn of<R: Record>(record: &R) -> RecordView {
        struct Copy(Vec<Arg>);
        impl Visitor for Copy {
            fn field(&mut self, _: usize, value: Value<'_>) {
                self.0.push(value.into());
            }
        }
        let mut copy = Copy(Vec::with_capacity(R::SCHEMA.fields.len()));
        record.visit(&mut copy);
        RecordView { schema: R::SCHEMA, values: copy.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_a_bit_for_every_event() {
        assert!(EventId::ALL.len() <= 64);
        let mut set = EventSet::default();
        assert!(set.is_empty());
        set.insert(EventId::HttpReply);
        let contained: Vec<&str> =
            EventId::ALL.iter().filter(|id| set.contains(**id)).map(|id| id.name()).collect();
        assert_eq!(contained, ["http_reply"]);
    }
}
