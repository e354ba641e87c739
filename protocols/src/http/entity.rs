//! One entity: the body of a message, or a part of a multipart body, with what its headers said.

use super::handler::{EntityId, Handler, Header, Source, Version};
use super::head::{HeaderName, first_token, token_is};
use super::inflate::Inflater;
use crate::mime::base64::Base64Decoder;
use crate::mime::text::leading_number;
use crate::mime::{ContentType, MediaType};

/// Whether a message may have a body (RFC 9112 §6.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpectBody {
    No,
    #[default]
    Yes,
    /// A request: only with Content-Length or Transfer-Encoding.
    Maybe,
}

/// Progress through a chunked body (RFC 9112 §7.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Chunk {
    #[default]
    NotChunked,
    BeforeFirst,
    Size,
    Data,
    DataEnd,
    Trailer,
    Over,
}

/// `Content-Transfer-Encoding` (RFC 2045 §6), met in multipart parts.
#[derive(Clone, Debug, Default)]
pub enum TransferEncoding {
    #[default]
    Binary,
    QuotedPrintable,
    Base64(Base64Decoder),
}

#[derive(Default)]
pub struct Entity {
    pub id: EntityId,
    pub in_header: bool,
    pub ended: bool,
    pub media: MediaType,
    pub boundary: Vec<u8>,
    pub transfer: TransferEncoding,
    /// A line end of a part's content, held back: the one before a boundary is no content.
    pub held_crlf: bool,
    pub chunk: Chunk,
    pub content_length: Option<u64>,
    /// Bytes of the body, or of the chunk, that are still to come.
    pub expect: u64,
    pub expect_body: ExpectBody,
    pub body_length: u64,
    pub header_length: u64,
    /// Content-Encoding is gzip or deflate.
    pub compressed: bool,
    pub inflater: Option<Box<Inflater>>,
    /// Content-Range of a 206: where this part begins and how long it is.
    pub range: Option<Range>,
    /// The file's size was told, or must not be.
    pub size_told: bool,
}

/// Content-Range (RFC 9110 §14.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Where the next byte stands in the whole file.
    pub offset: u64,
    pub len: u64,
    /// Size of the whole file, 0 when not given.
    pub total: u64,
}

impl Entity {
    pub fn new(id: EntityId, expect_body: ExpectBody) -> Self {
        Entity { id, in_header: true, expect_body, ..Entity::default() }
    }

    pub fn is_container(&self) -> bool {
        matches!(self.media, MediaType::Multipart | MediaType::Message)
    }

    /// Takes in what a header other than `Content-Type` says about the body.
    pub fn apply<H: Handler>(&mut self, header: &Header<'_>, cx: &HeaderContext, h: &mut H) {
        match header.id {
            HeaderName::ContentTransferEncoding => self.transfer_encoding(header.value),
            HeaderName::ContentLength => self.length(header.value, h),
            HeaderName::ContentRange if cx.reply_code == 206 => self.content_range(header.value, h),
            // In parts too, where RFC 9112 has no place for it: Zeek 7.0 follows it there.
            HeaderName::TransferEncoding
                if cx.version == Version::HTTP_11 && token_is(header.value, b"chunked") =>
            {
                self.chunk = Chunk::BeforeFirst;
            }
            HeaderName::ContentEncoding => {
                let coding = first_token(header.value).0;
                let known: [&[u8]; 3] = [b"gzip", b"x-gzip", b"deflate"];
                self.compressed |= known.iter().any(|known| coding.eq_ignore_ascii_case(known));
            }
            _ => {}
        }
    }

    /// Takes in a `Content-Type`.
    pub fn set_type(&mut self, parsed: ContentType<'_>) {
        self.media = parsed.kind;
        self.boundary = parsed.boundary.unwrap_or_default();
    }

    fn transfer_encoding(&mut self, value: &[u8]) {
        let encoding = first_token(value).0;
        if encoding.eq_ignore_ascii_case(b"base64") {
            self.transfer = TransferEncoding::Base64(Base64Decoder::default());
        } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
            self.transfer = TransferEncoding::QuotedPrintable;
        } else if !encoding.is_empty() {
            self.transfer = TransferEncoding::Binary;
        }
    }

    /// The last Content-Length counts; a negative one is none, one that is no number or too large
    /// is zero, as in Zeek.
    fn length<H: Handler>(&mut self, value: &[u8], h: &mut H) {
        let text = first_token(value).0;
        if text.is_empty() {
            return;
        }
        self.content_length = match leading_number(text, 10) {
            Some(number) => u64::try_from(number).ok(),
            None => Some(0),
        };
        if let Some(range) = self.range {
            self.reconcile(range.len, h);
        }
    }

    /// Where Content-Length and Content-Range disagree the larger counts: hiding bytes from the
    /// monitor must not be that easy.
    fn reconcile<H: Handler>(&mut self, range_len: u64, h: &mut H) {
        match self.content_length {
            Some(len) if len == range_len => {}
            Some(len) => {
                h.weird("HTTP_range_not_matching_len", b"", Source::Http);
                self.content_length = Some(len.max(range_len));
            }
            None => self.content_length = Some(range_len),
        }
    }

    fn content_range<H: Handler>(&mut self, value: &[u8], h: &mut H) {
        let (unit, rest) = first_token(value);
        if unit != b"bytes" {
            h.weird("HTTP_content_range_unknown_byte_unit", b"", Source::Http);
            return;
        }
        let spec: Vec<u8> = rest.iter().copied().filter(|&b| b != b' ').collect();
        let mut halves = spec.splitn(2, |&b| b == b'/');
        let mut ends = halves.next().unwrap_or_default().splitn(2, |&b| b == b'-');
        let (Some(total), Some(first), Some(last)) = (halves.next(), ends.next(), ends.next()) else {
            h.weird("HTTP_content_range_cannot_parse", b"", Source::Http);
            return;
        };
        let (Some(first), Some(last)) = (leading_number(first, 10), leading_number(last, 10)) else {
            h.weird("HTTP_content_range_cannot_parse", b"", Source::Http);
            return;
        };
        let len = last.checked_sub(first).and_then(|span| span.checked_add(1));
        let len = len.and_then(|len| u64::try_from(len).ok()).filter(|&len| len > 0);
        let (Some(len), Ok(offset)) = (len, u64::try_from(first)) else {
            h.weird("HTTP_non_positive_content_range", b"", Source::Http);
            return;
        };
        let total = leading_number(total, 10).and_then(|total| u64::try_from(total).ok()).unwrap_or(0);
        self.range = Some(Range { offset, len, total });
        if self.content_length == Some(0) {
            self.content_length = None;
        }
        self.reconcile(len, h);
    }
}

/// What the reading of a header depends on beside the entity.
#[derive(Clone, Copy, Debug)]
pub struct HeaderContext {
    /// Of the ongoing request, or else of the reply.
    pub version: Version,
    pub reply_code: u16,
}
