//! A mail: its headers, its parts and what is in them (RFC 5322, RFC 2045, RFC 2046), read as leniently as Zeek does.
//!
//! [`Mail`] is given lines and tells a [`Handler`] of entities: the mail itself, and the parts that it has, which may
//! have parts of their own.

#[cfg(test)]
mod tests;

use crate::mime::base64::{Base64Decoder, Base64Flaw};
use crate::mime::text::{self, TokenKind};
use crate::mime::{Boundary, ContentType, MediaType, check_boundary, quoted};

/// What bounds what is held of a mail.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Parts in parts; what is deeper is passed over (Zeek's `MIME::max_depth`). 0 is no bound of its own.
    pub max_depth: u16,
    /// Bytes of a header with its continuations; further ones are left out.
    pub max_header: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { max_depth: 100, max_header: 64 << 10 }
    }
}

/// Entities in each other, whatever the limit: each costs its state, and a look at every line.
const MAX_ENTITIES: usize = 1000;

/// What Zeek calls the kind of an oddity, in `mime_event`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of headers and parts.
    Format,
    /// Of an encoding.
    Encoding,
}

impl Kind {
    /// As `mime_event` names it.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Format => "illegal format",
            Kind::Encoding => "illegal encoding",
        }
    }
}

/// Hears what a mail consists of.
pub trait Handler {
    /// The mail, or a part, begins. Parts end before what they are in does.
    fn begin_entity(&mut self) {}

    /// A header of the entity that began last.
    fn header(&mut self, _name: &[u8], _value: &[u8]) {}

    /// There are no more headers of that entity.
    fn headers_done(&mut self) {}

    /// Some of its content, decoded.
    fn content(&mut self, _data: &[u8]) {}

    /// The innermost entity that had not ended has.
    fn end_entity(&mut self) {}

    /// An oddity, in Zeek's words.
    fn flaw(&mut self, _kind: Kind, _detail: &str) {}

    /// An oddity that Zeek has a weird for.
    fn mime_weird(&mut self, _name: &'static str, _addl: &str) {}
}

/// `Content-Transfer-Encoding` (RFC 2045 §6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Encoding {
    #[default]
    Binary,
    QuotedPrintable,
    Base64,
}

#[derive(Debug)]
struct Entity {
    in_header: bool,
    ended: bool,
    media: MediaType,
    boundary: Vec<u8>,
    encoding: Encoding,
    base64: Option<Base64Decoder>,
    /// A line end of a part's content, held back: the one before a boundary is no content.
    held_crlf: bool,
}

impl Entity {
    /// Zeek lets a part have the encoding of what it is in.
    fn new(encoding: Encoding) -> Self {
        Entity {
            in_header: true,
            ended: false,
            media: MediaType::Text,
            boundary: Vec::new(),
            encoding,
            base64: None,
            held_crlf: false,
        }
    }
}

/// A mail that is being read.
#[derive(Debug)]
pub struct Mail {
    limits: Limits,
    /// The mail and the parts that are open, each in the one before.
    entities: Vec<Entity>,
    /// The header that goes on. Ceiling: [`Limits::max_header`] and a line.
    header: Vec<u8>,
    /// Content of one line.
    decoded: Vec<u8>,
}

impl Mail {
    /// A mail begins.
    pub fn begin<H: Handler>(limits: Limits, h: &mut H) -> Self {
        h.begin_entity();
        let entities = vec![Entity::new(Encoding::default())];
        Mail { limits, entities, header: Vec::new(), decoded: Vec::new() }
    }

    /// Bytes held.
    pub fn buffered(&self) -> usize {
        self.header.len() + self.entities.iter().map(|entity| entity.boundary.len()).sum::<usize>()
    }

    /// The next line, and whether a line end followed it.
    pub fn line<H: Handler>(&mut self, line: &[u8], crlf: bool, h: &mut H) {
        let mut at = 0;
        while let Some(entity) = self.entities.get(at) {
            if entity.in_header {
                return self.header_line(at, line, h);
            }
            if entity.media == MediaType::Multipart {
                match check_boundary(line, &entity.boundary) {
                    Boundary::No => {}
                    Boundary::Part => {
                        let ended = entity.ended;
                        self.end_inner(at, h);
                        if !ended {
                            self.begin_inner(at, h);
                        }
                        return;
                    }
                    Boundary::Closing => {
                        self.end_inner(at, h);
                        return self.end_entity(at, h);
                    }
                }
            }
            if !matches!(entity.media, MediaType::Multipart | MediaType::Message) {
                return self.content(at, line, crlf, h);
            }
            // What is before the first and behind the last part is nobody's.
            at += 1;
        }
    }

    /// The mail has ended.
    pub fn end<H: Handler>(mut self, h: &mut H) {
        self.end_entity(0, h);
    }

    fn header_line<H: Handler>(&mut self, at: usize, line: &[u8], h: &mut H) {
        match line.first() {
            None | Some(0) => {
                self.finish_header(at, h);
                self.begin_body(at, h);
            }
            Some(first) if text::is_lws(*first) && self.header.is_empty() => {
                h.flaw(Kind::Format, "first header line starts with linear whitespace");
                let blanks = line.iter().take_while(|byte| text::is_lws(**byte)).count();
                self.header.extend_from_slice(line.get(blanks..).unwrap_or_default());
            }
            Some(first) if text::is_lws(*first) => {
                if self.header.len() >= self.limits.max_header {
                    h.mime_weird("exceeded_mime_max_header_bytes", &self.header.len().to_string());
                } else {
                    self.header.extend_from_slice(line);
                }
            }
            Some(_) => {
                self.finish_header(at, h);
                self.header.extend_from_slice(line);
            }
        }
    }

    /// Takes in the header whose last line has come, if there is one.
    fn finish_header<H: Handler>(&mut self, at: usize, h: &mut H) {
        if self.header.is_empty() {
            return;
        }
        let header = std::mem::take(&mut self.header);
        if let (Some((name, value)), Some(entity)) = (text::header_line(&header), self.entities.get_mut(at)) {
            if name.eq_ignore_ascii_case(b"content-type") {
                entity.set_type(value, h);
            } else if name.eq_ignore_ascii_case(b"content-transfer-encoding") {
                entity.set_encoding(value, h);
            }
            h.header(name, value);
        }
        self.header = header;
        self.header.clear();
    }

    fn begin_body<H: Handler>(&mut self, at: usize, h: &mut H) {
        let Some(entity) = self.entities.get_mut(at) else { return };
        entity.in_header = false;
        h.headers_done();
        if entity.encoding == Encoding::Base64 {
            entity.base64 = Some(Base64Decoder::default());
        }
        if entity.media == MediaType::Message {
            self.begin_inner(at, h);
        }
    }

    fn begin_inner<H: Handler>(&mut self, at: usize, h: &mut H) {
        let most = match self.limits.max_depth {
            0 => MAX_ENTITIES,
            depth => usize::from(depth).min(MAX_ENTITIES),
        };
        if at >= most {
            return h.mime_weird("exceeded_mime_max_depth", &at.to_string());
        }
        let encoding = self.entities.get(at).map(|entity| entity.encoding).unwrap_or_default();
        self.entities.push(Entity::new(encoding));
        h.begin_entity();
    }

    /// What is open in this entity ends.
    fn end_inner<H: Handler>(&mut self, at: usize, h: &mut H) {
        if self.entities.len() > at + 1 {
            self.end_entity(at + 1, h);
            self.entities.truncate(at + 1);
        }
    }

    fn end_entity<H: Handler>(&mut self, at: usize, h: &mut H) {
        // From the inside out.
        for inner in (at..self.entities.len()).rev() {
            let has_inner = inner + 1 < self.entities.len();
            self.end_one(inner, has_inner, h);
            self.entities.truncate(inner + 1);
        }
    }

    fn end_one<H: Handler>(&mut self, at: usize, has_inner: bool, h: &mut H) {
        let Some(entity) = self.entities.get_mut(at) else { return };
        if std::mem::replace(&mut entity.ended, true) {
            return;
        }
        if entity.in_header {
            self.finish_header(at, h);
            if let Some(entity) = self.entities.get_mut(at) {
                entity.in_header = false;
            }
            h.headers_done();
            h.flaw(Kind::Format, "entity body missing");
        } else {
            if has_inner && entity.media == MediaType::Multipart {
                h.flaw(Kind::Format, "multipart closing boundary delimiter missing");
            }
            if let Some(mut decoder) = entity.base64.take() {
                self.decoded.clear();
                decoder.finish(&mut self.decoded, |flaw| base64_weird(flaw, h));
                tell(&self.decoded, h);
            }
        }
        h.end_entity();
    }

    fn content<H: Handler>(&mut self, at: usize, line: &[u8], crlf: bool, h: &mut H) {
        let is_part = at
            .checked_sub(1)
            .and_then(|around| self.entities.get(around))
            .is_some_and(|around| around.media == MediaType::Multipart);
        let Some(entity) = self.entities.get_mut(at) else { return };
        self.decoded.clear();
        match (entity.encoding, &mut entity.base64) {
            (Encoding::QuotedPrintable, _) => {
                quoted::decode_line_with(line, &mut self.decoded, |flaw| {
                    h.flaw(Kind::Encoding, &flaw.message())
                });
            }
            (Encoding::Base64, Some(decoder)) => {
                decoder.decode(line, &mut self.decoded, |flaw| base64_weird(flaw, h));
            }
            (Encoding::Base64, None) => {}
            (Encoding::Binary, _) => {
                let before = std::mem::replace(&mut entity.held_crlf, crlf && is_part);
                let after = crlf && !is_part;
                // Most often there is nothing to add.
                if !before && !after {
                    return tell(line, h);
                }
                self.decoded.extend_from_slice(if before { b"\r\n" } else { b"" });
                self.decoded.extend_from_slice(line);
                self.decoded.extend_from_slice(if after { b"\r\n" } else { b"" });
            }
        }
        tell(&self.decoded, h);
    }
}

impl Entity {
    fn set_type<H: Handler>(&mut self, value: &[u8], h: &mut H) {
        let Some(parsed) = ContentType::parse(value) else {
            return h.flaw(Kind::Format, "media type/subtype not found in content type");
        };
        if parsed.main.eq_ignore_ascii_case(b"multipart") && parsed.boundary.is_none() {
            let without = "boundary delimiter is not specified for a multipart entity -- content is treated as type \
                           application/octet-stream";
            h.flaw(Kind::Format, without);
        }
        self.media = parsed.kind;
        self.boundary = parsed.boundary.unwrap_or_default();
    }

    fn set_encoding<H: Handler>(&mut self, value: &[u8], h: &mut H) {
        let Some((encoding, _)) = text::token(value, TokenKind::Mime) else {
            return h.flaw(Kind::Format, "encoding type not found in content encoding");
        };
        self.encoding = if encoding.eq_ignore_ascii_case(b"base64") {
            Encoding::Base64
        } else if encoding.eq_ignore_ascii_case(b"quoted-printable") {
            Encoding::QuotedPrintable
        } else {
            Encoding::Binary
        };
    }
}

fn tell<H: Handler>(data: &[u8], h: &mut H) {
    if !data.is_empty() {
        h.content(data);
    }
}

fn base64_weird<H: Handler>(flaw: Base64Flaw, h: &mut H) {
    h.mime_weird("base64_illegal_encoding", &flaw.message());
}
