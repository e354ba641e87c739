//! The arguments of HTTP's events, behind the connection, in Zeek's order.

use nightjar_protocols::http::{Header, MessageStat, ReplyLine, RequestLine};

use crate::event::Arg;
use crate::time::Time;

pub(super) fn request(line: &RequestLine<'_>) -> Vec<Arg> {
    vec![bytes(line.method), bytes(line.uri), bytes(line.unescaped_uri), bytes(&line.version.text())]
}

pub(super) fn reply(line: &ReplyLine<'_>) -> Vec<Arg> {
    vec![bytes(&line.version.text()), Arg::Count(line.code.into()), bytes(line.reason.unwrap_or_default())]
}

/// Names come in upper case, and before that as they were on the wire.
pub(super) fn header(is_orig: bool, header: &Header<'_>) -> Vec<Arg> {
    vec![
        Arg::Bool(is_orig),
        bytes(header.name),
        Arg::Bytes(header.name.to_ascii_uppercase()),
        bytes(header.value),
    ]
}

pub(super) fn entity_data(is_orig: bool, data: &[u8]) -> Vec<Arg> {
    vec![Arg::Bool(is_orig), Arg::Count(data.len() as u64), bytes(data)]
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
    vec![Arg::Bool(is_orig), Arg::Record(stat)]
}

fn bytes(bytes: &[u8]) -> Arg {
    Arg::Bytes(bytes.to_vec())
}
