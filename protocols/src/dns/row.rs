//! One row of `dns.log`, while it is gathered and when it is done.

use super::answer::{self, Spelling};
use super::codes::{self, Code};
use super::types::{Header, Question, Record, rr};

/// Bytes of answers one row keeps. A message of 64 KB whose records all point at one long name
/// would otherwise spell out to megabytes, and wait in memory for a query that never comes.
pub const MAX_ANSWER_BYTES: usize = 256 * 1024;

/// Rows kept for use again. More than that are waiting for a reply only under attack.
const MAX_POOLED: usize = 1024;

/// Buffer space a row keeps between uses.
const MAX_KEPT: usize = 4 * 1024;

/// A query and its reply, or either alone: the fields of `dns.log` in their order, without those
/// of the connection. Times are nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// When the first message of the row was seen.
    pub ts: i64,
    /// The message's identifier.
    pub trans_id: u16,
    /// From the row's first message to the reply's first answer, where that took any time.
    pub rtt: Option<i64>,
    /// The question's class.
    pub qclass: Option<u16>,
    /// The question's type.
    pub qtype: Option<u16>,
    /// The answer's response code.
    pub rcode: Option<u8>,
    /// AA and RA are those of a reply with answers, TC, RD and Z those of the query.
    pub authoritative: bool,
    /// TC: more did not fit.
    pub truncated: bool,
    /// RD: the client asked for recursion.
    pub recursion_desired: bool,
    /// RA: the server offers it.
    pub recursion_available: bool,
    /// The bits that must be zero.
    pub z: u8,
    /// The server refused to answer.
    pub rejected: bool,
    /// The reply's counts: of answers, and of records in all.
    pub total_answers: Option<u16>,
    /// Records of the answer, as its header counts them.
    pub total_replies: Option<u32>,
    /// Answers were left out for [`MAX_ANSWER_BYTES`].
    pub answers_cut: bool,
    has_query: bool,
    netbios: bool,
    saw_query: bool,
    saw_reply: bool,
    query: Vec<u8>,
    /// The answers' text, end to end.
    text: Vec<u8>,
    answers: Vec<Answer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Answer {
    /// Where its text ends.
    end: u32,
    ttl: u32,
}

impl Row {
    /// The name asked for, as bytes to be escaped; a NetBIOS name is decoded.
    pub fn query(&self) -> Option<&[u8]> {
        self.has_query.then_some(&self.query)
    }

    /// The class by its name in Zeek.
    pub fn qclass_name(&self) -> Option<Code> {
        self.qclass.map(codes::qclass)
    }

    /// The type by its name in Zeek.
    pub fn qtype_name(&self) -> Option<Code> {
        match self.qtype {
            // SRV was given the number that NetBIOS had used for its node status.
            Some(rr::SRV) if self.netbios => Some(Code::Named("NBSTAT")),
            qtype => qtype.map(codes::qtype),
        }
    }

    /// The response code by its name in Zeek.
    pub fn rcode_name(&self) -> Option<Code> {
        self.rcode.map(codes::rcode)
    }

    /// Each answer's text and its TTL in seconds. With none, both fields of the log are unset.
    pub fn answers(&self) -> impl ExactSizeIterator<Item = (&[u8], u32)> {
        let mut start = 0;
        self.answers.iter().map(move |answer| {
            let end = answer.end as usize;
            let text = self.text.get(start..end).unwrap_or_default();
            start = end;
            (text, answer.ttl)
        })
    }

    /// One of [`Row::answers`], by its place.
    pub fn answer(&self, index: usize) -> Option<(&[u8], u32)> {
        let answer = self.answers.get(index)?;
        let before = index.checked_sub(1).and_then(|before| self.answers.get(before));
        let start = before.map_or(0, |before| before.end as usize);
        Some((self.text.get(start..answer.end as usize)?, answer.ttl))
    }

    pub(super) fn set_query(&mut self, header: &Header, question: &Question<'_>, netbios: Option<&[u8]>) {
        self.recursion_desired = header.recursion_desired();
        self.truncated = header.truncated();
        self.z = header.z();
        self.qclass = Some(question.qclass);
        self.qtype = Some(question.qtype);
        self.set_name(netbios.unwrap_or(question.name));
    }

    /// The connection is one of NetBIOS names: type 33 is NBSTAT.
    pub(super) fn set_netbios(&mut self) {
        self.netbios = true;
    }

    fn set_name(&mut self, name: &[u8]) {
        self.has_query = true;
        self.query.clear();
        self.query.extend_from_slice(name);
    }

    /// What every reply brings, before its records.
    pub(super) fn set_reply(&mut self, header: &Header) {
        self.rcode = Some(header.rcode());
        self.total_answers.get_or_insert(header.answers);
        self.total_replies.get_or_insert(
            u32::from(header.answers) + u32::from(header.authorities) + u32::from(header.additionals),
        );
        if header.rcode() != 0 && header.questions == 0 {
            self.rejected = true;
        }
    }

    /// Adds a record of the answer section, and says whether there was room for it.
    pub(super) fn add_answer(&mut self, now: i64, header: &Header, record: &Record<'_>) -> bool {
        let start = self.text.len();
        let spelling = answer::spell(record, &mut self.text);
        if spelling == Spelling::None {
            return true;
        }
        if !self.has_query {
            self.set_name(record.name);
        }
        self.authoritative = header.authoritative();
        self.recursion_available = header.recursion_available();
        if self.rtt.is_none() {
            // A row that began with this reply has no round trip.
            self.rtt = Some(now - self.ts).filter(|&rtt| rtt != 0);
        }
        if self.text.len() > MAX_ANSWER_BYTES {
            self.text.truncate(start);
            self.answers_cut = true;
            return false;
        }
        if spelling == Spelling::Text {
            self.answers.push(Answer { end: self.text.len() as u32, ttl: record.ttl });
        }
        true
    }

    /// Notes that a message of the row has ended, and says whether that completes the row.
    pub(super) fn saw(&mut self, response: bool) -> bool {
        if response {
            self.saw_reply = true;
        } else {
            self.saw_query = true;
        }
        self.saw_query && self.saw_reply
    }

    /// Bytes of answers held.
    pub(super) fn weight(&self) -> usize {
        self.text.len()
    }

    fn reset(&mut self, ts: i64, trans_id: u16) {
        let Row { mut query, mut text, mut answers, .. } = std::mem::take(self);
        query.clear();
        text.clear();
        answers.clear();
        *self = Row { ts, trans_id, query, text, answers, ..Row::default() };
    }
}

/// Rows to be used again, so that a query and its reply cost no allocation. One per worker.
#[derive(Debug, Default)]
pub struct RowPool {
    // Boxed because they move between here and the connections, by the pointer.
    #[allow(clippy::vec_box)]
    free: Vec<Box<Row>>,
}

impl RowPool {
    pub(super) fn take(&mut self, ts: i64, trans_id: u16) -> Box<Row> {
        let mut row = self.free.pop().unwrap_or_default();
        row.reset(ts, trans_id);
        row
    }

    pub(super) fn give(&mut self, row: Box<Row>) {
        let kept = row.text.capacity() + row.query.capacity() + row.answers.capacity() * size_of::<Answer>();
        if kept <= MAX_KEPT && self.free.len() < MAX_POOLED {
            self.free.push(row);
        }
    }
}
