//! Messages and their entities: heads, bodies, chunks, parts, and gaps in them.
//!
//! A message holds a chain of entities: itself at depth 0, and below it the part being read of each
//! multipart or `message/*` entity. Bytes enter at the top and are handed down.

use super::entity::{Chunk, Entity, ExpectBody, HeaderContext, TransferEncoding};
use super::handler::{Content, EntityId, Handler, Header, MessageStat, Source};
use super::head::{FastBlock, HeaderName};
use super::inflate::{InflateError, Inflater};
use super::lines::LineEnd;
use super::session::Session;
use crate::mime::base64::{Base64Decoder, Base64Flaw};
use crate::mime::text::{header_line, is_lws, leading_number};
use crate::mime::{Boundary, ContentType, MediaType, check_boundary, quoted};

/// A body that ends with the connection is read as one of this length, as in Zeek.
const UNTIL_CLOSE: u64 = i32::MAX as u64;

#[derive(Default)]
pub struct Message {
    pub exists: bool,
    finished: bool,
    /// No line of the head was read yet.
    fresh: bool,
    start_ns: u64,
    body_length: u64,
    header_length: u64,
    gap_length: u64,
    top: Entity,
    /// The open parts, outermost first. Ceiling: [`super::Limits::max_depth`].
    parts: Vec<Entity>,
    /// Depth of the entity being read; `None` once the message ended.
    current: Option<usize>,
    /// A header whose continuation lines may still come. Ceiling: [`super::Limits::max_header`]
    /// beyond its first line.
    header: Vec<u8>,
    header_open: bool,
    /// `MAIN/SUB` of the head being read.
    content_type: Vec<u8>,
    /// Where transfer encodings are decoded.
    decoded: Vec<u8>,
}

impl Message {
    fn entity(&mut self, depth: usize) -> &mut Entity {
        match depth.checked_sub(1).and_then(|at| self.parts.get_mut(at)) {
            Some(part) => part,
            None => &mut self.top,
        }
    }

    fn has_child(&self, depth: usize) -> bool {
        self.parts.len() > depth
    }

    /// Whether the entity at `depth` is a part of a multipart entity.
    fn is_part(&mut self, depth: usize) -> bool {
        depth.checked_sub(1).is_some_and(|above| self.entity(above).media == MediaType::Multipart)
    }
}

impl Session {
    fn message(&mut self, is_orig: bool) -> &mut Message {
        &mut self.side(is_orig).message
    }

    fn entity(&mut self, is_orig: bool, depth: usize) -> &mut Entity {
        self.message(is_orig).entity(depth)
    }

    fn next_entity(&mut self) -> EntityId {
        self.entities = self.entities.wrapping_add(1);
        EntityId(self.entities)
    }

    pub(super) fn init_message<H: Handler>(
        &mut self,
        is_orig: bool,
        expect_body: ExpectBody,
        header_length: usize,
        h: &mut H,
    ) {
        let id = self.next_entity();
        let start_ns = self.now_ns;
        let message = self.message(is_orig);
        if message.exists && !message.finished {
            h.weird("HTTP_overlapping_messages", b"", Source::Http);
        }
        message.exists = true;
        message.finished = false;
        message.fresh = true;
        message.start_ns = start_ns;
        message.body_length = 0;
        message.gap_length = 0;
        message.header_length = header_length as u64;
        message.top = Entity::new(id, expect_body);
        message.parts.clear();
        message.current = Some(0);
        message.header.clear();
        message.header_open = false;
        message.content_type.clear();
        h.begin_entity(is_orig, id);
    }

    /// Reads a whole header block at once where one lies at the start of `input`. Whether it did.
    pub(super) fn fast_headers<H: Handler>(&mut self, is_orig: bool, input: &mut &[u8], h: &mut H) -> bool {
        let side = self.side(is_orig);
        if !side.message.fresh || !side.lines.at_line_start() {
            return false;
        }
        side.message.fresh = false;
        let Some(block) = FastBlock::parse(input) else { return false };
        *input = input.get(block.consumed..).unwrap_or_default();
        self.remaining = input.len();
        for (name, value, len) in block.headers() {
            self.entity(is_orig, 0).header_length += len as u64;
            self.header(is_orig, 0, name, value, h);
        }
        self.end_of_header(is_orig, 0, h);
        if !is_orig {
            self.check_connect(h);
        }
        true
    }

    /// Hands a line (`crlf`) or a run of bytes to the entity at `depth`.
    pub(super) fn deliver<H: Handler>(
        &mut self,
        is_orig: bool,
        depth: usize,
        data: &[u8],
        crlf: bool,
        h: &mut H,
    ) {
        let entity = self.entity(is_orig, depth);
        if entity.ended {
            return;
        }
        if entity.in_header {
            entity.header_length += data.len() as u64;
            if !crlf {
                h.weird("http_no_crlf_in_header_list", b"", Source::Http);
            }
            self.head_line(is_orig, depth, data, h);
        } else if entity.is_container() && !crlf && !entity.compressed {
            // A part asked for bytes instead of lines; a boundary among them cannot be told from
            // content, wherever a segment happens to begin.
            entity.body_length += data.len() as u64;
            if self.message(is_orig).has_child(depth) {
                self.deliver(is_orig, depth + 1, data, crlf, h);
            }
        } else if entity.is_container() {
            self.deliver_body(is_orig, depth, data, crlf, h);
        } else if entity.chunk != Chunk::NotChunked {
            self.deliver_chunked(is_orig, depth, data, h);
        } else if entity.content_length.is_some() {
            self.deliver_body(is_orig, depth, data, false, h);
            let entity = self.entity(is_orig, depth);
            entity.expect = entity.expect.saturating_sub(data.len() as u64);
            if entity.expect == 0 {
                self.side(is_orig).lines.set_plain(0);
                self.end_of_data(is_orig, depth, h);
            }
        } else {
            self.deliver_body(is_orig, depth, data, crlf, h);
        }
    }

    /// RFC 9112 §7.1.
    fn deliver_chunked<H: Handler>(&mut self, is_orig: bool, depth: usize, data: &[u8], h: &mut H) {
        let side = self.side(is_orig);
        let entity = side.message.entity(depth);
        match entity.chunk {
            Chunk::Size => {
                // Chunk extensions behind the number are stepped over.
                let size = leading_number(data, 16);
                if size.is_none() {
                    h.weird("HTTP_bad_chunk_size", b"", Source::Http);
                }
                match size.and_then(|size| u64::try_from(size).ok()) {
                    Some(size) if size > 0 => {
                        entity.expect = size;
                        entity.chunk = Chunk::Data;
                        side.lines.set_plain(size);
                    }
                    _ => {
                        entity.in_header = true;
                        entity.chunk = Chunk::Trailer;
                    }
                }
            }
            Chunk::Data => {
                entity.expect = entity.expect.saturating_sub(data.len() as u64);
                if entity.expect == 0 {
                    entity.chunk = Chunk::DataEnd;
                    side.lines.set_plain(0);
                }
                self.deliver_body(is_orig, depth, data, false, h);
            }
            Chunk::DataEnd => {
                if !data.is_empty() {
                    h.note("illegal format", b"inaccurate chunk size: data before <CR><LF>");
                }
                entity.chunk = Chunk::Size;
            }
            Chunk::NotChunked | Chunk::BeforeFirst | Chunk::Trailer | Chunk::Over => {}
        }
    }

    /// One line of a head, or of the trailer of a chunked body.
    fn head_line<H: Handler>(&mut self, is_orig: bool, depth: usize, line: &[u8], h: &mut H) {
        self.message(is_orig).fresh = false;
        match line.first() {
            None | Some(0) => self.end_of_header(is_orig, depth, h),
            // RFC 9112 §5.2: obsolete folding.
            Some(&first) if is_lws(first) => self.continued_header(is_orig, line, h),
            Some(_) => {
                self.finish_header(is_orig, depth, h);
                let message = self.message(is_orig);
                message.header.extend_from_slice(line);
                message.header_open = true;
            }
        }
    }

    fn continued_header<H: Handler>(&mut self, is_orig: bool, line: &[u8], h: &mut H) {
        let ceiling = self.limits.max_header as usize;
        let message = self.message(is_orig);
        if message.header_open {
            if message.header.len() >= ceiling {
                let len = message.header.len().to_string();
                return h.weird("exceeded_mime_max_header_bytes", len.as_bytes(), Source::Http);
            }
            message.header.extend_from_slice(line);
            return;
        }
        let start = line.iter().position(|&b| !is_lws(b));
        if let Some(text) = start.and_then(|start| line.get(start..)) {
            message.header.extend_from_slice(text);
            message.header_open = true;
        }
    }

    fn finish_header<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        let message = self.message(is_orig);
        if !std::mem::replace(&mut message.header_open, false) {
            return;
        }
        let mut line = std::mem::take(&mut message.header);
        if let Some((name, value)) = header_line(&line) {
            self.header(is_orig, depth, name, value, h);
        }
        if line.capacity() <= 4096 {
            line.clear();
            self.message(is_orig).header = line;
        }
    }

    fn header<H: Handler>(&mut self, is_orig: bool, depth: usize, name: &[u8], value: &[u8], h: &mut H) {
        let header = Header { id: HeaderName::of(name), name, value };
        if header.id != HeaderName::Other {
            let version = if self.orig.ongoing { self.orig.version } else { self.resp.version };
            let cx = HeaderContext { version, reply_code: self.reply_code };
            if header.id == HeaderName::ContentType
                && let Some(parsed) = ContentType::parse(value)
            {
                let message = self.message(is_orig);
                message.content_type.clear();
                message.content_type.extend_from_slice(parsed.main);
                message.content_type.push(b'/');
                message.content_type.extend_from_slice(parsed.sub);
                message.content_type.make_ascii_uppercase();
                message.entity(depth).set_type(parsed);
            }
            self.entity(is_orig, depth).apply(&header, &cx, h);
            self.connection_header(is_orig, &header);
        }
        h.header(is_orig, &header);
    }

    fn end_of_header<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        self.finish_header(is_orig, depth, h);
        self.entity(is_orig, depth).in_header = false;
        self.all_headers(is_orig, depth, h);
        let entity = self.entity(is_orig, depth);
        if !entity.ended && entity.media == MediaType::Message {
            self.begin_part(is_orig, depth, h);
        }
    }

    /// The head is complete: how is the body read? RFC 9112 §6.3.
    fn all_headers<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        if self.message(is_orig).is_part(depth) {
            // In a part, CR and LF alone are content.
            self.side(is_orig).lines.set_line_end(LineEnd::CrLf);
        }
        if self.entity(is_orig, depth).chunk == Chunk::Trailer {
            self.entity(is_orig, depth).chunk = Chunk::Over;
            return self.end_of_data(is_orig, depth, h);
        }
        let content_type = &mut self.message(is_orig).content_type;
        let told: &[u8] = if content_type.is_empty() { b"TEXT/PLAIN" } else { content_type };
        h.headers_done(is_orig, told);
        content_type.clear();

        let until_close = self.closes;
        let side = self.side(is_orig);
        let entity = side.message.entity(depth);
        let has_body = match (entity.expect_body, entity.content_length) {
            (ExpectBody::No, _) => false,
            _ if entity.is_container() => {
                if entity.chunk != Chunk::NotChunked {
                    h.weird("HTTP_chunked_transfer_for_multipart_message", b"", Source::Http);
                } else if depth == 0 {
                    // A last line without its end must not swallow the next message's first.
                    side.lines.set_body_left(entity.content_length);
                }
                true
            }
            _ if entity.chunk != Chunk::NotChunked => {
                entity.chunk = Chunk::Size;
                true
            }
            (_, Some(len)) => {
                entity.expect = len;
                side.lines.set_plain(len);
                len > 0
            }
            _ if until_close || entity.compressed => {
                entity.expect = UNTIL_CLOSE;
                side.lines.set_plain(UNTIL_CLOSE);
                true
            }
            (expect_body, None) => expect_body == ExpectBody::Yes,
        };
        if !has_body {
            self.end_of_data(is_orig, depth, h);
        }
    }

    /// Body bytes as sent, to be freed of their content coding.
    fn deliver_body<H: Handler>(&mut self, is_orig: bool, depth: usize, data: &[u8], crlf: bool, h: &mut H) {
        let (allowance, ratio) =
            (u64::from(self.limits.inflate_allowance), u32::from(self.limits.inflate_ratio));
        let entity = self.entity(is_orig, depth);
        if !entity.compressed {
            return self.deliver_clear(is_orig, depth, data, crlf, h);
        }
        let id = entity.id;
        let mut inflater =
            entity.inflater.take().unwrap_or_else(|| Box::new(Inflater::new(allowance, ratio)));
        let result = inflater.feed(data, |clear| self.deliver_clear(is_orig, depth, clear, false, h));
        match result {
            Ok(()) => {}
            Err(InflateError::Corrupt) => h.weird("inflate_failed", b"", Source::Zip),
            Err(InflateError::TooLarge) => h.weird("http_inflate_limit_exceeded", b"", Source::Zip),
        }
        // What was inflated may have held the closing boundary.
        let entity = self.entity(is_orig, depth);
        if entity.id == id && !entity.ended {
            entity.inflater = Some(inflater);
        }
    }

    fn deliver_clear<H: Handler>(&mut self, is_orig: bool, depth: usize, data: &[u8], crlf: bool, h: &mut H) {
        let message = self.message(is_orig);
        let has_child = message.has_child(depth);
        let entity = message.entity(depth);
        entity.body_length += data.len() as u64 + if crlf { 2 } else { 0 };
        match entity.media {
            MediaType::Multipart => match check_boundary(data, &entity.boundary) {
                Boundary::Part => {
                    if has_child {
                        self.end_part(is_orig, depth, h);
                    }
                    if !self.entity(is_orig, depth).ended {
                        self.begin_part(is_orig, depth, h);
                    }
                }
                Boundary::Closing => {
                    if has_child {
                        self.end_part(is_orig, depth, h);
                    }
                    self.end_of_data(is_orig, depth, h);
                }
                // RFC 2046 §5.1.1: what stands before the first boundary belongs to no part.
                Boundary::No if has_child => self.deliver(is_orig, depth + 1, data, crlf, h),
                Boundary::No => {}
            },
            MediaType::Message if has_child => self.deliver(is_orig, depth + 1, data, crlf, h),
            MediaType::Message => {}
            MediaType::Text | MediaType::Other => self.decode_transfer(is_orig, depth, data, crlf, h),
        }
    }

    fn decode_transfer<H: Handler>(
        &mut self,
        is_orig: bool,
        depth: usize,
        data: &[u8],
        crlf: bool,
        h: &mut H,
    ) {
        let message = self.message(is_orig);
        let is_part = message.is_part(depth);
        let mut decoded = std::mem::take(&mut message.decoded);
        decoded.clear();
        let entity = message.entity(depth);
        match &mut entity.transfer {
            TransferEncoding::Binary => {
                let held = std::mem::replace(&mut entity.held_crlf, crlf && is_part);
                if held {
                    self.submit(is_orig, depth, b"\r\n", h);
                }
                self.submit(is_orig, depth, data, h);
                if crlf && !is_part {
                    self.submit(is_orig, depth, b"\r\n", h);
                }
            }
            TransferEncoding::QuotedPrintable => {
                quoted::decode_line(data, &mut decoded);
                self.submit(is_orig, depth, &decoded, h);
            }
            TransferEncoding::Base64(decoder) => {
                decoder.decode(data, &mut decoded, |flaw| base64_weird(flaw, h));
                self.submit(is_orig, depth, &decoded, h);
            }
        }
        self.message(is_orig).decoded = decoded;
    }

    /// Content of an entity, freed of all codings.
    fn submit<H: Handler>(&mut self, is_orig: bool, depth: usize, data: &[u8], h: &mut H) {
        if data.is_empty() {
            return;
        }
        let entity = self.entity(is_orig, depth);
        let total = match (std::mem::replace(&mut entity.size_told, true), &entity.range) {
            (true, _) => None,
            (false, _) if entity.compressed => None,
            (false, Some(range)) => Some(range.total),
            (false, None) => entity.content_length,
        };
        let offset = entity.range.map(|range| range.offset);
        if let Some(range) = &mut entity.range {
            range.offset = range.offset.saturating_add(data.len() as u64);
        }
        let content = Content { entity: entity.id, data, offset, total: total.filter(|&total| total > 0) };
        h.content(is_orig, &content);
    }

    fn begin_part<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        if depth >= usize::from(self.limits.max_depth) {
            return h.weird("exceeded_mime_max_depth", depth.to_string().as_bytes(), Source::Http);
        }
        let id = self.next_entity();
        let message = self.message(is_orig);
        let mut part = Entity::new(id, ExpectBody::Yes);
        part.transfer = match message.entity(depth).transfer {
            TransferEncoding::Binary => TransferEncoding::Binary,
            TransferEncoding::QuotedPrintable => TransferEncoding::QuotedPrintable,
            TransferEncoding::Base64(_) => TransferEncoding::Base64(Base64Decoder::default()),
        };
        message.parts.push(part);
        message.current = Some(depth + 1);
        h.begin_entity(is_orig, id);
    }

    /// Ends the open part of the entity at `depth`.
    fn end_part<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        self.end_of_data(is_orig, depth + 1, h);
        self.message(is_orig).parts.truncate(depth);
    }

    fn end_of_data<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        let message = self.message(is_orig);
        let has_child = message.has_child(depth);
        let entity = message.entity(depth);
        entity.inflater = None;
        entity.compressed = false;
        if std::mem::replace(&mut entity.ended, true) {
            return;
        }
        if std::mem::replace(&mut entity.in_header, false) {
            self.finish_header(is_orig, depth, h);
            self.all_headers(is_orig, depth, h);
            // Its body is over before it began: what follows are lines again.
            self.side(is_orig).lines.set_plain(0);
        } else {
            let transfer = std::mem::take(&mut entity.transfer);
            if has_child {
                self.end_part(is_orig, depth, h);
            }
            if let TransferEncoding::Base64(mut decoder) = transfer {
                let mut rest = Vec::new();
                decoder.finish(&mut rest, |flaw| base64_weird(flaw, h));
                self.submit(is_orig, depth, &rest, h);
            }
        }
        self.end_entity(is_orig, depth, h);
    }

    fn end_entity<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        let one_file = is_orig || self.reply_code != 206;
        let message = self.message(is_orig);
        let is_part = message.is_part(depth);
        let entity = message.entity(depth);
        let (id, body, header) = (entity.id, entity.body_length, entity.header_length);
        message.current = depth.checked_sub(1);
        if depth == 0 {
            message.body_length += body;
            message.header_length += header;
        }
        h.end_entity(is_orig, id);
        if is_part {
            self.side(is_orig).lines.set_line_end(LineEnd::Any);
        }
        if depth == 0 {
            self.message_done(is_orig, false, "message ends normally", h);
        } else if one_file {
            h.end_file(is_orig, id);
        }
    }

    pub(super) fn message_done<H: Handler>(
        &mut self,
        is_orig: bool,
        interrupted: bool,
        reason: &'static str,
        h: &mut H,
    ) {
        let message = self.message(is_orig);
        if !message.exists || std::mem::replace(&mut message.finished, true) {
            return;
        }
        message.fresh = false;
        self.end_of_data(is_orig, 0, h);
        self.side(is_orig).lines.set_body_left(None);
        let one_file = is_orig || self.reply_code != 206;
        let message = self.message(is_orig);
        if one_file {
            h.end_file(is_orig, message.top.id);
        }
        let stat = MessageStat {
            start_ns: message.start_ns,
            interrupted,
            reason,
            body_length: message.body_length,
            gap_length: message.gap_length,
            header_length: message.header_length,
        };
        h.message_done(is_orig, &stat);
        if is_orig {
            self.request_made(false, "message ends normally", h);
        } else {
            self.reply_made(false, "message ends normally", h);
        }
    }

    /// Steps over `len` missing bytes where they lie wholly within a body of known length behind
    /// its first byte. Whether they did.
    pub(super) fn skip_gap<H: Handler>(&mut self, is_orig: bool, len: u64, h: &mut H) -> bool {
        let message = self.message(is_orig);
        let depth = message.current.unwrap_or(0);
        let entity = message.entity(depth);
        if entity.body_length == 0 || (entity.ended && entity.in_header) {
            return false;
        }
        h.content_gap(is_orig, entity.id, entity.body_length, len);
        if let Some(range) = &mut entity.range {
            range.offset = range.offset.saturating_add(len);
        }
        let chunked = entity.chunk != Chunk::NotChunked;
        let known = if chunked { entity.chunk == Chunk::Data } else { entity.content_length.is_some() };
        if !known || entity.expect < len {
            return false;
        }
        entity.body_length += len;
        entity.expect -= len;
        let left = entity.expect;
        if chunked && left == 0 {
            entity.chunk = Chunk::DataEnd;
        }
        message.gap_length += len;
        self.side(is_orig).lines.set_plain(left);
        if !chunked && left == 0 {
            self.end_of_data(is_orig, depth, h);
        }
        true
    }
}

fn base64_weird<H: Handler>(flaw: Base64Flaw, h: &mut H) {
    h.weird("base64_illegal_encoding", flaw.message().as_bytes(), Source::Connection);
}
