//! The spool: rows on disk until the receiver has them.
//!
//! Every row is written here before it is sent, so that a sensor that is killed loses none that
//! it had taken. The kernel keeps what was written when a process dies; when the power fails, all
//! up to the last sync is there ([`Sync`]). A segment whose rows are all settled (acknowledged, or
//! dropped and counted) is removed; in good times that is before the disk has seen it.
//!
//! Rows have positions: 0 is the first that this run found or wrote, in the order to be sent.

mod frame;
mod segment;

pub use segment::Loaded;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::sink::spool::frame::Head;
use crate::sink::spool::segment::{Segment, numbers};

/// When what was written is made to survive a power failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sync {
    /// When the kernel sees fit, in some 30 seconds.
    Never,
    Every(Duration),
    /// After every write, before its rows are sent.
    Always,
}

#[derive(Clone, Debug)]
pub struct Options {
    pub dir: PathBuf,
    /// All segments together; what comes beyond it waits in replay, and is dropped in live capture.
    pub max_bytes: u64,
    /// Rows waiting for longer are dropped.
    pub max_age: Duration,
    pub segment_bytes: u64,
    pub sync: Sync,
    /// The run that writes.
    pub run: u64,
}

pub struct Spool {
    options: Options,
    segments: VecDeque<Segment>,
    /// The position of the next row to be read.
    cursor: u64,
    /// The position after the last row.
    end: u64,
    next_number: u64,
    synced: Instant,
    /// Held while the spool is open: two sensors must not share it.
    _lock: Flock<File>,
}

/// A spool that cannot be used.
#[derive(Debug)]
pub enum SpoolError {
    InUse(PathBuf),
    Io(PathBuf, io::Error),
}

impl std::fmt::Display for SpoolError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SpoolError::InUse(dir) => write!(f, "another sensor uses the spool {}", dir.display()),
            SpoolError::Io(dir, error) => write!(f, "cannot use the spool {}: {error}", dir.display()),
        }
    }
}

impl std::error::Error for SpoolError {}

/// What [`Spool::append`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Written; the position of the first row.
    At(u64),
    /// There is no room.
    Full,
}

impl Spool {
    /// Opens a spool, and says how many bytes in it no row can be read from.
    pub fn open(options: Options) -> Result<(Spool, u64), SpoolError> {
        let dir = options.dir.clone();
        let failed = |error| SpoolError::Io(dir.clone(), error);
        std::fs::create_dir_all(&dir).map_err(failed)?;
        let lock = File::create(dir.join("lock")).map_err(failed)?;
        let lock = match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => lock,
            Err((_, Errno::EWOULDBLOCK)) => return Err(SpoolError::InUse(dir)),
            Err((_, error)) => return Err(failed(error.into())),
        };
        let (mut segments, mut end, mut unreadable, mut next_number) = (VecDeque::new(), 0, 0, 0);
        for number in numbers(&dir).map_err(failed)? {
            let (segment, damaged) = Segment::open(&dir, number, end).map_err(failed)?;
            unreadable += damaged;
            next_number = number + 1;
            if let Some(segment) = segment {
                end = segment.end();
                segments.push_back(segment);
            }
        }
        let synced = Instant::now();
        let mut spool = Spool { options, segments, cursor: 0, end, next_number, synced, _lock: lock };
        spool.remove_settled().map_err(failed)?;
        Ok((spool, unreadable))
    }

    /// The segment that holds a position.
    fn at(&self, pos: u64) -> Option<usize> {
        let at = self.segments.partition_point(|segment| segment.end() <= pos);
        self.segments.get(at).filter(|segment| segment.first <= pos).map(|_| at)
    }

    fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// Appends rows, the first of which has the sequence number `seq`.
    pub fn append(&mut self, seq: u64, rows: u32, bytes: &[u8]) -> io::Result<Appended> {
        if self.bytes() + bytes.len() as u64 > self.options.max_bytes && !self.segments.is_empty() {
            return Ok(Appended::Full);
        }
        let pos = self.end;
        let open =
            self.segments.back().is_some_and(|last| !last.sealed && last.bytes < self.options.segment_bytes);
        if !open {
            if let Some(last) = self.segments.back_mut() {
                last.sealed = true;
            }
            self.remove_settled()?;
            let made = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            let head = Head { run: self.options.run, made: made.as_secs().cast_signed() };
            let segment = Segment::create(&self.options.dir, self.next_number, head, pos)?;
            self.next_number += 1;
            self.segments.push_back(segment);
        }
        let Some(last) = self.segments.back_mut() else { return Ok(Appended::Full) };
        last.append(seq, rows, bytes)?;
        if self.options.sync == Sync::Always {
            last.sync()?;
        }
        self.end += u64::from(rows);
        Ok(Appended::At(pos))
    }

    /// Whether there are rows that were not read.
    pub fn unread(&self) -> bool {
        self.cursor < self.end
    }

    /// Whether nothing before `pos` is unread: what is appended there may as well stay in memory.
    pub fn read_up_to(&self, pos: u64) -> bool {
        self.cursor == pos
    }

    /// The rows up to `pos` were read, or need not be.
    pub fn pass(&mut self, pos: u64) {
        self.cursor = self.cursor.max(pos);
    }

    /// The next rows that were not read. Some of them may be settled.
    pub fn load(&mut self) -> io::Result<Option<Loaded>> {
        while self.unread() {
            // Positions between segments belong to segments that were removed.
            let at = self.segments.partition_point(|segment| segment.end() <= self.cursor);
            let Some(segment) = self.segments.get(at) else { break };
            match segment.load(self.cursor.max(segment.first))? {
                Some(loaded) => {
                    self.cursor = loaded.pos + loaded.rows;
                    return Ok(Some(loaded));
                }
                None => self.cursor = segment.end(),
            }
        }
        self.cursor = self.end;
        Ok(None)
    }

    /// Shows everything that is in the spool, without reading it for good.
    pub fn survey(&mut self, mut each: impl FnMut(&Spool, &Loaded)) -> io::Result<()> {
        let cursor = self.cursor;
        while let Some(loaded) = self.load()? {
            each(self, &loaded);
        }
        self.cursor = cursor;
        Ok(())
    }

    /// The row at `pos` need not be sent any more.
    pub fn settle(&mut self, pos: u64) -> io::Result<()> {
        let Some(at) = self.at(pos) else { return Ok(()) };
        self.segments[at].settle(pos);
        if self.segments[at].sealed && self.segments[at].all_settled() {
            return self.remove_settled();
        }
        Ok(())
    }

    pub fn is_settled(&self, pos: u64) -> bool {
        self.at(pos).is_none_or(|at| self.segments[at].is_settled(pos))
    }

    fn remove_settled(&mut self) -> io::Result<()> {
        let done = |segment: &Segment| segment.sealed && segment.all_settled();
        while let Some(at) = self.segments.iter().position(done) {
            if let Some(segment) = self.segments.remove(at) {
                segment.remove()?;
            }
        }
        Ok(())
    }

    /// What is to be done now and then: syncs, and writes down what is settled.
    pub fn upkeep(&mut self) -> io::Result<()> {
        // Settled rows need not be kept until their segment is full.
        if let Some(last) = self.segments.back_mut().filter(|last| last.rows > 0 && last.all_settled()) {
            last.sealed = true;
        }
        self.remove_settled()?;
        self.segments.iter_mut().try_for_each(Segment::write_down)?;
        if let Sync::Every(interval) = self.options.sync
            && self.synced.elapsed() >= interval
        {
            self.sync()?;
            self.synced = Instant::now();
        }
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.segments.iter_mut().try_for_each(Segment::sync)?;
        // Names of new segments are the folder's data.
        File::open(&self.options.dir)?.sync_data()
    }

    /// The oldest rows that wait for too long and were not read yet: they are read by this, to be
    /// counted, and will not be sent.
    pub fn expired(&mut self) -> io::Result<Option<Loaded>> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let oldest = now.saturating_sub(self.options.max_age).as_secs().cast_signed();
        let at = self.segments.partition_point(|segment| segment.end() <= self.cursor);
        match self.segments.get(at) {
            Some(segment) if segment.head.made < oldest => self.load(),
            _ => Ok(None),
        }
    }

    /// Ends: everything is on disk, and what is settled is written down.
    pub fn close(mut self) -> io::Result<()> {
        if let Some(last) = self.segments.back_mut() {
            last.sealed = true;
        }
        self.remove_settled()?;
        self.segments.iter_mut().try_for_each(Segment::write_down)?;
        match self.options.sync {
            Sync::Never => Ok(()),
            Sync::Every(_) | Sync::Always => self.sync(),
        }
    }
}

#[cfg(test)]
mod tests;
