//! `Content-Type` (RFC 2045 §5).

use super::text::{self, TokenKind};

/// The classes of media that change how a body is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MediaType {
    /// Parts with boundaries between them.
    Multipart,
    /// `message/*`: one nested entity.
    Message,
    /// What a body is without a usable `Content-Type` (RFC 2045 §5.2).
    #[default]
    Text,
    /// All others.
    Other,
}

/// A parsed `Content-Type` value.
#[derive(Debug, PartialEq, Eq)]
pub struct ContentType<'a> {
    /// How its content is to be read.
    pub kind: MediaType,
    /// Before the slash.
    pub main: &'a [u8],
    /// Behind the slash.
    pub sub: &'a [u8],
    /// The boundary of a multipart entity.
    pub boundary: Option<Vec<u8>>,
}

impl<'a> ContentType<'a> {
    /// `None` without a `type/subtype`. A multipart type without a boundary cannot be split and is
    /// [`MediaType::Other`], as in Zeek.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let (main, sub, rest) = text::slash_pair(value)?;
        let mut parsed = ContentType { kind: MediaType::Other, main, sub, boundary: None };
        if main.eq_ignore_ascii_case(b"multipart") {
            parsed.boundary = boundary(rest);
            if parsed.boundary.is_some() {
                parsed.kind = MediaType::Multipart;
            }
        } else if main.eq_ignore_ascii_case(b"message") {
            parsed.kind = MediaType::Message;
        } else if main.eq_ignore_ascii_case(b"text") {
            parsed.kind = MediaType::Text;
        }
        Some(parsed)
    }
}

/// The last `boundary` among the parameters.
fn boundary(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut found = None;
    let mut value = Vec::new();
    while let Some(rest) = text::skip_lws_comments(data).strip_prefix(b";") {
        let Some((attribute, rest)) = text::token(rest, TokenKind::Mime) else { break };
        let Some(rest) = text::skip_lws_comments(rest).strip_prefix(b"=") else {
            data = rest;
            continue;
        };
        let is_boundary = attribute.eq_ignore_ascii_case(b"boundary");
        let kind = if is_boundary { TokenKind::Boundary } else { TokenKind::Mime };
        // A value that cannot be read leaves the cursor where it is: the next round finds no `;`
        // there and ends.
        data = rest;
        if let Some(rest) = text::value(rest, kind, &mut value) {
            data = rest;
            if is_boundary {
                found = Some(std::mem::take(&mut value));
            }
        }
    }
    found
}
