//! One log file.

use std::fs::File;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

/// A log that could not be written.
#[derive(Debug)]
pub struct LogError {
    pub path: PathBuf,
    pub error: io::Error,
}

impl std::fmt::Display for LogError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot write {}: {}", self.path.display(), self.error)
    }
}

impl std::error::Error for LogError {}

/// Rows on their way to a file, in whole rows at a time.
pub struct LogFile {
    path: PathBuf,
    out: Out,
    buffer: Vec<u8>,
    /// Bytes written so far, those in the buffer included.
    bytes: u64,
    /// The last attempt to write failed; what is in the buffer was not written.
    failing: bool,
}

/// Where the bytes go.
enum Out {
    Plain(Box<dyn Write + Send>),
    /// Ends with a checksum, so the file is whole only once it was finished.
    Gzip(Box<GzEncoder<File>>),
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Plain(out) => out.write(bytes),
            Out::Gzip(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Plain(out) => out.flush(),
            Out::Gzip(out) => out.flush(),
        }
    }
}

/// Rows are written out when this much has gathered.
const BUFFER: usize = 256 * 1024;
/// While writing fails, rows are kept up to here; more are refused. What stops a full disk from filling
/// memory too.
const MAX_HELD: usize = 4 << 20;

impl LogFile {
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let file = File::create(path).map_err(|error| LogError { path: path.to_owned(), error })?;
        Ok(LogFile::to(path.to_owned(), Out::Plain(Box::new(file))))
    }

    /// Compressed as it is written, from level 1 (fast) to 9.
    pub fn create_gzip(path: &Path, level: u32) -> Result<Self, LogError> {
        let file = File::create(path).map_err(|error| LogError { path: path.to_owned(), error })?;
        let out = GzEncoder::new(file, flate2::Compression::new(level.min(9)));
        Ok(LogFile::to(path.to_owned(), Out::Gzip(Box::new(out))))
    }

    /// Writes out what is held, and what ends the file.
    pub fn finish(mut self) -> Result<(), LogError> {
        self.flush()?;
        if let Out::Gzip(out) = &mut self.out {
            out.try_finish().map_err(|error| LogError { path: self.path.clone(), error })?;
        }
        Ok(())
    }

    pub fn stdout() -> Self {
        LogFile::to("standard output".into(), Out::Plain(Box::new(io::stdout())))
    }

    fn to(path: PathBuf, out: Out) -> Self {
        LogFile { path, out, buffer: Vec::new(), bytes: 0, failing: false }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is, once all is written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        self.append(bytes);
        Ok(())
    }

    /// Writes a row although writing may fail; false where there is no room to keep it until it works
    /// again. The second value is the failure, the first time it shows.
    #[inline]
    pub fn write_patiently(&mut self, bytes: &[u8]) -> (bool, Option<LogError>) {
        let mut failed = None;
        if self.buffer.len() + bytes.len() > BUFFER && !self.failing {
            failed = self.flush().err();
        }
        if self.failing && self.buffer.len() + bytes.len() > MAX_HELD {
            return (false, failed);
        }
        self.append(bytes);
        (true, failed)
    }

    fn append(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes out what is held. Should that fail midway, what is left stays, so that no line remains cut
    /// in half once it works again.
    pub fn flush(&mut self) -> Result<(), LogError> {
        let mut written = 0;
        let result = loop {
            let rest = &self.buffer[written..];
            if rest.is_empty() {
                break self.out.flush();
            }
            match self.out.write(rest) {
                Ok(0) => break Err(ErrorKind::WriteZero.into()),
                Ok(more) => written += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break Err(error),
            }
        };
        if written == self.buffer.len() {
            self.buffer.clear();
        } else {
            self.buffer.drain(..written);
        }
        self.failing = result.is_err();
        result.map_err(|error| LogError { path: self.path.clone(), error })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// A disk with so many bytes free.
    #[derive(Clone)]
    struct Disk(Arc<Mutex<(usize, Vec<u8>)>>);

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let (free, written) = &mut *self.0.lock().unwrap();
            let fits = bytes.len().min(*free);
            if fits == 0 && !bytes.is_empty() {
                return Err(ErrorKind::StorageFull.into());
            }
            *free -= fits;
            written.extend_from_slice(&bytes[..fits]);
            Ok(fits)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_costs_whole_rows_only_and_writing_goes_on() {
        let disk = Disk(Arc::new(Mutex::new((10, Vec::new()))));
        let mut file = LogFile::to("disk".into(), Out::Plain(Box::new(disk.clone())));
        for row in ["first\n", "second\n"] {
            file.write(row.as_bytes()).unwrap();
        }
        assert!(file.flush().is_err());
        assert_eq!(disk.0.lock().unwrap().1, b"first\nseco");
        // Rows are kept up to the ceiling, then refused, without a look at the disk each time.
        let row = vec![b'x'; MAX_HELD / 4];
        let kept = (0..8).filter(|_| file.write_patiently(&row).0).count();
        assert_eq!(kept, 3);
        disk.0.lock().unwrap().0 = usize::MAX;
        file.flush().unwrap();
        assert!(file.write_patiently(b"\nlast\n").0);
        file.flush().unwrap();
        let written = disk.0.lock().unwrap().1.clone();
        assert!(written.starts_with(b"first\nsecond\nxxx") && written.ends_with(b"x\nlast\n"));
        assert_eq!(written.len() as u64, file.bytes());
    }
}
