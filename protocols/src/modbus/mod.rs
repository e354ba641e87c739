//! Modbus over TCP (Modbus Messaging on TCP/IP V1.0b, Modbus Application Protocol V1.1b3).

mod body;
pub mod fuzz;
#[cfg(test)]
mod tests;

pub use body::{Body, FileRecords, Registers};

use crate::bounds::{Broken, Cursor};

/// Where controllers listen (IANA).
pub const PORT: u16 = 502;

/// What every message begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The transaction's number.
    pub tid: u16,
    /// The protocol's: 0.
    pub pid: u16,
    /// Bytes that follow it, the unit's number among them.
    pub len: u16,
    /// The unit behind the server.
    pub uid: u8,
    /// What is to be done.
    pub function: u8,
}

/// Bytes of a header.
const HEADER: usize = 8;
/// Of those, bytes that its length does not count.
const UNCOUNTED: usize = 6;

/// What is held of a message that has not come whole is no more than this: what its length can say.
pub const MAX_MESSAGE: usize = UNCOUNTED + u16::MAX as usize;

/// Is told what a session reads.
pub trait Handler {
    /// A message begins.
    fn header(&mut self, is_orig: bool, header: &Header);

    /// What it says, where that is something that is read.
    fn body(&mut self, is_orig: bool, header: &Header, body: &Body<'_>);

    /// It was read to its end.
    fn complete(&mut self);

    /// The rules are broken, in Zeek's words.
    fn violation(&mut self, reason: &str);
}

/// Both directions of a connection.
#[derive(Debug, Default)]
pub struct Session {
    held: [Held; 2],
}

/// Of one direction: the message that has begun.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    /// Its header was told.
    header_read: bool,
    /// Bytes are missing before it: where it begins is a guess, and what is wrong with it no fault of the sender's.
    guessed: bool,
}

impl Session {
    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        let [orig, resp] = &mut self.held;
        let held = if is_orig { orig } else { resp };
        if let Err(broken) = held.data(is_orig, bytes, handler) {
            // As Zeek does: what follows in this segment is not looked at.
            let guessed = held.guessed;
            *held = Held { guessed, ..Held::default() };
            if !guessed && let Some(broken) = broken {
                handler.violation(&broken.to_string());
            }
        }
    }

    /// Bytes of a direction are missing: what follows begins a message.
    pub fn gap(&mut self, is_orig: bool) {
        let [orig, resp] = &mut self.held;
        *(if is_orig { orig } else { resp }) = Held { guessed: true, ..Held::default() };
    }

    /// The directions were found to be the other way round.
    pub fn flip(&mut self) {
        self.held.swap(0, 1);
    }
}

impl Held {
    /// # Errors
    ///
    /// What cannot be read; none where Zeek says nothing of it.
    fn data(
        &mut self,
        is_orig: bool,
        mut bytes: &[u8],
        handler: &mut impl Handler,
    ) -> Result<(), Option<Broken>> {
        while !bytes.is_empty() {
            // Nearly always a segment holds whole messages.
            if self.bytes.is_empty()
                && let Some(len) = length(bytes)
                && let Some((message, rest)) = bytes.split_at_checked(len)
            {
                bytes = rest;
                let header = begin(is_orig, message, handler)?;
                end(is_orig, &header, message, handler)?;
                self.guessed = false;
                continue;
            }
            let whole = length(&self.bytes).unwrap_or(HEADER);
            let needed = whole.saturating_sub(self.bytes.len()).min(bytes.len());
            let (taken, rest) = bytes.split_at_checked(needed).unwrap_or((bytes, &[]));
            self.bytes.extend_from_slice(taken);
            bytes = rest;
            if self.bytes.len() >= HEADER && !self.header_read {
                begin(is_orig, &self.bytes, handler)?;
                self.header_read = true;
            }
            if let Some(len) = length(&self.bytes)
                && self.bytes.len() >= len
            {
                let header = Header::read(&self.bytes).map_err(Some)?;
                let message = std::mem::take(&mut self.bytes);
                (self.header_read, self.guessed) = (false, false);
                end(is_orig, &header, &message, handler)?;
            }
        }
        Ok(())
    }
}

/// The length of the message that begins here, once its header is there.
fn length(bytes: &[u8]) -> Option<usize> {
    let header = Header::read(bytes).ok()?;
    Some(UNCOUNTED + usize::from(header.len)).map(|len| len.max(HEADER))
}

fn begin(is_orig: bool, message: &[u8], handler: &mut impl Handler) -> Result<Header, Option<Broken>> {
    let header = Header::read(message).map_err(Some)?;
    if header.pid != 0 {
        let wrong = "&enforce violation : ModbusTCP_TransportHeader:pid";
        return Err(Some(Broken::Other(wrong.to_owned())));
    }
    if UNCOUNTED + usize::from(header.len) < HEADER {
        return Err(None);
    }
    handler.header(is_orig, &header);
    Ok(header)
}

fn end(
    is_orig: bool,
    header: &Header,
    message: &[u8],
    handler: &mut impl Handler,
) -> Result<(), Option<Broken>> {
    let mut cursor = Cursor::new(message.get(HEADER..).unwrap_or_default());
    let read = if is_orig { Body::request } else { Body::response };
    let body = read(header.function, &mut cursor).map_err(Some)?;
    if body != Body::Other {
        handler.body(is_orig, header, &body);
    }
    handler.complete();
    Ok(())
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Header, Broken> {
        let mut cursor = Cursor::new(bytes);
        let [a, b, c, d, e, f, uid, function] = cursor.array("ModbusTCP_TransportHeader:fc")?;
        let [tid, pid, len] = [[a, b], [c, d], [e, f]].map(u16::from_be_bytes);
        Ok(Header { tid, pid, len, uid, function })
    }
}
