//! Heads: the header fields of messages and parts, and what they say about the body behind them.

use super::entity::{Chunk, ExpectBody, HeaderContext};
use super::handler::{Handler, Header, Source};
use super::head::{FAST_ROOM, FastBlock, HeaderName};
use super::lines::LineEnd;
use super::session::Session;
use crate::mime::text::{header_line, is_lws};
use crate::mime::{ContentType, MediaType};

/// A body that ends with the connection is read as one of this length, as in Zeek.
const UNTIL_CLOSE: u64 = i32::MAX as u64;

impl Session {
    /// Reads a whole header block at once where one lies at the start of `input`. Whether it did.
    pub(super) fn fast_headers<H: Handler>(&mut self, is_orig: bool, input: &mut &[u8], h: &mut H) -> bool {
        let side = self.side(is_orig);
        if !side.message.fresh || !side.lines.at_line_start() {
            return false;
        }
        side.message.fresh = false;
        let mut room = FAST_ROOM;
        let Some(block) = FastBlock::parse(input, &mut room) else { return false };
        let max_line = self.limits.max_line as usize;
        if block.consumed > max_line && block.headers().any(|(_, _, len)| len > max_line) {
            return false;
        }
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

    /// One line of a head, or of the trailer of a chunked body.
    pub(super) fn head_line<H: Handler>(&mut self, is_orig: bool, depth: usize, line: &[u8], h: &mut H) {
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

    pub(super) fn finish_header<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
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
    pub(super) fn all_headers<H: Handler>(&mut self, is_orig: bool, depth: usize, h: &mut H) {
        if self.message(is_orig).is_part(depth) {
            // In a part, CR and LF alone are content.
            self.side(is_orig).lines.set_line_end(LineEnd::CrLf);
        }
        if self.entity(is_orig, depth).chunk == Chunk::Trailer {
            self.entity(is_orig, depth).chunk = Chunk::Over;
            return self.end_of_data(is_orig, depth, h);
        }
        let content_type = &mut self.message(is_orig).content_type;
        let shown: &[u8] = if content_type.is_empty() { b"TEXT/PLAIN" } else { content_type };
        h.headers_done(is_orig, shown);
        content_type.clear();

        let until_close = self.closes;
        let side = self.side(is_orig);
        let entity = side.message.entity(depth);
        if entity.content_length.is_some() && (depth > 0 || entity.is_container()) {
            side.lines.expect(entity.content_length);
        }
        let has_body = match (entity.expect_body, entity.content_length) {
            (ExpectBody::No, _) => false,
            _ if entity.is_container() => {
                if entity.chunk != Chunk::NotChunked {
                    h.weird("HTTP_chunked_transfer_for_multipart_message", b"", Source::Http);
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
}
