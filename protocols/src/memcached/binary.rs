//! The binary protocol: headers of 24 bytes.

use crate::memcached::{Request, Response};
use crate::probe::Probe;
use crate::reader::Reader;

pub(super) const REQUEST: u8 = 0x80;
pub(super) const RESPONSE: u8 = 0x81;

/// Bytes of a header.
pub(super) const HEADER: usize = 24;

/// Commands by their numbers, as the text protocol names them where it has them; those that end with `q` are quiet.
const NAMES: &[&str] = &[
    "get",
    "set",
    "add",
    "replace",
    "delete",
    "incr",
    "decr",
    "quit",
    "flush_all",
    "getq",
    "noop",
    "version",
    "getk",
    "getkq",
    "append",
    "prepend",
    "stats",
    "setq",
    "addq",
    "replaceq",
    "deleteq",
    "incrq",
    "decrq",
    "quitq",
    "flushq",
    "appendq",
    "prependq",
    "verbosity",
    "touch",
    "gat",
    "gatq",
    "",
    "sasl_list_mechs",
    "sasl_auth",
    "sasl_step",
    "gatk",
    "gatkq",
];

const STATUSES: &[(u16, &str)] = &[
    (0, "OK"),
    (1, "NOT_FOUND"),
    (2, "EXISTS"),
    (3, "TOO_LARGE"),
    (4, "INVALID"),
    (5, "NOT_STORED"),
    (6, "NON_NUMERIC"),
    (0x20, "AUTH_ERROR"),
    (0x21, "AUTH_CONTINUE"),
    (0x81, "UNKNOWN_COMMAND"),
    (0x82, "OUT_OF_MEMORY"),
    (0x83, "NOT_SUPPORTED"),
    (0x84, "INTERNAL_ERROR"),
    (0x85, "BUSY"),
    (0x86, "TEMPORARY_FAILURE"),
];

/// Whether these begin with a header.
pub(super) fn probe(data: &[u8]) -> Probe {
    match data.get(1).zip(data.get(5)) {
        None => Probe::NeedMore,
        Some((opcode, kind))
            if NAMES.get(usize::from(*opcode)).is_some_and(|name| !name.is_empty()) && *kind == 0 =>
        {
            Probe::Match
        }
        Some(_) => Probe::NoMatch,
    }
}

/// A header.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    opcode: u8,
    key: u16,
    extras: u8,
    status: u16,
    /// Bytes behind it.
    pub body: u32,
    opaque: u32,
}

impl Header {
    /// Reads one; none where it is not whole, or not one.
    pub fn read(data: &[u8], magic: u8) -> Option<Header> {
        let mut r = Reader::new(data);
        let first = r.u8("magic").ok()?;
        let header = Header {
            opcode: r.u8("opcode").ok()?,
            key: r.u16("key length").ok()?,
            extras: r.u8("extras length").ok()?,
            status: {
                r.skip(1, "data type").ok()?;
                r.u16("status").ok()?
            },
            body: r.u32("body length").ok()?,
            opaque: r.u32("opaque").ok()?,
        };
        let fits = u64::from(header.key) + u64::from(header.extras) <= u64::from(header.body);
        (first == magic && fits).then_some(header)
    }

    /// Bytes behind the header up to the end of the key.
    pub fn front(&self) -> usize {
        usize::from(self.extras) + usize::from(self.key)
    }

    fn value(&self) -> u64 {
        u64::from(self.body).saturating_sub(self.front() as u64)
    }

    fn name(&self) -> &'static str {
        NAMES.get(usize::from(self.opcode)).copied().filter(|name| !name.is_empty()).unwrap_or("unknown")
    }

    /// It is one of several answers: all of `stats` but the last, which has no key.
    pub fn is_followed(&self) -> bool {
        self.name() == "stats" && self.key > 0
    }

    /// The request that it begins; `front` is what stands before its value.
    pub fn request<'a>(&self, front: &'a [u8]) -> Request<'a> {
        let key = front.get(usize::from(self.extras)..).filter(|key| !key.is_empty());
        let name = self.name();
        let is_quiet = name.len() > 1 && name.ends_with('q');
        Request {
            command: name.strip_suffix('q').filter(|_| is_quiet).unwrap_or(name).as_bytes(),
            key,
            keys: u64::from(key.is_some()),
            len: Some(self.value()).filter(|len| *len > 0),
            is_quiet,
            tag: Some(self.opaque),
            is_binary: true,
        }
    }

    /// The answer that it begins.
    pub fn response(&self) -> Response<'static> {
        let status =
            STATUSES.iter().find(|(known, _)| *known == self.status).map_or("UNKNOWN", |(_, name)| name);
        let is_value = self.status == 0 && (self.name().starts_with("get") || self.name().starts_with("gat"));
        Response {
            status: status.as_bytes(),
            success: self.status == 0,
            values: u64::from(is_value),
            bytes: if is_value { self.value() } else { 0 },
            tag: Some(self.opaque),
        }
    }
}
