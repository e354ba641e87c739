//! HTTP 0.9, 1.0 and 1.1 as a passive observer reads them: RFC 9110, RFC 9112, RFC 1945.
//!
//! [`Session`] is a sans-IO state machine over both directions of one connection. It takes bytes,
//! gaps and ends in the order they were seen and tells a [`Handler`] what they mean, borrowing from
//! its input. It reads what Zeek 7.0 reads the way Zeek reads it, down to the names of the weirds,
//! because the logs have to be the same; [`log`] keeps the rows of http.log from the same events.
//!
//! Ordinary heads are read by httparse straight from the segment. What it refuses, and what comes
//! in pieces, goes line by line with Zeek's leniency; both ways give the same events. Bodies of
//! known length pass through as slices, unread.
//!
//! Not here: HTTP/2 and HTTP/3, brotli and zstd bodies (passed on coded, as in Zeek), the files
//! themselves (the handler names them).

mod content;
mod entity;
mod fields;
mod handler;
mod head;
mod inflate;
pub mod invariants;
mod lines;
pub mod log;
mod message;
mod row;
mod session;

#[cfg(test)]
mod tests;

pub use handler::{
    Content, EntityId, Handler, Handover, Header, MessageStat, ReplyLine, RequestLine, Source, Version,
};
pub use head::HeaderName;
pub use session::{Close, Session};

use crate::probe::Probe;

/// Ports that Zeek takes for HTTP before content says so.
pub const PORTS: [u16; 8] = [80, 81, 631, 1080, 3128, 8000, 8080, 8888];

/// Ceilings of one session. Each names the attack it stops.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one line that came split over segments, in each direction. Stops a peer that never
    /// ends its line from being buffered without end. Zeek's ceiling and weird
    /// (`contentline_size_exceeded`), but what follows is not taken for a new line: a line of a head loses
    /// its middle, one of a body is passed on in pieces.
    pub max_line: u32,
    /// Bytes of one header with its continuation lines (`exceeded_mime_max_header_bytes`). Stops
    /// endless folding.
    pub max_header: u32,
    /// Nesting of multipart entities (`exceeded_mime_max_depth`). Stops a body of boundaries from
    /// costing a state each. Zeek's `MIME::max_depth`.
    pub max_depth: u16,
    /// Requests without a reply that are remembered to tell which reply is a HEAD's. Stops
    /// one-sided captures and floods of pipelined requests from growing a queue; those beyond are
    /// only counted, and taken for others than HEAD.
    pub max_unanswered: u16,
    /// Decoded bytes of all bodies of a connection that are put out whatever their coded size...
    pub inflate_allowance: u32,
    /// ...and decoded bytes beyond that for each coded byte (`http_inflate_limit_exceeded`, ours).
    /// Stops decompression bombs, which reach 1032 to 1, also those in many small pieces.
    pub inflate_ratio: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            max_line: (16 << 20) - 100,
            max_header: 1 << 16,
            max_depth: 100,
            max_unanswered: 1024,
            inflate_allowance: 16 << 20,
            inflate_ratio: 100,
        }
    }
}

/// The methods by which content detection knows a client, as in Zeek's signature.
const METHODS: &[&str] = &[
    "OPTIONS",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "VERSION-CONTROL",
    "REPORT",
    "CHECKOUT",
    "CHECKIN",
    "UNCHECKOUT",
    "MKWORKSPACE",
    "UPDATE",
    "LABEL",
    "MERGE",
    "BASELINE-CONTROL",
    "MKACTIVITY",
    "ORDERPATCH",
    "ACL",
    "PATCH",
    "SEARCH",
    "BCOPY",
    "BDELETE",
    "BMOVE",
    "BPROPFIND",
    "BPROPPATCH",
    "NOTIFY",
    "POLL",
    "SUBSCRIBE",
    "UNSUBSCRIBE",
    "X-MS-ENUMATTS",
    "RPC_OUT_DATA",
    "RPC_IN_DATA",
];

/// Whether an originator's first bytes are a request: blanks, then a known method.
pub fn probe_client(data: &[u8]) -> Probe {
    let start = data.iter().position(|&b| !crate::mime::text::is_space(b)).unwrap_or(data.len());
    let data = data.get(start..).unwrap_or_default();
    let mut best = Probe::NoMatch;
    for method in METHODS {
        match Probe::prefix(data, method.as_bytes()) {
            Probe::Match => return Probe::Match,
            Probe::NeedMore => best = Probe::NeedMore,
            Probe::NoMatch => {}
        }
    }
    best
}

/// Whether a responder's first bytes are a status line: `HTTP/` and a digit. Either side's match is
/// enough to try HTTP on the connection.
pub fn probe_server(data: &[u8]) -> Probe {
    match (Probe::prefix(data, b"HTTP/"), data.get(5)) {
        (Probe::Match, Some(b)) if b.is_ascii_digit() => Probe::Match,
        (Probe::Match, None) => Probe::NeedMore,
        (Probe::NeedMore, _) => Probe::NeedMore,
        _ => Probe::NoMatch,
    }
}
