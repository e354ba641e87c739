//! One message, from its header to the damage or the end.

use super::name::{Decoder, Name};
use super::rdata::{self, Place};
use super::types::{Header, Question, Record, Section};
use super::weird::Weird;
use crate::reader::Reader;

/// How a message is to be read; the defaults are Zeek's.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The responder's port is 137: labels may be long and type 33 is NBSTAT.
    pub netbios: bool,
    /// It came in a datagram, where some EDNS options are out of place.
    pub over_udp: bool,
    /// Messages with more questions are not read on (Zeek's `dns_max_queries`); 0 for no limit.
    pub max_questions: u16,
    /// Leave the authority section unread (Zeek's `dns_skip_all_auth`).
    pub skip_authority: bool,
    /// Leave the additional section unread (Zeek's `dns_skip_all_addl`).
    pub skip_additional: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            netbios: false,
            over_udp: true,
            max_questions: 25,
            skip_authority: true,
            skip_additional: true,
        }
    }
}

impl Options {
    /// Whether the header announces too many questions for it to be DNS.
    fn refuses(&self, header: &Header) -> bool {
        self.max_questions > 0 && header.questions > self.max_questions
    }

    /// The same of a message, or of its beginning.
    pub fn refuses_message(&self, message: &[u8]) -> bool {
        Header::read(&mut Reader::new(message)).is_ok_and(|header| self.refuses(&header))
    }
}

/// What a message tells about the connection it came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Too short for a header; the visitor saw nothing but the weird.
    NoHeader,
    /// Too many questions: Zeek counts it against the protocol ("violation").
    TooManyQuestions,
    /// The questions or answers are damaged; the visitor saw those before.
    Damaged,
    /// Questions and answers are whole: Zeek is sure that this is DNS ("confirmation"). The
    /// sections behind them may still be damaged.
    Dns,
}

/// Hears what stands in a message, in the order it stands.
pub trait Visitor {
    /// A message begins.
    fn header(&mut self, _header: &Header) {}
    /// One of its questions.
    fn question(&mut self, _header: &Header, _question: &Question<'_>) {}
    /// One of its records, of any section.
    fn record(&mut self, _header: &Header, _record: &Record<'_>) {}
    /// Something about it is odd.
    fn weird(&mut self, _weird: Weird) {}
}

/// The names of the record in hand. One is enough for any number of messages, one at a time.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    owner: Name,
    data: [Name; 2],
}

/// Reads `message` and tells `visitor`.
pub fn parse_message(
    message: &[u8],
    options: &Options,
    scratch: &mut Scratch,
    visitor: &mut impl Visitor,
) -> Outcome {
    let mut r = Reader::new(message);
    let Ok(header) = Header::read(&mut r) else {
        visitor.weird(Weird::TruncatedHeader);
        return Outcome::NoHeader;
    };
    visitor.header(&header);
    // "There is a great deal of non-DNS traffic that runs on port 53": Zeek's reason, and a cheap
    // way to see it.
    if options.refuses(&header) {
        visitor.weird(Weird::TooManyQuestions);
        return Outcome::TooManyQuestions;
    }
    let names = Decoder { message, long_labels: options.netbios };
    let mut parser = Parser { header, names, options, r, scratch, visitor };
    if parser.questions().is_none() || parser.records(Section::Answer, header.answers, true).is_none() {
        return Outcome::Damaged;
    }
    parser.rest();
    Outcome::Dns
}

struct Parser<'m, 'a, V> {
    header: Header,
    names: Decoder<'m>,
    options: &'a Options,
    r: Reader<'m>,
    scratch: &'a mut Scratch,
    visitor: &'a mut V,
}

/// `None` stops the parser: what follows cannot be found.
type Step = Option<()>;

impl<V: Visitor> Parser<'_, '_, V> {
    fn questions(&mut self) -> Step {
        (0..self.header.questions).try_for_each(|_| self.question())
    }

    fn question(&mut self) -> Step {
        let Scratch { owner, data: [original, _] } = &mut *self.scratch;
        self.names.read(&mut self.r, original, &mut |w| self.visitor.weird(w));
        if self.r.remaining() < 4 {
            self.visitor.weird(Weird::TruncatedQuestion);
            return None;
        }
        let qtype = self.r.u16("QTYPE").ok()?;
        let qclass = self.r.u16("QCLASS").ok()?;
        owner.copy_from(original);
        owner.make_lowercase();
        let question = Question { name: owner.as_bytes(), original: original.as_bytes(), qtype, qclass };
        self.visitor.question(&self.header, &question);
        Some(())
    }

    /// Authority and additional section, as far as they are wanted. With both unwanted, or with
    /// answers and nothing more, there is nothing to do.
    fn rest(&mut self) {
        let answered = self.header.answers > 0;
        let skip_authority = self.options.skip_authority || answered && self.header.authorities == 0;
        let skip_additional = self.options.skip_additional || answered && self.header.additionals == 0;
        if skip_additional && skip_authority {
            return;
        }
        let authority = self.records(Section::Authority, self.header.authorities, !skip_authority);
        if authority.is_some() && !skip_additional {
            let _ = self.records(Section::Additional, self.header.additionals, true);
        }
    }

    /// Reads a section; with `report` off only to get past it.
    fn records(&mut self, section: Section, count: u16, report: bool) -> Step {
        (0..count).try_for_each(|_| self.record(section, report))
    }

    fn record(&mut self, section: Section, report: bool) -> Step {
        let Scratch { owner, data } = &mut *self.scratch;
        let weird = &mut |w| self.visitor.weird(w);
        let r = &mut self.r;
        self.names.read(r, owner, weird);
        owner.make_lowercase();
        if r.remaining() < 4 {
            weird(Weird::TruncatedRecord);
            return None;
        }
        let (rtype, class) = (r.u16("TYPE").ok()?, r.u16("CLASS").ok()?);
        // Zeek takes what the message is too short for to be 0, and reads on where it stood: three
        // bytes are no TTL, but two of them are the RDLENGTH.
        let ttl = r.u32("TTL").unwrap_or(0);
        let rdlength = usize::from(r.u16("RDLENGTH").unwrap_or(0));
        if rdlength > r.remaining() {
            weird(Weird::RdataPastMessage);
            return None;
        }
        if rdlength == 0 && !r.is_empty() {
            weird(Weird::ZeroRdlength);
            return None;
        }
        if !report && rdata::is_skippable(rtype) {
            return r.skip(rdlength, "RDATA").ok();
        }
        let Options { netbios, over_udp, .. } = *self.options;
        let place = Place { names: self.names, rtype, rdlength, netbios, over_udp };
        let read = rdata::read(place, r, data, weird);
        if let Some(data) = read.data.filter(|_| report) {
            let record = Record { section, name: owner.as_bytes(), rtype, class, ttl, data };
            self.visitor.record(&self.header, &record);
        }
        read.go_on.then_some(())
    }
}
