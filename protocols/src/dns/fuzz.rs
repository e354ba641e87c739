//! What must hold for any bytes at all. The fuzz target calls [`check`]; its corpus runs as a test.

use super::name::CAPACITY;
use super::row::MAX_ANSWER_BYTES;
use super::session::Pending;
use super::*;

/// Reads `data` as one message, as a connection's messages and as a stream.
///
/// # Panics
///
/// Where an invariant does not hold.
pub fn check(data: &[u8]) {
    check_message(data);
    check_session(data);
    check_stream(data);
}

#[derive(Default)]
struct Bounds {
    headers: usize,
    questions: usize,
    records: usize,
}

impl Visitor for Bounds {
    fn header(&mut self, _: &Header) {
        self.headers += 1;
    }

    fn question(&mut self, header: &Header, question: &Question<'_>) {
        self.questions += 1;
        assert!(self.questions <= usize::from(header.questions));
        assert!(question.name.len() <= CAPACITY);
        assert!(question.name.eq_ignore_ascii_case(question.original));
    }

    fn record(&mut self, header: &Header, record: &Record<'_>) {
        self.records += 1;
        let claimed = [header.answers, header.authorities, header.additionals].map(usize::from);
        assert!(self.records <= claimed.iter().sum());
        assert!(record.name.len() <= CAPACITY);
        assert!(!record.name.iter().any(u8::is_ascii_uppercase));
    }

    fn weird(&mut self, weird: Weird) {
        assert!(!weird.name().is_empty() && weird.to_string().len() < 64);
    }
}

fn check_message(data: &[u8]) {
    let mut scratch = Scratch::default();
    for skip in [true, false] {
        for netbios in [true, false] {
            let options = Options {
                netbios,
                over_udp: skip,
                max_questions: 25,
                skip_authority: skip,
                skip_additional: skip,
            };
            let mut bounds = Bounds::default();
            let outcome = parse_message(data, &options, &mut scratch, &mut bounds);
            assert_eq!(outcome == Outcome::NoHeader, bounds.headers == 0);
            assert!(outcome != Outcome::TooManyQuestions || bounds.questions + bounds.records == 0);
        }
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    flips: usize,
}

impl Sink for Count {
    fn row(&mut self, row: &Row) {
        self.rows += 1;
        assert!(row.query().is_none_or(|name| name.len() <= CAPACITY));
        assert!(row.answers().map(|(text, _)| text.len()).sum::<usize>() <= MAX_ANSWER_BYTES);
        assert!(row.answers().all(|(text, _)| !text.is_empty()));
        assert_eq!(row.qtype.is_some(), row.qtype_name().is_some());
    }

    fn weird(&mut self, _: Weird) {}

    fn flip_roles(&mut self) {
        self.flips += 1;
    }
}

/// The stream's messages, from both sides by turns. Whatever comes is logged once, or twice where
/// a message of another opcode finished a row early.
fn check_session(data: &[u8]) {
    let mut space = Workspace::default();
    for resp_port in [53, 137] {
        let flow = Flow { orig_port: 137, resp_port, transport: Transport::Udp, resp_multicast: false };
        let (mut session, mut sink) = (Session::default(), Count::default());
        let mut messages = 0_usize;
        StreamParser::default().data(data, |message| {
            messages += 1;
            session.message(
                &mut space,
                &flow,
                messages.is_multiple_of(2),
                messages as i64,
                message,
                &mut sink,
            );
            let pending = Pending::default();
            let ceiling = 1 + 2 * (pending.ids + 1) * (pending.messages + 1);
            assert!(session.waiting() <= messages.min(ceiling));
        });
        session.finish(&mut space, &mut sink);
        assert!(sink.rows <= 2 * messages);
        assert!(sink.flips <= 1);
    }
}

/// However a stream is cut, its messages are the same.
fn check_stream(data: &[u8]) {
    let collect = |parts: &[&[u8]]| {
        let mut parser = StreamParser::default();
        let mut out = Vec::new();
        for part in parts {
            parser.data(part, |message| out.push(message.to_vec()));
        }
        parser.end(|message| out.push(message.to_vec()));
        out
    };
    let whole = collect(&[data]);
    let at = data.first().map_or(0, |&b| usize::from(b) % (data.len() + 1));
    let (head, tail) = data.split_at_checked(at).unwrap_or((data, &[]));
    assert_eq!(collect(&[head, tail]), whole);
    assert_eq!(collect(&data.chunks(1).collect::<Vec<_>>()), whole);
}
