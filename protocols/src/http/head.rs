//! Request lines, status lines and header blocks (RFC 9112 §3-5), read as leniently as Zeek.

use super::handler::Version;
use crate::mime::text::{is_lws, skip_lws_comments};

macro_rules! header_names {
    ($($id:ident = $text:literal,)*) => {
        /// The header fields that something here or in the logs looks at.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum HeaderName {
            $(#[doc = $text] $id,)*
            /// All others.
            Other,
        }

        /// Sorted out by length first: most names are decided by one comparison.
        const KNOWN: &[(&str, HeaderName)] = &[$(($text, HeaderName::$id),)*];

        impl HeaderName {
            /// The name in the upper case that Zeek's scripts and logs use.
            pub fn known_text(self) -> Option<&'static str> {
                KNOWN.iter().find(|(_, id)| *id == self).map(|(text, _)| *text)
            }
        }
    };
}

// Expands to an enum with one variant per line and `Other`, and a table from text to variant.
header_names! {
    Via = "VIA",
    Host = "HOST",
    Range = "RANGE",
    Origin = "ORIGIN",
    Expect = "EXPECT",
    Referer = "REFERER",
    Upgrade = "UPGRADE",
    Forwarded = "FORWARDED",
    ClientIp = "CLIENT-IP",
    UserAgent = "USER-AGENT",
    Connection = "CONNECTION",
    ContentType = "CONTENT-TYPE",
    ContentRange = "CONTENT-RANGE",
    Authorization = "AUTHORIZATION",
    ContentLength = "CONTENT-LENGTH",
    XForwardedFor = "X-FORWARDED-FOR",
    XForwardedFrom = "X-FORWARDED-FROM",
    ContentEncoding = "CONTENT-ENCODING",
    XroxyConnection = "XROXY-CONNECTION",
    ProxyConnection = "PROXY-CONNECTION",
    TransferEncoding = "TRANSFER-ENCODING",
    ContentDisposition = "CONTENT-DISPOSITION",
    ProxyAuthorization = "PROXY-AUTHORIZATION",
    ContentTransferEncoding = "CONTENT-TRANSFER-ENCODING",
}

/// Where the names of each length begin in [`KNOWN`], which is sorted by length.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const BY_LENGTH: [u8; 27] = {
    let mut starts = [0u8; 27];
    let mut len = 0;
    while len < 27 {
        let mut at = 0;
        while at < KNOWN.len() && KNOWN[at].0.len() < len {
            at += 1;
        }
        starts[len] = at as u8;
        len += 1;
    }
    starts
};

impl HeaderName {
    /// Of a field's name in any case.
    pub fn of(name: &[u8]) -> Self {
        let from = BY_LENGTH.get(name.len()).copied().unwrap_or(KNOWN.len() as u8);
        let to = BY_LENGTH.get(name.len() + 1).copied().unwrap_or(KNOWN.len() as u8);
        let candidates = KNOWN.get(usize::from(from)..usize::from(to)).unwrap_or_default();
        let same_start = |text: &str| text.bytes().next() == name.first().map(u8::to_ascii_uppercase);
        let found =
            candidates.iter().find(|(text, _)| same_start(text) && is_in_any_case(name, text.as_bytes()));
        found.map_or(HeaderName::Other, |(_, id)| *id)
    }
}

/// Whether a name is `known`, a text in upper case of the same length. Eight bytes are looked at at a time.
fn is_in_any_case(name: &[u8], known: &[u8]) -> bool {
    let (Some(last), Some(known_last)) = (name.last_chunk::<8>(), known.last_chunk::<8>()) else {
        return name.eq_ignore_ascii_case(known);
    };
    let ((words, _), (known_words, _)) = (name.as_chunks::<8>(), known.as_chunks::<8>());
    upper(*last) == u64::from_ne_bytes(*known_last)
        && words.iter().zip(known_words).all(|(word, known)| upper(*word) == u64::from_ne_bytes(*known))
}

/// Eight bytes with their ASCII letters in upper case.
#[inline]
fn upper(word: [u8; 8]) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let word = u64::from_ne_bytes(word);
    let low = word & (0x7f * EACH);
    // The high bit of a byte says whether it is `a` or more, and whether it is more than `z`.
    let from_a = low + (0x80 - b'a' as u64) * EACH;
    let beyond_z = low + (0x7f - b'z' as u64) * EACH;
    word ^ ((from_a & !beyond_z & !word & (0x80 * EACH)) >> 2)
}

/// What a request line says about the version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionField<'a> {
    /// No `HTTP/`: HTTP/0.9.
    Absent,
    /// `HTTP/` with fewer than three characters behind it.
    Short,
    /// What follows `HTTP/`.
    Given(&'a [u8]),
}

/// A request line taken apart, nothing judged yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestParts<'a> {
    pub method: &'a [u8],
    pub uri: &'a [u8],
    /// The version stood where the URI should.
    pub missing_uri: bool,
    pub version: VersionField<'a>,
}

/// A line that is no request line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotARequest {
    Bad,
    /// No method, yet it ends like a request line.
    BadWithVersion,
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
const fn table(chars: &[u8]) -> [bool; 256] {
    let mut set = [false; 256];
    let mut at = 0;
    while at < 128 {
        set[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    at = 0;
    while at < chars.len() {
        set[chars[at] as usize] = true;
        at += 1;
    }
    set
}

/// RFC 3986 reserved and unreserved characters and `%`; NUL counts too, as in Zeek.
const URI_CHARS: [bool; 256] = table(b":/?#[]@!$&'()*+,;=-_.~%\0");
/// RFC 9110 §5.6.2 as Zeek draws it: printable and no separator.
const METHOD_CHARS: [bool; 256] = table(b"!#$%&'*+-.^_`|~");

#[expect(clippy::indexing_slicing, reason = "a byte is below 256")]
fn is_in(set: &[bool; 256], byte: u8) -> bool {
    set[usize::from(byte)]
}

fn skip_blanks(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    from + rest.iter().position(|&b| !is_lws(b)).unwrap_or(rest.len())
}

fn is_version_at(line: &[u8], at: usize) -> bool {
    line.get(at..).is_some_and(|rest| rest.starts_with(b"HTTP/"))
}

/// Takes a request line apart. RFC 9112 §3; where blanks or odd bytes stand in the URI it reaches
/// to the first `HTTP/` behind it, as in Zeek.
pub fn parse_request_line(line: &[u8]) -> Result<RequestParts<'_>, NotARequest> {
    let method_len = line.iter().position(|&b| !is_in(&METHOD_CHARS, b)).unwrap_or(line.len());
    let (method, tail) = line.split_at(method_len);
    if method.is_empty() {
        let end = line.len().checked_sub(9).and_then(|at| line.get(at..at + 6));
        let versioned = end.is_some_and(|end| end.eq_ignore_ascii_case(b" HTTP/"));
        return Err(if versioned { NotARequest::BadWithVersion } else { NotARequest::Bad });
    }
    let start = skip_blanks(tail, 0);
    if start == 0 {
        return Err(NotARequest::Bad);
    }
    let rest = tail.get(start..).unwrap_or_default();

    let mut uri_end = rest.iter().position(|&b| !is_in(&URI_CHARS, b)).unwrap_or(rest.len());
    let missing_uri = uri_end == rest.len() && rest.starts_with(b"HTTP/");
    if missing_uri {
        uri_end = 0;
    }
    let mut at = uri_end;
    let mut version = VersionField::Absent;
    while at < rest.len() {
        uri_end = at;
        at = skip_blanks(rest, at);
        if is_version_at(rest, at) {
            let text = rest.get(at + 5..).unwrap_or_default();
            version = if text.len() >= 3 { VersionField::Given(text) } else { VersionField::Short };
            break;
        }
        at += 1;
    }
    let uri = rest.get(..uri_end).unwrap_or_default();
    Ok(RequestParts { method, uri, missing_uri, version })
}

/// `d.d` at the start of `text`.
pub fn parse_version(text: &[u8]) -> Option<Version> {
    match text {
        [major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9', ..] => {
            Some(Version { major: major - b'0', minor: minor - b'0' })
        }
        _ => None,
    }
}

/// A status line taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyParts<'a> {
    /// What follows `HTTP/`.
    pub version: &'a [u8],
    /// `None` where the line ends before a code.
    pub status: Option<(u16, Option<&'a [u8]>)>,
}

/// Takes a status line apart (RFC 9112 §4). `None` for a line that does not begin with `HTTP/`.
pub fn parse_reply_line(line: &[u8]) -> Option<ReplyParts<'_>> {
    let rest = line.strip_prefix(b"HTTP/")?;
    let mut parts = ReplyParts { version: rest, status: None };
    let Some(blank) = rest.iter().position(|&b| is_lws(b)) else { return Some(parts) };
    let rest = rest.get(skip_blanks(rest, blank)..).unwrap_or_default();
    let Some((code, tail)) = rest.split_first_chunk::<3>() else { return Some(parts) };
    let number = code.iter().try_fold(0u16, |n, &b| b.is_ascii_digit().then(|| n * 10 + u16::from(b - b'0')));
    let reason =
        tail.iter().position(|&b| is_lws(b)).map(|at| tail.get(skip_blanks(tail, at)..).unwrap_or_default());
    parts.status = Some((number.unwrap_or(0), reason));
    Some(parts)
}

/// More headers than this in one head go the line by line way: a ceiling on the fast path's stack
/// space, not on headers.
const FAST_HEADERS: usize = 40;

/// Room for the headers of a block, which the caller has, so that they are not moved.
pub type FastRoom<'a> = [httparse::Header<'a>; FAST_HEADERS];
pub const FAST_ROOM: FastRoom<'static> = [httparse::EMPTY_HEADER; FAST_HEADERS];

/// A header block that lay whole in one input.
pub struct FastBlock<'h, 'a> {
    headers: &'h [httparse::Header<'a>],
    input: &'a [u8],
    /// How many bytes the block takes, the empty line included.
    pub consumed: usize,
}

impl<'h, 'a> FastBlock<'h, 'a> {
    /// The fast path: httparse reads the block in one go. It refuses what RFC 9112 forbids (odd
    /// names, folding, lone CRs, control characters) and what is not all there; for those the
    /// caller goes line by line. What it accepts means the same both ways.
    pub fn parse(input: &'a [u8], room: &'h mut FastRoom<'a>) -> Option<Self> {
        match httparse::parse_headers(input, room) {
            Ok(httparse::Status::Complete((consumed, headers))) => {
                Some(FastBlock { headers, input, consumed })
            }
            _ => None,
        }
    }

    /// Name, value and length of the line of each header. httparse cuts blanks off the end of a
    /// value; Zeek keeps them, so they are put back.
    pub fn headers(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8], usize)> + '_ {
        let base = self.input.as_ptr() as usize;
        self.headers.iter().map(move |header| {
            let name = header.name.as_bytes();
            let name_at = (name.as_ptr() as usize).wrapping_sub(base);
            let behind_name = name_at + name.len() + 1;
            let value_at = match header.value {
                [] => skip_blanks(self.input, behind_name),
                value => (value.as_ptr() as usize).wrapping_sub(base),
            };
            let end = skip_blanks(self.input, value_at + header.value.len());
            let value = match header.value {
                [] => header.value,
                value => self.input.get(value_at..end).unwrap_or(value),
            };
            (name, value, end.saturating_sub(name_at))
        })
    }
}

/// The first token of a value, and what follows it; empty where there is none.
pub fn first_token(value: &[u8]) -> (&[u8], &[u8]) {
    crate::mime::text::token(value, crate::mime::text::TokenKind::Mime).unwrap_or((&[], &[]))
}

/// Whether the first token of a value is `word`, whatever its case.
pub fn token_is(value: &[u8], word: &[u8]) -> bool {
    // Nearly always the value is the word itself; only odd ones need the tokenizer.
    value.eq_ignore_ascii_case(word) || first_token(skip_lws_comments(value)).0.eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_names_are_known_in_any_case_and_no_others() {
        for (text, id) in KNOWN {
            let mixed: String = text
                .char_indices()
                .map(|(at, letter)| if at % 3 == 0 { letter } else { letter.to_ascii_lowercase() })
                .collect();
            for name in [*text, &text.to_ascii_lowercase(), &mixed] {
                assert_eq!(HeaderName::of(name.as_bytes()), *id, "{name}");
            }
            for at in 0..text.len() {
                for byte in 0..=u8::MAX {
                    let mut name = text.as_bytes().to_vec();
                    name[at] = byte;
                    let same = byte.eq_ignore_ascii_case(&text.as_bytes()[at]);
                    assert_eq!(is_in_any_case(&name, text.as_bytes()), same, "{byte:#x} at {at} of {text}");
                }
            }
        }
    }
}
