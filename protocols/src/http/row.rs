//! One row of http.log while it grows.

/// A text of a row: where it stands in the row's arena.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    start: u32,
    len: u32,
}

/// The files of one direction of a transaction. Three lists, each growing on its own, as in Zeek:
/// the second name need not belong to the second file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Identifiers.
    pub fuids: Vec<Span>,
    /// Names.
    pub filenames: Vec<Span>,
    /// Types.
    pub mime_types: Vec<Span>,
    /// Entities begun so far in this direction (`orig_mime_depth`): part of a file's handle.
    pub entities: u64,
}

impl Files {
    fn clear(&mut self) {
        self.fuids.clear();
        self.filenames.clear();
        self.mime_types.clear();
        self.entities = 0;
    }
}

/// One request and its reply: the fields of Zeek's `HTTP::Info`. Texts stand together in one arena
/// that is reused from row to row, so that a kept-alive connection allocates nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    arena: Vec<u8>,
    /// Packet time of the first event, ns.
    pub ts_ns: u64,
    /// Which transaction of the connection this is, from 1.
    pub trans_depth: u64,
    /// The method.
    pub method: Option<Span>,
    /// `Host`.
    pub host: Option<Span>,
    /// The request's target.
    pub uri: Option<Span>,
    /// `Referer`.
    pub referrer: Option<Span>,
    /// Of the reply.
    pub version: Option<[u8; 3]>,
    /// `User-Agent`.
    pub user_agent: Option<Span>,
    /// `Origin`.
    pub origin: Option<Span>,
    /// Bytes of the request's body, after decompression.
    pub request_body_len: u64,
    /// Bytes of the reply's body, after decompression.
    pub response_body_len: u64,
    /// The last reply's code.
    pub status_code: Option<u16>,
    /// The phrase behind it.
    pub status_msg: Option<Span>,
    /// The last code below 200.
    pub info_code: Option<u16>,
    /// The phrase behind it.
    pub info_msg: Option<Span>,
    /// The user of Basic authentication.
    pub username: Option<Span>,
    /// The password, where it is to be logged.
    pub password: Option<Span>,
    /// `NAME -> value` of each header that proxies add; a set, in the order seen.
    pub proxied: Vec<Span>,
    /// Files of the request.
    pub orig: Files,
    /// Files of the reply.
    pub resp: Files,
    /// The request asked for a range: the reply's file may be a piece of one seen elsewhere.
    pub range_request: bool,
    /// An entity is being read; the file name its headers gave.
    pub(super) entity: Option<Option<Span>>,
}

impl Row {
    /// A text of this row.
    pub fn text(&self, span: Span) -> &[u8] {
        let (start, len) = (span.start as usize, span.len as usize);
        self.arena.get(start..start.saturating_add(len)).unwrap_or_default()
    }

    /// A text of this row, if there is one.
    pub fn get(&self, span: Option<Span>) -> Option<&[u8]> {
        span.map(|span| self.text(span))
    }

    /// Texts of this row.
    pub fn texts<'a>(&'a self, spans: &'a [Span]) -> impl ExactSizeIterator<Item = &'a [u8]> {
        spans.iter().map(|&span| self.text(span))
    }

    /// Bytes its texts take.
    pub(super) fn held_bytes(&self) -> usize {
        self.arena.capacity()
    }

    /// Files of one direction.
    pub fn files(&self, is_orig: bool) -> &Files {
        if is_orig { &self.orig } else { &self.resp }
    }

    pub(super) fn files_mut(&mut self, is_orig: bool) -> &mut Files {
        if is_orig { &mut self.orig } else { &mut self.resp }
    }

    /// Makes it a new row, keeping what is allocated unless it grew unusually large.
    pub(super) fn reset(&mut self, ts_ns: u64, trans_depth: u64) {
        let (mut arena, mut proxied) = (std::mem::take(&mut self.arena), std::mem::take(&mut self.proxied));
        let (mut orig, mut resp) = (std::mem::take(&mut self.orig), std::mem::take(&mut self.resp));
        if arena.capacity() > 8192 || arena.capacity() == 0 {
            arena = Vec::with_capacity(512);
        }
        arena.clear();
        proxied.clear();
        orig.clear();
        resp.clear();
        *self = Row { arena, proxied, orig, resp, ts_ns, trans_depth, ..Row::default() };
    }

    /// Puts a text into the arena; `None` beyond `ceiling`.
    pub(super) fn store(&mut self, parts: &[&[u8]], ceiling: usize) -> Option<Span> {
        let len: usize = parts.iter().map(|part| part.len()).sum();
        let start = self.arena.len();
        if start.saturating_add(len) > ceiling {
            return None;
        }
        for part in parts {
            self.arena.extend_from_slice(part);
        }
        Some(Span { start: u32::try_from(start).ok()?, len: u32::try_from(len).ok()? })
    }

    /// Replaces a text: in its old place where it fits, so that a header sent a thousand times does
    /// not cost a thousand times the memory.
    pub(super) fn replace(&mut self, old: Option<Span>, text: &[u8], ceiling: usize) -> Option<Span> {
        if let Some(span) = old
            && let Some(place) =
                self.arena.get_mut(span.start as usize..).and_then(|a| a.get_mut(..text.len()))
            && text.len() <= span.len as usize
        {
            place.copy_from_slice(text);
            return Some(Span { start: span.start, len: u32::try_from(text.len()).ok()? });
        }
        self.store(&[text], ceiling).or(old)
    }
}
