//! What a session tells: one callback per event, in stream order, everything borrowed.

use super::head::HeaderName;

/// An HTTP version as one digit each; 0.0 where the line had none that could be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Version {
    /// Before the dot.
    pub major: u8,
    /// Behind the dot.
    pub minor: u8,
}

impl Version {
    /// A request without a version.
    pub const HTTP_09: Version = Version { major: 0, minor: 9 };
    /// RFC 9112.
    pub const HTTP_11: Version = Version { major: 1, minor: 1 };

    /// As it stands in the logs: `1.1`.
    pub const fn text(self) -> [u8; 3] {
        [b'0' + self.major % 10, b'.', b'0' + self.minor % 10]
    }
}

/// The first line of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestLine<'a> {
    /// The method.
    pub method: &'a [u8],
    /// As on the wire.
    pub uri: &'a [u8],
    /// Percent-decoded; the same bytes where there was nothing to decode.
    pub unescaped_uri: &'a [u8],
    /// The version, 0.9 where there is none.
    pub version: Version,
}

/// The first line of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// The version.
    pub version: Version,
    /// 0 where the status code is not three digits, and for HTTP/0.9.
    pub code: u16,
    /// `None` where the line ends at the code.
    pub reason: Option<&'a [u8]>,
}

/// A header field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// Known names, to be matched without looking at bytes.
    pub id: HeaderName,
    /// The field's name, as it was sent.
    pub name: &'a [u8],
    /// Leading whitespace removed, trailing kept, as in Zeek.
    pub value: &'a [u8],
}

/// Names an entity within its connection and direction: the body of a message or a part of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(pub u32);

/// A run of an entity's decoded content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// The entity that it is of.
    pub entity: EntityId,
    /// The bytes themselves.
    pub data: &'a [u8],
    /// Where in the whole file these bytes stand, for a 206 reply; `None`: right behind the last.
    pub offset: Option<u64>,
    /// Size of the whole file, told once with its first bytes where the headers gave it and no
    /// content coding hides it.
    pub total: Option<u64>,
}

/// What a message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageStat {
    /// Packet time of the message's first line, ns.
    pub start_ns: u64,
    /// The message did not come to its own end.
    pub interrupted: bool,
    /// Why it ended, in Zeek's words.
    pub reason: &'static str,
    /// Bytes of body after content decoding (`request_body_len`, `response_body_len`).
    pub body_length: u64,
    /// Bytes of body missing and stepped over.
    pub gap_length: u64,
    /// Bytes of request or status line and headers without line ends.
    pub header_length: u64,
}

/// Which layer found an oddity: the `source` field of weird.log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The analyzer of HTTP.
    Http,
    /// The reader of lines.
    ContentLine,
    /// The decompression.
    Zip,
    /// None, as for weirds Zeek raises from script.
    Connection,
}

impl Source {
    /// The name of Zeek's analyzer; none for those of the connection.
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Source::Http => Some("HTTP"),
            Source::ContentLine => Some("CONTENTLINE"),
            Source::Zip => Some("ZIP"),
            Source::Connection => None,
        }
    }
}

/// What the connection becomes when it stops being HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover<'a> {
    /// A CONNECT was granted: any protocol may follow, from both sides.
    Connect,
    /// 101: the token of the `Upgrade` header.
    Upgrade(&'a [u8]),
}

/// Hears the events of one session. Every method has an empty default.
pub trait Handler {
    /// A request begins.
    fn request(&mut self, _line: &RequestLine<'_>) {}
    /// A reply begins.
    fn reply(&mut self, _line: &ReplyLine<'_>) {}
    /// An entity begins.
    fn begin_entity(&mut self, _is_orig: bool, _entity: EntityId) {}
    /// A header field of a message or a part.
    fn header(&mut self, _is_orig: bool, _header: &Header<'_>) {}
    /// The head of a message or of a part is complete. `content_type` is `MAIN/SUB` in upper case.
    fn headers_done(&mut self, _is_orig: bool, _content_type: &[u8]) {}
    /// Content of an entity.
    fn content(&mut self, _is_orig: bool, _content: &Content<'_>) {}
    /// `len` bytes of the entity are missing at `offset`.
    fn content_gap(&mut self, _is_orig: bool, _entity: EntityId, _offset: u64, _len: u64) {}
    /// An entity has ended.
    fn end_entity(&mut self, _is_orig: bool, _entity: EntityId) {}
    /// A gzip or deflate body begins; decoding it takes some 40 KB of memory until its end
    /// ([`Session::inflating`](super::Session::inflating)). If false it is passed on as it was sent.
    fn may_inflate(&mut self) -> bool {
        true
    }
    /// The entity's content is complete as a file. Not told for 206 replies, whose file may go on
    /// in another message.
    fn end_file(&mut self, _is_orig: bool, _entity: EntityId) {}
    /// A message has ended.
    fn message_done(&mut self, _is_orig: bool, _stat: &MessageStat) {}
    /// HTTP ends here: all that follows, both ways, comes through [`passed_on`](Self::passed_on).
    fn handover(&mut self, _to: Handover<'_>) {}
    /// Bytes of another protocol, after an upgrade or CONNECT.
    fn passed_on(&mut self, _is_orig: bool, _data: &[u8]) {}
    /// So many bytes of it are missing.
    fn passed_gap(&mut self, _is_orig: bool, _len: u64) {}
    /// Something is odd.
    fn weird(&mut self, _name: &'static str, _addl: &[u8], _source: Source) {}
    /// The stream is HTTP.
    fn confirmed(&mut self) {}
    /// The stream is not HTTP. `line` is what gave it away.
    fn violation(&mut self, _reason: &'static str, _line: &[u8]) {}
    /// Smaller oddities that are events in Zeek (`http_event`) and reach no log.
    fn note(&mut self, _category: &'static str, _detail: &[u8]) {}
}
