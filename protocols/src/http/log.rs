//! http.log's rows from a session's events: what Zeek's `base/protocols/http` scripts keep in
//! `c$http` and `c$http_state`, and when they write it.
//!
//! Requests and replies are paired by counting. A row is written when its reply is done; what is
//! left is written when the connection goes. Like Zeek's, the pairing survives missing requests
//! and replies badly, and says so in the same places.

use std::collections::BTreeSet;
use std::sync::Arc;

use std::collections::VecDeque;

pub use super::row::{Files, Row, Span};

use super::handler::{Header, MessageStat, ReplyLine, RequestLine};
use super::head::HeaderName;
use crate::mime::base64::{Base64Decoder, Base64Flaw};
use crate::mime::filename;

/// Options and ceilings of the rows.
#[derive(Clone, Debug)]
pub struct RowLimits {
    /// `HTTP::proxy_headers`, in upper case, where they are not those that Zeek has by default.
    pub proxy_headers: Option<Arc<BTreeSet<String>>>,
    /// `HTTP::http_methods`, where they are not those that Zeek has by default.
    pub methods: Option<Arc<BTreeSet<String>>>,
    /// `HTTP::default_capture_password`.
    pub capture_password: bool,
    /// `HTTP::max_pending_requests`: beyond it all pending rows are written and pairing begins
    /// anew (`HTTP_excessive_pipelining`). Stops one-sided streams from growing rows without end.
    /// 0 for no limit.
    pub max_pending: u32,
    /// `HTTP::max_files_orig`: file entries per row.
    pub max_files_orig: u32,
    /// `HTTP::max_files_resp`.
    pub max_files_resp: u32,
    /// Entries of `proxied`, ours. Stops a head of nothing but `Via` from costing a row megabytes.
    pub max_proxied: u32,
    /// Bytes of text per row, ours; what would go beyond is left out and counted. Stops heads
    /// repeated over 1xx replies or giant URIs times pending rows from filling memory.
    pub max_text: u32,
}

impl Default for RowLimits {
    fn default() -> Self {
        RowLimits {
            proxy_headers: None,
            methods: None,
            capture_password: false,
            max_pending: 100,
            max_files_orig: 15,
            max_files_resp: 15,
            max_proxied: 64,
            max_text: 4 << 20,
        }
    }
}

/// Methods without a weird: Zeek's `HTTP::http_methods`.
pub const KNOWN_METHODS: [&str; 20] = [
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "POLL",
    "REPORT",
    "SUBSCRIBE",
    "BMOVE",
    "SEARCH",
];

/// Where finished rows and the weirds of the pairing go.
pub trait RowSink {
    /// A row is done.
    fn row(&mut self, row: &Row);
    /// A weird that Zeek raises from script: without a source.
    fn weird(&mut self, name: &'static str, addl: &[u8]);
}

/// Which row `c$http` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    None,
    Pending(u64),
    /// Written already; kept in [`Rows::written`] until the next row needs its place.
    Written,
}

/// The rows of one connection. Feed it every event of the session, in order.
#[derive(Debug)]
pub struct Rows {
    limits: RowLimits,
    /// Rows not written yet, by number of request or reply; sorted.
    pending: VecDeque<(u64, Box<Row>)>,
    current: Current,
    written: Option<Box<Row>>,
    current_request: u64,
    current_response: u64,
    trans_depth: u64,
    /// Texts left out for [`RowLimits::max_text`] or [`RowLimits::max_proxied`].
    pub left_out: u64,
}

impl Rows {
    /// Of a connection of which nothing has come yet.
    pub fn new(limits: RowLimits) -> Self {
        Rows {
            limits,
            pending: VecDeque::new(),
            current: Current::None,
            written: None,
            current_request: 0,
            current_response: 0,
            trans_depth: 0,
            left_out: 0,
        }
    }

    /// How many rows there were.
    pub fn trans_depth(&self) -> u64 {
        self.trans_depth
    }

    /// Whether all rows are written, and as many requests were seen as replies: new rows may begin to
    /// count at 0.
    pub fn is_settled(&self) -> bool {
        self.pending.is_empty() && self.current_request == self.current_response
    }

    /// Bytes of text held in rows that are not written yet.
    pub fn held_bytes(&self) -> usize {
        self.pending.iter().map(|(_, row)| row.held_bytes()).sum()
    }

    /// What applies from now on.
    pub fn set_limits(&mut self, limits: RowLimits) {
        self.limits = limits;
    }

    /// Makes it the rows of a connection that had `trans_depth` of them, keeping one to be used again.
    pub fn reset(&mut self, trans_depth: u64) {
        let mut pending = std::mem::take(&mut self.pending);
        let spare = self.written.take().or_else(|| pending.pop_front().map(|(_, row)| row));
        pending.clear();
        *self = Rows { pending, written: spare, trans_depth, ..Rows::new(self.limits.clone()) };
    }

    /// `c$http`: the row that the last event belonged to, even if it is written already.
    pub fn current(&self) -> Option<&Row> {
        match self.current {
            Current::None => None,
            Current::Pending(number) => {
                self.find(number).and_then(|at| self.pending.get(at)).map(|(_, row)| row.as_ref())
            }
            Current::Written => self.written.as_deref(),
        }
    }

    fn current_mut(&mut self) -> Option<&mut Row> {
        match self.current {
            Current::None => None,
            Current::Pending(number) => {
                let at = self.find(number)?;
                self.pending.get_mut(at).map(|(_, row)| row.as_mut())
            }
            Current::Written => self.written.as_deref_mut(),
        }
    }

    fn find(&self, number: u64) -> Option<usize> {
        // Mostly there is one.
        if self.pending.front().is_some_and(|(first, _)| *first == number) {
            return Some(0);
        }
        self.pending.binary_search_by_key(&number, |(number, _)| *number).ok()
    }

    /// Makes the direction's row current, beginning it where it does not exist.
    fn select(&mut self, is_orig: bool, now_ns: u64) {
        let number = if is_orig { self.current_request } else { self.current_response };
        self.current = Current::Pending(number);
        if self.pending.front().is_some_and(|(first, _)| *first == number) {
            return;
        }
        if let Err(at) = self.pending.binary_search_by_key(&number, |(number, _)| *number) {
            let mut row = self.written.take().unwrap_or_default();
            self.trans_depth += 1;
            row.reset(now_ns, self.trans_depth);
            self.pending.insert(at, (number, row));
        }
    }

    /// Sets a text of the current row.
    fn set(&mut self, text: &[u8], field: impl Fn(&mut Row) -> &mut Option<Span>) {
        let ceiling = self.limits.max_text as usize;
        let Some(row) = self.current_mut() else { return };
        let old = *field(row);
        let new = row.replace(old, text, ceiling);
        *field(row) = new;
        if new.is_none_or(|span| row.text(span).len() != text.len()) {
            self.left_out += 1;
        }
    }

    /// A request begins, `now_ns` nanoseconds after 1970.
    pub fn request(&mut self, now_ns: u64, request: &RequestLine<'_>, sink: &mut impl RowSink) {
        if self.current_request < self.current_response {
            sink.weird("HTTP_response_before_request", b"");
            self.current_request = self.current_response;
        }
        if self.limits.max_pending > 0 && self.pending.len() > self.limits.max_pending as usize {
            sink.weird("HTTP_excessive_pipelining", b"");
            self.flush_unanswered(sink);
        }
        self.current_request += 1;
        self.select(true, now_ns);
        self.set(request.method, |row| &mut row.method);
        self.set(request.unescaped_uri, |row| &mut row.uri);
        if !self.knows(request.method) {
            sink.weird("unknown_HTTP_method", request.method);
        }
    }

    fn knows(&self, method: &[u8]) -> bool {
        match &self.limits.methods {
            Some(methods) => str::from_utf8(method).is_ok_and(|method| methods.contains(method)),
            None => KNOWN_METHODS.iter().any(|known| known.as_bytes() == method),
        }
    }

    fn flush_unanswered(&mut self, sink: &mut impl RowSink) {
        let from = self.current_response.max(1);
        let to = self.current_request.max(from);
        self.pending.retain(|(number, row)| {
            let flush = (from..to).contains(number);
            if flush {
                sink.row(row);
            }
            !flush
        });
        self.current_response = to;
    }

    /// A reply begins.
    pub fn reply(&mut self, now_ns: u64, reply: &ReplyLine<'_>) {
        let pending = self.find(self.current_response).and_then(|at| self.pending.get(at));
        // After a 1xx the row still waits for its real reply.
        let waits = pending.is_some_and(|(_, row)| row.status_code.is_none_or(is_informational));
        if !waits {
            self.current_response += 1;
        }
        self.select(false, now_ns);
        let reason = reply.reason.unwrap_or(b"<empty>");
        self.set(reason, |row| &mut row.status_msg);
        if is_informational(reply.code) {
            self.set(reason, |row| &mut row.info_msg);
        }
        if let Some(row) = self.current_mut() {
            row.status_code = Some(reply.code);
            row.version = Some(reply.version.text());
            if is_informational(reply.code) {
                row.info_code = Some(reply.code);
            }
        }
    }

    /// An entity begins.
    pub fn begin_entity(&mut self, now_ns: u64, is_orig: bool) {
        self.select(is_orig, now_ns);
        if let Some(row) = self.current_mut() {
            row.files_mut(is_orig).entities += 1;
            row.entity = Some(None);
        }
    }

    /// An entity has ended.
    pub fn end_entity(&mut self) {
        if let Some(row) = self.current_mut() {
            row.entity = None;
        }
    }

    /// A header field.
    pub fn header(&mut self, now_ns: u64, is_orig: bool, header: &Header<'_>, sink: &mut impl RowSink) {
        self.select(is_orig, now_ns);
        if is_orig {
            self.request_header(header, sink);
        }
        let name = match header.id {
            HeaderName::ContentDisposition => filename::from_content_disposition(header.value),
            HeaderName::ContentType => filename::from_content_type(header.value),
            _ => None,
        };
        if let Some(name) = name {
            let ceiling = self.limits.max_text as usize;
            if let Some(row) = self.current_mut()
                && let Some(old) = row.entity
            {
                // Two names of one entity may be held by two lists: never overwrite in place.
                row.entity = Some(row.store(&[&name], ceiling).or(old));
            }
        }
    }

    fn request_header(&mut self, header: &Header<'_>, sink: &mut impl RowSink) {
        match header.id {
            HeaderName::Referer => self.set(header.value, |row| &mut row.referrer),
            HeaderName::Host => self.set(header.value, |row| &mut row.host),
            HeaderName::Origin => self.set(header.value, |row| &mut row.origin),
            HeaderName::UserAgent => self.set(header.value, |row| &mut row.user_agent),
            HeaderName::Range => {
                if let Some(row) = self.current_mut() {
                    row.range_request = true;
                }
            }
            _ if self.limits.proxy_headers.is_some() && self.is_proxys(header) => self.proxied(header),
            HeaderName::Authorization | HeaderName::ProxyAuthorization => {
                self.authorization(header.value, sink)
            }
            _ if self.limits.proxy_headers.is_some() => {}
            HeaderName::Forwarded
            | HeaderName::XForwardedFor
            | HeaderName::XForwardedFrom
            | HeaderName::ClientIp
            | HeaderName::Via
            | HeaderName::XroxyConnection
            | HeaderName::ProxyConnection => self.proxied(header),
            _ => {}
        }
    }

    /// Whether a header is among those that an option names.
    fn is_proxys(&self, header: &Header<'_>) -> bool {
        let Some(names) = &self.limits.proxy_headers else { return false };
        match header.id.known_text() {
            Some(name) => names.contains(name),
            None => names.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(header.name)),
        }
    }

    fn proxied(&mut self, header: &Header<'_>) {
        let (max_text, max_proxied) = (self.limits.max_text as usize, self.limits.max_proxied as usize);
        let spelled;
        let name = match header.id.known_text() {
            Some(name) => name,
            None => {
                spelled = String::from_utf8_lossy(header.name).to_ascii_uppercase();
                &spelled[..]
            }
        };
        let Some(row) = self.current_mut() else { return };
        let known = row.texts(&row.proxied).any(|entry| {
            let rest = entry.strip_prefix(name.as_bytes()).and_then(|rest| rest.strip_prefix(b" -> "));
            rest == Some(header.value)
        });
        if known {
            return;
        }
        let room = row.proxied.len() < max_proxied;
        match room.then(|| row.store(&[name.as_bytes(), b" -> ", header.value], max_text)).flatten() {
            Some(span) => row.proxied.push(span),
            None => self.left_out += 1,
        }
    }

    /// RFC 7617: `Basic` and base64 of `user:password`.
    fn authorization(&mut self, value: &[u8], sink: &mut impl RowSink) {
        let Some((scheme, rest)) = value.split_at_checked(6) else { return };
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return;
        }
        let start = rest.iter().position(|b| !matches!(b, b' ' | b'\t')).unwrap_or(rest.len());
        let mut decoded = Vec::with_capacity(rest.len());
        let mut decoder = Base64Decoder::default();
        let mut report = |flaw: Base64Flaw| sink.weird("base64_illegal_encoding", flaw.message().as_bytes());
        decoder.decode(rest.get(start..).unwrap_or_default(), &mut decoded, &mut report);
        decoder.finish(&mut decoded, report);

        let capture = self.limits.capture_password;
        match decoded.iter().position(|&b| b == b':') {
            Some(colon) => {
                self.set(decoded.get(..colon).unwrap_or_default(), |row| &mut row.username);
                if capture {
                    self.set(decoded.get(colon + 1..).unwrap_or_default(), |row| &mut row.password);
                }
            }
            None => {
                let problem = [b"<problem-decoding> (".as_slice(), value, b")"].concat();
                self.set(&problem, |row| &mut row.username);
                if capture {
                    self.set(&decoded, |row| &mut row.password);
                }
            }
        }
    }

    /// A message has ended.
    pub fn message_done(&mut self, now_ns: u64, is_orig: bool, stat: &MessageStat, sink: &mut impl RowSink) {
        self.select(is_orig, now_ns);
        let Some(row) = self.current_mut() else { return };
        if is_orig {
            row.request_body_len = stat.body_length;
            return;
        }
        row.response_body_len = stat.body_length;
        if row.status_code.is_some_and(is_informational) {
            return;
        }
        sink.row(row);
        if let Some((_, row)) = self.find(self.current_response).and_then(|at| self.pending.remove(at)) {
            self.written = Some(row);
            self.current = Current::Written;
        }
    }

    /// The connection goes: writes what is left, in order of the requests.
    pub fn finish(&mut self, sink: &mut impl RowSink) {
        for (number, row) in self.pending.drain(..) {
            // Number 0 holds what came before any request line.
            if number > 0 {
                sink.row(&row);
            }
        }
        self.current = Current::None;
    }

    /// A file began in the current row: notes it and returns the name its headers gave. `None` when
    /// there is no row. The row is known to [`file_type`](Self::file_type) by its `trans_depth`.
    pub fn file_new(&mut self, is_orig: bool, fuid: &[u8]) -> Option<FileRow> {
        let max_files = if is_orig { self.limits.max_files_orig } else { self.limits.max_files_resp };
        let ceiling = self.limits.max_text as usize;
        let row = self.current_mut()?;
        let name = row.entity.flatten();
        let filename = row.get(name).map(<[u8]>::to_vec);
        let trans_depth = row.trans_depth;
        if row.files(is_orig).fuids.len() < max_files as usize
            && let Some(fuid) = row.store(&[fuid], ceiling)
        {
            let files = row.files_mut(is_orig);
            files.fuids.push(fuid);
            files.filenames.extend(name);
        }
        Some(FileRow { trans_depth, filename })
    }

    /// What a file of the row `trans_depth` turned out to be. Too late once the row is written.
    pub fn file_type(&mut self, trans_depth: u64, is_orig: bool, mime_type: &[u8]) {
        let max_files = if is_orig { self.limits.max_files_orig } else { self.limits.max_files_resp };
        let ceiling = self.limits.max_text as usize;
        let row = self.pending.iter_mut().map(|(_, row)| row).find(|row| row.trans_depth == trans_depth);
        let Some(row) = row else { return };
        if row.files(is_orig).mime_types.len() < max_files as usize
            && let Some(span) = row.store(&[mime_type], ceiling)
        {
            row.files_mut(is_orig).mime_types.push(span);
        }
    }
}

/// The row a file was noted in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRow {
    /// Which request of the connection it is, from 1.
    pub trans_depth: u64,
    /// For files.log.
    pub filename: Option<Vec<u8>>,
}

fn is_informational(code: u16) -> bool {
    (100..200).contains(&code)
}
