//! dns.log: one row for every query with its reply, or for either alone.

use std::borrow::Cow;

use nightjar_protocols::dns::Row;
use nightjar_protocols::dns::codes::Code;

use crate::event::Owner;
use crate::flow::{Cx, Flow};
use crate::record::{EnumName, Field, Items, Type, Value, record};
use crate::time::{Interval, Time};

record! {
    /// A query and its reply.
    pub struct DnsRow<'a> in "dns" of conn,
        summary ["DNS {qtype_name?} type query {id.orig_h} -> {id.resp_h}:{id.resp_p}"]
    {
        /// When the first message of the two was seen.
        ts,
        /// The transport protocol.
        proto: EnumName = "proto" as "transport_proto",
        /// The number by which a reply finds its query (RFC 1035 §4.1.1, ID).
        trans_id: Option<u64> = "trans_id",
        /// From the query to the beginning of the answer.
        rtt: Option<Interval> = "rtt",
        /// The name asked for, in lower case; of a reply without a query, the first answer's.
        query: Option<&'a [u8]> = "query",
        /// The class asked for.
        qclass: Option<u64> = "qclass",
        /// The name of that class.
        qclass_name: Option<&'a str> = "qclass_name",
        /// The record type asked for.
        qtype: Option<u64> = "qtype",
        /// The name of that type.
        qtype_name: Option<&'a str> = "qtype_name",
        /// The reply's response code, without the bits that EDNS adds.
        rcode: Option<u64> = "rcode",
        /// The name of that code.
        rcode_name: Option<&'a str> = "rcode_name",
        /// The answer is authoritative.
        authoritative: bool = "AA",
        /// The query was truncated.
        truncated: bool = "TC",
        /// The query asked for recursion.
        recursion_desired: bool = "RD",
        /// The responder offers recursion.
        recursion_available: bool = "RA",
        /// The query's three bits behind RA; two of them are now AD and CD (RFC 4035 §3).
        z: u64 = "Z",
        /// The records of the answer section, each as a text.
        answers: Option<Answers<'a>> = "answers",
        /// How long each of them may be kept.
        ttls: Option<Ttls<'a>> = "TTLs",
        /// The responder answered with an error, or with nothing at all.
        rejected: bool = "rejected",
    }
}

/// The answers' texts, where the row gathered them.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a>(&'a Row);

/// The answers' times to live, likewise.
#[derive(Clone, Copy, Debug)]
pub struct Ttls<'a>(&'a Row);

impl Field for Answers<'_> {
    const TYPE: Type = Type::Vector(&Type::String);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl Items for Answers<'_> {
    fn count(&self) -> usize {
        self.0.answers().len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        self.0.answer(index).map_or(Value::Unset, |(text, _)| Value::Bytes(text))
    }
}

impl Field for Ttls<'_> {
    const TYPE: Type = Type::Vector(&Type::Interval);

    fn value(&self) -> Value<'_> {
        Value::List(self)
    }
}

impl Items for Ttls<'_> {
    fn count(&self) -> usize {
        self.0.answers().len()
    }

    fn item(&self, index: usize) -> Value<'_> {
        let seconds = |(_, ttl): (&[u8], u32)| Value::Interval(Interval::from_secs(ttl.into()));
        self.0.answer(index).map_or(Value::Unset, seconds)
    }
}

pub(super) fn log(cx: &mut Cx<'_>, flow: &mut Flow, row: &Row) {
    let owner = Owner { uid: flow.uid(), nth: nth(row) };
    with(flow, row, |record| cx.bus.log(record, owner));
}

/// Tells the rows of a connection apart: ids are used again, but not in the same moment.
pub(super) fn nth(row: &Row) -> u64 {
    row.ts.cast_unsigned().rotate_left(16) ^ u64::from(row.trans_id)
}

/// Shows a row's record as far as it is filled.
pub(super) fn with<T>(flow: &mut Flow, row: &Row, what: impl FnOnce(&DnsRow<'_>) -> T) -> T {
    let [qclass, qtype, rcode] = [row.qclass_name(), row.qtype_name(), row.rcode_name()].map(name);
    let answered = row.answers().len() > 0;
    what(&DnsRow {
        conn: flow.columns(Time::from_nanos(row.ts)),
        proto: EnumName(flow.proto().name()),
        trans_id: Some(row.trans_id.into()),
        rtt: row.rtt.map(Interval::from_nanos),
        query: row.query(),
        qclass: row.qclass.map(u64::from),
        qclass_name: qclass.as_deref(),
        qtype: row.qtype.map(u64::from),
        qtype_name: qtype.as_deref(),
        rcode: row.rcode.map(u64::from),
        rcode_name: rcode.as_deref(),
        authoritative: row.authoritative,
        truncated: row.truncated,
        recursion_desired: row.recursion_desired,
        recursion_available: row.recursion_available,
        z: row.z.into(),
        answers: answered.then_some(Answers(row)),
        ttls: answered.then_some(Ttls(row)),
        rejected: row.rejected,
    })
}

/// A number's name; only those that have none need a text of their own.
fn name(code: Option<Code>) -> Option<Cow<'static, str>> {
    code.map(|code| match code {
        Code::Named(name) => Cow::Borrowed(name),
        Code::Unnamed(..) => Cow::Owned(code.to_string()),
    })
}
