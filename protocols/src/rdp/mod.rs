//! RDP (MS-RDPBCGR): how a client and a server agree to begin, before what they say is encrypted; and RDPEUDP
//! (MS-RDPEUDP), its transport over UDP.
//!
//! [`Session`] follows both directions of a connection and tells a [`Handler`] what it reads, as Zeek 7.0 does.

mod blocks;
pub mod eudp;
pub mod fuzz;
mod session;
#[cfg(test)]
mod tests;

pub use blocks::{Channel, ClientCluster, ClientCore, ClientSecurity};
pub use session::{Handler, MOST, Session};

use crate::probe::Probe;

/// Where servers usually are, over TCP and UDP.
pub const PORT: u16 = 3389;

/// What a client's first request with a user in it has.
const COOKIE: &[u8] = b"Cookie: mstshash=";

/// What the parameters of a conference begin with: a client's, and a server's (T.124).
const CLIENT_KEY: &[u8] = b"Duca";
const SERVER_KEY: &[u8] = b"McDn";

/// Virtual channels of which a client asks for at least one.
const CHANNELS: [&[u8]; 4] = [b"rdpdr", b"rdpsnd", b"drdynvc", b"cliprdr"];

/// A header of RFC 1006.
const TPKT: &[u8] = &[3, 0];

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// Whether a direction's first bytes are a client's: its cookie, or the channels that it asks for.
pub fn probe_client(bytes: &[u8]) -> Probe {
    probe(bytes, |bytes| {
        let asks = || {
            let rest = find(bytes, CLIENT_KEY).and_then(|at| bytes.get(at..)).unwrap_or_default();
            CHANNELS.iter().any(|channel| find(rest, channel).is_some())
        };
        find(bytes, COOKIE).is_some() || asks()
    })
}

/// Whether they are a server's: it confirms a connection, or answers with parameters.
pub fn probe_server(bytes: &[u8]) -> Probe {
    probe(bytes, |bytes| bytes.get(5) == Some(&session::CONFIRM) || find(bytes, SERVER_KEY).is_some())
}

fn probe(bytes: &[u8], is: impl Fn(&[u8]) -> bool) -> Probe {
    match Probe::prefix(bytes, TPKT) {
        Probe::Match if is(bytes) => Probe::Match,
        Probe::Match => Probe::NeedMore,
        decided => decided,
    }
}
