//! One file of the spool.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use crate::export::rows;
use crate::sink::spool::damage::Damage;
use crate::sink::spool::frame::{FRAME_HEAD, FrameHead, HEAD, Head, Settled, is_marker};

/// A segment: rows in the order in which they came, and which of them are settled.
pub(super) struct Segment {
    pub number: u64,
    pub head: Head,
    path: PathBuf,
    file: File,
    /// The position of its first row among all of the spool.
    pub first: u64,
    /// Those that are missing included.
    pub rows: u64,
    pub bytes: u64,
    frames: Vec<Frame>,
    settled: Settled,
    /// The rows settled when that was last written down.
    written_down: u64,
    /// No more is appended.
    pub sealed: bool,
    /// What could not be read could not be kept elsewhere either.
    keep: bool,
    unsynced: bool,
}

#[derive(Clone, Copy)]
struct Frame {
    /// Of its first row in the segment.
    row: u64,
    rows: u64,
    /// Where it is; none where these rows are missing.
    place: Option<(u64, FrameHead)>,
}

/// Rows of a segment, read back.
pub struct Loaded {
    /// The position of the first among all rows of the spool.
    pub pos: u64,
    pub numbers: Numbers,
    /// The run that made them.
    pub run: u64,
    pub bytes: Vec<u8>,
    pub rows: u64,
    /// They are missing or their checksum is wrong; there are no bytes.
    pub damaged: bool,
}

/// The sequence numbers of rows in their run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// They follow each other.
    From(u64),
    Each(Box<[u64]>),
}

impl Numbers {
    /// That of the row in this place.
    pub fn get(&self, nth: u64) -> u64 {
        match self {
            Numbers::From(first) => first + nth,
            Numbers::Each(numbers) => numbers.get(nth as usize).copied().unwrap_or_default(),
        }
    }
}

impl Segment {
    pub fn create(dir: &Path, number: u64, head: Head, first: u64) -> io::Result<Segment> {
        let path = path_of(dir, number);
        remove(&sidecar_of(&path))?;
        let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
        if let Err(error) = file.write_all_at(&head.bytes(), 0) {
            // On a full disk its name alone can be made; the next attempt would find it.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(Segment {
            number,
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
            keep: false,
            unsynced: true,
        })
    }

    /// Opens what an earlier run left, which listed it with so many rows, as far as it can be read. What is
    /// damaged is kept aside, and what is missing is counted as rows that cannot be read.
    pub fn open(
        dir: &Path,
        number: u64,
        first: u64,
        listed: u64,
        damage: &mut Damage,
    ) -> io::Result<Segment> {
        let path = path_of(dir, number);
        let there = path.exists();
        // Where it is missing, an empty one stands for it until its rows are counted.
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
        let len = file.metadata()?.len();
        let mut bytes = [0; HEAD];
        let head = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Head::read(&bytes),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => None,
            Err(error) => return Err(error),
        };
        let begun = if head.is_some() { HEAD as u64 } else { 0 };
        let head = head.map_or_else(|| Ok(Head { made: changed(&file)? }), io::Result::Ok)?;
        let mut segment = Segment {
            number,
            head,
            path,
            file,
            first,
            rows: 0,
            bytes: len,
            frames: Vec::new(),
            settled: Settled::default(),
            written_down: 0,
            sealed: true,
            keep: false,
            unsynced: false,
        };
        segment.find_frames(begun, len, damage)?;
        let missing = listed.saturating_sub(segment.rows);
        if missing > 0 && there {
            damage.say(format!("{}: {missing} rows are missing at its end", segment.path.display()));
        } else if missing > 0 {
            damage.say(format!("{} with {missing} rows is missing", segment.path.display()));
        }
        segment.miss(missing);
        let sidecar = sidecar_of(&segment.path);
        if let Ok(bytes) = fs::read(&sidecar) {
            match Settled::read(&bytes, number).filter(|settled| settled.end() <= segment.rows) {
                Some(settled) => segment.settled = settled,
                None => damage.note(format!(
                    "{} does not fit its rows: those that were delivered are sent again",
                    sidecar.display()
                )),
            }
        }
        segment.written_down = segment.settled.count();
        Ok(segment)
    }

    /// Reads the heads of all frames from `at`.
    fn find_frames(&mut self, mut at: u64, len: u64, damage: &mut Damage) -> io::Result<()> {
        while at < len {
            if let Some(head) = self.frame_at(at, len)? {
                self.miss(u64::from(head.index) - self.rows);
                self.frames.push(Frame { row: self.rows, rows: head.rows.into(), place: Some((at, head)) });
                self.rows += u64::from(head.rows);
                at += FRAME_HEAD as u64 + u64::from(head.len);
                continue;
            }
            let next = self.next_frame(at, len)?;
            let end = next.unwrap_or(len);
            let cut =
                self.head_at(at, len)?.filter(|head| next.is_none() && u64::from(head.index) >= self.rows);
            if next.is_none() && self.is_blank(at, len)? {
                // A write that was under way when the process ended: the head comes last.
                damage.note(format!("{}: a write at byte {at} was cut short", self.path.display()));
            } else {
                damage.bytes += end - at;
                self.keep |= !damage.set_aside(&self.file, self.number, at, end - at);
                damage.say(format!(
                    "{}: {} bytes at byte {at} cannot be read",
                    self.path.display(),
                    end - at
                ));
            }
            if let Some(cut) = cut {
                self.miss(u64::from(cut.index) - self.rows + u64::from(cut.rows));
            }
            at = end;
        }
        Ok(())
    }

    /// The head of the frame that begins at `at`, if one does that can follow those before it.
    fn frame_at(&self, at: u64, len: u64) -> io::Result<Option<FrameHead>> {
        let fits = |head: &FrameHead| {
            at + FRAME_HEAD as u64 + u64::from(head.len) <= len
                && u64::from(head.index) >= self.rows
                && head.index.checked_add(head.rows).is_some()
        };
        Ok(self.head_at(at, len)?.filter(fits))
    }

    fn head_at(&self, at: u64, len: u64) -> io::Result<Option<FrameHead>> {
        let mut bytes = [0; FRAME_HEAD];
        if len - at < FRAME_HEAD as u64 {
            return Ok(None);
        }
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(FrameHead::read(&bytes))
    }

    /// Where the next whole frame after `at` begins.
    fn next_frame(&self, at: u64, len: u64) -> io::Result<Option<u64>> {
        let mut rest = vec![0; usize::try_from(len - at).unwrap_or(usize::MAX)];
        self.file.read_exact_at(&mut rest, at)?;
        let marked = rest.windows(4).enumerate().filter(|(_, bytes)| is_marker(bytes));
        let mut places = marked.map(|(place, _)| at + place as u64);
        places
            .find_map(|place| self.frame_at(place, len).map(|head| head.map(|_| place)).transpose())
            .transpose()
    }

    /// Whether no head was written at `at`, where the last frame would begin.
    fn is_blank(&self, at: u64, len: u64) -> io::Result<bool> {
        let mut bytes = vec![0; (len - at).min(FRAME_HEAD as u64) as usize];
        self.file.read_exact_at(&mut bytes, at)?;
        Ok(bytes.iter().all(|byte| *byte == 0))
    }

    /// So many rows should come next and are not there.
    fn miss(&mut self, rows: u64) {
        if rows > 0 {
            self.frames.push(Frame { row: self.rows, rows, place: None });
            self.rows += rows;
        }
    }

    /// Appends rows. What a failed write left behind is cut off again.
    pub fn append(&mut self, run: u64, numbers: &Numbers, rows: u32, bytes: &[u8]) -> io::Result<()> {
        let with_numbers;
        let (bytes, sparse) = match numbers {
            Numbers::From(_) => (bytes, false),
            Numbers::Each(numbers) => {
                let numbers = numbers.iter().flat_map(|number| number.to_le_bytes());
                with_numbers = bytes.iter().copied().chain(numbers).collect::<Vec<u8>>();
                (&with_numbers[..], true)
            }
        };
        let (len, index, seq) = (bytes.len() as u32, self.rows as u32, numbers.get(0));
        let head = FrameHead { sparse, len, rows, index, run, seq, sum: crc32fast::hash(bytes) };
        let written = self
            .file
            .write_all_at(bytes, self.bytes + FRAME_HEAD as u64)
            .and_then(|()| self.file.write_all_at(&head.bytes(), self.bytes));
        if let Err(error) = written {
            // Should this fail as well, the next frame overwrites it.
            let _ = self.file.set_len(self.bytes);
            return Err(error);
        }
        self.frames.push(Frame { row: self.rows, rows: rows.into(), place: Some((self.bytes, head)) });
        self.rows += u64::from(rows);
        self.bytes += (FRAME_HEAD + bytes.len()) as u64;
        self.unsynced = true;
        Ok(())
    }

    /// The frame that holds the row at position `pos`.
    pub fn load(&self, pos: u64, damage: &mut Damage) -> io::Result<Option<Loaded>> {
        let row = pos - self.first;
        let after = self.frames.partition_point(|frame| frame.row <= row);
        let Some(frame) = after.checked_sub(1).and_then(|at| self.frames.get(at)) else { return Ok(None) };
        let mut loaded = Loaded {
            pos: self.first + frame.row,
            numbers: Numbers::From(0),
            run: 0,
            bytes: Vec::new(),
            rows: frame.rows,
            damaged: true,
        };
        let Some((at, head)) = frame.place else { return Ok(Some(loaded)) };
        let mut bytes = vec![0; head.len as usize];
        self.file.read_exact_at(&mut bytes, at + FRAME_HEAD as u64)?;
        let whole = crc32fast::hash(&bytes) == head.sum;
        let mut numbers = Numbers::From(head.seq);
        if head.sparse {
            let behind = bytes.split_off(bytes.len().saturating_sub(8 * head.rows as usize));
            let number = |number: &[u8]| Some(u64::from_le_bytes(*number.first_chunk()?));
            numbers = Numbers::Each(behind.chunks(8).filter_map(number).collect());
        }
        loaded.damaged = !whole || rows(&bytes).filter(Result::is_ok).count() != head.rows as usize;
        if loaded.damaged {
            damage.rows(&self.path, at, frame.rows);
            damage.set_aside(&self.file, self.number, at, FRAME_HEAD as u64 + u64::from(head.len));
        } else {
            (loaded.run, loaded.numbers, loaded.bytes) = (head.run, numbers, bytes);
        }
        Ok(Some(loaded))
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

    /// Whether it has done its service.
    pub fn done(&self) -> bool {
        self.sealed && !self.keep && self.all_settled()
    }

    /// Writes down which rows are settled, so that the next run does not send them again.
    pub fn write_down(&mut self) -> io::Result<()> {
        if self.settled.count() == self.written_down {
            return Ok(());
        }
        replace(&sidecar_of(&self.path), &self.settled.bytes(self.number))?;
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
        remove(&sidecar_of(&self.path))?;
        remove(&self.path)
    }
}

/// When a file was last changed, in seconds since 1970.
fn changed(file: &File) -> io::Result<i64> {
    let since = file.metadata()?.modified()?.duration_since(UNIX_EPOCH);
    Ok(since.map_or(0, |since| since.as_secs().cast_signed()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a small file whole or not at all.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = path.with_extension("new");
    fs::write(&new, bytes)?;
    fs::rename(new, path)
}

const EXTENSION: &str = "rows";
const SIDECAR: &str = "settled";

pub(super) fn path_of(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:012}.{EXTENSION}"))
}

pub(super) fn sidecar_of(segment: &Path) -> PathBuf {
    segment.with_extension(SIDECAR)
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
