//! Both directions of a connection, from behind the HTTP exchange on.

use crate::pending::{Pending, Step};

/// What frames are of (RFC 6455 §5.2).
pub mod opcode {
    /// More of a message.
    pub const CONTINUATION: u8 = 0;
    /// A text.
    pub const TEXT: u8 = 1;
    /// Binary data.
    pub const BINARY: u8 = 2;
    /// The end of the connection.
    pub const CLOSE: u8 = 8;
}

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The message ends with it.
    pub fin: bool,
    /// The three reserved bits.
    pub reserved: u8,
    /// What it is of; [`opcode::CONTINUATION`] where it goes on with a message.
    pub opcode: u8,
    /// Bytes that it carries.
    pub len: u64,
}

/// Hears what a session reads.
pub trait Handler {
    /// A frame begins.
    fn frame(&mut self, is_orig: bool, frame: &Frame);

    /// Some of what a frame carries, without its mask, at most [`Limits::chunk`] bytes. `opcode` is that of the message.
    fn data(&mut self, is_orig: bool, opcode: u8, data: &[u8]);

    /// The end of the connection, and why; the status is 0 where none is given.
    fn close(&mut self, is_orig: bool, status: u16, reason: &[u8]);

    /// A message is complete.
    fn message(&mut self, is_orig: bool, opcode: u8);

    /// The bytes are not WebSocket's, for this reason, in Zeek's words, and these bytes show it.
    fn violation(&mut self, reason: &str, data: &[u8]);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a frame that are told at once, and so many are held (`WebSocket::payload_chunk_size`). Frames may have
    /// 2⁶³.
    pub chunk: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { chunk: 8192 }
    }
}

#[derive(Debug, Default)]
struct Side {
    pending: Pending,
    /// In a message, of this.
    message: Option<u8>,
    frame: Option<Payload>,
}

/// What is to come of a frame.
#[derive(Debug)]
struct Payload {
    frame: Frame,
    left: u64,
    mask: Option<[u8; 4]>,
    /// Where in the mask the next byte stands.
    at: usize,
}

/// A connection.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    orig: Side,
    resp: Side,
    lost: bool,
    /// What was unmasked last.
    plain: Vec<u8>,
}

/// Bytes of a header before its length and mask.
const SHORT: usize = 2;

impl Session {
    /// A connection of which nothing was seen yet.
    pub fn new(limits: Limits) -> Self {
        let limits = Limits { chunk: limits.chunk.max(1) };
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held.
    pub fn buffered(&self) -> usize {
        self.orig.pending.len() + self.resp.pending.len()
    }

    /// Bytes are missing: nothing more can be read, of either direction.
    pub fn gap(&mut self) {
        self.lost = true;
        (self.orig, self.resp) = Default::default();
    }

    /// The next bytes of a direction.
    pub fn data(&mut self, is_orig: bool, bytes: &[u8], handler: &mut impl Handler) {
        if self.lost {
            return;
        }
        let side = if is_orig { &mut self.orig } else { &mut self.resp };
        let (limits, plain) = (self.limits, &mut self.plain);
        let Side { pending, message, frame } = side;
        pending.feed(bytes, |rest| {
            let step = match frame {
                None => header(is_orig, rest, message, frame, handler),
                Some(payload) => {
                    payload.chunk(is_orig, rest, limits, message.unwrap_or_default(), plain, handler)
                }
            };
            match step {
                Ok(step) => {
                    if frame.as_ref().is_some_and(|payload| payload.left == 0) {
                        end(is_orig, message, frame, handler);
                    }
                    step
                }
                Err(reason) => {
                    (*message, *frame) = (None, None);
                    handler.violation(&reason, bytes);
                    Step::Discard
                }
            }
        });
    }
}

/// Reads the header of a frame.
fn header(
    is_orig: bool,
    rest: &[u8],
    message: &mut Option<u8>,
    frame: &mut Option<Payload>,
    handler: &mut impl Handler,
) -> Result<Step, String> {
    let Some(&[first, second]) = rest.first_chunk::<SHORT>() else { return Ok(Step::NeedMore) };
    let (masked, short) = (second & 0x80 != 0, second & 0x7f);
    let long = match short {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let whole = SHORT + long + if masked { 4 } else { 0 };
    let Some(header) = rest.get(..whole) else { return Ok(Step::NeedMore) };
    let opcode = first & 0x0f;
    // Zeek allows no control frame within a message (RFC 6455 §5.4 does).
    if message.is_some() == (opcode != opcode::CONTINUATION) {
        return Err("binpac exception: &enforce violation : WebSocket_FrameHeader:first2".to_owned());
    }
    let len = header.get(SHORT..SHORT + long).unwrap_or_default();
    let len = len.iter().fold(0, |len: u64, byte| len << 8 | u64::from(*byte));
    let head = Frame {
        fin: first & 0x80 != 0,
        reserved: first >> 4 & 0x07,
        opcode,
        len: if long == 0 { u64::from(short) } else { len },
    };
    let mask = header.last_chunk::<4>().copied().filter(|_| masked);
    message.get_or_insert(opcode);
    handler.frame(is_orig, &head);
    if head.len == 0 && opcode == opcode::CLOSE {
        handler.close(is_orig, 0, b"");
    }
    *frame = Some(Payload { frame: head, left: head.len, mask, at: 0 });
    Ok(Step::Took(whole as u64))
}

/// A frame is over, and with it perhaps its message.
fn end(is_orig: bool, message: &mut Option<u8>, frame: &mut Option<Payload>, handler: &mut impl Handler) {
    let Some(payload) = frame.take() else { return };
    if payload.frame.fin
        && let Some(opcode) = message.take()
    {
        handler.message(is_orig, opcode);
    }
}

impl Payload {
    fn chunk(
        &mut self,
        is_orig: bool,
        rest: &[u8],
        limits: Limits,
        message: u8,
        plain: &mut Vec<u8>,
        handler: &mut impl Handler,
    ) -> Result<Step, String> {
        let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(limits.chunk);
        let Some(chunk) = rest.get(..len) else { return Ok(Step::NeedMore) };
        let data = match self.mask {
            None => chunk,
            Some(mask) => {
                plain.clear();
                plain.extend(
                    chunk.iter().zip(mask.iter().cycle().skip(self.at)).map(|(byte, key)| byte ^ key),
                );
                self.at = (self.at + len) % mask.len();
                &plain[..]
            }
        };
        handler.data(is_orig, message, data);
        if self.frame.opcode == opcode::CLOSE {
            let Some((status, reason)) = data.split_first_chunk() else {
                let have = data.len();
                return Err(format!(
                    "binpac exception: out_of_bound: WebSocket_FramePayloadClose:status: 2 > {have}"
                ));
            };
            handler.close(is_orig, u16::from_be_bytes(*status), reason);
        }
        self.left -= len as u64;
        Ok(Step::Took(len as u64))
    }
}
