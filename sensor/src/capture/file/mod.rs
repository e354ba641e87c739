//! Replay: a capture file, or standard input, read by one thread and handed to all workers.
//!
//! ```text
//!  read() ─► gunzip, unzstd ─► frame records ─► BPF filter ─► write (-w) ─► index ─► block ─┬─► worker 0
//!                                                                                          ├─► worker 1 …
//!  buffers go round: a pool of MAX_BUFFERS ◄── the last worker drops the block ◄────────────┘
//! ```
//!
//! Every worker sees every packet and decides which are its own: to share a block costs nothing, while to
//! deal packets out would need the decoding that the workers are there for. Packets are never copied out
//! of the buffer that `read()` filled, and memory is the pool's, however large the file, whatever it
//! decompresses to. A slow worker holds up the reader, and nothing is ever dropped.
//!
//! Read are pcap and pcapng, plain or compressed with gzip (several members) or
//! zstd (several frames; a window of at most 128 MiB). What a file is, its first bytes say, not its name.

mod dump;
mod error;
mod filter;
mod framing;
mod input;
mod pcap;
mod pcapng;
mod pump;
mod source;

use std::fs;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, unbounded};

pub use dump::LiveDump;
pub use error::{CaptureError, OpenError};

use self::dump::Dump;
use self::filter::Filter;
use self::framing::Format;
use self::input::Input;
use self::pcap::Pcap;
use self::pcapng::PcapNg;
use self::pump::{Pump, Sink};
use self::source::Source;
use super::Block;
use super::block::Pool;

/// What to do with the packets on the way.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// Only the packets for which this libpcap expression holds (`-f`).
    pub filter: Option<String>,
    /// Write the packets delivered to this pcap file (`-w`); `-` is standard output.
    pub write: Option<PathBuf>,
    /// How many readers to make, at least one.
    pub workers: usize,
    /// Once this is set, nothing more is read, and the capture has ended.
    pub stop: Arc<AtomicBool>,
}

/// A capture being read.
pub struct Replay {
    /// One for each worker. The capture is read as fast as the slowest of them takes it.
    pub readers: Vec<FileReader>,
    pub progress: Arc<Progress>,
    thread: JoinHandle<ReadSummary>,
}

/// How far reading is, in bytes of the file: compressed ones, where it is compressed.
#[derive(Debug)]
pub struct Progress {
    read: AtomicU64,
    total: Option<u64>,
    /// Reading is to end.
    stop: Arc<AtomicBool>,
    /// It did because it was to, and not because there was nothing more.
    stopped: AtomicBool,
}

/// What was read, once it has ended.
#[derive(Debug)]
pub struct ReadSummary {
    pub counts: ReadCounts,
    pub end: Result<(), CaptureError>,
    /// Reading was told to end before the capture did.
    pub stopped: bool,
}

impl ReadSummary {
    /// Of a capture from which nothing came until reading was told to end.
    pub fn stopped() -> Self {
        ReadSummary { counts: ReadCounts::default(), end: Ok(()), stopped: true }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadCounts {
    /// Packets delivered.
    pub packets: u64,
    /// Their bytes in the capture.
    pub bytes: u64,
    /// Their bytes on the wire.
    pub wire_bytes: u64,
    /// Packets that the filter refused.
    pub filtered_out: u64,
    /// pcapng blocks of an unknown type.
    pub skipped: u64,
    /// Packets said to be shorter on the wire than they are in the capture.
    pub impossible_lengths: u64,
    /// Packets not written to the file asked for, because it can hold one link type only.
    pub not_written: u64,
}

/// One worker's end of a [`Replay`].
pub struct FileReader {
    blocks: Receiver<Arc<Block>>,
}

/// The bytes of any file, decompressed where it is compressed; `-` is standard input.
pub fn open_bytes(path: &Path, stop: &Arc<AtomicBool>) -> Result<Box<dyn Read + Send>, OpenError> {
    let (source, _) = Source::open(path, stop)?;
    Ok(Box::new(source))
}

/// Opens a capture, `-` being standard input, and starts to read it.
///
/// Returns once the first link type is known; from a pipe, that waits for the writer.
pub fn open(path: &Path, options: FileOptions) -> Result<Replay, OpenError> {
    let (source, progress) = Source::open(path, &options.stop)?;
    if let Some(output) = &options.write {
        refuse_same_file(path, output)?;
    }
    let mut pool = Pool::new(&options.stop);
    let mut input = Input::new(source, pool.take());
    let format = detect(path, &mut input)?;

    let nanoseconds = match &format {
        Format::Pcap(pcap) => pcap.nanoseconds(),
        // Each interface has its own clock, and only the later blocks tell.
        Format::PcapNg(_) => true,
    };
    let sink = Sink {
        filter: options.filter.map(Filter::new),
        dump: options.write.map(|path| Dump::new(path, nanoseconds)),
        counts: ReadCounts::default(),
        linked: false,
    };
    // The pool bounds these queues: there are never more than MAX_BUFFERS blocks. And only this kind drops
    // what is queued together with its receiver; a bounded one keeps it, and with it the buffers that the
    // reader waits for, when a worker goes away.
    let queues = (0..options.workers.max(1)).map(|_| unbounded());
    let (senders, readers) = queues.map(|(sender, blocks)| (sender, FileReader { blocks })).unzip();
    let pump = Pump::open(input, format, sink, pool, senders).map_err(|error| open_error(path, error))?;
    let thread = thread::Builder::new()
        .name("capture".to_owned())
        .spawn(move || pump.run())
        .map_err(|error| OpenError::Read { path: path.to_owned(), error })?;
    Ok(Replay { readers, progress, thread })
}

impl Replay {
    /// Waits for the end. The readers that were not taken are dropped first: they would never be read.
    pub fn join(mut self) -> ReadSummary {
        self.readers.clear();
        self.thread.join().unwrap_or_else(|_| ReadSummary {
            counts: ReadCounts::default(),
            end: Err(CaptureError::Internal),
            stopped: false,
        })
    }
}

impl FileReader {
    /// The next block of packets; `None` when there are no more, and [`Replay::join`] says why.
    pub fn next_block(&mut self) -> Option<Arc<Block>> {
        self.blocks.recv().ok()
    }
}

impl Progress {
    fn new(total: Option<u64>, stop: &Arc<AtomicBool>) -> Self {
        Progress { read: AtomicU64::new(0), total, stop: stop.clone(), stopped: AtomicBool::new(false) }
    }

    /// Whether reading is to end now. It remembers that it was asked.
    fn is_to_stop(&self) -> bool {
        let stop = self.stop.load(Ordering::Relaxed);
        if stop {
            self.stopped.store(true, Ordering::Relaxed);
        }
        stop
    }

    fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    pub fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The size of the file when it was opened; unknown for a pipe.
    pub fn total(&self) -> Option<u64> {
        self.total
    }
}

fn detect(path: &Path, input: &mut Input) -> Result<Format, OpenError> {
    let header_error = |error| OpenError::Header { path: path.to_owned(), error };
    let start = input.start(pcap::HEADER).map_err(|error| open_error(path, error))?;
    let Some(magic) = start.first_chunk::<4>() else {
        return Err(if start.is_empty() {
            OpenError::Empty { path: path.to_owned() }
        } else {
            not_a_capture(path, start)
        });
    };
    if u32::from_le_bytes(*magic) == pcapng::SECTION_HEADER {
        return Ok(Format::PcapNg(PcapNg::new()));
    }
    if !Pcap::is_magic(*magic) {
        return Err(not_a_capture(path, start));
    }
    let Some(header) = start.first_chunk::<{ pcap::HEADER }>() else {
        let reason = format!("the file header has {} bytes of {}", start.len(), pcap::HEADER);
        return Err(header_error(CaptureError::Truncated { offset: 0, reason }));
    };
    let pcap =
        Pcap::new(header).map_err(|reason| header_error(CaptureError::Corrupt { offset: 0, reason }))?;
    input.pos = pcap::HEADER;
    Ok(Format::Pcap(pcap))
}

/// What people pass instead of a capture.
const LOOKALIKES: [(&[u8], &str); 8] = [
    (b"\xfd7zXZ\0", "an xz file; decompress it first"),
    (b"BZh", "a bzip2 file; decompress it first"),
    (b"\x04\x22\x4d\x18", "an lz4 file; decompress it first"),
    (b"PK\x03\x04", "a zip archive; unpack it first"),
    (b"snoop\0\0\0", "a Solaris snoop capture; convert it with editcap"),
    (b"\x1f\x8b\x08", "a file that was compressed twice"),
    (b"\x28\xb5\x2f\xfd", "a file that was compressed twice"),
    (b"#separator", "a Zeek log"),
];

fn not_a_capture(path: &Path, start: &[u8]) -> OpenError {
    let hint = LOOKALIKES.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, hint)| *hint);
    let start = start.get(..8).unwrap_or(start).to_vec();
    OpenError::NotACapture { path: path.to_owned(), start, hint }
}

/// What failed before the first packet could be delivered.
fn open_error(path: &Path, error: CaptureError) -> OpenError {
    match error {
        CaptureError::Read { error, .. } => OpenError::Read { path: path.to_owned(), error },
        CaptureError::Filter { expression, reason } => OpenError::Filter { expression, reason },
        CaptureError::Write { path, error } => OpenError::Write { path, error },
        error => OpenError::Header { path: path.to_owned(), error },
    }
}

/// To write over the capture being read would destroy it.
fn refuse_same_file(input: &Path, output: &Path) -> Result<(), OpenError> {
    let (Ok(read), Ok(written)) = (fs::metadata(input), fs::metadata(output)) else {
        return Ok(());
    };
    if read.is_file() && (read.dev(), read.ino()) == (written.dev(), written.ino()) {
        let error = std::io::Error::other("it is the capture being read");
        return Err(OpenError::Write { path: output.to_owned(), error });
    }
    Ok(())
}
