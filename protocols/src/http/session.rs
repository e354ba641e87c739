//! Both directions of one connection: which line is expected next, and what a line means there.

use std::collections::VecDeque;

use super::Limits;
use super::entity::ExpectBody;
use super::handler::{Handler, Handover, Header, ReplyLine, RequestLine, Source, Version};
use super::head::{self, HeaderName, NotARequest, VersionField, token_is};
use super::inflate::Budget;
use super::lines::{Lines, Piece};
use super::message::Message;
use crate::mime::percent;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expect {
    #[default]
    FirstLine,
    Message,
    /// The direction was interrupted: its lines mean nothing any more.
    Nothing,
    /// A HTTP/0.9 request was made: the reply is bytes without a head.
    Http09,
}

/// One direction.
#[derive(Default)]
pub(super) struct Side {
    pub lines: Lines,
    pub message: Message,
    expect: Expect,
    /// A message began and did not end.
    pub ongoing: bool,
    pub version: Version,
}

impl Side {
    fn reset(&mut self) {
        let Side { lines, message, expect, ongoing, version } = self;
        lines.reset();
        message.reset();
        (*expect, *ongoing, *version) = Default::default();
    }
}

/// What a buffer has allocated, to be used again, unless it is too much to be kept.
pub(super) fn emptied(buffer: &mut Vec<u8>) -> Vec<u8> {
    let mut buffer = std::mem::take(buffer);
    if buffer.capacity() > 4096 {
        return Vec::new();
    }
    buffer.clear();
    buffer
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Close {
    /// Both sides closed.
    Finished,
    /// A side reset it.
    Reset,
    /// It timed out, or the capture ended.
    Removed,
}

impl Close {
    const fn reason(self) -> &'static str {
        match self {
            Close::Finished => "message ends as connection is finished",
            Close::Reset => "message interrupted by RST",
            Close::Removed => "message interrupted when connection done",
        }
    }
}

/// The requests without a reply, oldest first.
#[derive(Default)]
struct Unanswered {
    /// Whether each is a HEAD.
    known: VecDeque<bool>,
    /// So many more came behind those, of which only that is known.
    unknown: u64,
}

impl Unanswered {
    fn len(&self) -> u64 {
        self.known.len() as u64 + self.unknown
    }

    fn push(&mut self, is_head: bool, max_known: u16) {
        // Behind one of which nothing is known all are: replies must find their own.
        if self.unknown > 0 || self.known.len() >= usize::from(max_known) {
            self.unknown += 1;
        } else {
            self.known.push_back(is_head);
        }
    }

    fn first_is_head(&self) -> bool {
        self.known.front() == Some(&true)
    }

    /// The oldest got its reply. False where there was none.
    fn pop(&mut self) -> bool {
        let any = self.len() > 0;
        if self.known.pop_front().is_none() {
            self.unknown = self.unknown.saturating_sub(1);
        }
        any
    }
}

/// The state of one HTTP connection; see the [module](super) documentation.
///
/// While the connection's start is missing, say so with [`set_partial`](Self::set_partial): the
/// middle of a message would be taken for its beginning.
#[derive(Default)]
pub struct Session {
    pub(super) limits: Limits,
    pub(super) orig: Side,
    pub(super) resp: Side,
    pub(super) now_ns: u64,
    requests: u64,
    /// The connection carries more than one request.
    keep_alive: bool,
    /// The server announced that the end of the connection ends the body.
    pub(super) closes: bool,
    pub(super) reply_code: u16,
    unanswered: Unanswered,
    connect_requested: bool,
    upgrade_offered: bool,
    /// The token of the reply's Upgrade header.
    upgrade_to: Vec<u8>,
    handed_over: bool,
    single_cr_told: bool,
    partial: bool,
    /// Entities numbered so far.
    pub(super) entities: u32,
    /// Bytes of the current input behind what is being read.
    pub(super) remaining: usize,
    pub(super) inflate_budget: Budget,
    /// Where a URI with escapes is decoded.
    unescaped: Vec<u8>,
}

/// Rounds in a row that use nothing up, before it is taken for an endless loop.
const MAX_IDLE_ROUNDS: u32 = 8;

impl Session {
    /// A connection of which nothing has come yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Makes it the session of a new connection. What is allocated is kept, unless it grew unusually
    /// large: a monitor sees many short connections, and few at a time.
    pub fn reset(&mut self) {
        // In place, and each by its name: to make another one copies it several times.
        let Session {
            limits: _,
            orig,
            resp,
            now_ns,
            requests,
            keep_alive,
            closes,
            reply_code,
            unanswered,
            connect_requested,
            upgrade_offered,
            upgrade_to,
            handed_over,
            single_cr_told,
            partial,
            entities,
            remaining,
            inflate_budget,
            unescaped,
        } = self;
        orig.reset();
        resp.reset();
        (*now_ns, *requests, *reply_code, *entities, *remaining) = Default::default();
        (*keep_alive, *closes, *connect_requested, *upgrade_offered) = Default::default();
        (*handed_over, *single_cr_told, *partial) = Default::default();
        unanswered.known.clear();
        unanswered.unknown = 0;
        *inflate_budget = Budget::default();
        *upgrade_to = emptied(upgrade_to);
        *unescaped = emptied(unescaped);
    }

    /// What applies from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Bytes held because the line they begin is not complete yet.
    pub fn buffered(&self) -> usize {
        self.orig.lines.buffered() + self.resp.lines.buffered()
    }

    /// Bodies being inflated at the moment.
    pub fn inflating(&self) -> usize {
        let of = |side: &Side| {
            let parts = side.message.parts.iter().filter(|part| part.inflater.is_some()).count();
            parts + usize::from(side.message.top.inflater.is_some())
        };
        of(&self.orig) + of(&self.resp)
    }

    /// Whether a request has begun, if only with a part of its first line, and has not ended.
    pub fn is_asking(&self) -> bool {
        !self.handed_over && (self.is_in_request() || self.orig.lines.buffered() > 0)
    }

    /// Whether a request's first line was read, and its end was not.
    pub fn is_in_request(&self) -> bool {
        self.orig.message.exists && !self.orig.message.finished
    }

    /// Whether HTTP ended with a CONNECT or an Upgrade.
    pub fn is_handed_over(&self) -> bool {
        self.handed_over
    }

    /// The start of the connection was not seen. Like Zeek the session then reads nothing and only
    /// notices odd line ends of the originator.
    pub fn set_partial(&mut self, partial: bool) {
        self.partial = partial;
    }

    pub(super) fn side(&mut self, is_orig: bool) -> &mut Side {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    /// The next bytes of a direction, at packet time `now_ns`.
    pub fn data<H: Handler>(&mut self, is_orig: bool, now_ns: u64, data: &[u8], h: &mut H) {
        self.now_ns = now_ns;
        let mut input = data;
        if self.partial && !is_orig {
            return;
        }
        self.side(is_orig).lines.begin_segment(data);
        let (mut left, mut idle) = ((usize::MAX, usize::MAX), 0);
        while !input.is_empty() {
            // Rounds use some of the input up, or of what is held of a line, but for the few in which a message goes
            // from one part to the next; more than those would be endless.
            let now = (input.len(), self.side(is_orig).lines.buffered());
            idle = if now < left { 0 } else { idle + 1 };
            debug_assert!(idle < MAX_IDLE_ROUNDS, "no progress in {now:?}");
            if idle >= MAX_IDLE_ROUNDS {
                self.side(is_orig).lines.stop();
                break;
            }
            left = now;
            if self.partial && !self.handed_over {
                self.next_piece(is_orig, &mut input, h);
                continue;
            }
            if self.handed_over {
                self.side(is_orig).lines.skip_line_end(&mut input);
                if !input.is_empty() {
                    h.passed_on(is_orig, input);
                }
                break;
            }
            if !is_orig && self.resp.expect == Expect::Http09 {
                self.http09_data(input, h);
                break;
            }
            if !self.fast_headers(is_orig, &mut input, h) {
                self.next_piece(is_orig, &mut input, h);
            }
        }
        self.remaining = 0;
        if self.side(is_orig).lines.end_segment() {
            h.weird("line_terminated_without_CRLF", b"", Source::ContentLine);
            self.buffered_line(is_orig, h);
        }
    }

    /// `len` bytes of a direction were never seen. Reading goes on only where they lay wholly in a
    /// body of known length; else the direction is given up, and with a request its reply too,
    /// whose reading depends on it.
    pub fn gap<H: Handler>(&mut self, is_orig: bool, now_ns: u64, len: u64, h: &mut H) {
        const REASON: &str = "message interrupted by a content gap";
        self.now_ns = now_ns;
        if self.handed_over {
            h.passed_gap(is_orig, len);
        }
        if self.side(is_orig).message.exists && self.skip_gap(is_orig, len, h) {
            return;
        }
        if is_orig {
            self.request_made(true, REASON, h);
        }
        self.reply_made(true, REASON, h);
        self.side(is_orig).lines.stop();
    }

    /// A direction ended in order (FIN).
    pub fn end<H: Handler>(&mut self, is_orig: bool, now_ns: u64, h: &mut H) {
        const REASON: &str = "message ends as connection contents are completely delivered";
        self.now_ns = now_ns;
        if !self.handed_over && !self.partial && self.side(is_orig).lines.end() {
            self.buffered_line(is_orig, h);
        }
        if is_orig {
            self.request_made(false, REASON, h);
        } else {
            self.reply_made(false, REASON, h);
        }
    }

    /// The connection ended. May come more than once, each for its own reason.
    pub fn close<H: Handler>(&mut self, how: Close, now_ns: u64, h: &mut H) {
        self.now_ns = now_ns;
        self.request_made(true, how.reason(), h);
        self.reply_made(true, how.reason(), h);
    }

    fn next_piece<H: Handler>(&mut self, is_orig: bool, input: &mut &[u8], h: &mut H) {
        let max_line = self.limits.max_line as usize;
        let side = self.side(is_orig);
        let may_be_long = side.lines.buffered() + input.len() > max_line;
        let in_body = may_be_long && side.expect == Expect::Message && side.message.reads_content();
        let lines = &mut side.lines;
        let piece = lines.next(input, max_line, in_body);
        let flaws = lines.take_flaws();
        if flaws.single_cr && !std::mem::replace(&mut self.single_cr_told, true) {
            h.weird("line_terminated_with_single_CR", b"", Source::ContentLine);
        }
        if flaws.line_too_long {
            h.weird("contentline_size_exceeded", b"", Source::ContentLine);
        }
        self.remaining = input.len();
        match piece {
            Some(Piece::Buffered | Piece::BufferedPlain) if self.partial => {
                let line = self.side(is_orig).lines.take_buffer();
                self.side(is_orig).lines.give_back(line);
            }
            _ if self.partial => {}
            Some(Piece::Line(line)) => self.line(is_orig, line, h),
            Some(Piece::Buffered) => self.buffered_line(is_orig, h),
            Some(Piece::Plain(data)) => self.plain(is_orig, data, h),
            Some(Piece::BufferedPlain) => {
                let data = self.side(is_orig).lines.take_buffer();
                self.plain(is_orig, &data, h);
                self.side(is_orig).lines.give_back(data);
            }
            None => {}
        }
    }

    fn buffered_line<H: Handler>(&mut self, is_orig: bool, h: &mut H) {
        let line = self.side(is_orig).lines.take_buffer();
        self.line(is_orig, &line, h);
        self.side(is_orig).lines.give_back(line);
    }

    fn plain<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        if self.side(is_orig).message.exists {
            self.deliver(is_orig, 0, data, false, h);
        } else if is_orig {
            h.weird("unexpected_client_HTTP_data", b"", Source::Http);
        } else {
            h.weird("unexpected_server_HTTP_data", b"", Source::Http);
        }
    }

    fn line<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        match (self.side(is_orig).expect, is_orig) {
            (Expect::FirstLine, true) => self.request_line(line, h),
            (Expect::FirstLine, false) => self.reply_line(line, h),
            (Expect::Message, _) => {
                self.deliver(is_orig, 0, line, true, h);
                if !is_orig && line.is_empty() {
                    self.check_connect(h);
                }
            }
            (Expect::Nothing | Expect::Http09, _) => {}
        }
    }

    fn request_line<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        let method = match self.parse_request(line, h) {
            Ok(method) => method,
            Err(why) => {
                let name = match why {
                    NotARequest::Bad => "bad_HTTP_request",
                    NotARequest::BadWithVersion => "bad_HTTP_request_with_version",
                };
                h.weird(name, b"", Source::Http);
                return self.no_request(line, h);
            }
        };
        self.requests += 1;
        if !self.keep_alive && self.requests > 1 {
            h.weird("unexpected_multiple_HTTP_requests", b"", Source::Http);
        }
        self.init_message(true, ExpectBody::Maybe, line.len(), h);
        if self.orig.version == Version::HTTP_09 {
            // RFC 1945 §5: a Simple-Request is a GET.
            if method != b"GET" {
                h.weird("invalid_http_09_request_method", method, Source::Http);
            }
            if self.resp.message.exists {
                h.weird("http_09_reply_before_request", b"", Source::Http);
                self.message_done(false, false, "message ends normally", h);
                self.resp.message.exists = false;
            }
            self.resp.expect = Expect::Http09;
        }
    }

    /// Reads a request line and tells of it. The method, if it is one.
    fn parse_request<'a, H: Handler>(&mut self, line: &'a [u8], h: &mut H) -> Result<&'a [u8], NotARequest> {
        let parts = head::parse_request_line(line)?;
        if parts.missing_uri {
            h.weird("missing_HTTP_uri", b"", Source::Http);
        }
        match parts.version {
            VersionField::Absent => self.set_version(true, Version::HTTP_09, h),
            VersionField::Short => h.note("bad_HTTP_version", line),
            VersionField::Given(text) => {
                let version = head::parse_version(text);
                if version.is_none() {
                    h.note("bad_HTTP_version", text);
                }
                self.set_version(true, version.unwrap_or_default(), h);
                if text.get(3..).is_some_and(|rest| rest.iter().any(|b| !matches!(b, b' ' | b'\t'))) {
                    h.note("crud after HTTP version is ignored", line);
                }
            }
        }
        let escaped = memchr::memchr(b'%', parts.uri).is_some();
        let mut unescaped = std::mem::take(&mut self.unescaped);
        if escaped {
            unescaped.clear();
            percent::unescape(parts.uri, &mut unescaped, |flaw| h.weird(flaw.weird(), b"", Source::Http));
        }
        // Zeek's test that what has no version is HTTP at all.
        let version = self.orig.version;
        let implausible = version == Version::HTTP_09 && (parts.method.len() < 3 || parts.uri.is_empty());
        if !implausible {
            let unescaped_uri = if escaped { unescaped.as_slice() } else { parts.uri };
            self.accept_request(
                &RequestLine { method: parts.method, uri: parts.uri, unescaped_uri, version },
                h,
            );
        }
        if unescaped.capacity() <= 4096 {
            self.unescaped = unescaped;
        }
        if implausible { Err(NotARequest::Bad) } else { Ok(parts.method) }
    }

    fn accept_request<H: Handler>(&mut self, request: &RequestLine<'_>, h: &mut H) {
        self.orig.expect = Expect::Message;
        self.orig.ongoing = true;
        self.unanswered.push(is_abbreviation(request.method, b"HEAD"), self.limits.max_unanswered);
        h.confirmed();
        self.connect_requested |= is_abbreviation(request.method, b"CONNECT");
        h.request(request);
    }

    fn no_request<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        let expected = self.requests == 0 || self.keep_alive;
        if !expected {
            h.note("crud_trailing_HTTP_request", line);
        } else if line.is_empty() {
            // RFC 9112 §2.2: servers step over an empty line before a request.
            h.weird("empty_http_request", b"", Source::Http);
        } else {
            h.violation("not a http request line", line);
            self.orig.expect = Expect::Nothing;
        }
    }

    fn reply_line<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        let Some(parts) = head::parse_reply_line(line) else {
            h.note("bad_HTTP_reply", line);
            return self.no_reply(line, h);
        };
        let version = head::parse_version(parts.version);
        if version.is_none() {
            h.note("bad_HTTP_version", parts.version);
        }
        self.set_version(false, version.unwrap_or_default(), h);
        let Some((code, reason)) = parts.status else {
            h.note("HTTP_reply_code_missing", line);
            return self.no_reply(line, h);
        };
        self.reply_code = code;
        if reason.is_none() {
            h.note("HTTP_reply_reason_phrase_missing", line);
        }
        if self.unanswered.len() > 0 {
            h.confirmed();
        }
        self.resp.expect = Expect::Message;
        self.resp.ongoing = true;
        h.reply(&ReplyLine { version: self.resp.version, code, reason });
        self.connect_requested &= code == 200;
        let expect_body = self.expect_reply_body();
        self.init_message(false, expect_body, line.len(), h);
    }

    fn no_reply<H: Handler>(&mut self, line: &[u8], h: &mut H) {
        if !line.is_empty() {
            h.violation("not a http reply line", line);
            self.resp.expect = Expect::Nothing;
        }
    }

    /// RFC 9110 §6.4.1.
    fn expect_reply_body(&self) -> ExpectBody {
        let to_head = self.unanswered.first_is_head();
        if to_head || matches!(self.reply_code, 100..=199 | 204 | 304) {
            ExpectBody::No
        } else {
            ExpectBody::Yes
        }
    }

    /// RFC 1945 §6: a Simple-Response is a body without a head.
    fn http09_data<H: Handler>(&mut self, data: &[u8], h: &mut H) {
        if !self.resp.message.exists {
            self.set_version(false, Version::HTTP_09, h);
            if self.unanswered.pop() {
                h.confirmed();
            }
            self.closes = true;
            self.resp.ongoing = true;
            h.reply(&ReplyLine { version: self.resp.version, code: self.reply_code, reason: None });
            let expect_body = self.expect_reply_body();
            self.init_message(false, expect_body, 0, h);
            self.deliver(false, 0, b"", true, h);
        }
        self.deliver(false, 0, data, false, h);
    }

    fn set_version<H: Handler>(&mut self, is_orig: bool, version: Version, h: &mut H) {
        let known = &mut self.side(is_orig).version;
        if *known != Version::default() && *known != version {
            h.weird("HTTP_version_mismatch", b"", Source::Http);
        }
        *known = version;
        if version.major > 1 || (version.major == 1 && version.minor > 0) {
            self.keep_alive = true;
        }
    }

    /// What a header means to the connection.
    pub(super) fn connection_header(&mut self, is_orig: bool, header: &Header<'_>) {
        match (header.id, is_orig) {
            (HeaderName::Connection, true) => self.keep_alive |= token_is(header.value, b"keep-alive"),
            (HeaderName::Connection, false) => {
                if token_is(header.value, b"close") {
                    self.closes = true;
                } else if token_is(header.value, b"upgrade") {
                    self.upgrade_offered = true;
                }
            }
            (HeaderName::Upgrade, false) => {
                self.upgrade_to.clear();
                self.upgrade_to.extend_from_slice(head::first_token(header.value).0);
            }
            _ => {}
        }
    }

    pub(super) fn request_made<H: Handler>(&mut self, interrupted: bool, reason: &'static str, h: &mut H) {
        if !std::mem::replace(&mut self.orig.ongoing, false) {
            return;
        }
        self.message_done(true, interrupted, reason, h);
        self.orig.expect = if interrupted { Expect::Nothing } else { Expect::FirstLine };
    }

    pub(super) fn reply_made<H: Handler>(&mut self, interrupted: bool, reason: &'static str, h: &mut H) {
        if !std::mem::replace(&mut self.resp.ongoing, false) {
            return;
        }
        self.message_done(false, interrupted, reason, h);
        let code = std::mem::take(&mut self.reply_code);
        // RFC 9110 §15.2: a 1xx is not the final reply.
        if !(100..200).contains(&code) {
            self.unanswered.pop();
        }
        let offered = std::mem::take(&mut self.upgrade_offered);
        if code == 101 && self.unanswered.len() == 1 && offered && !self.upgrade_to.is_empty() {
            let to = std::mem::take(&mut self.upgrade_to);
            self.hand_over(Handover::Upgrade(&to), "protocol_data_with_HTTP_upgrade_reply", h);
        }
        self.upgrade_to.clear();
        self.resp.expect = match self.resp.expect {
            _ if interrupted || self.handed_over => Expect::Nothing,
            // Only the end of the connection ends such a reply; what follows it has no lines.
            Expect::Http09 => Expect::Http09,
            _ => Expect::FirstLine,
        };
    }

    /// RFC 9110 §9.3.6: behind the head of a 2xx reply to CONNECT the tunnel begins.
    pub(super) fn check_connect<H: Handler>(&mut self, h: &mut H) {
        if self.connect_requested && !self.handed_over {
            self.hand_over(Handover::Connect, "protocol_data_with_HTTP_CONNECT_reply", h);
        }
    }

    fn hand_over<H: Handler>(&mut self, to: Handover<'_>, with_data: &'static str, h: &mut H) {
        if self.remaining > 0 {
            h.weird(with_data, self.remaining.to_string().as_bytes(), Source::Http);
        }
        self.handed_over = true;
        h.handover(to);
    }
}

/// Zeek compares methods by the shorter length, so that `H` is a HEAD to it.
fn is_abbreviation(method: &[u8], full: &[u8]) -> bool {
    full.get(..method.len()).is_some_and(|start| start.eq_ignore_ascii_case(method))
}
