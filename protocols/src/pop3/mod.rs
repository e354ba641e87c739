//! POP3 (RFC 1939), with AUTH (RFC 5034) and STLS (RFC 2595).
//!
//! [`Session`] follows both directions of a connection as Zeek does, and tells a [`Handler`] of commands, replies,
//! logins, and the mails that are fetched, with their parts.

pub mod fuzz;
mod handler;
mod session;
#[cfg(test)]
mod tests;

pub use handler::Handler;
pub use session::{Limits, Session};

use crate::mime::text::is_space;
use crate::probe::Probe;

/// Where servers usually are.
pub const PORT: u16 = 110;

/// Whether a server's direction begins as POP3's do.
pub fn probe_server(bytes: &[u8]) -> Probe {
    Probe::prefix(bytes, b"+OK")
}

/// Whether a client's direction begins as POP3's do: with a command that logs in, in one of the first two lines.
pub fn probe_client(bytes: &[u8]) -> Probe {
    /// With whether a blank has to follow.
    const WORDS: [(&[u8], bool); 5] =
        [(b"USER", true), (b"APOP", true), (b"CAPA", false), (b"AUTH", false), (b"STLS", false)];
    let mut rest = bytes;
    for _ in 0..2 {
        let blanks = rest.iter().take_while(|byte| is_space(**byte)).count();
        rest = rest.get(blanks..).unwrap_or_default();
        let word = rest.get(..4).unwrap_or(rest);
        let fits =
            |known: &[u8]| known.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if let Some((_, blank)) = WORDS.iter().find(|(known, _)| fits(known)) {
            match rest.get(4) {
                _ if word.len() < 4 => return Probe::NeedMore,
                None if *blank => return Probe::NeedMore,
                Some(next) if *blank && !is_space(*next) => {}
                _ => return Probe::Match,
            }
        }
        match memchr::memchr2(b'\r', b'\n', rest) {
            Some(end) => rest = rest.get(end..).unwrap_or_default(),
            None => return Probe::NeedMore,
        }
    }
    Probe::NoMatch
}
