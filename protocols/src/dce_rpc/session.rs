//! Both directions of a connection, or of a named pipe.

use std::collections::BTreeMap;

use super::body::{self, Ordered};
use super::{Handler, Weird};
use crate::bounds::{Broken, Cursor, Result};
use crate::pending::{Pending, Step};

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Messages of which only a part has come, of each direction.
    pub messages: usize,
    /// Bytes of such a message.
    pub message: usize,
    /// Interfaces of which the last operation is remembered. Stops numbers that are all different.
    pub contexts: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { messages: 20, message: 30_000, contexts: 256 }
    }
}

/// A connection.
#[derive(Debug)]
pub struct Session {
    limits: Limits,
    orig: Side,
    resp: Side,
    /// By the number of an interface the operation that was last called.
    called: BTreeMap<u16, u16>,
    over: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Side {
    pending: Pending,
    /// Messages that are not whole, by the number of their call.
    parts: BTreeMap<u32, Vec<u8>>,
}

/// C706 §12.6.3.1.
struct Header {
    kind: u8,
    flags: u8,
    is_little: bool,
    /// Bytes of the PDU.
    len: u16,
    auth: u16,
    call: u32,
}

/// Bytes of a header.
const HEADER: usize = 16;
/// Bytes that stand before a proof.
const AUTH_HEADER: usize = 8;

/// Bits of a header's flags.
const FIRST: u8 = 1;
const LAST: u8 = 2;
const OBJECT: u8 = 0x80;

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, orig: Side::default(), resp: Side::default(), called: BTreeMap::new(), over: false }
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.over {
            return;
        }
        let Session { limits, orig, resp, called, over } = self;
        let Side { pending, parts } = if is_orig { orig } else { resp };
        pending.feed(bytes, |rest| {
            if *over {
                return Step::Discard;
            }
            let Some(first) = rest.first_chunk::<HEADER>() else { return Step::NeedMore };
            let header = match Header::read(first) {
                Ok(header) => header,
                Err(broken) => {
                    handler.violation(&broken.to_string());
                    return Step::Discard;
                }
            };
            let whole = usize::from(header.len).max(HEADER);
            let Some(pdu) = rest.get(HEADER..whole) else { return Step::NeedMore };
            let mut reads = Reads { limits, parts, called, is_orig };
            match reads.pdu(&header, pdu, handler) {
                Ok(None) => {
                    handler.confirmed();
                    Step::Took(whole as u64)
                }
                Ok(Some(weird)) => {
                    *over = true;
                    handler.weird(weird);
                    handler.confirmed();
                    Step::Discard
                }
                Err(broken) => {
                    handler.violation(&broken.to_string());
                    Step::Discard
                }
            }
        });
        if self.over {
            self.gap();
        }
    }

    /// Something is missing: as in Zeek nothing more is read.
    pub fn gap(&mut self) {
        self.over = true;
        (self.orig, self.resp) = (Side::default(), Side::default());
    }

    /// Originator and responder change places.
    pub fn flip(&mut self) {
        std::mem::swap(&mut self.orig, &mut self.resp);
    }

    /// Bytes that are held.
    pub fn held(&self) -> usize {
        let of = |side: &Side| side.pending.len() + side.parts.values().map(Vec::len).sum::<usize>();
        of(&self.orig) + of(&self.resp)
    }
}

impl Header {
    fn read(header: &[u8; HEADER]) -> Result<Header> {
        let [version, _, kind, flags, format, _, _, _, rest @ ..] = *header;
        if version != 5 {
            return Err(Broken::Other("&enforce violation : DCE_RPC_Header:rpc_vers".to_owned()));
        }
        let is_little = format >> 4 != 0;
        let mut rest = Ordered { cursor: Cursor::new(&rest), is_little };
        let len = rest.u16("DCE_RPC_Header:frag_length")?;
        let auth = rest.u16("DCE_RPC_Header:auth_length")?;
        let call = rest.u32("DCE_RPC_Header:call_id")?;
        Ok(Header { kind, flags, is_little, len, auth, call })
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Reads PDUs of a direction.
struct Reads<'s> {
    limits: &'s Limits,
    parts: &'s mut BTreeMap<u32, Vec<u8>>,
    called: &'s mut BTreeMap<u16, u16>,
    is_orig: bool,
}

impl Reads<'_> {
    /// What follows the header. Says why nothing more is read, if so.
    fn pdu(&mut self, header: &Header, pdu: &[u8], handler: &mut impl Handler) -> Result<Option<Weird>> {
        handler.pdu(self.is_orig, header.kind);
        let auth = usize::from(header.auth);
        let behind = if auth > 0 { auth + AUTH_HEADER } else { 0 };
        let len = usize::from(header.len).checked_sub(HEADER + behind).ok_or_else(|| {
            let (ends, have) = (i64::from(header.len) - behind as i64, usize::from(header.len).max(HEADER));
            Broken::Other(format!("out_of_bound: DCE_RPC_PDU:frag: {ends} > {have}"))
        })?;
        let mut rest = Cursor::new(pdu);
        let fragment = rest.take(len, "DCE_RPC_PDU:frag")?;
        if auth > 0 {
            let [kind, ..] = rest.array::<AUTH_HEADER>("DCE_RPC_Auth:context_id")?;
            handler.auth(self.is_orig, kind, rest.take(auth, "DCE_RPC_Auth:blob")?);
        }
        match (header.has(FIRST), header.has(LAST)) {
            (true, _) if self.parts.contains_key(&header.call) => return Ok(Some(Weird::FirstAgain)),
            (true, true) => self.body(header, fragment, handler)?,
            (true, false) => {
                self.parts.insert(header.call, fragment.to_vec());
                if self.parts.len() > self.limits.messages {
                    return Ok(Some(Weird::TooMany));
                }
                if fragment.len() > self.limits.message {
                    return Ok(Some(Weird::TooMuch));
                }
            }
            (false, last) => {
                let Some(part) = self.parts.get_mut(&header.call) else { return Ok(None) };
                part.extend_from_slice(fragment);
                let too_much = part.len() > self.limits.message;
                if last && let Some(whole) = self.parts.remove(&header.call) {
                    self.body(header, &whole, handler)?;
                }
                if too_much {
                    return Ok(Some(Weird::TooMuch));
                }
            }
        }
        Ok(None)
    }

    fn body(&mut self, header: &Header, bytes: &[u8], handler: &mut impl Handler) -> Result<()> {
        let body = &mut Ordered { cursor: Cursor::new(bytes), is_little: header.is_little };
        match header.kind {
            0 => {
                let (context, operation, stub) = body::request(body, header.has(OBJECT))?;
                handler.request(context, operation, stub);
                if self.called.len() < self.limits.contexts || self.called.contains_key(&context) {
                    self.called.insert(context, operation);
                }
            }
            2 => {
                let (context, stub) = body::response(body)?;
                handler.response(context, self.called.get(&context).copied().unwrap_or(0), stub);
            }
            11 => body::bind(body, false, handler)?,
            12 => body::bind_ack(body, false, handler)?,
            14 => body::bind(body, true, handler)?,
            15 => body::bind_ack(body, true, handler)?,
            _ => {}
        }
        Ok(())
    }
}
