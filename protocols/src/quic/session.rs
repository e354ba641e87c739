//! The datagrams of a connection.

use crate::pieces::Pieces;
use crate::quic::broken::{Broken, Result};
use crate::quic::frames::Frame;
use crate::quic::keys::Keys;
use crate::quic::packet::{Header, Long, Packet};
use crate::reader::Reader;

/// Hears what a session reads.
pub trait Handler {
    /// A packet with a long header.
    fn packet(&mut self, is_orig: bool, header: &Header<'_>, packet: &Packet<'_>);

    /// A side closed the connection while it was still known by which keys.
    fn close(&mut self, is_orig: bool, header: &Header<'_>, error_code: u64, reason: &[u8]);

    /// The first message of a side's TLS handshake, with its header of four bytes.
    fn hello(&mut self, is_orig: bool, message: &[u8]);

    /// A packet could be decrypted: it is QUIC for sure.
    fn confirmed(&mut self);

    /// The bytes are not QUIC's, for this reason, in Zeek's words where it has any.
    fn violation(&mut self, reason: &str);
}

/// Ceilings of one connection.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a side's first handshake message, and so what is held of it: those of a TLS record (RFC 8446 §5.1), as in
    /// Zeek. Stops lengths that never come.
    pub message: usize,
    /// Pieces of it with something missing in between. Stops single bytes, which cost far more than they say.
    pub pieces: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { message: (1 << 14) + 256, pieces: 256 }
    }
}

/// Bytes of a handshake message's type and length.
const MESSAGE_HEADER: usize = 4;

#[derive(Debug, Default)]
struct Side {
    keys: Option<(u32, Keys)>,
    crypto: Pieces,
    /// Its first message was told: no more is decrypted, as in Zeek.
    is_done: bool,
}

/// A connection, as far as it was seen.
#[derive(Debug, Default)]
pub struct Session {
    limits: Limits,
    /// Of the responder and the originator.
    sides: [Side; 2],
    /// What the client's first packet, or that after a Retry, was for; keys follow from it.
    dcid: Option<Box<[u8]>>,
    /// Bytes of the identifier in short headers.
    client_cid_len: usize,
}

impl Session {
    /// A connection of which nothing has come yet.
    pub fn new(limits: Limits) -> Self {
        Session { limits, ..Session::default() }
    }

    /// Bytes that are held of messages that are not whole.
    pub fn buffered(&self) -> usize {
        self.sides.iter().map(|side| side.crypto.len()).sum()
    }

    /// Nothing more is to be decrypted.
    pub fn give_up(&mut self) {
        for side in &mut self.sides {
            *side = Side { is_done: true, ..Side::default() };
        }
    }

    /// Originator and responder were found to be the other way round.
    pub fn flip(&mut self) {
        self.sides.swap(0, 1);
    }

    /// A datagram, which holds one packet or several (RFC 9000 §12.2).
    pub fn datagram(&mut self, is_orig: bool, payload: &[u8], handler: &mut impl Handler) {
        let mut r = Reader::new(payload);
        while let Some(first) = r.rest().first() {
            let before = r.remaining();
            // Without the fixed bit it is none, and is not read (RFC 9000 §17.2, §17.3).
            if first & 0x40 == 0 {
                return;
            }
            let read =
                if first & 0x80 == 0 { self.short(&mut r) } else { self.long(is_orig, &mut r, handler) };
            if let Err(broken) = read {
                return handler.violation(&broken.to_string());
            }
            debug_assert!(r.remaining() < before, "a packet has a header");
        }
    }

    /// A packet that goes on to the end of the datagram, of which nothing can be read.
    fn short(&self, r: &mut Reader<'_>) -> Result<()> {
        r.skip(1, "first_byte")?;
        r.skip(self.client_cid_len, "dest_conn_id")?;
        let rest = r.remaining();
        Ok(r.skip(rest, "payload")?)
    }

    fn long(&mut self, is_orig: bool, r: &mut Reader<'_>, handler: &mut impl Handler) -> Result<()> {
        let long = Long::read(r)?;
        handler.packet(is_orig, &long.header, &long.packet);
        match long.packet {
            Packet::Unhandled => Err(Broken::Version(long.header.version)),
            // The client begins again, with other keys and the same message.
            Packet::Retry { .. } => {
                (self.sides, self.dcid) = Default::default();
                Ok(())
            }
            Packet::Initial => self.initial(is_orig, &long, handler),
            Packet::ZeroRtt | Packet::Handshake => Ok(()),
        }
    }

    fn side(&mut self, is_orig: bool) -> &mut Side {
        let [resp, orig] = &mut self.sides;
        if is_orig { orig } else { resp }
    }

    fn initial(&mut self, is_orig: bool, long: &Long<'_>, handler: &mut impl Handler) -> Result<()> {
        if self.side(is_orig).is_done {
            return Ok(());
        }
        let Header { version, dcid, scid } = long.header;
        self.client_cid_len = if is_orig { scid.len() } else { dcid.len() };
        if is_orig && self.dcid.is_none() {
            self.dcid = Some(dcid.into());
        }
        // Before the client's first packet was seen the server's cannot be read.
        let Some(dcid) = self.dcid.take() else { return Ok(()) };
        let decrypted = self.decrypt(is_orig, version, &dcid, long);
        self.dcid = Some(dcid);
        let payload = decrypted.ok_or(Broken::Decryption)?;
        handler.confirmed();
        let mut frames = Reader::new(&payload);
        while !frames.is_empty() {
            match Frame::read(&mut frames)? {
                Frame::Idle => {}
                Frame::Crypto { offset, data } => self.crypto(is_orig, offset, data, handler)?,
                Frame::Close { error_code, reason } => {
                    handler.close(is_orig, &long.header, error_code, reason);
                }
            }
        }
        Ok(())
    }

    fn decrypt(&mut self, is_orig: bool, version: u32, dcid: &[u8], long: &Long<'_>) -> Option<Vec<u8>> {
        let side = self.side(is_orig);
        // Another version, which the server may choose, has other keys (RFC 9369 §4).
        if side.keys.as_ref().is_none_or(|(of, _)| *of != version) {
            side.keys = Some((version, Keys::initial(version, dcid, is_orig)?));
        }
        let (_, keys) = side.keys.as_ref()?;
        let mut buffer = Vec::new();
        let payload = keys.open(long.bytes, long.number_at, &mut buffer)?;
        Some(payload.to_vec())
    }

    /// Bytes of a side's handshake messages.
    fn crypto(&mut self, is_orig: bool, offset: u64, data: &[u8], handler: &mut impl Handler) -> Result<()> {
        let limits = self.limits;
        let side = self.side(is_orig);
        let end = usize::try_from(offset).ok().and_then(|at| at.checked_add(data.len()));
        // What follows on the first message, too, is seen beside it, and what is beyond the longest never comes to it.
        let room = limits.message + MESSAGE_HEADER;
        let Some(at) = end.filter(|end| *end <= room).map(|end| end - data.len()) else {
            return if side.is_done { Ok(()) } else { Err(Broken::Message) };
        };
        if side.is_done {
            return Ok(());
        }
        side.crypto.add(at, data);
        let Some(header) = side.crypto.front(MESSAGE_HEADER) else { return side.pieces(limits) };
        let len = header.iter().skip(1).fold(0, |len, byte| len << 8 | usize::from(*byte)) + MESSAGE_HEADER;
        if len > limits.message {
            return Err(Broken::Message);
        }
        let Some(message) = side.crypto.front(len) else { return side.pieces(limits) };
        let seen = side.crypto.len();
        *side = Side { is_done: true, ..Side::default() };
        handler.hello(is_orig, &message);
        if seen > len { Err(Broken::Crypto { seen, len }) } else { Ok(()) }
    }
}

impl Side {
    /// Whether it is held in no more pieces than may be.
    fn pieces(&self, limits: Limits) -> Result<()> {
        if self.crypto.count() > limits.pieces { Err(Broken::Pieces(limits.pieces)) } else { Ok(()) }
    }
}
