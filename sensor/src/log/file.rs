//! One log file.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

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
    /// So many bytes at the end of the file belong to a row whose rest is in the buffer.
    begun: usize,
    /// Rows in the buffer, unless writing fails.
    held: u64,
    /// Rows written out since it was last seen that the file is where it should be.
    unseen: u64,
}

/// Where the bytes go.
enum Out {
    File {
        file: File,
        id: FileId,
    },
    Plain(Box<dyn Write + Send>),
    /// Standard output, where somebody watches.
    Terminal,
    /// Ends with a checksum, so the file is whole only once it was finished.
    Gzip {
        encoder: Box<GzEncoder<File>>,
        id: FileId,
    },
}

/// What tells a file or folder from others of its name: device and inode.
pub(super) type FileId = (u64, u64);

pub(super) fn id_of(metadata: &Metadata) -> FileId {
    (metadata.dev(), metadata.ino())
}

/// Where a file is found, that somebody else may have touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Here,
    /// Under another name.
    Moved,
    /// Under no name.
    Removed,
    /// Here, with less in it than was written.
    Emptied,
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::File { file, .. } => file.write(bytes),
            Out::Plain(out) => out.write(bytes),
            Out::Terminal => {
                let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1);
                let row = bytes.get(..end).unwrap_or(bytes);
                let _whole = row_lock();
                io::stdout().write_all(row).map(|()| row.len())
            }
            Out::Gzip { encoder, .. } => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::File { .. } => Ok(()),
            Out::Plain(out) => out.flush(),
            Out::Terminal => io::stdout().flush(),
            Out::Gzip { encoder, .. } => encoder.flush(),
        }
    }
}

/// Held while a row goes to a terminal.
static ROW: Mutex<()> = Mutex::new(());

fn row_lock() -> MutexGuard<'static, ()> {
    ROW.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until the row is whole that is going to a terminal, but no longer than this: it may be held up. No other
/// begins while the returned guard lives. For who is about to end the process.
pub fn between_rows(patience: Duration) -> Option<MutexGuard<'static, ()>> {
    let until = Instant::now() + patience;
    loop {
        match ROW.try_lock() {
            Ok(guard) => return Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) if Instant::now() < until => {
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(TryLockError::WouldBlock) => return None,
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
        let (file, id) = open(path)?;
        Ok(LogFile::to(path.to_owned(), Out::File { file, id }))
    }

    /// Compressed as it is written, from level 1 (fast) to 9.
    pub fn create_gzip(path: &Path, level: u32) -> Result<Self, LogError> {
        let (file, id) = open(path)?;
        let encoder = Box::new(GzEncoder::new(file, flate2::Compression::new(level.min(9))));
        Ok(LogFile::to(path.to_owned(), Out::Gzip { encoder, id }))
    }

    pub fn stdout() -> Self {
        let stdout = io::stdout();
        let out = if stdout.is_terminal() { Out::Terminal } else { Out::Plain(Box::new(stdout)) };
        LogFile::to("standard output".into(), out)
    }

    fn to(path: PathBuf, out: Out) -> Self {
        LogFile { path, out, buffer: Vec::new(), bytes: 0, failing: false, begun: 0, held: 0, unseen: 0 }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the file is, once all is written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    fn file(&self) -> Option<(&File, FileId)> {
        match &self.out {
            Out::File { file, id } => Some((file, *id)),
            Out::Gzip { encoder, id } => Some((encoder.get_ref(), *id)),
            Out::Plain(_) | Out::Terminal => None,
        }
    }

    /// Writes what stands above or below the rows, and lets it reach the file at once.
    pub fn write_apart(&mut self, bytes: &[u8]) -> Result<(), LogError> {
        self.buffer.extend_from_slice(bytes);
        self.bytes += bytes.len() as u64;
        match self.out {
            // Each flush costs compression.
            Out::Gzip { .. } => Ok(()),
            _ => self.flush(),
        }
    }

    /// Writes a row.
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
        self.held += 1;
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
            self.unseen += std::mem::take(&mut self.held);
            self.begun = 0;
        } else {
            let out = &self.buffer[..written];
            let before = self.held;
            self.begun = match out.iter().rposition(|byte| *byte == b'\n') {
                Some(end) => written - end - 1,
                None => self.begun + written,
            };
            self.buffer.drain(..written);
            self.held = lines(&self.buffer);
            self.unseen += before.saturating_sub(self.held);
        }
        self.failing = result.is_err();
        result.map_err(|error| LogError { path: self.path.clone(), error })
    }

    /// Looks where the file is. One that is written elsewhere than to a file is always where it should be.
    pub(super) fn place(&mut self) -> Place {
        let Some((file, id)) = self.file() else { return Place::Here };
        let written = self.bytes - self.buffer.len() as u64;
        let plain = matches!(self.out, Out::File { .. });
        match fs::metadata(&self.path) {
            Ok(found) if id_of(&found) == id && plain && found.len() < written => Place::Emptied,
            Ok(found) if id_of(&found) == id => {
                self.unseen = 0;
                Place::Here
            }
            // What is there cannot be known.
            Err(error) if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Place::Here
            }
            Ok(_) | Err(_) if file.metadata().is_ok_and(|own| own.nlink() == 0) => Place::Removed,
            Ok(_) | Err(_) => Place::Moved,
        }
    }

    /// Where the file is by now.
    pub(super) fn whereabouts(&self) -> Option<PathBuf> {
        use std::os::fd::AsRawFd;
        let (file, _) = self.file()?;
        fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
    }

    /// Begins again after somebody has emptied the file.
    pub(super) fn begin_again(&mut self, header: &[u8]) {
        let end = self.whole_rows();
        self.buffer.drain(..end);
        self.buffer.splice(..0, header.iter().copied());
        self.held = lines(&self.buffer).saturating_sub(lines(header));
        self.bytes = self.buffer.len() as u64;
        (self.begun, self.unseen) = (0, 0);
    }

    /// Where the first row in the buffer begins of which nothing has been written.
    fn whole_rows(&self) -> usize {
        match self.begun {
            0 => 0,
            _ => self.buffer.iter().position(|byte| *byte == b'\n').map_or(self.buffer.len(), |at| at + 1),
        }
    }

    /// Takes over what another file of this log has not written out, because it is no more. Returns how many rows
    /// were lost with it since it was last seen.
    pub(super) fn take_over(&mut self, gone: LogFile) -> u64 {
        let from = gone.whole_rows();
        let rows = gone.buffer.get(from..).unwrap_or_default();
        self.buffer.extend_from_slice(rows);
        self.bytes += rows.len() as u64;
        let kept = lines(rows);
        self.held += kept;
        gone.unseen + gone.held.saturating_sub(kept)
    }

    /// What would be lost with the file: rows since it was last seen.
    pub(super) fn unseen(&self) -> u64 {
        self.unseen + self.held
    }

    /// Takes back what was written last, `len` bytes, whether it has reached the file or not.
    pub(super) fn take_back(&mut self, len: usize) {
        let held = self.buffer.len().min(len);
        self.buffer.truncate(self.buffer.len() - held);
        self.bytes -= held as u64;
        let rest = (len - held) as u64;
        if rest == 0 {
            return;
        }
        self.begun = 0;
        // If it cannot be cut off it stays.
        if let Out::File { file, .. } = &self.out
            && file.set_len(self.bytes - rest).is_ok()
        {
            self.bytes -= rest;
        }
    }

    /// Writes out what is held, and what ends the file. Where there is no room for it the file ends with its last
    /// whole row, and is not left behind if it has not even a header. The first value is how many rows found no room.
    pub fn end(mut self, footer: &[u8]) -> (u64, Result<(), LogError>) {
        let mut lost = 0;
        let mut result = self.flush();
        if result.is_err() {
            lost = self.held;
            self.give_up();
        }
        self.buffer.extend_from_slice(footer);
        self.bytes += footer.len() as u64;
        if let Err(error) = self.flush() {
            self.give_up();
            result = result.and(Err(error));
        }
        if let Out::Gzip { encoder, .. } = &mut self.out
            && let Err(error) = encoder.try_finish()
        {
            result = result.and(Err(LogError { path: self.path.clone(), error }));
        }
        if result.is_err() && self.bytes == 0 {
            self.discard();
        }
        (lost, result)
    }

    /// Removes a file that has not even a header: it is of no use. Something else of its name, as a device that a link
    /// leads to, stays.
    pub(super) fn discard(self) {
        if let Out::File { id, .. } = self.out
            && fs::symlink_metadata(&self.path).is_ok_and(|found| found.is_file() && id_of(&found) == id)
        {
            // That it could not be written is told.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Forgets what was not written, and the beginning of the row that was cut in half.
    fn give_up(&mut self) {
        self.bytes -= self.buffer.len() as u64;
        self.buffer.clear();
        self.held = 0;
        self.take_back(self.begun);
    }
}

/// Everything is appended, so that a file which somebody empties does not begin with a hole.
fn open(path: &Path) -> Result<(File, FileId), LogError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).custom_flags(libc::O_APPEND);
    let opened = options.open(path).and_then(|file| {
        let id = id_of(&file.metadata()?);
        Ok((file, id))
    });
    opened.map_err(|error| LogError { path: path.to_owned(), error })
}

fn lines(rows: &[u8]) -> u64 {
    rows.iter().filter(|byte| **byte == b'\n').count() as u64
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
        assert_eq!((file.begun, file.held, file.unseen), (4, 1, 1));
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

    #[test]
    fn a_file_that_somebody_touched_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("conn.log");
        let mut file = LogFile::create(&path).unwrap();
        file.write(b"row\n").unwrap();
        file.flush().unwrap();
        assert_eq!((file.place(), file.unseen()), (Place::Here, 0));
        fs::write(&path, "").unwrap();
        assert_eq!(file.place(), Place::Emptied);
        file.write(b"next\n").unwrap();
        file.begin_again(b"#header\n");
        file.flush().unwrap();
        assert_eq!(
            (file.place(), fs::read_to_string(&path).unwrap()),
            (Place::Here, "#header\nnext\n".to_owned())
        );
        fs::rename(&path, folder.path().join("old.log")).unwrap();
        file.write(b"lost\n").unwrap();
        file.flush().unwrap();
        assert_eq!((file.place(), file.unseen()), (Place::Moved, 1));
        fs::remove_file(folder.path().join("old.log")).unwrap();
        file.write(b"kept\n").unwrap();
        assert_eq!(file.place(), Place::Removed);
        let mut anew = LogFile::create(&path).unwrap();
        assert_eq!(anew.take_over(file), 1);
        anew.flush().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "kept\n");
    }
}
