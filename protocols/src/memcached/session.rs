//! A connection, in text or in binary.

use crate::memcached::{Request, Response, binary, text};
use crate::pending::{Pending, Step};

/// Ceilings.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a line or of a header with its key; what is longer is none.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { line: 16 << 10 }
    }
}

/// Hears what a session reads.
pub trait Handler {
    /// A request.
    fn request(&mut self, request: &Request<'_>);

    /// An answer, once it is whole.
    fn response(&mut self, response: &Response<'_>);

    /// It is not memcached; nothing more of this direction is read.
    fn violation(&mut self, reason: &'static str);
}

#[derive(Debug, Default)]
struct Side {
    pending: Pending,
    /// Values of the answer at hand, and their bytes.
    values: u64,
    bytes: u64,
    /// What the answer at hand began with.
    begun: Option<&'static [u8]>,
    is_over: bool,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    sides: [Side; 2],
}

const NO_REQUEST: &str = "not a request of memcached";
const NO_ANSWER: &str = "not an answer of memcached";

/// What a datagram begins with: which request it belongs to, which datagram of how many it is, and nothing.
const FRAME: usize = 8;

impl Session {
    /// At a connection's beginning.
    pub fn new(limits: Limits) -> Self {
        Session { limits, sides: Default::default() }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.pending.len()).sum()
    }

    /// The next bytes of a direction.
    pub fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        self.read(is_orig, data, None, h);
    }

    /// A datagram. Of an answer in several the first is read, which says what it is.
    pub fn datagram<H: Handler>(&mut self, is_orig: bool, payload: &[u8], h: &mut H) {
        let Some((frame, message)) = payload.split_first_chunk::<FRAME>() else { return };
        let [id_high, id_low, seq_high, seq_low, ..] = *frame;
        if (seq_high, seq_low) != (0, 0) {
            return;
        }
        self.sides = Default::default();
        self.read(is_orig, message, Some(u16::from_be_bytes([id_high, id_low]).into()), h);
        // What is not over in it goes on in another, which is not read.
        let [_, resp] = &self.sides;
        if let Some(status) = resp.begun.filter(|_| !is_orig) {
            let Side { values, bytes, .. } = *resp;
            let tag = Some(u16::from_be_bytes([id_high, id_low]).into());
            h.response(&Response { status, success: true, values, bytes, tag });
        }
    }

    /// Bytes of a direction are missing: nothing more of it is read.
    pub fn gap(&mut self, is_orig: bool) {
        let [orig, resp] = &mut self.sides;
        *(if is_orig { orig } else { resp }) = Side { is_over: true, ..Side::default() };
    }

    /// Originator and responder are the other way round.
    pub fn flip(&mut self) {
        self.sides.reverse();
    }

    fn read<H: Handler>(&mut self, is_orig: bool, data: &[u8], tag: Option<u32>, h: &mut H) {
        let limits = self.limits;
        let [orig, resp] = &mut self.sides;
        let Side { pending, values, bytes, begun, is_over } = if is_orig { orig } else { resp };
        if *is_over {
            return;
        }
        pending.feed(data, |rest| {
            let step = match rest.first() {
                _ if *is_over => return Step::Discard,
                Some(&(binary::REQUEST | binary::RESPONSE)) => in_binary(is_orig, rest, limits, h),
                _ => in_text(is_orig, rest, limits, tag, (values, bytes, begun), h),
            };
            step.unwrap_or_else(|| {
                *is_over = true;
                h.violation(if is_orig { NO_REQUEST } else { NO_ANSWER });
                Step::Discard
            })
        });
    }
}

fn in_binary<H: Handler>(is_orig: bool, rest: &[u8], limits: Limits, h: &mut H) -> Option<Step> {
    if rest.len() < binary::HEADER {
        return Some(Step::NeedMore);
    }
    let header = binary::Header::read(rest, if is_orig { binary::REQUEST } else { binary::RESPONSE })?;
    if header.front() > limits.line {
        return None;
    }
    let Some(front) = rest.get(binary::HEADER..binary::HEADER + header.front()) else {
        return Some(Step::NeedMore);
    };
    if is_orig {
        h.request(&header.request(front));
    } else if !header.is_followed() {
        h.response(&header.response());
    }
    Some(Step::Took(binary::HEADER as u64 + u64::from(header.body)))
}

fn in_text<H: Handler>(
    is_orig: bool,
    rest: &[u8],
    limits: Limits,
    tag: Option<u32>,
    (values, bytes, begun): (&mut u64, &mut u64, &mut Option<&'static [u8]>),
    h: &mut H,
) -> Option<Step> {
    // What has no end yet was looked through when it came, as far as it may be one.
    let Some(end) = memchr::memchr(b'\n', rest.get(..limits.line.min(rest.len())).unwrap_or_default()) else {
        return (rest.len() < limits.line).then_some(Step::NeedMore);
    };
    let line = rest.get(..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut took = end as u64 + 1;
    // A value is followed by CRLF.
    let mut skip = |len: u64| took = took.saturating_add(len).saturating_add(2);
    if is_orig {
        let request = text::request(line)?;
        if let Some(len) = request.len {
            skip(len);
        }
        h.request(&Request { tag, ..request });
        return Some(Step::Took(took));
    }
    let mut end = |response: Response<'_>| {
        *begun = None;
        let (values, bytes) = (std::mem::take(values), std::mem::take(bytes));
        h.response(&Response {
            values: values + response.values,
            bytes: bytes + response.bytes,
            tag,
            ..response
        });
    };
    match text::answer(line)? {
        text::Line::Value(len) => {
            *values += 1;
            *bytes = bytes.saturating_add(len);
            *begun = Some(b"VALUE");
            skip(len);
        }
        text::Line::Last(len) => {
            skip(len);
            end(Response { status: b"VA", success: true, values: 1, bytes: len, tag });
        }
        text::Line::More => *begun = Some(b"STAT"),
        text::Line::End(response) => end(response),
    }
    Some(Step::Took(took))
}
