//! Frames of Initial packets (RFC 9000 §17.2.2, §19).

use crate::quic::broken::{Broken, Result};
use crate::quic::packet::{counted, varint};
use crate::reader::Reader;

/// What of a frame is of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    /// Padding, a ping, or an acknowledgement.
    Idle,
    /// Bytes of the handshake (RFC 9000 §19.6).
    Crypto { offset: u64, data: &'a [u8] },
    /// The connection is closed (RFC 9000 §19.19).
    Close { error_code: u64, reason: &'a [u8] },
}

const PADDING: u8 = 0x00;
const PING: u8 = 0x01;
const ACK: u8 = 0x02;
const ACK_ECN: u8 = 0x03;
const CRYPTO: u8 = 0x06;
const CONNECTION_CLOSE: u8 = 0x1c;

impl<'a> Frame<'a> {
    /// Reads the next one.
    pub fn read(r: &mut Reader<'a>) -> Result<Frame<'a>> {
        Ok(match r.u8("frame_type")? {
            PADDING => {
                let more = r.rest().iter().take_while(|byte| **byte == 0).count();
                r.skip(more, "padding")?;
                Frame::Idle
            }
            PING => Frame::Idle,
            kind @ (ACK | ACK_ECN) => {
                varint(r, "latest_ack")?;
                varint(r, "ack_delay")?;
                let ranges = varint(r, "ack_range_count")?;
                varint(r, "first_ack_range")?;
                // Each takes two bytes at least, so that it ends with the packet.
                for _ in 0..ranges {
                    varint(r, "gap")?;
                    varint(r, "ack_range_length")?;
                }
                if kind == ACK_ECN {
                    for count in ["ect0", "ect1", "ecn_ce"] {
                        varint(r, count)?;
                    }
                }
                Frame::Idle
            }
            CRYPTO => {
                let offset = varint(r, "offset")?;
                Frame::Crypto { offset, data: counted(r, "cryptodata")? }
            }
            CONNECTION_CLOSE => {
                let error_code = varint(r, "error_code")?;
                varint(r, "frame_type")?;
                Frame::Close { error_code, reason: counted(r, "reason_phrase")? }
            }
            other => return Err(Broken::Frame(other)),
        })
    }
}
