//! The reading thread: bytes in, blocks of packets out to every worker.

use std::mem;
use std::sync::Arc;

use crossbeam_channel::Sender;

use super::dump::Dump;
use super::filter::Filter;
use super::framing::{Format, Framed, Framer, MAX_PACKET, Step};
use super::input::Input;
use super::{CaptureError, ReadCounts, ReadSummary, pcap};
use crate::capture::Block;
use crate::capture::block::{BUFFER_SIZE, Buffer, Entry, Pool};

/// With less room than this, a buffer is handed over as it is: small reads cost more than they bring.
const SMALLEST_READ: usize = 32 * 1024;

// What a framer asks for must fit a buffer.
const _: () = assert!(BUFFER_SIZE > MAX_PACKET as usize + pcap::HEADER);

pub(super) struct Pump {
    input: Input,
    format: Format,
    sink: Sink,
    pool: Pool,
    workers: Vec<Sender<Arc<Block>>>,
    /// The number of the next block's first packet.
    next_number: u64,
    /// What framing the bytes at hand came to: how many are needed to go on, or why it cannot go on.
    framed: Result<usize, CaptureError>,
}

/// What happens to a packet on its way into the index.
pub(super) struct Sink {
    pub filter: Option<Filter>,
    pub dump: Option<Dump>,
    pub counts: ReadCounts,
    /// A link type was seen.
    pub linked: bool,
}

impl Pump {
    /// Reads until the first link type is known, so that a file which is no capture, a filter that does not
    /// compile and an output that cannot be made are found before anything starts.
    pub fn open(
        input: Input,
        format: Format,
        mut sink: Sink,
        pool: Pool,
        workers: Vec<Sender<Arc<Block>>>,
    ) -> Result<Self, CaptureError> {
        if let Format::Pcap(pcap) = &format {
            sink.link(pcap.link())?;
        }
        let mut pump = Pump { input, format, sink, pool, workers, next_number: 1, framed: Ok(0) };
        loop {
            pump.framed = pump.frame();
            if pump.sink.linked {
                return Ok(pump);
            }
            let need = mem::replace(&mut pump.framed, Ok(0))?;
            if !pump.advance(need)? {
                pump.input.ends_well(need)?;
                return Ok(pump);
            }
        }
    }

    pub fn run(mut self) -> ReadSummary {
        let ended = self.pump();
        let stopped = self.input.has_stopped();
        // It ended where it was told to, be it in the middle of a record.
        let ended = if stopped { Ok(()) } else { ended };
        // Whatever happened, the packets before it are delivered and written.
        let rest = mem::take(&mut self.input.buffer);
        let delivered = self.deliver(rest);
        let written = self.sink.finish();
        ReadSummary { counts: self.sink.counts, end: ended.and(delivered).and(written), stopped }
    }

    fn pump(&mut self) -> Result<(), CaptureError> {
        loop {
            let need = mem::replace(&mut self.framed, Ok(0))?;
            if !self.advance(need)? {
                return self.input.ends_well(need);
            }
            self.framed = self.frame();
        }
    }

    /// Gets more bytes behind those not yet framed, `need` of which would be enough; false at the end.
    fn advance(&mut self, need: usize) -> Result<bool, CaptureError> {
        if self.input.live() || self.input.room() < SMALLEST_READ || !self.input.fits(need) {
            if self.input.buffer.index.is_empty() {
                self.input.compact();
            } else {
                let full = self.input.replace(self.pool.take());
                self.deliver(full)?;
            }
        }
        self.input.read()
    }

    /// Hands the packets of a buffer to every worker.
    fn deliver(&mut self, buffer: Buffer) -> Result<(), CaptureError> {
        if buffer.index.is_empty() {
            return Ok(());
        }
        let count = buffer.index.len() as u64;
        let block = Arc::new(self.pool.block(buffer, self.next_number));
        self.next_number += count;
        // Fails where a worker went away; the others go on.
        self.workers.retain(|worker| worker.send(Arc::clone(&block)).is_ok());
        if self.workers.is_empty() { Err(CaptureError::Abandoned) } else { Ok(()) }
    }

    fn frame(&mut self) -> Result<usize, CaptureError> {
        match &mut self.format {
            Format::Pcap(pcap) => frame(pcap, &mut self.input, &mut self.sink),
            Format::PcapNg(pcapng) => frame(pcapng, &mut self.input, &mut self.sink),
        }
    }
}

/// Takes off all whole records at hand. Returns how many bytes the next one needs.
fn frame(framer: &mut impl Framer, input: &mut Input, sink: &mut Sink) -> Result<usize, CaptureError> {
    if input.discard > 0 {
        return Ok(1);
    }
    let Buffer { bytes, index } = &mut input.buffer;
    let bytes = bytes.get(..input.end).unwrap_or_default();
    loop {
        let window = bytes.get(input.pos..).unwrap_or_default();
        match framer.next(window) {
            Ok(Step::Packet { packet, advance }) => {
                sink.packet(index, window, input.pos, packet)?;
                input.pos += advance;
            }
            Ok(Step::Link { link, advance }) => {
                sink.link(link)?;
                input.pos += advance;
            }
            Ok(Step::Skip { advance, unknown }) => {
                sink.counts.skipped += u64::from(unknown);
                let here = usize::try_from(advance).unwrap_or(usize::MAX).min(window.len());
                input.pos += here;
                input.discard = advance - here as u64;
                if input.discard > 0 {
                    return Ok(1);
                }
            }
            Ok(Step::Need(bytes)) => return Ok(bytes),
            Err(reason) => {
                return Err(CaptureError::Corrupt { offset: input.base + input.pos as u64, reason });
            }
        }
    }
}

impl Sink {
    fn link(&mut self, link: u16) -> Result<(), CaptureError> {
        self.linked = true;
        if let Some(filter) = &mut self.filter {
            filter.compile(link).map_err(|reason| {
                let expression = filter.expression().to_owned();
                CaptureError::Filter { expression, reason }
            })?;
        }
        match &mut self.dump {
            Some(dump) => dump.start(link).map_err(|error| write_error(dump, error)),
            None => Ok(()),
        }
    }

    #[inline]
    fn packet(
        &mut self,
        index: &mut Vec<Entry>,
        window: &[u8],
        base: usize,
        packet: Framed,
    ) -> Result<(), CaptureError> {
        let Framed { offset, len, mut wire_len, ts, link } = packet;
        if wire_len < len {
            // A broken writer, and no reason to give up what follows: libpcap and Zeek go on, too.
            wire_len = len;
            self.counts.impossible_lengths += 1;
        }
        if self.filter.is_some() || self.dump.is_some() {
            let data = window.get(offset..offset + len as usize).unwrap_or_default();
            if let Some(filter) = &mut self.filter
                && !filter.accepts(link, wire_len, data)
            {
                self.counts.filtered_out += 1;
                return Ok(());
            }
            if let Some(dump) = &mut self.dump {
                let written =
                    dump.write(ts, link, wire_len, data).map_err(|error| write_error(dump, error))?;
                self.counts.not_written += u64::from(!written);
            }
        }
        self.counts.packets += 1;
        self.counts.bytes += u64::from(len);
        self.counts.wire_bytes += u64::from(wire_len);
        // Zeek reads through libpcap in microseconds, cut and not rounded. A duration taken from finer
        // stamps would differ from Zeek's in its last digit.
        let ts = ts - ts.rem_euclid(1_000);
        index.push(Entry { ts, offset: (base + offset) as u32, len, wire_len, link });
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CaptureError> {
        match &mut self.dump {
            Some(dump) => dump.finish().map_err(|error| write_error(dump, error)),
            None => Ok(()),
        }
    }
}

fn write_error(dump: &Dump, error: std::io::Error) -> CaptureError {
    CaptureError::Write { path: dump.path().to_owned(), error }
}
