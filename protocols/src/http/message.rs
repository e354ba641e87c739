//! Messages and their entities: heads, bodies, chunks, parts, and gaps in them.
//!
//! A message holds a chain of entities: itself at depth 0, and below it the part being read of each
//! multipart or `message/*` entity. Bytes enter at the top and are handed down.

use super::content::base64_weird;
use super::entity::{Chunk, Entity, ExpectBody, TransferEncoding};
use super::handler::{EntityId, Handler, MessageStat, Source};
use super::lines::LineEnd;
use super::session::{Session, emptied};
use crate::mime::MediaType;
use crate::mime::base64::Base64Decoder;
use crate::mime::text::leading_number;

#[derive(Default)]
pub struct Message {
    pub exists: bool,
    pub(super) finished: bool,
    /// No line of the head was read yet.
    pub(super) fresh: bool,
    pub(super) start_ns: u64,
    pub(super) body_length: u64,
    pub(super) header_length: u64,
    pub(super) gap_length: u64,
    pub(super) top: Entity,
    /// The open parts, outermost first. Ceiling: [`super::Limits::max_depth`].
    pub(super) parts: Vec<Entity>,
    /// Depth of the entity being read; `None` once the message ended.
    pub(super) current: Option<usize>,
    /// A header whose continuation lines may still come. Ceiling: [`super::Limits::max_header`]
    /// beyond its first line.
    pub(super) header: Vec<u8>,
    pub(super) header_open: bool,
    /// `MAIN/SUB` of the head being read.
    pub(super) content_type: Vec<u8>,
    /// Where transfer encodings are decoded.
    pub(super) decoded: Vec<u8>,
}

impl Message {
    /// As new, with what it has allocated.
    pub(super) fn reset(&mut self) {
        *self = Message {
            header: emptied(&mut self.header),
            content_type: emptied(&mut self.content_type),
            decoded: emptied(&mut self.decoded),
            ..Message::default()
        };
    }

    pub(super) fn entity(&mut self, depth: usize) -> &mut Entity {
        match depth.checked_sub(1).and_then(|at| self.parts.get_mut(at)) {
            Some(part) => part,
            None => &mut self.top,
        }
    }

    /// Whether what is read now is content of a body, and no line of a head or around chunks.
    pub(super) fn reads_content(&mut self) -> bool {
        let entity = self.entity(self.current.unwrap_or(0));
        !entity.in_header && matches!(entity.chunk, Chunk::NotChunked | Chunk::BeforeFirst)
    }

    pub(super) fn has_child(&self, depth: usize) -> bool {
        self.parts.len() > depth
    }

    /// Whether the entity at `depth` is a part of a multipart entity.
    pub(super) fn is_part(&mut self, depth: usize) -> bool {
        depth.checked_sub(1).is_some_and(|above| self.entity(above).media == MediaType::Multipart)
    }
}

impl Session {
    pub(super) fn message(&mut self, is_orig: bool) -> &mut Message {
        &mut self.side(is_orig).message
    }

    pub(super) fn entity(&mut self, is_orig: bool, depth: usize) -> &mut Entity {
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
                let lines = &mut self.side(is_orig).lines;
                lines.set_plain(0);
                lines.expect(None);
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

    pub(super) fn begin_part<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
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
    pub(super) fn end_part<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        self.end_of_data(is_orig, depth + 1, h);
        self.message(is_orig).parts.truncate(depth);
    }

    pub(super) fn end_of_data<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
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
        self.side(is_orig).lines.expect(None);
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
