//! The archive of finished logs: compressed by a thread of its own, kept as long as the operator wants.
//!
//! A finished log is renamed into `log-queue` beside the open ones, and that folder is all the state
//! there is: whatever lies there after a crash is archived at the next start. In the archive a log
//! appears by a rename, complete and on the disk, and only then is its original removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use crate::counters::{Metric, counter, counters};
use crate::log::file::LogError;
use crate::log::leftover;
use crate::log::naming::Finished;

/// What becomes of finished logs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upkeep {
    /// The folder they are archived in.
    pub archive: PathBuf,
    pub compression: Compression,
    pub retention: Retention,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    None,
    #[default]
    Gzip,
    Zstd,
}

impl Compression {
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Compression::None => "",
            Compression::Gzip => ".gz",
            Compression::Zstd => ".zst",
        }
    }
}

/// How long archived logs are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Removed when older; zero is never.
    pub max_age: Duration,
    /// With less of the disk free than this, the oldest are removed, in per cent; 0 is never.
    pub min_free_percent: u8,
}

counters! {
    /// What the archiver has done.
    pub struct ArchiveCounts {
        /// Finished logs that were archived.
        pub archived: u64 = counter("logs_archived_total"),
        /// Attempts to archive that failed; they are repeated.
        pub failed: u64 = counter("archive_failures_total"),
        /// Archived logs removed because they were too old.
        pub removed_by_age: u64 = removed(&["age"]),
        /// Archived logs removed because there was no room.
        pub removed_for_space: u64 = removed(&["space"]),
        /// Unfinished logs of an earlier run, archived at the start.
        pub leftovers: u64 = counter("leftover_logs_total"),
    }
}

const fn removed(why: &'static [&'static str]) -> Metric {
    counter("archive_removed_total")
        .by("reason", why)
        .of_family("Archived logs removed, by age or for space.")
}

/// The archiving thread.
pub struct Archiver {
    queue: PathBuf,
    upkeep: Arc<Mutex<Upkeep>>,
    counts: Arc<Mutex<ArchiveCounts>>,
    /// A word wakes the thread; to hang up ends it when nothing is left to do.
    wake: Option<Sender<()>>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
    /// The last log handed over: of how many in the same second.
    last: Mutex<Option<Finished>>,
    /// Logs that this run has opened.
    noted: Mutex<BTreeSet<String>>,
}

/// The folder under that of the logs in which finished ones wait (`Log::default_rotation_dir`).
const QUEUE: &str = "log-queue";
/// Names of logs that were opened, one a line, in the queue's folder: what else lies beside the logs is
/// not ours to move.
const NOTED: &str = "open";
/// A half-made file of the archive ends in this.
const PARTIAL: &str = ".partial";
const GATHER: Duration = Duration::from_millis(100);
/// Logs archived at a time, for all of which the disk is waited for once.
const BATCH: usize = 64;
/// How often retention is looked after, and what failed is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(20);

impl Archiver {
    /// Takes in what an earlier run has left in `folder`, and starts the thread.
    pub fn start(folder: &Path, upkeep: Upkeep) -> Result<Self, LogError> {
        let queue = folder.join(QUEUE);
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| LogError { path, error }
        };
        fs::create_dir_all(&queue).map_err(at(&queue))?;
        fs::create_dir_all(&upkeep.archive).map_err(at(&upkeep.archive))?;
        let counts = Arc::new(Mutex::new(ArchiveCounts::default()));
        let upkeep = Arc::new(Mutex::new(upkeep));
        // One word is enough to wake it, however many there are to say.
        let (wake, woken) = bounded(1);
        let (ended, done) = unbounded();
        let work = Work { queue: queue.clone(), upkeep: upkeep.clone(), counts: counts.clone() };
        let thread = thread::Builder::new()
            .name("archiver".to_owned())
            .spawn(move || {
                work.run(&woken);
                // Nobody may be waiting any more.
                let _ = ended.send(());
            })
            .map_err(at(&queue))?;
        let archiver = Archiver {
            queue,
            upkeep,
            counts,
            wake: Some(wake),
            done,
            thread,
            last: Mutex::default(),
            noted: Mutex::default(),
        };
        archiver.take_leftovers(folder).map_err(at(folder))?;
        archiver.wake();
        Ok(archiver)
    }

    fn take_leftovers(&self, folder: &Path) -> io::Result<()> {
        let noted = match fs::read_to_string(self.queue.join(NOTED)) {
            Ok(noted) => noted,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        // The file may have been written to by somebody else.
        let names = noted.lines().filter(|name| !name.is_empty() && !name.contains(['/', '.']));
        for name in names.collect::<BTreeSet<_>>() {
            let path = folder.join(format!("{name}.log"));
            if !path.is_file() {
                continue;
            }
            if let Some(finished) = leftover::finish(&path)? {
                self.hand_over(&path, finished).map_err(|error| error.error)?;
                lock(&self.counts).leftovers += 1;
            }
        }
        fs::remove_file(self.queue.join(NOTED))
    }

    /// Writes down that a log is about to be opened, so that it is found should we not get to finish it.
    pub(super) fn note(&self, log: &str) -> Result<(), LogError> {
        let mut noted = lock(&self.noted);
        if noted.contains(log) {
            return Ok(());
        }
        let path = self.queue.join(NOTED);
        let write = || {
            fs::create_dir_all(&self.queue)?;
            OpenOptions::new().create(true).append(true).open(&path)?.write_all(format!("{log}\n").as_bytes())
        };
        write().map_err(|error| LogError { path: path.clone(), error })?;
        noted.insert(log.to_owned());
        Ok(())
    }

    /// What was written down may be gone: each log is to be noted again when it is opened.
    pub(super) fn forget(&self) {
        lock(&self.noted).clear();
    }

    /// Takes a finished log away from `path`.
    pub(super) fn hand_over(&self, path: &Path, mut finished: Finished) -> Result<(), LogError> {
        let error = |error| LogError { path: path.to_owned(), error };
        let mut last = lock(&self.last);
        if let Some(before) = &*last
            && (Finished { nth: 0, ..before.clone() }) == finished
        {
            finished.nth = before.nth + 1;
        }
        let (archive, extension) = {
            let upkeep = lock(&self.upkeep);
            (upkeep.archive.clone(), upkeep.compression.extension())
        };
        // Somebody may have removed it.
        fs::create_dir_all(&self.queue).map_err(error)?;
        let waiting = loop {
            let waiting = self.queue.join(finished.waiting_name());
            if !waiting.exists() && !finished.archived(&archive, extension).exists() {
                break waiting;
            }
            finished.nth += 1;
        };
        fs::rename(path, &waiting).map_err(error)?;
        *last = Some(finished);
        self.wake();
        Ok(())
    }

    fn wake(&self) {
        if let Some(wake) = &self.wake {
            // If a word waits already, that one will do.
            let _ = wake.try_send(());
        }
    }

    pub fn reconfigure(&self, upkeep: Upkeep) {
        *lock(&self.upkeep) = upkeep;
        self.wake();
    }

    pub fn counts(&self) -> ArchiveCounts {
        *lock(&self.counts)
    }

    /// Waits until everything is archived, or until `deadline`; then the rest is done at the next start.
    pub fn finish(mut self, deadline: Instant) {
        self.wake = None;
        if self.done.recv_deadline(deadline).is_ok() {
            // It has nothing to tell.
            let _ = self.thread.join();
        }
    }
}

struct Work {
    queue: PathBuf,
    upkeep: Arc<Mutex<Upkeep>>,
    counts: Arc<Mutex<ArchiveCounts>>,
}

impl Work {
    fn run(&self, woken: &Receiver<()>) {
        let mut complained = false;
        loop {
            let word = woken.recv_timeout(LOOK_EVERY);
            if word.is_ok() {
                // Logs are finished together: one wait for the disk is enough.
                thread::sleep(GATHER);
            }
            let upkeep = lock(&self.upkeep).clone();
            // Retention goes first: what waits to be compressed needs the room that it makes.
            let retained = self.retain(&upkeep);
            let archived = self.archive_all(&upkeep);
            match retained.and(archived) {
                Ok(()) => complained = false,
                Err(error) => {
                    lock(&self.counts).failed += 1;
                    if !std::mem::replace(&mut complained, true) {
                        eprintln!("nightjar: archiving logs: {error}; will try again");
                    }
                }
            }
            if word == Err(RecvTimeoutError::Disconnected) {
                return;
            }
        }
    }

    /// Archives what waits, oldest first. All is tried; the first failure is told.
    fn archive_all(&self, upkeep: &Upkeep) -> io::Result<()> {
        let mut waiting: Vec<(String, PathBuf, Finished)> = Vec::new();
        for entry in entries(&self.queue)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(finished) = name.and_then(Finished::parse) {
                waiting.push((finished.closed.clone(), path, finished));
            }
        }
        waiting.sort_unstable_by(|a, b| (&a.0, &a.1).cmp(&(&b.0, &b.1)));
        let mut result = Ok(());
        for batch in waiting.chunks(BATCH) {
            let moves: Vec<Move> =
                batch.iter().map(|(_, path, finished)| Move::new(path, finished, upkeep)).collect();
            result = result.and(self.archive(moves, upkeep));
        }
        result
    }

    /// Compresses logs into the archive. All are on the disk under their final names before the first
    /// original is removed. Those whose name an earlier attempt has reached were complete.
    fn archive(&self, mut moves: Vec<Move>, upkeep: &Upkeep) -> io::Result<()> {
        let mut result = Ok(());
        moves.retain(|log| {
            let made = if log.to.exists() { Ok(()) } else { self.make(log, upkeep) };
            if let Err(error) = &made {
                result = Err(io::Error::new(error.kind(), format!("{}: {error}", log.from.display())));
            }
            made.is_ok()
        });
        if moves.is_empty() {
            return result;
        }
        nix::unistd::syncfs(File::open(&upkeep.archive)?)?;
        for Move { partial, to, .. } in moves.iter().filter(|log| !log.to.exists()) {
            fs::rename(partial, to)?;
        }
        for folder in moves.iter().filter_map(|log| log.to.parent()).collect::<BTreeSet<_>>() {
            File::open(folder)?.sync_all()?;
        }
        for Move { from, .. } in moves {
            fs::remove_file(from)?;
            lock(&self.counts).archived += 1;
        }
        result
    }

    /// Makes a log's file for the archive. Where the disk is too full for it, the oldest logs of the archive go, if any
    /// may go for want of room; once there are none, the log itself is the oldest, and goes.
    fn make(&self, log: &Move, upkeep: &Upkeep) -> io::Result<()> {
        loop {
            let Err(error) = log.make(upkeep.compression) else { return Ok(()) };
            // A full disk needs the room.
            let _ = fs::remove_file(&log.partial);
            let full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
            if !full || upkeep.retention.min_free_percent == 0 {
                return Err(error);
            }
            let oldest = archived_logs(&upkeep.archive)?
                .into_iter()
                .filter(|(path, _)| !path.to_string_lossy().ends_with(PARTIAL))
                .min_by_key(|(_, modified)| *modified);
            match oldest {
                Some((path, _)) => self.remove(&path, upkeep, false)?,
                None if free_percent(&self.queue)? >= upkeep.retention.min_free_percent => return Err(error),
                None => {
                    eprintln!(
                        "nightjar: the disk is too full to compress {}, and there is nothing older: it is removed",
                        log.from.display()
                    );
                    fs::remove_file(&log.from)?;
                    lock(&self.counts).removed_for_space += 1;
                    return Err(error);
                }
            }
        }
    }

    fn remove(&self, log: &Path, upkeep: &Upkeep, for_age: bool) -> io::Result<()> {
        fs::remove_file(log)?;
        if let Some(day) = log.parent().filter(|day| *day != upkeep.archive) {
            // Fails while the day has other logs.
            let _ = fs::remove_dir(day);
        }
        let mut counts = lock(&self.counts);
        counts.removed_by_age += u64::from(for_age);
        counts.removed_for_space += u64::from(!for_age);
        Ok(())
    }

    /// Removes what is too old or stands in the way of new logs.
    fn retain(&self, upkeep: &Upkeep) -> io::Result<()> {
        let Retention { max_age, min_free_percent } = upkeep.retention;
        if max_age.is_zero() && min_free_percent == 0 {
            return Ok(());
        }
        let now = SystemTime::now();
        let mut by_age: BTreeMap<(SystemTime, PathBuf), ()> = BTreeMap::new();
        for (path, modified) in archived_logs(&upkeep.archive)? {
            by_age.insert((modified, path), ());
        }
        while let Some(((modified, path), ())) = by_age.pop_first() {
            let old = !max_age.is_zero() && now.duration_since(modified).is_ok_and(|age| age > max_age);
            let short = !old && min_free_percent > 0 && free_percent(&upkeep.archive)? < min_free_percent;
            if !old && !short {
                break;
            }
            self.remove(&path, upkeep, old)?;
        }
        Ok(())
    }
}

/// A log on its way from the queue into the archive.
struct Move {
    from: PathBuf,
    partial: PathBuf,
    to: PathBuf,
}

impl Move {
    fn new(from: &Path, finished: &Finished, upkeep: &Upkeep) -> Move {
        let to = finished.archived(&upkeep.archive, upkeep.compression.extension());
        let mut partial = to.clone().into_os_string();
        partial.push(PARTIAL);
        Move { from: from.to_owned(), partial: partial.into(), to }
    }

    /// Makes all but the name.
    fn make(&self, compression: Compression) -> io::Result<()> {
        if let Some(folder) = self.to.parent() {
            fs::create_dir_all(folder)?;
        }
        compress(&self.from, &self.partial, compression)
    }
}

fn compress(from: &Path, to: &Path, compression: Compression) -> io::Result<()> {
    let mut source = File::open(from)?;
    let modified = source.metadata()?.modified()?;
    let target = File::create(to)?;
    let target = match compression {
        Compression::None => {
            let mut target = target;
            io::copy(&mut source, &mut target)?;
            target
        }
        Compression::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(target, flate2::Compression::default());
            io::copy(&mut source, &mut encoder)?;
            encoder.finish()?
        }
        Compression::Zstd => {
            let mut encoder = zstd::Encoder::new(target, zstd::DEFAULT_COMPRESSION_LEVEL)?;
            io::copy(&mut source, &mut encoder)?;
            encoder.finish()?
        }
    };
    (&target).flush()?;
    target.set_modified(modified)
}

/// What is in a folder; nothing where there is none, because it is made when it is needed.
fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// The logs in the archive, with the time of their last row. Other files there are not ours.
fn archived_logs(archive: &Path) -> io::Result<Vec<(PathBuf, SystemTime)>> {
    let mut logs = Vec::new();
    for day in entries(archive)? {
        let day = day?.path();
        let is_day = day.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
            name.len() == 10 && name.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
        });
        if !is_day || !day.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&day)? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if [".log", ".log.gz", ".log.zst", PARTIAL].iter().any(|ending| name.ends_with(ending)) {
                logs.push((entry.path(), entry.metadata()?.modified()?));
            }
        }
    }
    Ok(logs)
}

/// How much of the disk is free to us, in per cent.
pub(super) fn free_percent(path: &Path) -> io::Result<u8> {
    let stat = nix::sys::statvfs::statvfs(path)?;
    let (free, all) = (stat.blocks_available(), stat.blocks().max(1));
    Ok(u8::try_from(free.saturating_mul(100) / all).unwrap_or(100))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Plain values, whole at any moment.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
