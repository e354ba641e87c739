//! HTTP's events and their arguments.

use nightjar_protocols::http::{Header, MessageStat, ReplyLine, RequestLine, Version};

use crate::analyze::http::MessageTotals;
use crate::analyze::mime::events::HeaderList;
use crate::event::{Conn, Name, UpperCase, arg_records, events};
use crate::time::Time;

events! { [crate::analyze::first::http]
    /// A request line.
    pub struct Request<'a>: "http_request" {
        c: Conn,
        method: &'a [u8],
        original_uri: &'a [u8] = "original_URI",
        unescaped_uri: &'a [u8] = "unescaped_URI",
        version: &'a [u8],
    }
    /// A status line.
    pub struct Reply<'a>: "http_reply" {
        c: Conn,
        version: &'a [u8],
        code: u16,
        reason: &'a [u8],
    }
    /// A header, by its name as it was on the wire and in upper case.
    pub struct OneHeader<'a>: "http_header" {
        c: Conn,
        is_orig: bool,
        original_name: &'a [u8],
        name: UpperCase<'a>,
        value: &'a [u8],
    }
    /// A header that `HTTP::headers_of_interest` names beforehand, so that others cost nothing; not one of Zeek's.
    pub struct HeaderOfInterest<'a>: "HTTP::header_of_interest" {
        c: Conn,
        is_orig: bool,
        name: UpperCase<'a>,
        value: &'a [u8],
    }
    /// All headers of a message.
    pub struct AllHeaders<'a>: "http_all_headers" {
        c: Conn,
        is_orig: bool,
        hlist: HeaderList<'a>,
    }
    /// A message's media type.
    pub struct ContentType<'a>: "http_content_type" {
        c: Conn,
        is_orig: bool,
        ty: &'a [u8],
        subty: &'a [u8],
    }
    /// A body, or a part of one, begins.
    pub struct BeginEntity: "http_begin_entity" {
        c: Conn,
        is_orig: bool,
    }
    /// Some of a body.
    pub struct EntityData<'a>: "http_entity_data" {
        c: Conn,
        is_orig: bool,
        length: u64,
        data: &'a [u8],
    }
    /// A body, or a part of one, has ended.
    pub struct EndEntity: "http_end_entity" {
        c: Conn,
        is_orig: bool,
    }
    /// The head of a request is complete, its body need not be; not one of Zeek's.
    pub struct RequestHead: "HTTP::request_head" {
        c: Conn,
    }
    /// A request is not complete after 10 seconds, and after each doubling of that, whether more of it comes or not;
    /// not one of Zeek's. So many bytes have come since it began, its head among them.
    pub struct RequestLasts: "HTTP::request_lasts" {
        c: Conn,
        since: Time,
        bytes: u64,
    }
    /// The beginning of what a request's body holds, decoded, up to 4 KiB; once for each body or part of one, when it is
    /// there or the body has ended. Not one of Zeek's.
    pub struct RequestBody<'a>: "HTTP::request_body" {
        c: Conn,
        data: &'a [u8],
    }
    /// A message has ended, the transaction still being there whole.
    pub struct MessageDone: "http_message_done" {
        c: Conn,
        is_orig: bool,
        stat: Stat,
    }
    /// What a connection carried, when it is over.
    pub struct Stats: "http_stats" {
        c: Conn,
        stats: StatsRecord,
    }
}

arg_records! {
    /// How a message went.
    pub struct Stat: "http_message_stat" {
        /// When the message began.
        start: Time,
        /// Whether it did not come to its own end.
        interrupted: bool,
        /// Why it ended.
        finish_msg: Name,
        /// Bytes of body, decoded.
        body_length: u64,
        /// Bytes of body that were missing.
        content_gap_length: u64,
        /// Bytes of the first line and the headers.
        header_length: u64,
    }
    /// What a connection carried.
    pub struct StatsRecord: "http_stats_rec" {
        num_requests: u32,
        num_replies: u32,
        request_version: f64,
        reply_version: f64,
    }
}

impl<'a> Request<'a> {
    pub fn of(line: &'a RequestLine<'_>, version: &'a [u8]) -> Self {
        let RequestLine { method, uri, unescaped_uri, .. } = line;
        Request { c: Conn, method, original_uri: uri, unescaped_uri, version }
    }
}

impl<'a> Reply<'a> {
    pub fn of(line: &'a ReplyLine<'_>, version: &'a [u8]) -> Self {
        Reply { c: Conn, version, code: line.code, reason: line.reason.unwrap_or_default() }
    }
}

impl<'a> OneHeader<'a> {
    pub fn of(is_orig: bool, header: &Header<'a>) -> Self {
        let &Header { name, value, .. } = header;
        OneHeader { c: Conn, is_orig, original_name: name, name: UpperCase(name), value }
    }
}

impl<'a> HeaderOfInterest<'a> {
    pub fn of(is_orig: bool, header: &Header<'a>) -> Self {
        HeaderOfInterest { c: Conn, is_orig, name: UpperCase(header.name), value: header.value }
    }
}

impl<'a> ContentType<'a> {
    /// Of `MAIN/SUB`.
    pub fn of(is_orig: bool, content_type: &'a [u8]) -> Self {
        let slash = content_type.iter().position(|byte| *byte == b'/').unwrap_or(content_type.len());
        let (ty, rest) = content_type.split_at(slash);
        ContentType { c: Conn, is_orig, ty, subty: rest.get(1..).unwrap_or_default() }
    }
}

impl MessageDone {
    pub fn of(is_orig: bool, stat: &MessageStat) -> Self {
        let stat = Stat {
            start: Time::from_nanos(stat.start_ns.cast_signed()),
            interrupted: stat.interrupted,
            finish_msg: Name(stat.reason),
            body_length: stat.body_length,
            content_gap_length: stat.gap_length,
            header_length: stat.header_length,
        };
        MessageDone { c: Conn, is_orig, stat }
    }
}

impl Stats {
    pub(super) fn of(totals: &MessageTotals) -> Self {
        let version = |Version { major, minor }: Version| f64::from(major) + f64::from(minor) / 10.0;
        let stats = StatsRecord {
            num_requests: totals.requests,
            num_replies: totals.replies,
            request_version: version(totals.versions[0]),
            reply_version: version(totals.versions[1]),
        };
        Stats { c: Conn, stats }
    }
}

/// An URI with no more than so many bytes, and what says that there were more.
pub(super) fn truncated(uri: &[u8], most: usize) -> Vec<u8> {
    match uri.get(..most).filter(|_| uri.len() > most) {
        Some(start) => [start, b"..."].concat(),
        None => uri.to_vec(),
    }
}
