//! The bytes of a capture: from a file or standard input, decompressed where they are compressed.
//!
//! Plain `read()` and no mapping: a mapped file that is truncated under us ends the process with SIGBUS,
//! and its pages would count as our memory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Chain, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, poll};

use super::{OpenError, Progress};

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A zstd file may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F (RFC 8878 §3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// While nothing comes it is looked so often, in milliseconds, whether reading is to end.
const LOOK_EVERY: u8 = 100;
/// How much compressed input is read at once.
const COMPRESSED_READ: usize = 128 * 1024;

pub(super) struct Source {
    bytes: Box<dyn Read + Send>,
    /// What ends in the middle where the compressed stream does.
    compression: Option<&'static str>,
    /// Fed by somebody who may be slow, so that packets must not wait for a full buffer.
    pub live: bool,
    progress: Arc<Progress>,
}

/// Why there are no more bytes.
#[derive(Debug)]
pub(super) enum SourceError {
    Read(io::Error),
    Truncated(String),
    Corrupt(String),
}

impl Source {
    /// Opens `path`, or standard input for `-`.
    pub fn open(path: &Path, stop: &Arc<AtomicBool>) -> Result<(Source, Arc<Progress>), OpenError> {
        let failed = |error| OpenError::Read { path: path.to_owned(), error };
        let named = path != Path::new("-");
        let fifo = named && fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo());
        let mut file = if !named {
            // A descriptor of its own: the library's lock and buffer would be in the way.
            File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?)
        } else if fifo {
            // Opened as others are, it would be waited for who writes to it, and nobody could end that.
            let mut options = OpenOptions::new();
            options.read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?
        } else {
            File::open(path).map_err(failed)?
        };
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(OpenError::Directory { path: path.to_owned() });
        }
        let total = if metadata.is_file() {
            let position = file.stream_position().map_err(failed)?;
            Some(metadata.len().saturating_sub(position))
        } else {
            None
        };
        let progress = Arc::new(Progress::new(total, stop));
        let counted = Counted { file, progress: Arc::clone(&progress) };
        if fifo && counted.wait() {
            // From here on there is something to read, or nobody who writes any more.
            let flags = fcntl(&counted.file, FcntlArg::F_GETFL).map_err(|error| failed(error.into()))?;
            let flags = OFlag::from_bits_retain(flags) - OFlag::O_NONBLOCK;
            fcntl(&counted.file, FcntlArg::F_SETFL(flags)).map_err(|error| failed(error.into()))?;
        }
        let source = Source::detect(counted, total.is_none()).map_err(failed)?;
        Ok((source, progress))
    }

    fn detect(mut input: Counted, live: bool) -> io::Result<Source> {
        let mut start = [0; 4];
        let mut len = 0;
        while let Some(free) = start.get_mut(len..).filter(|free| !free.is_empty()) {
            match input.read(free) {
                Ok(0) => break,
                Ok(n) => len += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let gzip = start.starts_with(&GZIP_MAGIC);
        let progress = Arc::clone(&input.progress);
        let zstd = start == ZSTD_MAGIC || (start.ends_with(&ZSTD_SKIPPABLE) && start[0] & 0xf0 == 0x50);
        let start = start.get(..len).unwrap_or_default().to_vec();
        let input: Chain<Cursor<Vec<u8>>, Counted> = Cursor::new(start).chain(input);
        if gzip {
            let input = BufReader::with_capacity(COMPRESSED_READ, input);
            let bytes = Box::new(flate2::bufread::MultiGzDecoder::new(input));
            Ok(Source { bytes, compression: Some("gzip"), live: false, progress })
        } else if zstd {
            // Its window, and so its memory, is at most 128 MiB: the library's default limit.
            let input = BufReader::with_capacity(COMPRESSED_READ, input);
            let bytes = Box::new(zstd::Decoder::with_buffer(input)?);
            Ok(Source { bytes, compression: Some("zstd"), live: false, progress })
        } else {
            Ok(Source { bytes: Box::new(input), compression: None, live, progress })
        }
    }

    /// Whether reading was told to end.
    pub fn has_stopped(&self) -> bool {
        self.progress.has_stopped()
    }

    /// Whether the end came before what was the end when the file was opened.
    pub fn shrank(&self) -> bool {
        self.progress.total().is_some_and(|total| self.progress.read() < total)
    }

    /// Reads into `buffer`, which must have room. 0 is the end.
    pub fn read(&mut self, buffer: &mut [u8]) -> Result<usize, SourceError> {
        loop {
            let error = match self.bytes.read(buffer) {
                Ok(n) => return Ok(n),
                Err(error) => error,
            };
            if error.kind() == io::ErrorKind::Interrupted {
                continue;
            }
            // A decoder passes on what the operating system said; its own complaints have no such number.
            return Err(match self.compression {
                Some(name) if error.raw_os_error().is_none() => {
                    if error.kind() == io::ErrorKind::UnexpectedEof {
                        SourceError::Truncated(format!("the {name} stream ends in the middle"))
                    } else {
                        SourceError::Corrupt(format!("the {name} stream is damaged: {error}"))
                    }
                }
                _ => SourceError::Read(error),
            });
        }
    }
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damaged = |reason| io::Error::new(io::ErrorKind::InvalidData, reason);
        Source::read(self, buffer).map_err(|error| match error {
            SourceError::Read(error) => error,
            SourceError::Truncated(reason) | SourceError::Corrupt(reason) => damaged(reason),
        })
    }
}

/// Counts what was read of the file itself.
struct Counted {
    file: File,
    progress: Arc<Progress>,
}

impl Counted {
    /// Waits until there is something to read. False where reading is to end.
    fn wait(&self) -> bool {
        loop {
            if self.progress.is_to_stop() {
                return false;
            }
            // Files are always there to be read.
            if self.progress.total().is_some() {
                return true;
            }
            let mut fds = [PollFd::new(self.file.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, LOOK_EVERY) {
                Ok(0) | Err(nix::errno::Errno::EINTR) => {}
                // What is wrong, reading will tell.
                Ok(_) | Err(_) => return true,
            }
        }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.wait() {
            return Ok(0);
        }
        let n = self.file.read(buffer)?;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
