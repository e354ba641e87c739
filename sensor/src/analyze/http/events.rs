//! The arguments of HTTP's events, in Zeek's order.

use nightjar_protocols::http::{Header, MessageStat, ReplyLine, RequestLine, Version};

use crate::analyze::http::MessageTotals;
use crate::event::Arg;
use crate::time::Time;

pub(super) fn request(line: &RequestLine<'_>) -> Vec<Arg> {
    vec![
        Arg::Conn,
        bytes(line.method),
        bytes(line.uri),
        bytes(line.unescaped_uri),
        bytes(&line.version.text()),
    ]
}

pub(super) fn reply(line: &ReplyLine<'_>) -> Vec<Arg> {
    vec![
        Arg::Conn,
        bytes(&line.version.text()),
        Arg::Count(line.code.into()),
        bytes(line.reason.unwrap_or_default()),
    ]
}

/// Names come in upper case, and before that as they were on the wire.
pub(super) fn header(is_orig: bool, header: &Header<'_>) -> Vec<Arg> {
    vec![
        Arg::Conn,
        Arg::Bool(is_orig),
        bytes(header.name),
        Arg::Bytes(header.name.to_ascii_uppercase()),
        bytes(header.value),
    ]
}

pub(super) fn header_of_interest(is_orig: bool, header: &Header<'_>) -> Vec<Arg> {
    let name = Arg::Bytes(header.name.to_ascii_uppercase());
    vec![Arg::Conn, Arg::Bool(is_orig), name, bytes(header.value)]
}

/// Zeek's `mime_header_rec`.
pub(super) fn header_record(header: &Header<'_>) -> Arg {
    Arg::Record(vec![bytes(header.name), Arg::Bytes(header.name.to_ascii_uppercase()), bytes(header.value)])
}

/// `MAIN/SUB` as two arguments.
pub(super) fn content_type(is_orig: bool, content_type: &[u8]) -> Vec<Arg> {
    let slash = content_type.iter().position(|byte| *byte == b'/').unwrap_or(content_type.len());
    let sub = content_type.get(slash + 1..).unwrap_or_default();
    vec![Arg::Conn, Arg::Bool(is_orig), bytes(&content_type[..slash]), bytes(sub)]
}

pub(super) fn stats(totals: &MessageTotals) -> Vec<Arg> {
    let version = |at: usize| {
        let Version { major, minor } = totals.versions[at];
        Arg::Double(f64::from(major) + f64::from(minor) / 10.0)
    };
    let counts = [totals.requests, totals.replies].map(|count| Arg::Count(count.into()));
    let [requests, replies] = counts;
    vec![Arg::Conn, Arg::Record(vec![requests, replies, version(0), version(1)])]
}

pub(super) fn entity_data(is_orig: bool, data: &[u8]) -> Vec<Arg> {
    vec![Arg::Conn, Arg::Bool(is_orig), Arg::Count(data.len() as u64), bytes(data)]
}

pub(super) fn message_done(is_orig: bool, stat: &MessageStat) -> Vec<Arg> {
    let stat = vec![
        Arg::Time(Time::from_nanos(stat.start_ns.cast_signed())),
        Arg::Bool(stat.interrupted),
        Arg::text(stat.reason),
        Arg::Count(stat.body_length),
        Arg::Count(stat.gap_length),
        Arg::Count(stat.header_length),
    ];
    vec![Arg::Conn, Arg::Bool(is_orig), Arg::Record(stat)]
}

fn bytes(bytes: &[u8]) -> Arg {
    Arg::Bytes(bytes.to_vec())
}
