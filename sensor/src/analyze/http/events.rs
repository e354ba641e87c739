//! The arguments of HTTP's events, in Zeek's order.

use nightjar_protocols::http::{Header, MessageStat, ReplyLine, RequestLine, Version};

use crate::analyze::http::MessageTotals;
use crate::event::{Part, Span, Taken};
use crate::time::Time;

pub(super) fn request(line: &RequestLine<'_>, taken: &mut Taken) -> Span {
    let args = [
        Part::Conn,
        taken.text(line.method),
        taken.text(line.uri),
        taken.text(line.unescaped_uri),
        taken.text(&line.version.text()),
    ];
    taken.parts(&args)
}

pub(super) fn reply(line: &ReplyLine<'_>, taken: &mut Taken) -> Span {
    let args = [
        Part::Conn,
        taken.text(&line.version.text()),
        Part::Count(line.code.into()),
        taken.text(line.reason.unwrap_or_default()),
    ];
    taken.parts(&args)
}

/// Names come in upper case, and before that as they were on the wire.
pub(super) fn header(is_orig: bool, header: &Header<'_>, taken: &mut Taken) -> Span {
    let [original, name, value] = header_parts(header.name, header.value, taken);
    taken.parts(&[Part::Conn, Part::Bool(is_orig), original, name, value])
}

pub(super) fn header_of_interest(is_orig: bool, header: &Header<'_>, taken: &mut Taken) -> Span {
    let args = [Part::Conn, Part::Bool(is_orig), taken.upper_case(header.name), taken.text(header.value)];
    taken.parts(&args)
}

/// As Zeek's `mime_header_rec` has them.
fn header_parts(name: &[u8], value: &[u8], taken: &mut Taken) -> [Part; 3] {
    [taken.text(name), taken.upper_case(name), taken.text(value)]
}

/// The headers of a message so far, for scripts that want them all at once: they may come in many packets.
#[derive(Default)]
pub(super) struct Heads {
    text: Vec<u8>,
    /// Where each name, and the value behind it, ends.
    ends: Vec<(usize, usize)>,
}

/// More headers of one message are not kept.
const MAX_HEADERS: usize = 1_000;

impl Heads {
    pub fn add(&mut self, header: &Header<'_>) {
        if self.ends.len() >= MAX_HEADERS {
            return;
        }
        self.text.extend_from_slice(header.name);
        let name = self.text.len();
        self.text.extend_from_slice(header.value);
        self.ends.push((name, self.text.len()));
    }

    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }

    /// The arguments of `http_all_headers`.
    pub fn args(&self, is_orig: bool, taken: &mut Taken) -> Span {
        let (mut start, mut heads) = (0, Vec::with_capacity(self.ends.len()));
        for &(name, end) in &self.ends {
            let fields = header_parts(&self.text[start..name], &self.text[name..end], taken);
            heads.push(taken.record(&fields));
            start = end;
        }
        let heads = taken.list(&heads);
        taken.parts(&[Part::Conn, Part::Bool(is_orig), heads])
    }
}

/// `MAIN/SUB` as two arguments.
pub(super) fn content_type(is_orig: bool, content_type: &[u8], taken: &mut Taken) -> Span {
    let slash = content_type.iter().position(|byte| *byte == b'/').unwrap_or(content_type.len());
    let sub = content_type.get(slash + 1..).unwrap_or_default();
    let args = [Part::Conn, Part::Bool(is_orig), taken.text(&content_type[..slash]), taken.text(sub)];
    taken.parts(&args)
}

pub(super) fn stats(totals: &MessageTotals, taken: &mut Taken) -> Span {
    let version = |at: usize| {
        let Version { major, minor } = totals.versions[at];
        Part::Double(f64::from(major) + f64::from(minor) / 10.0)
    };
    let [requests, replies] = [totals.requests, totals.replies].map(|count| Part::Count(count.into()));
    let stats = taken.record(&[requests, replies, version(0), version(1)]);
    taken.parts(&[Part::Conn, stats])
}

pub(super) fn entity_data(is_orig: bool, data: &[u8], taken: &mut Taken) -> Span {
    let data_part = taken.text(data);
    taken.parts(&[Part::Conn, Part::Bool(is_orig), Part::Count(data.len() as u64), data_part])
}

pub(super) fn message_done(is_orig: bool, stat: &MessageStat, taken: &mut Taken) -> Span {
    let stat = taken.record(&[
        Part::Time(Time::from_nanos(stat.start_ns.cast_signed())),
        Part::Bool(stat.interrupted),
        Part::Name(stat.reason),
        Part::Count(stat.body_length),
        Part::Count(stat.gap_length),
        Part::Count(stat.header_length),
    ]);
    taken.parts(&[Part::Conn, Part::Bool(is_orig), stat])
}

/// The arguments of events that tell of a side only.
pub(super) fn side(is_orig: bool, taken: &mut Taken) -> Span {
    taken.parts(&[Part::Conn, Part::Bool(is_orig)])
}
