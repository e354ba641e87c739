//! Records between separators, as they stand in a file.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::cell::Cell;
use super::file::Stamp;
use super::{Follow, Item, Mode, Out, Raw, Stop};

/// Bytes that are read at a time.
const BLOCK: usize = 1 << 16;
/// Bytes of one record; a longer one is given in pieces.
const MAX_RECORD: usize = 64 << 20;

/// Cuts what is read into records.
pub struct Splitter {
    separator: Vec<u8>,
    rest: Vec<u8>,
    /// In `rest`, no separator begins before here.
    searched: usize,
}

impl Splitter {
    pub fn new(separator: Vec<u8>) -> Self {
        Splitter { separator, rest: Vec::new(), searched: 0 }
    }

    pub fn feed(&mut self, bytes: &[u8], out: &mut Out, stderr: Option<bool>) -> Result<(), Stop> {
        self.rest.extend_from_slice(bytes);
        let mut start = 0;
        let mut at = self.searched;
        while let Some(window) = self.rest.get(at..at + self.separator.len()) {
            if window == self.separator {
                record(&self.rest[start..at], out, stderr)?;
                at += self.separator.len();
                start = at;
            } else {
                at += 1;
            }
        }
        self.rest.drain(..start);
        self.searched = at - start;
        if self.rest.len() > MAX_RECORD {
            self.finish(out, stderr)?;
        }
        Ok(())
    }

    /// What came behind the last separator.
    pub fn finish(&mut self, out: &mut Out, stderr: Option<bool>) -> Result<(), Stop> {
        self.searched = 0;
        match std::mem::take(&mut self.rest) {
            rest if rest.is_empty() => Ok(()),
            rest => record(&rest, out, stderr),
        }
    }

    fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }
}

fn record(text: &[u8], out: &mut Out, stderr: Option<bool>) -> Result<(), Stop> {
    let mut cells = vec![Cell::Text(text.to_vec())];
    cells.extend(stderr.map(Cell::Bool));
    out.put(Item::Row { line: 0, cells }, text.len())
}

pub struct Reader {
    options: Raw,
    path: String,
    mode: Mode,
    open: Option<Open>,
    known: Option<Stamp>,
}

/// A file that records are added to.
struct Open {
    file: File,
    stamp: Stamp,
    at: u64,
    splitter: Splitter,
    waited: bool,
}

impl Reader {
    pub fn new(options: Raw, path: String, mode: Mode) -> Self {
        Reader { options, path, mode, open: None, known: None }
    }

    fn open(&self) -> std::io::Result<Open> {
        let mut file = File::open(&self.path)?;
        let stamp = Stamp::of(&file.metadata()?);
        let offset = self.options.offset;
        let at = match offset {
            0 => 0,
            1.. => file.seek(SeekFrom::Start(offset.unsigned_abs()))?,
            _ => file.seek(SeekFrom::End(offset.saturating_add(1)))?,
        };
        Ok(Open { file, stamp, at, splitter: Splitter::new(self.options.separator.clone()), waited: false })
    }

    fn read_whole(&mut self, out: &mut Out) -> Result<(), Stop> {
        if self.mode == Mode::Reread && self.known.is_some() {
            let Ok(metadata) = std::fs::metadata(&self.path) else {
                return out.incident(false, format!("Could not get stat for {}", self.path));
            };
            if self.known == Some(Stamp::of(&metadata)) {
                return Ok(());
            }
        }
        let Ok(mut open) = self.open() else {
            return out.incident(self.known.is_none(), format!("Init: cannot open {}", self.path));
        };
        out.quiet = false;
        self.known = Some(open.stamp);
        self.read(&mut open, out)?;
        open.splitter.finish(out, None)?;
        out.put(Item::End, 0)
    }

    /// Reads to the end; how much that was.
    fn read(&self, open: &mut Open, out: &mut Out) -> Result<u64, Stop> {
        let mut block = vec![0; BLOCK];
        let start = open.at;
        loop {
            match open.file.read(&mut block) {
                Ok(0) => return Ok(open.at - start),
                Ok(length) => {
                    open.at += length as u64;
                    open.splitter.feed(&block[..length], out, None)?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let code = error.raw_os_error().unwrap_or(0);
                    return out.fail(format!("Reader encountered unexpected error code {code}"));
                }
            }
        }
    }

    fn read_added(&mut self, out: &mut Out) -> Result<(), Stop> {
        let first = self.open.is_none() && self.known.is_none();
        if let Ok(metadata) = std::fs::metadata(&self.path) {
            let now = Stamp::of(&metadata);
            let same = |open: &Open| open.stamp.is_same_file(&now) && now.size() >= open.at;
            if !self.open.as_ref().is_some_and(same) {
                // What was in the file that this one replaces.
                if let Some(mut old) = self.open.take() {
                    self.read(&mut old, out)?;
                    old.splitter.finish(out, None)?;
                    self.options.offset = 0;
                }
                self.open = self.open().ok();
            }
        }
        // A file that is not there yet is waited for.
        self.known = self.known.or(self.open.as_ref().map(|open| open.stamp));
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let read = self.read(&mut open, out)?;
        if first || (read == 0 && open.waited) {
            open.splitter.finish(out, None)?;
        }
        open.waited = read == 0 || !open.splitter.is_empty();
        self.open = Some(open);
        Ok(())
    }
}

impl Follow for Reader {
    fn update(&mut self, out: &mut Out) -> Result<(), Stop> {
        match self.mode {
            Mode::Manual | Mode::Reread => self.read_whole(out),
            Mode::Stream => self.read_added(out),
        }
    }
}
