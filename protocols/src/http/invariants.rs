//! What must hold for every input; the fuzz targets and the tests over their seeds call these.

use super::log::{Row, RowLimits, RowSink, Rows};
use super::{
    Close, Content, EntityId, Handler, Handover, Header, Limits, MessageStat, ReplyLine, RequestLine,
    Session, Source,
};
use crate::mime::{ContentType, base64::Base64Decoder, filename, percent, quoted, text};

/// Begins a step in a scripted exchange; the next byte says which.
pub const STEP: &[u8] = b"\xff\xfe";

/// One step of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Bytes, of the originator or not.
    Data(bool, &'a [u8]),
    /// So many bytes are missing.
    Gap(bool, u64),
    /// A side has ended.
    End(bool),
    /// The connection was reset.
    Reset,
}

/// Reads a script: after each [`STEP`] comes `>` or `<` and the bytes of originator or responder,
/// `(` or `)` and one byte for a gap of that length, `O` or `R` for an end, `X` for a reset. Bytes
/// before the first step are the originator's.
pub fn script(input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    let mut first = true;
    let mut rest = Some(input);
    std::iter::from_fn(move || {
        let text = rest?;
        let (step, tail) = match text.windows(STEP.len()).position(|window| window == STEP) {
            Some(at) => (text.get(..at)?, text.get(at + STEP.len()..)),
            None => (text, None),
        };
        rest = tail;
        if std::mem::take(&mut first) {
            return Some(Step::Data(true, step));
        }
        Some(match step {
            [b'<', data @ ..] => Step::Data(false, data),
            [side @ (b'(' | b')'), len, ..] => Step::Gap(*side == b'(', u64::from(*len)),
            [b'O', ..] => Step::End(true),
            [b'R', ..] => Step::End(false),
            [b'X', ..] => Step::Reset,
            [b'>', data @ ..] | data => Step::Data(true, data),
        })
    })
}

/// One event, owned; runs of content and of bytes passed on are joined.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// Whatever else is told, as text.
    Text(String),
    /// Content of an entity.
    Content {
        /// Whose it is.
        is_orig: bool,
        /// The entity that it is of.
        entity: EntityId,
        /// Where it begins, if a range says so.
        offset: Option<u64>,
        /// How long all of it is, if a range says so.
        total: Option<u64>,
        /// The bytes themselves.
        data: Vec<u8>,
    },
    /// Bytes of another protocol.
    PassedOn(bool, Vec<u8>),
    /// A weird, what it is about and whose it is.
    Weird(&'static str, Vec<u8>, Source),
    /// A row of the log.
    Row(Box<Row>),
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Event::Text(text) => f.write_str(text),
            Event::Content { is_orig, entity, offset, total, data } => {
                write!(f, "content {is_orig} {entity:?} {offset:?} {total:?} {}", data.escape_ascii())
            }
            Event::PassedOn(is_orig, data) => write!(f, "passed on {is_orig} {}", data.escape_ascii()),
            Event::Weird(name, addl, source) => write!(f, "weird {name} {} {source:?}", addl.escape_ascii()),
            Event::Row(row) => write!(f, "{row:?}"),
        }
    }
}

/// A handler that keeps all events and the rows made of them.
pub struct Recorder {
    /// In their order.
    pub events: Vec<Event>,
    rows: Rows,
    now_ns: u64,
    /// What was odd about base64 bodies.
    pub base64_flaws: Vec<Vec<u8>>,
    /// Something was met whose place, as in Zeek, depends on how the stream was cut into segments: a corrupt
    /// coding, or a body read as lines that ended in one.
    pub depends_on_cut: bool,
}

struct Sink<'a>(&'a mut Vec<Event>);

impl RowSink for Sink<'_> {
    fn row(&mut self, row: &Row) {
        self.0.push(Event::Row(Box::new(row.clone())));
    }

    fn weird(&mut self, name: &'static str, addl: &[u8]) {
        self.0.push(Event::Weird(name, addl.to_vec(), Source::Connection));
    }
}

impl Recorder {
    fn new() -> Self {
        Recorder {
            events: Vec::new(),
            rows: Rows::new(RowLimits { capture_password: true, ..RowLimits::default() }),
            now_ns: 0,
            base64_flaws: Vec::new(),
            depends_on_cut: false,
        }
    }

    fn text(&mut self, text: String) {
        self.events.push(Event::Text(text));
    }
}

impl Handler for Recorder {
    fn request(&mut self, line: &RequestLine<'_>) {
        let (method, uri) = (line.method.escape_ascii(), line.uri.escape_ascii());
        let (unescaped, version) = (line.unescaped_uri.escape_ascii(), line.version.text());
        self.text(format!("request {method} {uri} {unescaped} {}", version.escape_ascii()));
        self.rows.request(self.now_ns, line, &mut Sink(&mut self.events));
    }

    fn reply(&mut self, line: &ReplyLine<'_>) {
        let reason = line.reason.map(|reason| reason.escape_ascii().to_string());
        self.text(format!("reply {} {} {reason:?}", line.version.text().escape_ascii(), line.code));
        self.rows.reply(self.now_ns, line);
    }

    fn begin_entity(&mut self, is_orig: bool, entity: EntityId) {
        self.text(format!("begin {is_orig} {entity:?}"));
        self.rows.begin_entity(self.now_ns, is_orig);
    }

    fn header(&mut self, is_orig: bool, header: &Header<'_>) {
        let (name, value) = (header.name.escape_ascii(), header.value.escape_ascii());
        self.text(format!("header {is_orig} {:?} {name}: {value}", header.id));
        self.rows.header(self.now_ns, is_orig, header, &mut Sink(&mut self.events));
    }

    fn headers_done(&mut self, is_orig: bool, content_type: &[u8]) {
        self.text(format!("headers {is_orig} {}", content_type.escape_ascii()));
    }

    fn content(&mut self, is_orig: bool, content: &Content<'_>) {
        assert!(!content.data.is_empty(), "content is never empty");
        if let Some(Event::Content { is_orig: o, entity, offset, data, .. }) = self.events.last_mut() {
            let follows = offset.map(|offset| offset.saturating_add(data.len() as u64)) == content.offset;
            if *o == is_orig && *entity == content.entity && follows && content.total.is_none() {
                data.extend_from_slice(content.data);
                return;
            }
        }
        let &Content { entity, offset, total, data } = content;
        self.events.push(Event::Content { is_orig, entity, offset, total, data: data.to_vec() });
    }

    fn content_gap(&mut self, is_orig: bool, entity: EntityId, offset: u64, len: u64) {
        self.text(format!("gap {is_orig} {entity:?} {offset} {len}"));
    }

    fn end_entity(&mut self, is_orig: bool, entity: EntityId) {
        self.text(format!("end {is_orig} {entity:?}"));
        self.rows.end_entity();
    }

    fn end_file(&mut self, is_orig: bool, entity: EntityId) {
        self.text(format!("file {is_orig} {entity:?}"));
    }

    fn message_done(&mut self, is_orig: bool, stat: &MessageStat) {
        self.text(format!("done {is_orig} {stat:?}"));
        self.rows.message_done(self.now_ns, is_orig, stat, &mut Sink(&mut self.events));
    }

    fn handover(&mut self, to: Handover<'_>) {
        self.text(match to {
            Handover::Connect => "handover to anything".to_owned(),
            Handover::Upgrade(protocol) => format!("handover to {}", protocol.escape_ascii()),
        });
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        if let Some(Event::PassedOn(side, passed)) = self.events.last_mut()
            && *side == is_orig
        {
            passed.extend_from_slice(data);
            return;
        }
        self.events.push(Event::PassedOn(is_orig, data.to_vec()));
    }

    fn passed_gap(&mut self, is_orig: bool, len: u64) {
        self.text(format!("passed gap {is_orig} {len}"));
    }

    fn weird(&mut self, name: &'static str, addl: &[u8], source: Source) {
        // How many bytes lay behind the head in its segment is the one thing that may differ
        // between two cuts of the same stream.
        if name.starts_with("protocol_data_with_HTTP") {
            return;
        }
        self.depends_on_cut |= source == Source::Zip || name == "line_terminated_without_CRLF";
        // Told ahead of all that its piece of the body decodes to: its place depends on the cut.
        if name == "base64_illegal_encoding" {
            self.base64_flaws.push(addl.to_vec());
            return;
        }
        self.events.push(Event::Weird(name, addl.to_vec(), source));
    }

    fn confirmed(&mut self) {
        self.text("confirmed".to_owned());
    }

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        self.text(format!("violation {reason} {}", line.escape_ascii()));
    }

    fn note(&mut self, category: &'static str, detail: &[u8]) {
        self.text(format!("note {category} {}", detail.escape_ascii()));
    }
}

/// Runs a script with the bytes of each step cut into pieces of at most `piece` bytes.
pub fn run<'a>(steps: impl IntoIterator<Item = Step<'a>>, piece: usize, limits: Limits) -> Recorder {
    run_on(&mut Session::new(limits), &mut Recorder::new(), steps, piece, limits)
}

fn run_on<'a>(
    session: &mut Session,
    recorder: &mut Recorder,
    steps: impl IntoIterator<Item = Step<'a>>,
    piece: usize,
    limits: Limits,
) -> Recorder {
    for (at, step) in steps.into_iter().enumerate() {
        let now_ns = at as u64;
        recorder.now_ns = now_ns;
        match step {
            Step::Data(is_orig, data) => {
                for piece in data.chunks(piece.max(1)) {
                    session.data(is_orig, now_ns, piece, recorder);
                }
            }
            Step::Gap(is_orig, len) => session.gap(is_orig, now_ns, len, recorder),
            Step::End(is_orig) => session.end(is_orig, now_ns, recorder),
            Step::Reset => session.close(Close::Reset, now_ns, recorder),
        }
        assert!(session.buffered() <= 2 * limits.max_line as usize + 256, "lines are bounded");
    }
    session.close(Close::Removed, recorder.now_ns, recorder);
    let Recorder { rows, events, .. } = &mut *recorder;
    rows.finish(&mut Sink(events));
    // What was recorded goes out; the rows stay, as used as the session.
    let mut fresh = Recorder::new();
    std::mem::swap(&mut fresh.rows, &mut recorder.rows);
    std::mem::replace(recorder, fresh)
}

/// No input panics, how a stream is cut into segments does not change what it means, and neither does
/// what a session was used for before.
pub fn http(input: &[u8]) {
    let limits = Limits { max_line: 4096, max_header: 512, max_depth: 8, ..Limits::default() };
    let whole = run(script(input), usize::MAX, limits);
    for piece in [1, 7] {
        let cut = run(script(input), piece, limits);
        if !whole.depends_on_cut && !cut.depends_on_cut {
            let same = whole.events == cut.events && whole.base64_flaws == cut.base64_flaws;
            let script = input.escape_ascii();
            assert!(same, "{script}\ncut into {piece}:\n{:#?}\nwhole:\n{:#?}", cut.events, whole.events);
        }
    }
    let (mut session, mut recorder) = (Session::new(limits), Recorder::new());
    run_on(&mut session, &mut recorder, script(input), 7, limits);
    session.reset();
    assert_eq!(session.inflating(), 0);
    recorder.rows.reset(0);
    let again = run_on(&mut session, &mut recorder, script(input), usize::MAX, limits);
    assert_eq!(format!("{:?}", again.events), format!("{:?}", whole.events), "a session used again");
}

/// The readers of header values and encodings panic on nothing and never put out more than they
/// were given, or than their line ends add.
pub fn mime(input: &[u8]) {
    if let Some((name, value)) = text::header_line(input) {
        assert!(!name.is_empty() && name.len() + value.len() < input.len());
    }
    if let Some(parsed) = ContentType::parse(input) {
        assert!(parsed.boundary.is_none_or(|boundary| boundary.len() <= input.len()));
    }
    for name in [filename::from_content_disposition(input), filename::from_content_type(input)] {
        assert!(name.is_none_or(|name| name.len() < input.len()));
    }
    let mut out = Vec::new();
    percent::unescape(input, &mut out, |_| {});
    assert!(out.len() <= input.len());

    out.clear();
    quoted::decode_line(input, &mut out);
    assert!(out.len() <= input.len() + 2);

    let (mut whole, mut cut) = (Vec::new(), Vec::new());
    let mut decoder = Base64Decoder::default();
    decoder.decode(input, &mut whole, |_| {});
    decoder.finish(&mut whole, |_| {});
    let mut decoder = Base64Decoder::default();
    for byte in input {
        decoder.decode(std::slice::from_ref(byte), &mut cut, |_| {});
    }
    decoder.finish(&mut cut, |_| {});
    assert_eq!(whole, cut);
    assert!(whole.len() <= input.len() + 2);
}
