//! Packets with long headers (RFC 9000 §17.2).

use crate::quic::broken::{Broken, Result};
use crate::quic::version;
use crate::reader::Reader;

/// What all long headers have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The version.
    pub version: u32,
    /// The identifier by which the receiver knows the connection.
    pub dcid: &'a [u8],
    /// That by which the sender wants to.
    pub scid: &'a [u8],
}

/// A packet with a long header, by its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// The beginning of the handshake (RFC 9000 §17.2.2).
    Initial,
    /// Early data (RFC 9000 §17.2.3).
    ZeroRtt,
    /// The rest of the handshake (RFC 9000 §17.2.4).
    Handshake,
    /// The client is to begin again, with this token (RFC 9000 §17.2.5).
    Retry {
        /// Proves the client's address.
        token: &'a [u8],
        /// 16 bytes, by which the client sees that the packet is good.
        tag: &'a [u8],
    },
    /// Of a version that is not read, the negotiation of versions (RFC 9000 §17.2.1) too.
    Unhandled,
}

/// A packet, and where what is protected of it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Long<'a> {
    pub header: Header<'a>,
    pub packet: Packet<'a>,
    /// All of the packet.
    pub bytes: &'a [u8],
    /// Where its number, which is protected, begins in it.
    pub number_at: usize,
}

/// Bytes of a packet's number and its payload that are needed to find out how long the number is (RFC 9001 §5.4.2).
const SAMPLED: u64 = 20;
/// Bytes that prove that a Retry packet is good.
const TAG: usize = 16;

/// A variable-length integer (RFC 9000 §16).
pub(super) fn varint(r: &mut Reader<'_>, field: &'static str) -> Result<u64> {
    let first = r.u8(field)?;
    let more = r.take((1 << (first >> 6)) - 1, field)?;
    Ok(more.iter().fold(u64::from(first & 0x3f), |value, byte| value << 8 | u64::from(*byte)))
}

/// As many bytes as a variable-length integer in front of them says.
pub(super) fn counted<'a>(r: &mut Reader<'a>, field: &'static str) -> Result<&'a [u8]> {
    let len = varint(r, field)?;
    Ok(r.take(usize::try_from(len).unwrap_or(usize::MAX), field)?)
}

impl<'a> Long<'a> {
    /// Reads the packet that a datagram, or what is left of it, begins with.
    pub fn read(r: &mut Reader<'a>) -> Result<Long<'a>> {
        let whole = r.rest();
        let begin = r.position();
        let first = r.u8("first_byte")?;
        let number = r.u32("version")?;
        let len = usize::from(r.u8("dest_conn_id_len")?);
        let dcid = r.take(len, "dest_conn_id")?;
        let len = usize::from(r.u8("src_conn_id_len")?);
        let scid = r.take(len, "src_conn_id")?;
        let header = Header { version: number, dcid, scid };
        let mut number_at = 0;
        let packet = match version::family(number).map(|family| family.kinds) {
            None => {
                let rest = r.remaining();
                r.skip(rest, "payload")?;
                Packet::Unhandled
            }
            Some(kinds) => match kinds.iter().position(|kind| *kind == first >> 4 & 3) {
                Some(0) => {
                    counted(r, "token")?;
                    let len = varint(r, "length")?;
                    if len < SAMPLED {
                        return Err(Broken::Short);
                    }
                    number_at = r.position() - begin;
                    r.skip(usize::try_from(len).unwrap_or(usize::MAX), "payload")?;
                    Packet::Initial
                }
                Some(1) => counted(r, "payload").map(|_| Packet::ZeroRtt)?,
                Some(2) => counted(r, "payload").map(|_| Packet::Handshake)?,
                _ => {
                    let token = r.take(r.remaining().saturating_sub(TAG), "retry_token")?;
                    Packet::Retry { token, tag: r.take(TAG, "integrity_tag")? }
                }
            },
        };
        let bytes = whole.get(..r.position() - begin).unwrap_or(whole);
        Ok(Long { header, packet, bytes, number_at })
    }
}
