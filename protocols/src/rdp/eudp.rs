//! RDPEUDP (MS-RDPEUDP, MS-RDPEUDP2): how both sides begin, and what they send each other, in its first and second version.

use crate::bounds::{Broken, Cursor, Result};
use crate::probe::Probe;

/// Hears what a session reads.
pub trait Handler {
    /// A client begins.
    fn syn(&mut self);

    /// The server answers. It is RDPEUDP for sure.
    fn synack(&mut self);

    /// The first datagram behind that, in this version.
    fn established(&mut self, version: u64);

    /// What a datagram carries.
    fn data(&mut self, is_orig: bool, version: u64, data: &[u8]);
}

/// Flags of a datagram (MS-RDPEUDP §2.2.2.1).
mod flag {
    pub const SYN: u16 = 0x1;
    pub const ACK: u16 = 0x4;
    pub const DATA: u16 = 0x8;
    pub const ACK_OF_ACKS: u16 = 0x100;
    pub const CORRELATION_ID: u16 = 0x800;
    pub const SYNEX: u16 = 0x1000;
}

/// The number of the version that has a format of its own, and comes with a hash of a cookie.
const VERSION_3: u16 = 0x0101;

/// A datagram of the second version that says nothing.
const DUMMY: u8 = 0x8;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    NeedSyn,
    NeedSynAck,
    NeedAck,
    Established,
}

/// A sequence of datagrams.
#[derive(Debug, Default)]
pub struct Session {
    state: State,
    /// Whether the client and the server offer the second version.
    offered: [bool; 2],
}

impl Session {
    /// The next datagram.
    ///
    /// # Errors
    ///
    /// Where it is broken, in Zeek's words.
    pub fn datagram(&mut self, is_orig: bool, payload: &[u8], handler: &mut impl Handler) -> Result<()> {
        let mut r = Cursor::new(payload);
        match self.state {
            State::NeedSyn => self.syn(is_orig, &mut r, handler),
            State::NeedSynAck => self.synack(is_orig, &mut r, handler),
            State::NeedAck | State::Established if self.offered == [true, true] => {
                self.second(is_orig, &mut r, handler)
            }
            State::NeedAck | State::Established => self.first(is_orig, &mut r, handler),
        }
    }

    fn syn(&mut self, is_orig: bool, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let begin = Begin::read(r, "RDPEUDP_SYN:syndata_payload", 34)?;
        if is_orig && begin.flags & flag::SYN != 0 && begin.ack == u32::MAX {
            let [client, _] = &mut self.offered;
            *client = begin.version == VERSION_3;
            self.state = State::NeedSynAck;
            handler.syn();
        }
        Ok(())
    }

    fn synack(&mut self, is_orig: bool, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let begin = Begin::read(r, "RDPEUDP_SYNACK:syndata_payload", 77)?;
        if !is_orig && begin.flags & (flag::SYN | flag::ACK) != 0 {
            let [_, server] = &mut self.offered;
            *server = begin.version == VERSION_3;
            self.state = State::NeedAck;
            handler.synack();
        }
        Ok(())
    }

    /// MS-RDPEUDP §2.2.2. Redundant datagrams (FEC) are not told apart, as in Zeek.
    fn first(&mut self, is_orig: bool, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        r.need(8, "RDPEUDP1_ACK:fec_header")?;
        r.take(6, "")?;
        let flags = r.u16("")?;
        r.record(|r| {
            let size = usize::from(r.u16("RDPUDP_ACK_VECTOR_HEADER:uAckVectorSize")?);
            r.take(size, "RDPUDP_ACK_VECTOR_HEADER:AckVectorElement")?;
            r.take((2 + size).next_multiple_of(4) - 2 - size, "RDPUDP_ACK_VECTOR_HEADER:pad")
        })?;
        if flags & flag::ACK_OF_ACKS != 0 {
            r.record(|r| r.take(4, "RDPUDP_ACK_OF_ACKVECTOR_HEADER:snAckOfAcksSeqNum"))?;
        }
        if flags & flag::DATA != 0 {
            r.record(|r| r.take(8, "RDPUDP_SOURCE_PAYLOAD_HEADER:snSourceStart"))?;
        }
        self.carried(is_orig, 1, r.take_rest(), handler);
        Ok(())
    }

    /// MS-RDPEUDP2 §2.2.1: what stands behind the header is not taken apart, as in Zeek.
    fn second(&mut self, is_orig: bool, r: &mut Cursor<'_>, handler: &mut impl Handler) -> Result<()> {
        let [prefix, _, _] = r.array("RDPEUDP2_ACK:header")?;
        if prefix & 0x78 != DUMMY {
            self.carried(is_orig, 2, r.take_rest(), handler);
        }
        Ok(())
    }

    fn carried(&mut self, is_orig: bool, version: u64, data: &[u8], handler: &mut impl Handler) {
        if self.state == State::NeedAck {
            self.state = State::Established;
            handler.established(version);
        }
        handler.data(is_orig, version, data);
    }
}

/// What the first datagram of each side has.
struct Begin {
    ack: u32,
    flags: u16,
    version: u16,
}

impl Begin {
    /// `line` is where in Zeek's grammar the version is asked for, which it tells of a datagram that has none.
    fn read(r: &mut Cursor<'_>, what: &'static str, line: u32) -> Result<Begin> {
        r.need(16, what)?;
        let ack = r.u32("")?;
        r.take(2, "")?;
        let flags = r.u16("")?;
        r.take(8, "")?;
        if flags & flag::CORRELATION_ID != 0 {
            r.record(|r| r.take(32, "RDPUDP_CORRELATION_ID_PAYLOAD:uReserved"))?;
        }
        if flags & flag::SYNEX == 0 {
            return Err(Broken::Other(format!(
                "invalid case: src/analyzer/protocol/rdp/rdpeudp-protocol.pac:{line}:has_synex_payload: 0 (true)"
            )));
        }
        r.record(|r| {
            r.need(4, "RDPUDP_SYNEX_PAYLOAD:uUdpVer")?;
            r.take(2, "")?;
            let version = r.u16("")?;
            if version == VERSION_3 {
                r.take(32, "RDPUDP_SYNEX_PAYLOAD:has_cookie_hash")?;
            }
            Ok(Begin { ack, flags, version })
        })
    }
}

/// Bytes of the datagram that a client begins with.
const SYN_LENGTHS: std::ops::RangeInclusive<usize> = 1132..=1232;

/// Whether a datagram is one that a client begins with.
pub fn probe(datagram: &[u8]) -> Probe {
    match Probe::prefix(datagram, &[0xff; 4]) {
        Probe::Match if SYN_LENGTHS.contains(&datagram.len()) && datagram.get(7) == Some(&1) => Probe::Match,
        Probe::Match => Probe::NoMatch,
        decided => decided,
    }
}
