//! One log file.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

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
    out: Box<dyn Write + Send>,
    buffer: Vec<u8>,
}

/// Rows are written out when this much has gathered.
const BUFFER: usize = 256 * 1024;

impl LogFile {
    pub fn create(path: &Path) -> Result<Self, LogError> {
        let file = File::create(path).map_err(|error| LogError { path: path.to_owned(), error })?;
        Ok(LogFile { path: path.to_owned(), out: Box::new(file), buffer: Vec::with_capacity(BUFFER) })
    }

    pub fn stdout() -> Self {
        LogFile { path: "standard output".into(), out: Box::new(io::stdout()), buffer: Vec::new() }
    }

    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    pub fn flush(&mut self) -> Result<(), LogError> {
        let written = self.out.write_all(&self.buffer).and_then(|()| self.out.flush());
        self.buffer.clear();
        written.map_err(|error| LogError { path: self.path.clone(), error })
    }
}
