//! XMPP (RFC 6120) up to where it becomes TLS, as far as Zeek reads it.
//!
//! [`Session`] reads the tags of both directions and tells a [`Handler`](starttls::Handler) when TLS begins. Behind what shows that there
//! will be none nothing is read.

pub mod fuzz;
#[cfg(test)]
mod tests;

use crate::bounds::Broken;
use crate::probe::Probe;
use crate::starttls::{self, Handler};

/// Where servers usually are: for clients, and for other servers.
pub const PORTS: [u16; 2] = [5222, 5269];

/// Bytes of a tag that are held; what is longer is no XMPP.
const MAX_TAG: usize = 16 << 10;

/// A part of a tag, as Zeek's grammar has it: the line where it stands, and its pattern.
#[derive(Clone, Copy, Debug)]
struct Part(u8, &'static str);

const START: Part = Part(12, "<");
const NAME: Part = Part(13, "\\/?[?:[:alnum:]]+");
const END: Part = Part(15, ">");

impl Part {
    /// What Zeek says where something else stands.
    fn missing(self, actual: &[u8]) -> String {
        let Part(line, pattern) = self;
        let at = format!("src/analyzer/protocol/xmpp/xmpp-protocol.pac:{line}");
        Broken::mismatch(&at, pattern, actual).to_string()
    }
}

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

/// One direction.
#[derive(Debug, Default)]
struct Side {
    /// A tag that is not whole. Ceiling: [`MAX_TAG`].
    tag: Vec<u8>,
    /// What comes next may be text, as behind a tag. Zeek knows this only within a segment, and says that the rest of a
    /// text which a segment's end cuts is no tag.
    in_text: bool,
}

/// The state of one connection.
#[derive(Debug, Default)]
pub struct Session {
    /// The originator's and the responder's.
    sides: [Side; 2],
    reads: Reads,
    /// The client asked for TLS.
    starttls: bool,
}

impl starttls::Session for Session {
    const CEILING: usize = 2 * MAX_TAG;

    fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.tag.len()).sum()
    }

    fn is_tls(&self) -> bool {
        self.reads == Reads::Tls
    }

    fn data<H: Handler>(&mut self, is_orig: bool, data: &[u8], h: &mut H) {
        let mut rest = data;
        while self.reads == Reads::Tags && !rest.is_empty() {
            let Some(side) = self.sides.get_mut(usize::from(!is_orig)) else { return };
            match side.read(&mut rest) {
                Ok(false) => return,
                Ok(true) => {
                    let mut tag = std::mem::take(&mut side.tag);
                    self.tag(is_orig, &tag, h);
                    tag.clear();
                    if let Some(side) = self.sides.get_mut(usize::from(!is_orig)) {
                        side.tag = tag;
                    }
                }
                // As by Zeek, the rest of the segment is not read.
                Err(why) => {
                    *side = Side::default();
                    return h.violation(&why);
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
        self.sides.reverse();
    }
}

impl Side {
    /// Reads up to the end of a tag, which then is held. False where it does not end here.
    fn read(&mut self, rest: &mut &[u8]) -> Result<bool, String> {
        if self.tag.is_empty() {
            let is_between = |byte: &u8| match self.in_text {
                true => !matches!(byte, b'<' | b'>'),
                false => matches!(byte, b' ' | b'\r' | b'\n'),
            };
            let start = rest.iter().position(|byte| !is_between(byte)).unwrap_or(rest.len());
            *rest = rest.get(start..).unwrap_or_default();
            match rest.split_first() {
                None => return Ok(false),
                Some((b'<', behind)) => *rest = behind,
                Some(_) => return Err(START.missing(rest)),
            }
            self.in_text = false;
            self.tag.push(b'<');
        }
        let end = memchr::memchr2(b'<', b'>', rest);
        let (piece, behind) = rest.split_at_checked(end.unwrap_or(rest.len())).unwrap_or((rest, &[]));
        if self.tag.len() + piece.len() >= MAX_TAG {
            return Err(END.missing(piece));
        }
        self.tag.extend_from_slice(piece);
        let inside = self.tag.get(1..).unwrap_or_default();
        let name = inside.strip_prefix(b"/").unwrap_or(inside);
        match (name.first(), behind.split_first()) {
            (Some(byte), _) if !is_of_name(byte) => Err(NAME.missing(inside)),
            (None, Some(_)) => Err(NAME.missing(behind)),
            (_, Some((b'>', behind))) => {
                (*rest, self.in_text) = (behind, true);
                Ok(true)
            }
            (_, Some(_)) => Err(END.missing(behind)),
            (_, None) => Ok(false),
        }
    }
}

const fn is_of_name(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'?' | b':')
}

impl Session {
    fn tag<H: Handler>(&mut self, is_orig: bool, tag: &[u8], h: &mut H) {
        let inside = tag.strip_prefix(b"<").unwrap_or(tag);
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
