//! LDAP (RFC 4511) over TCP, and over UDP as Active Directory has it (MS-ADTS §6.3.3), as far as Zeek reads it.
//!
//! [`Session`] cuts both directions of a connection into messages, looks into what SASL wraps without encrypting it
//! (RFC 4121 §4.2.6.2), and tells a [`Handler`] where TLS begins. [`Message`] is one of them.

mod filter;
pub mod fuzz;
mod message;
pub mod names;
mod session;
#[cfg(test)]
mod tests;
mod text;

pub use message::{Auth, Message, Operation, Outcome, Search};
pub use session::{Handler, Limits, Session};
pub use text::{ascii, utf8};

use crate::probe::Probe;

/// Where servers usually are: directories, and global catalogs.
pub const TCP_PORTS: [u16; 2] = [389, 3268];

/// The same over UDP.
pub const UDP_PORTS: [u16; 1] = [389];

/// What a message begins with that holds a request; a byte that lies outside any of these is none.
const REQUESTS: [u8; 8] = [0x4a, 0x60, 0x63, 0x66, 0x68, 0x6c, 0x6e, 0x77];

/// Whether a client's first bytes are a request.
pub fn probe(data: &[u8]) -> Probe {
    let mut rest = data;
    let mut next = || {
        let (first, behind) = rest.split_first()?;
        rest = behind;
        Some(*first)
    };
    let skip = |next: &mut dyn FnMut() -> Option<u8>, len: u8| (0..len).try_for_each(|_| next().map(|_| ()));
    let read = (|| {
        if next()? != 0x30 {
            return Some(false);
        }
        match next()? {
            5..=0x7f => {}
            long @ 0x81..=0x84 => skip(&mut next, long & 0x7f)?,
            _ => return Some(false),
        }
        if next()? != 0x02 {
            return Some(false);
        }
        let len = next()?;
        if !(1..=4).contains(&len) {
            return Some(false);
        }
        skip(&mut next, len)?;
        next().map(|tag| REQUESTS.contains(&tag))
    })();
    match read {
        Some(true) => Probe::Match,
        Some(false) => Probe::NoMatch,
        None => Probe::NeedMore,
    }
}

/// Whether a server's first bytes may be an answer.
pub fn probe_answer(data: &[u8]) -> Probe {
    Probe::prefix(data, b"\x30")
}
