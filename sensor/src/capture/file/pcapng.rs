//! The next generation format (draft-ietf-opsawg-pcapng): typed blocks in sections, several interfaces.
//!
//! libpcap, and so Zeek, refuses a file whose interfaces differ in link type or snaplen, or whose sections
//! differ in byte order. We read them: each packet carries the link type of its interface.

use super::framing::{Framed, Framer, MAX_PACKET, Order, Step};
use crate::capture::block::BUFFER_SIZE;

pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

const INTERFACE: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const NAME_RESOLUTION: u32 = 4;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;
const DECRYPTION_SECRETS: u32 = 10;

const OPTION_END: u16 = 0;
const OPTION_TSRESOL: u16 = 9;
const OPTION_TSOFFSET: u16 = 14;

/// Type, length, and the length again at the end.
const SMALLEST_BLOCK: u32 = 12;

/// The longest block of a type we read: it must fit a buffer. Others are skipped whatever their length.
const MAX_BLOCK: u32 = BUFFER_SIZE as u32;

/// Interfaces in one section; more are no capture but an attempt to fill our memory.
const MAX_INTERFACES: usize = 65_536;

pub(super) struct PcapNg {
    order: Order,
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link: u16,
    snaplen: u32,
    clock: Clock,
}

/// How an interface counts time.
#[derive(Clone, Copy)]
struct Clock {
    ticks_per_second: u64,
    offset_seconds: i64,
}

/// The fields that the three kinds of packet block share.
struct Fields {
    interface: u32,
    ticks: u64,
    captured: u32,
    wire_len: u32,
    /// Where the packet begins in its block.
    offset: usize,
}

impl PcapNg {
    pub fn new() -> Self {
        // The byte order is that of the section header, which comes first.
        PcapNg { order: Order::Little, interfaces: Vec::new() }
    }

    fn section(&mut self, body: &[u8]) -> Result<(), String> {
        let too_short = "a section header that is too short";
        // Byte order magic, version, and the section's length, which nobody needs.
        let [_, _, _, _, major0, major1, ..] = *body.first_chunk::<16>().ok_or(too_short)?;
        let major = self.order.u16([major0, major1]);
        if major != 1 {
            return Err(format!("pcapng version {major} is not known"));
        }
        // Interfaces are numbered within their section.
        self.interfaces.clear();
        Ok(())
    }

    fn interface(&mut self, body: &[u8]) -> Result<u16, String> {
        let too_short = "an interface description that is too short";
        let link = self.order.u16(*body.first_chunk().ok_or(too_short)?);
        let [_, snaplen] = self.order.words(body).ok_or(too_short)?;
        let clock = self.clock(body.get(8..).unwrap_or_default())?;
        if self.interfaces.len() >= MAX_INTERFACES {
            return Err(format!("more than {MAX_INTERFACES} interfaces"));
        }
        let snaplen = if snaplen == 0 { MAX_PACKET } else { snaplen };
        self.interfaces.push(Interface { link, snaplen, clock });
        Ok(link)
    }

    fn clock(&self, mut options: &[u8]) -> Result<Clock, String> {
        let mut clock = Clock { ticks_per_second: 1_000_000, offset_seconds: 0 };
        while let Some(([c0, c1, l0, l1], rest)) = options.split_first_chunk() {
            let len = usize::from(self.order.u16([*l0, *l1]));
            let value = rest.get(..len).ok_or("an interface option longer than its block")?;
            match self.order.u16([*c0, *c1]) {
                OPTION_END => break,
                OPTION_TSRESOL => clock.ticks_per_second = resolution(value)?,
                OPTION_TSOFFSET => {
                    let value = value.try_into().map_err(|_| "an if_tsoffset that is not 8 bytes long")?;
                    clock.offset_seconds = self.order.u64(value).cast_signed();
                }
                _ => {}
            }
            options = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(clock)
    }

    #[inline]
    fn packet(&self, kind: u32, body: &[u8]) -> Result<Framed, String> {
        let fields = self.fields(kind, body).ok_or("a packet block that is too short")?;
        let interface = self
            .interfaces
            .get(fields.interface as usize)
            .ok_or_else(|| format!("a packet of interface {}, which is not described", fields.interface))?;
        let captured = match kind {
            // It says only how long the packet was; the interface's snaplen cut it (§4.4).
            SIMPLE_PACKET => fields.wire_len.min(interface.snaplen),
            _ => fields.captured,
        };
        if captured > MAX_PACKET {
            return Err(format!("a packet of {captured} bytes, where {MAX_PACKET} is the most"));
        }
        if body.len().saturating_sub(fields.offset) < captured as usize {
            return Err(format!("a packet of {captured} bytes in a block of {}", body.len() + 12));
        }
        Ok(Framed {
            offset: 8 + fields.offset,
            len: captured,
            wire_len: fields.wire_len,
            // A simple packet has no time; libpcap says 0, too.
            ts: if kind == SIMPLE_PACKET { 0 } else { interface.clock.nanos(fields.ticks) },
            link: interface.link,
        })
    }

    #[inline]
    fn fields(&self, kind: u32, body: &[u8]) -> Option<Fields> {
        if kind == SIMPLE_PACKET {
            let [wire_len] = self.order.words(body)?;
            return Some(Fields { interface: 0, ticks: 0, captured: 0, wire_len, offset: 4 });
        }
        let [interface, high, low, captured, wire_len] = self.order.words(body)?;
        let interface = match kind {
            // 16 bits of interface and 16 of drop count.
            OBSOLETE_PACKET => u32::from(self.order.u16(*body.first_chunk()?)),
            _ => interface,
        };
        let ticks = u64::from(high) << 32 | u64::from(low);
        Some(Fields { interface, ticks, captured, wire_len, offset: 20 })
    }
}

impl Framer for PcapNg {
    #[inline]
    fn next(&mut self, window: &[u8]) -> Result<Step, String> {
        let Some([kind, mut total, magic]) = self.order.words(window) else {
            return Ok(Step::Need(SMALLEST_BLOCK as usize));
        };
        // A section header's type reads the same in both byte orders; its magic decides for all that follows.
        if kind == SECTION_HEADER && magic != BYTE_ORDER_MAGIC {
            if magic.swap_bytes() != BYTE_ORDER_MAGIC {
                return Err(format!("a section header with byte order magic {magic:#010x}"));
            }
            self.order = self.order.other();
            total = total.swap_bytes();
        }
        if total < SMALLEST_BLOCK || !total.is_multiple_of(4) {
            return Err(format!("a block of {total} bytes"));
        }
        let known = matches!(kind, NAME_RESOLUTION | INTERFACE_STATISTICS | DECRYPTION_SECRETS);
        let read =
            matches!(kind, SECTION_HEADER | INTERFACE | ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET);
        if total > MAX_BLOCK {
            if read {
                return Err(format!("a block of {total} bytes, where {MAX_BLOCK} is the most"));
            }
            return Ok(Step::Skip { advance: total.into(), unknown: !known });
        }
        let advance = total as usize;
        let Some((body, trailer)) = window.get(8..advance).and_then(|rest| rest.split_last_chunk()) else {
            return Ok(Step::Need(advance));
        };
        let trailer = self.order.u32(*trailer);
        if trailer != total {
            return Err(format!("a block of {total} bytes that says {trailer} at its end"));
        }
        match kind {
            ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET => {
                Ok(Step::Packet { packet: self.packet(kind, body)?, advance })
            }
            INTERFACE => Ok(Step::Link { link: self.interface(body)?, advance }),
            SECTION_HEADER => {
                self.section(body)?;
                Ok(Step::Skip { advance: total.into(), unknown: false })
            }
            _ => Ok(Step::Skip { advance: total.into(), unknown: !known }),
        }
    }
}

impl Clock {
    #[inline]
    fn nanos(self, ticks: u64) -> i64 {
        let second = self.ticks_per_second;
        // As libpcap: fractions are cut, not rounded. The fraction is below one second, so the product
        // fits 128 bits, and the common clocks need no division by a number unknown to the compiler.
        let (seconds, nanos) = match second {
            1_000_000 => (ticks / 1_000_000, ticks % 1_000_000 * 1_000),
            1_000_000_000 => (ticks / 1_000_000_000, ticks % 1_000_000_000),
            _ => {
                let fraction = u128::from(ticks % second) * 1_000_000_000 / u128::from(second);
                (ticks / second, u64::try_from(fraction).unwrap_or(0))
            }
        };
        let seconds = i64::try_from(seconds).unwrap_or(i64::MAX).saturating_add(self.offset_seconds);
        seconds.saturating_mul(1_000_000_000).saturating_add_unsigned(nanos)
    }
}

/// Ticks per second of an `if_tsresol` (§4.2): a negative power of 10, or of 2 with the top bit set.
fn resolution(value: &[u8]) -> Result<u64, String> {
    let &[value] = value else {
        return Err(format!("an if_tsresol of {} bytes", value.len()));
    };
    let exponent = u32::from(value & 0x7f);
    let (base, ticks) = match value & 0x80 {
        0 => (10, 10_u64.checked_pow(exponent)),
        _ => (2, 2_u64.checked_pow(exponent)),
    };
    // libpcap draws the same line: what a 64-bit count of ticks can still mean.
    ticks.ok_or_else(|| format!("a time resolution of {base}^-{exponent} seconds"))
}
