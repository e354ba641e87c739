//! Writes the packets that were read, after the filter, to a pcap file.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::framing::MAX_PACKET;
use crate::capture::Packet;

const ETHERNET: u16 = 1;

const BUFFER: usize = 256 * 1024;

pub(super) struct Dump {
    path: PathBuf,
    /// A nanosecond source gets a nanosecond file, so that nothing is lost.
    nanoseconds: bool,
    /// Made with the first link type seen, which is the only one that the file can hold.
    open: Option<(u16, BufWriter<Box<dyn Write + Send>>)>,
}

impl Dump {
    pub fn new(path: PathBuf, nanoseconds: bool) -> Self {
        Dump { path, nanoseconds, open: None }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the file and writes its header, unless that was done.
    pub fn start(&mut self, link: u16) -> io::Result<()> {
        if self.open.is_some() {
            return Ok(());
        }
        let output: Box<dyn Write + Send> = if self.path == Path::new("-") {
            // A descriptor of its own: the library's would look for line ends.
            Box::new(File::from(io::stdout().as_fd().try_clone_to_owned()?))
        } else {
            Box::new(File::create(&self.path)?)
        };
        let mut output = BufWriter::with_capacity(BUFFER, output);
        let magic: u32 = if self.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        output.write_all(&magic.to_le_bytes())?;
        output.write_all(&2_u16.to_le_bytes())?;
        output.write_all(&4_u16.to_le_bytes())?;
        for word in [0, 0, MAX_PACKET, u32::from(link)] {
            output.write_all(&word.to_le_bytes())?;
        }
        self.open = Some((link, output));
        Ok(())
    }

    /// False when the packet's link type is not the file's.
    pub fn write(&mut self, ts: i64, link: u16, wire_len: u32, data: &[u8]) -> io::Result<bool> {
        let Some((_, output)) = self.open.as_mut().filter(|(of_file, _)| *of_file == link) else {
            return Ok(false);
        };
        let nanos = ts.rem_euclid(1_000_000_000);
        let fraction = if self.nanoseconds { nanos } else { nanos / 1_000 };
        // The format ends in 2106.
        let seconds = u32::try_from(ts.div_euclid(1_000_000_000)).unwrap_or(u32::MAX);
        let mut record = [0; 16];
        let words = [seconds, fraction as u32, data.len() as u32, wire_len];
        for (place, word) in record.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *place = word.to_le_bytes();
        }
        output.write_all(&record)?;
        output.write_all(data)?;
        Ok(true)
    }

    /// Writes what is buffered. A capture without packets still makes a file without packets.
    pub fn finish(&mut self) -> io::Result<()> {
        self.start(ETHERNET)?;
        self.open.as_mut().map_or(Ok(()), |(_, output)| output.flush())
    }
}

/// A capture that all workers of a live run write to. What one writes the others wait for: a disk that is slow costs
/// packets, which the kernel counts.
pub struct LiveDump(Mutex<State>);

struct State {
    dump: Dump,
    /// Why nothing more is written.
    failed: Option<io::Error>,
    /// Packets that the file cannot hold, for it has one link type.
    other_links: u64,
}

impl LiveDump {
    /// Makes the file, or says why it cannot be made.
    pub fn create(path: &Path) -> io::Result<LiveDump> {
        if path != Path::new("-") {
            File::create(path)?;
        }
        let dump = Dump::new(path.to_owned(), true);
        Ok(LiveDump(Mutex::new(State { dump, failed: None, other_links: 0 })))
    }

    pub fn write(&self, packet: &Packet<'_>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.failed.is_some() {
            return;
        }
        let Packet { ts, link, wire_len, data } = *packet;
        let written =
            state.dump.start(link).and_then(|()| state.dump.write(ts.nanos(), link, wire_len, data));
        match written {
            Ok(true) => {}
            Ok(false) => state.other_links += 1,
            Err(error) => {
                eprintln!("nightjar: cannot write {}: {error}; it ends here", state.dump.path().display());
                state.failed = Some(error);
            }
        }
    }

    /// Writes what is buffered. How many packets are not in it for their link type, or why it is not whole.
    pub fn finish(&self) -> io::Result<u64> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match state.failed.take() {
            Some(error) => Err(error),
            None => state.dump.finish().map(|()| state.other_links),
        }
    }
}
