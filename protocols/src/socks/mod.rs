//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): where a client wants its proxy to connect to, and what the proxy says.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads, up to where what is
//! tunnelled begins.

pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use session::{Address, Handler, Limits, Session, Violation, Weird};

use crate::probe::Probe;

/// Where proxies listen (IANA).
pub const PORT: u16 = 1080;

/// So long a user of version 4 may be, for a stream to look like it.
const USER: usize = 32;

/// The client's side: a request of version 4, or what it can do in version 5.
pub fn probe_client(bytes: &[u8]) -> Probe {
    match bytes {
        [] | [4 | 5] => Probe::NeedMore,
        [4, 1 | 2, rest @ ..] => match rest.iter().take(USER + 1).position(|byte| *byte == 0) {
            Some(_) => Probe::Match,
            None if rest.len() <= USER => Probe::NeedMore,
            None => Probe::NoMatch,
        },
        [5, _] => Probe::NeedMore,
        [5, _, 0..=2, ..] => Probe::Match,
        _ => Probe::NoMatch,
    }
}

/// The server's side: its reply in version 4, or what it has chosen in version 5.
pub fn probe_server(bytes: &[u8]) -> Probe {
    match bytes {
        [] | [0 | 5] | [5, 1] => Probe::NeedMore,
        [0, 0x5a..=0x5d, ..] | [5, 0, ..] | [5, 1, 0..=2, ..] => Probe::Match,
        _ => Probe::NoMatch,
    }
}

/// What a reply's status says, by version; none where it says nothing known.
pub fn status(version: u8, code: u8) -> Option<&'static str> {
    Some(match (version, code) {
        (4, 0x5a) | (5, 0) => "succeeded",
        (4, 0x5b) | (5, 1) => "general SOCKS server failure",
        (4, 0x5c) => "request failed because client is not running identd",
        (4, 0x5d) => {
            "request failed because client's identd could not confirm the user ID string in the request"
        }
        (5, 2) => "connection not allowed by ruleset",
        (5, 3) => "Network unreachable",
        (5, 4) => "Host unreachable",
        (5, 5) => "Connection refused",
        (5, 6) => "TTL expired",
        (5, 7) => "Command not supported",
        (5, 8) => "Address type not supported",
        _ => return None,
    })
}
