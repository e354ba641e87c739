//! The spool: rows on disk until the receiver has them.
//!
//! Every row is written here before it is sent, so that a sensor that is killed loses none that
//! it had taken. The kernel keeps what was written when a process dies; when the power fails, all
//! up to the last sync is there ([`Sync`]). A segment whose rows are all settled (acknowledged, or
//! dropped and counted) is removed; in good times that is before the disk has seen it.
//!
//! Rows have positions: 0 is the first that this run found or wrote, in the order to be sent. What is
//! damaged or missing keeps its positions, so that its rows are counted. That a segment is missing
//! altogether shows in the list of segments, which is kept beside them.

mod damage;
mod frame;
mod list;
mod segment;
mod upgrade;

pub use damage::Damage;
pub use segment::{Loaded, Numbers};

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

use crate::sink::spool::frame::Head;
use crate::sink::spool::list::List;
use crate::sink::spool::segment::{Segment, numbers, path_of};
use crate::sink::spool::upgrade::upgrade;

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
pub struct SpoolOptions {
    pub dir: PathBuf,
    /// All segments together; what comes beyond it waits in memory.
    pub max_bytes: u64,
    /// Rows waiting for longer are dropped.
    pub max_age: Duration,
    pub segment_bytes: u64,
    pub sync: Sync,
}

pub struct Spool {
    options: SpoolOptions,
    segments: VecDeque<Segment>,
    list: List,
    /// The position of the next row to be read.
    cursor: u64,
    /// The position after the last row.
    end: u64,
    next_number: u64,
    synced: Instant,
    /// What is damaged in it.
    pub damage: Damage,
    /// Bytes that others have taken of what it may hold.
    pub elsewhere: u64,
}

/// Holds a spool's folder for one sensor: two must not share it.
#[derive(Debug)]
pub struct Held(#[expect(dead_code, reason = "the lock goes with it")] Flock<File>);

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

/// Rows as they are written: who made them, and when the oldest of them was first written, if not now.
#[derive(Clone, Debug)]
pub struct Origin {
    pub run: u64,
    pub numbers: Numbers,
    /// In seconds since 1970.
    pub made: Option<i64>,
}

/// Takes a folder, made if it is not there, for the spools in it.
pub fn hold(dir: &Path) -> Result<Held, SpoolError> {
    let failed = |error| SpoolError::Io(dir.to_owned(), error);
    std::fs::create_dir_all(dir).map_err(failed)?;
    let lock = File::create(dir.join("lock")).map_err(failed)?;
    match Flock::lock(lock, FlockArg::LockExclusiveNonblock) {
        Ok(lock) => Ok(Held(lock)),
        Err((_, Errno::EWOULDBLOCK)) => Err(SpoolError::InUse(dir.to_owned())),
        Err((_, error)) => Err(failed(error.into())),
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().cast_signed()
}

impl Spool {
    /// Opens a spool in a folder that is held.
    pub fn open(options: SpoolOptions) -> io::Result<Spool> {
        std::fs::create_dir_all(&options.dir)?;
        let mut damage = Damage::of(&options.dir);
        let mut found = numbers(&options.dir)?;
        let mut upgraded = BTreeMap::new();
        for number in &found {
            if let Some(rows) = upgrade(&path_of(&options.dir, *number), *number, &mut damage)? {
                upgraded.insert(*number, rows);
            }
        }
        // The format before had no list.
        let list = List::open(&options.dir, found.len() > upgraded.len(), &mut damage);
        found.extend(list.missing(&found));
        found.sort_unstable();
        let (mut segments, mut end) = (VecDeque::new(), 0);
        for number in &found {
            let listed = upgraded.get(number).map_or(0, |rows| *rows).max(list.rows(*number));
            let segment = Segment::open(&options.dir, *number, end, listed, &mut damage)?;
            end = segment.end();
            segments.push_back(segment);
        }
        let next_number = found.last().map_or(0, |last| last + 1);
        let synced = Instant::now();
        let mut spool =
            Spool { options, segments, list, cursor: 0, end, next_number, synced, damage, elsewhere: 0 };
        spool.remove_settled()?;
        Ok(spool)
    }

    /// The segment that holds a position.
    fn at(&self, pos: u64) -> Option<usize> {
        let at = self.segments.partition_point(|segment| segment.end() <= pos);
        self.segments.get(at).filter(|segment| segment.first <= pos).map(|_| at)
    }

    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }

    /// How much of what it may hold is taken, in per cent.
    pub fn fill(&self) -> u64 {
        100 * (self.bytes() + self.elsewhere) / self.options.max_bytes.max(1)
    }

    /// Appends rows.
    pub fn append(&mut self, origin: &Origin, rows: u32, bytes: &[u8]) -> io::Result<Appended> {
        let is_full = |spool: &Spool| {
            let taken = spool.bytes() + spool.elsewhere;
            taken + bytes.len() as u64 > spool.options.max_bytes && taken > 0
        };
        if is_full(self) {
            self.remove_settled()?;
            if is_full(self) {
                return Ok(Appended::Full);
            }
        }
        let (pos, made) = (self.end, origin.made.unwrap_or_else(now));
        // Rows that are much younger than a segment's first must not go with it when that is too old.
        let span = (self.options.max_age.as_secs() / 8).cast_signed();
        let takes = |last: &Segment| {
            !last.sealed && last.bytes < self.options.segment_bytes && made - last.head.made <= span
        };
        if !self.segments.back().is_some_and(takes) {
            if let Some(last) = self.segments.back_mut() {
                last.sealed = true;
            }
            self.remove_settled()?;
            let segment = Segment::create(&self.options.dir, self.next_number, Head { made }, pos)?;
            self.next_number += 1;
            self.segments.push_back(segment);
            self.write_list()?;
        }
        let Some(last) = self.segments.back_mut() else { return Ok(Appended::Full) };
        last.append(origin.run, &origin.numbers, rows, bytes)?;
        if self.options.sync == Sync::Always {
            last.sync()?;
        }
        self.end += u64::from(rows);
        Ok(Appended::At(pos))
    }

    /// Gives rows positions that are not written.
    pub fn skip(&mut self, rows: u32) -> u64 {
        let pos = self.end;
        // What is appended next must not come before them.
        if let Some(last) = self.segments.back_mut() {
            last.sealed = true;
        }
        self.end += u64::from(rows);
        pos
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
            match segment.load(self.cursor.max(segment.first), &mut self.damage)? {
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

    /// The row at `pos` need not be sent any more. [`Spool::remove_settled`] makes room.
    pub fn settle(&mut self, pos: u64) {
        if let Some(at) = self.at(pos) {
            self.segments[at].settle(pos);
        }
    }

    pub fn is_settled(&self, pos: u64) -> bool {
        self.at(pos).is_none_or(|at| self.segments[at].is_settled(pos))
    }

    /// When the segment that holds a position was begun, in seconds since 1970.
    pub fn made(&self, pos: u64) -> Option<i64> {
        self.at(pos).map(|at| self.segments[at].head.made)
    }

    /// Whether segments can be removed.
    pub fn has_settled(&self) -> bool {
        let whole = |last: &Segment| last.rows > 0 && last.all_settled();
        self.segments.iter().any(Segment::done) || self.segments.back().is_some_and(whole)
    }

    /// Removes segments whose rows are all settled.
    pub fn remove_settled(&mut self) -> io::Result<()> {
        if !self.has_settled() {
            return Ok(());
        }
        // Settled rows need not be kept until their segment is full.
        if let Some(last) = self.segments.back_mut().filter(|last| last.rows > 0 && last.all_settled()) {
            last.sealed = true;
        }
        let (done, kept) = std::mem::take(&mut self.segments).into_iter().partition(Segment::done);
        self.segments = kept;
        // Listed and not there, they would be missing.
        self.write_list()?;
        let done: VecDeque<Segment> = done;
        done.into_iter().try_for_each(Segment::remove)
    }

    fn write_list(&mut self) -> io::Result<()> {
        self.list.write(self.segments.iter().map(|segment| (segment.number, segment.rows)))
    }

    /// What is to be done now and then: syncs, and writes down what is settled.
    pub fn upkeep(&mut self) -> io::Result<()> {
        self.remove_settled()?;
        self.write_down()?;
        if let Sync::Every(interval) = self.options.sync
            && self.synced.elapsed() >= interval
        {
            self.sync()?;
        }
        Ok(())
    }

    fn write_down(&mut self) -> io::Result<()> {
        self.segments.iter_mut().try_for_each(Segment::write_down)?;
        self.write_list()
    }

    /// What was written survives a power failure from here on, unless that is left to the kernel.
    pub fn sync(&mut self) -> io::Result<()> {
        if self.options.sync == Sync::Never {
            return Ok(());
        }
        self.segments.iter_mut().try_for_each(Segment::sync)?;
        // Names of new segments are the folder's data.
        File::open(&self.options.dir)?.sync_data()?;
        self.synced = Instant::now();
        Ok(())
    }

    /// The oldest rows that wait for too long and were not read yet: they are read by this, to be
    /// counted, and will not be sent.
    pub fn expired(&mut self) -> io::Result<Option<Loaded>> {
        let oldest = now() - self.options.max_age.as_secs().cast_signed();
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
        self.write_down()?;
        self.sync()?;
        if self.segments.is_empty() {
            self.list.remove()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
