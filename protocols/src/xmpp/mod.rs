//! XMPP (RFC 6120) up to where it becomes TLS, as far as Zeek reads it.
//!
//! [`Session`] reads the tags of both directions and tells a [`Handler`](starttls::Handler) when TLS begins. Behind what shows that there
//! will be none nothing is read.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::mime::text::is_space;
use crate::probe::Probe;
use crate::starttls::{self, Handler};

/// Where servers usually are: for clients, and for other servers.
pub const PORTS: [u16; 2] = [5222, 5269];

/// What Zeek says of what is no tag, without what stands there.
const MISMATCH: &str = "Binpac exception: binpac exception: string mismatch";

/// Bytes of a tag that are held; what is longer is no XMPP.
const MAX_TAG: usize = 16 << 10;

/// Whether a direction begins as XMPP's do: with a stream of one of Jabber's namespaces.
pub fn probe(bytes: &[u8]) -> Probe {
    const BEGIN: &[u8] = b"<stream:stream ";
    let mut rest = bytes;
    match Probe::prefix(rest, b"<?xml") {
        Probe::NeedMore => return Probe::NeedMore,
        Probe::Match => match memchr::memchr(b'>', rest) {
            Some(end) => rest = rest.get(end + 1..).unwrap_or_default(),
            None => return Probe::NeedMore,
        },
        Probe::NoMatch => {}
    }
    let blanks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n' | b' ')).count();
    rest = rest.get(blanks..).unwrap_or_default();
    match Probe::prefix(rest, BEGIN) {
        Probe::Match => {}
        other => return other,
    }
    let end = memchr::memchr(b'>', rest);
    let tag = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
    match (memchr::memmem::find(tag, b"xmlns='jabber:"), end) {
        (Some(_), _) => Probe::Match,
        (None, Some(_)) => Probe::NoMatch,
        (None, None) => Probe::NeedMore,
    }
}

/// What is read of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reads {
    #[default]
    Tags,
    /// Nothing more.
    Nothing,
    Tls,
}

/// The state of one connection.
#[derive(Debug, Default)]
pub struct Session {
    /// Of the originator and the responder: a tag that is not whole. Ceiling: [`MAX_TAG`].
    tags: [Vec<u8>; 2],
    reads: Reads,
    /// The client asked for TLS.
    starttls: bool,
}

impl starttls::Session for Session {
    const CEILING: usize = 2 * MAX_TAG;

    fn buffered(&self) -> usize {
        self.tags.iter().map(Vec::len).sum()
    }

    fn is_tls(&self) -> bool {
        self.reads == Reads::Tls
    }

    fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let mut rest = data;
        while self.reads == Reads::Tags && !rest.is_empty() {
            let Some(held) = self.tags.get_mut(usize::from(!is_orig)) else { return };
            if held.is_empty() {
                match rest.split_first() {
                    Some((b'<', _)) => {}
                    Some((byte, behind)) if is_space(*byte) => {
                        rest = behind;
                        continue;
                    }
                    // Text between tags is passed over, which Zeek has no rule for.
                    _ if rest.iter().take(MAX_TAG).any(|byte| *byte == b'<') => {
                        let at = memchr::memchr(b'<', rest).unwrap_or(rest.len());
                        rest = rest.get(at..).unwrap_or_default();
                    }
                    _ => return h.violation(MISMATCH),
                }
            }
            let end = memchr::memchr(b'>', rest);
            let (piece, behind) =
                rest.split_at_checked(end.map_or(rest.len(), |at| at + 1)).unwrap_or((rest, &[]));
            rest = behind;
            if held.len() + piece.len() > MAX_TAG {
                held.clear();
                return h.violation(MISMATCH);
            }
            held.extend_from_slice(piece);
            if end.is_some() {
                let tag = std::mem::take(held);
                self.tag(is_orig, &tag, h);
                if let Some(held) = self.tags.get_mut(usize::from(!is_orig)) {
                    *held = tag;
                    held.clear();
                }
            }
        }
        if self.is_tls() && !rest.is_empty() {
            h.passed_on(is_orig, rest);
        }
    }

    fn gap(&mut self) {
        if self.reads == Reads::Tags {
            self.reads = Reads::Nothing;
        }
    }

    fn flip(&mut self) {
        self.tags.reverse();
    }
}

impl Session {
    fn tag<H: Handler>(&mut self, is_orig: bool, tag: &[u8], h: &mut H) {
        let inside = tag.strip_prefix(b"<").unwrap_or(tag);
        let is_of_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'?' | b':');
        let end = inside.iter().position(|byte| !is_of_name(byte)).unwrap_or(inside.len());
        let name = inside.get(..end).unwrap_or_default();
        match name {
            b"stream:stream" if is_orig => h.confirmed(),
            // There will be no TLS any more.
            b"success" | b"message" | b"db:result" | b"db:verify" | b"presence" => {
                self.reads = Reads::Nothing
            }
            b"starttls" if is_orig => self.starttls = true,
            b"proceed" if !is_orig && self.starttls => {
                self.reads = Reads::Tls;
                h.starttls();
            }
            b"proceed" if !is_orig => h.weird("XMPP: proceed without starttls"),
            _ => {}
        }
    }
}
