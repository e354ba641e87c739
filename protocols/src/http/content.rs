//! Content: bodies freed of content coding, split into parts, freed of transfer encoding.

use super::entity::TransferEncoding;
use super::handler::{Content, Handler, Source};
use super::inflate::{InflateError, Inflater};
use super::session::Session;
use crate::mime::base64::Base64Flaw;
use crate::mime::{Boundary, MediaType, check_boundary, quoted};

impl Session {
    /// Body bytes as sent, to be freed of their content coding.
    pub(super) fn deliver_body<H: Handler>(
        &mut self,
        is_orig: bool,
        depth: usize,
        data: &[u8],
        crlf: bool,
        h: &mut H,
    ) {
        let entity = self.entity(is_orig, depth);
        if entity.compressed && entity.inflater.is_none() && !h.may_inflate() {
            entity.compressed = false;
        }
        if !entity.compressed {
            return self.deliver_clear(is_orig, depth, data, crlf, h);
        }
        let id = entity.id;
        let mut inflater = entity.inflater.take().unwrap_or_else(|| Box::new(Inflater::new()));
        let (allowance, ratio) = (self.limits.inflate_allowance, self.limits.inflate_ratio);
        self.inflate_budget.earn(data.len(), ratio);
        let result = inflater.feed(data, |clear| {
            let may = self.inflate_budget.spend(clear.len(), allowance);
            if may {
                self.deliver_clear(is_orig, depth, clear, false, h);
            }
            may
        });
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
    pub(super) fn submit<H: Handler>(&mut self, is_orig: bool, depth: usize, data: &[u8], h: &mut H) {
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
}

pub(super) fn base64_weird<H: Handler>(flaw: Base64Flaw, h: &mut H) {
    h.weird("base64_illegal_encoding", flaw.message().as_bytes(), Source::Connection);
}
