//! One file of the spool.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::export::rows;
use crate::sink::spool::frame::{FRAME_HEAD, FrameHead, HEAD, Head, Settled};

/// A segment: rows in the order in which they came, and which of them are settled.
pub(super) struct Segment {
    pub head: Head,
    path: PathBuf,
    file: File,
    /// The position of its first row among all of the spool.
    pub first: u64,
    pub rows: u64,
    pub bytes: u64,
    frames: Vec<Frame>,
    settled: Settled,
    /// The rows settled when that was last written down.
    written_down: u64,
    /// No more is appended.
    pub sealed: bool,
    unsynced: bool,
}

#[derive(Clone, Copy)]
struct Frame {
    /// Of its first row in the segment.
    row: u64,
    at: u64,
    head: FrameHead,
}

/// Rows of a segment, read back.
pub struct Loaded {
    /// The position of the first among all rows of the spool.
    pub pos: u64,
    /// Of the first; the others follow it.
    pub seq: u64,
    /// The run that wrote them.
    pub run: u64,
    pub bytes: Vec<u8>,
    pub rows: u64,
    /// Their checksum is wrong; there are no bytes.
    pub damaged: bool,
}

impl Segment {
    pub fn create(dir: &Path, number: u64, head: Head, first: u64) -> io::Result<Segment> {
        let path = path_of(dir, number);
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        file.write_all_at(&head.bytes(), 0)?;
        Ok(Segment {
            head,
            path,
            file,
            first,
            rows: 0,
            bytes: HEAD as u64,
            frames: Vec::new(),
            settled: Settled::default(),
            written_down: 0,
            sealed: false,
            unsynced: true,
        })
    }

    /// Opens what an earlier run left: the segment as far as it can be read, and how many bytes at
    /// its end cannot. `None` where not even its head can be read.
    pub fn open(dir: &Path, number: u64, first: u64) -> io::Result<(Option<Segment>, u64)> {
        let path = path_of(dir, number);
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        let len = file.metadata()?.len();
        let mut bytes = [0; HEAD];
        let head = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Head::read(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        let Some(head) = head else { return Ok((None, len)) };
        let (mut frames, mut rows, mut at) = (Vec::new(), 0, HEAD as u64);
        while at + FRAME_HEAD as u64 <= len {
            let mut bytes = [0; FRAME_HEAD];
            file.read_exact_at(&mut bytes, at)?;
            let end = |head: &FrameHead| at + FRAME_HEAD as u64 + u64::from(head.len);
            let Some(head) = FrameHead::read(&bytes).filter(|head| end(head) <= len) else { break };
            frames.push(Frame { row: rows, at, head });
            rows += u64::from(head.rows);
            at = end(&head);
        }
        let settled = fs::read(sidecar_of(&path)).ok().and_then(|bytes| Settled::read(&bytes));
        let settled = settled.unwrap_or_default();
        let written_down = settled.count();
        let segment = Segment {
            head,
            path,
            file,
            first,
            rows,
            bytes: at,
            frames,
            settled,
            written_down,
            sealed: true,
            unsynced: false,
        };
        Ok((Some(segment), len - at))
    }

    /// Appends rows. What a failed write left behind is cut off again.
    pub fn append(&mut self, seq: u64, rows: u32, bytes: &[u8]) -> io::Result<()> {
        let head = FrameHead { len: bytes.len() as u32, rows, seq, sum: crc32fast::hash(bytes) };
        let written = self
            .file
            .write_all_at(bytes, self.bytes + FRAME_HEAD as u64)
            .and_then(|()| self.file.write_all_at(&head.bytes(), self.bytes));
        if let Err(error) = written {
            // Should this fail as well, the next frame overwrites it.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.frames.push(Frame { row: self.rows, at: self.bytes, head });
        self.rows += u64::from(rows);
        self.bytes += (FRAME_HEAD + bytes.len()) as u64;
        self.unsynced = true;
        Ok(())
    }

    /// The frame that holds the row at position `pos`.
    pub fn load(&self, pos: u64) -> io::Result<Option<Loaded>> {
        let row = pos - self.first;
        let after = self.frames.partition_point(|frame| frame.row <= row);
        let Some(frame) = after.checked_sub(1).and_then(|at| self.frames.get(at)) else { return Ok(None) };
        let mut bytes = vec![0; frame.head.len as usize];
        self.file.read_exact_at(&mut bytes, frame.at + FRAME_HEAD as u64)?;
        let whole = crc32fast::hash(&bytes) == frame.head.sum
            && rows(&bytes).filter(Result::is_ok).count() == frame.head.rows as usize;
        if !whole {
            bytes.clear();
        }
        Ok(Some(Loaded {
            pos: self.first + frame.row,
            seq: frame.head.seq,
            run: self.head.run,
            bytes,
            rows: u64::from(frame.head.rows),
            damaged: !whole,
        }))
    }

    pub fn end(&self) -> u64 {
        self.first + self.rows
    }

    /// The row at `pos` need not be sent any more.
    pub fn settle(&mut self, pos: u64) {
        self.settled.set(pos - self.first);
    }

    pub fn is_settled(&self, pos: u64) -> bool {
        self.settled.contains(pos - self.first)
    }

    pub fn all_settled(&self) -> bool {
        self.settled.count() == self.rows
    }

    /// Writes down which rows are settled, so that the next run does not send them again.
    pub fn write_down(&mut self) -> io::Result<()> {
        if self.settled.count() == self.written_down {
            return Ok(());
        }
        let (path, new) = (sidecar_of(&self.path), self.path.with_extension("new"));
        fs::write(&new, self.settled.bytes())?;
        fs::rename(new, path)?;
        self.written_down = self.settled.count();
        Ok(())
    }

    pub fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.file.sync_data()?;
        }
        Ok(())
    }

    pub fn remove(self) -> io::Result<()> {
        match fs::remove_file(sidecar_of(&self.path)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::remove_file(&self.path)
    }
}

const EXTENSION: &str = "rows";

fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:012}.{EXTENSION}"))
}

fn sidecar_of(segment: &Path) -> PathBuf {
    segment.with_extension("settled")
}

/// The numbers of all segments in a folder, in order.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == EXTENSION)
            && let Some(number) = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok())
        {
            numbers.push(number);
        }
    }
    numbers.sort_unstable();
    Ok(numbers)
}
