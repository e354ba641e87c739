//! The bytes of a capture: from a file or standard input, decompressed where they are compressed.
//!
//! Plain `read()` and no mapping: a mapped file that is truncated under us ends the process with SIGBUS,
//! and its pages would count as our memory.

use std::fs::File;
use std::io::{self, BufReader, Chain, Cursor, Read, Seek};
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{OpenError, Progress};

const GZIP_MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A zstd file may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F (RFC 8878 §3.1.2).
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

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
    pub fn open(path: &Path) -> Result<(Source, Arc<Progress>), OpenError> {
        let failed = |error| OpenError::Read { path: path.to_owned(), error };
        let mut file = if path == Path::new("-") {
            // A descriptor of its own: the library's lock and buffer would be in the way.
            File::from(io::stdin().as_fd().try_clone_to_owned().map_err(failed)?)
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
        let progress = Arc::new(Progress::new(total));
        let counted = Counted { file, progress: Arc::clone(&progress) };
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

/// Counts what was read of the file itself.
struct Counted {
    file: File,
    progress: Arc<Progress>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.file.read(buffer)?;
        self.progress.read.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}
