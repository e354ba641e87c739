//! Addresses to block, in a file for a firewall to read.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded};

use super::Counters;
use crate::time::{Interval, Time};

/// The file is written at most this often, but at the end.
const PAUSE: Interval = Interval::from_secs(1);

/// A list that could not be written is tried again after this.
const RETRY: Interval = Interval::from_secs(10);

/// Bytes of a file that a run goes on with.
const MAX_FILE: u64 = 64 << 20;

/// The thread that writes lists, and where it takes them from.
type Writer = (Sender<(PathBuf, String)>, JoinHandle<()>);

/// Addresses, each with the time up to which it is to be blocked. Those whose time has come leave.
#[derive(Default)]
pub struct BlockList {
    until: BTreeMap<IpAddr, Time>,
    by_end: BTreeSet<(Time, IpAddr)>,
    forgotten: u64,
    path: Option<PathBuf>,
    /// Go on with what is in the file.
    resume: bool,
    /// Something changed since the file was written.
    changed: bool,
    written: Time,
    shared: Arc<Shared>,
    writer: Option<Writer>,
}

#[derive(Default)]
struct Shared {
    written: AtomicU64,
    failed: AtomicU64,
    /// The last list was not written.
    failing: AtomicBool,
    trouble: Mutex<Option<String>>,
}

impl BlockList {
    /// From here on the file of a run before is gone on with: the sensor was restarted.
    pub fn resume(&mut self) {
        self.resume = true;
    }

    /// Blocks an address up to a time, which only ever grows. Beyond `ceiling` the one that would end first
    /// gives way: an attacker can raise notices about any number of addresses.
    pub fn block(&mut self, path: &Path, addr: IpAddr, until: Time, ceiling: usize) {
        if self.path.as_deref() != Some(path) {
            self.path = Some(path.to_owned());
            if self.resume {
                self.take_up(path);
            }
        }
        let before = self.until.get(&addr).copied();
        if before.is_some_and(|before| before >= until) {
            return;
        }
        if let Some(before) = before {
            self.by_end.remove(&(before, addr));
        }
        self.until.insert(addr, until);
        self.by_end.insert((until, addr));
        while self.until.len() > ceiling.max(1) {
            self.remove_first();
            self.forgotten += 1;
        }
        self.changed = true;
    }

    /// Addresses that a run before blocked stay blocked: a restarted sensor goes on with the file. Of one that
    /// cannot be read nothing is known.
    fn take_up(&mut self, path: &Path) {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
        if read.is_err() {
            return;
        }
        for line in text.lines() {
            let Some((addr, until)) = line.split_once('\t') else { continue };
            if let (Ok(addr), Ok(until)) = (addr.parse(), until.parse()) {
                let until = Time::from_secs_f64(until);
                if let Entry::Vacant(place) = self.until.entry(addr) {
                    place.insert(until);
                    self.by_end.insert((until, addr));
                }
            }
        }
    }

    pub fn contains(&self, addr: IpAddr, now: Time) -> bool {
        self.until.get(&addr).is_some_and(|until| *until > now)
    }

    fn remove_first(&mut self) {
        if let Some((_, addr)) = self.by_end.pop_first() {
            self.until.remove(&addr);
            self.changed = true;
        }
    }

    /// Takes out what has ended, and has the file written where something changed and it is time.
    pub fn tick(&mut self, now: Time) {
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            self.remove_first();
        }
        // A disk that was full may have room again.
        let again = self.shared.failing.load(Ordering::Relaxed) && now - self.written >= RETRY;
        if self.changed && now - self.written >= PAUSE || again {
            self.write(now);
        }
    }

    fn write(&mut self, now: Time) {
        let Some(path) = self.path.clone() else { return };
        if self.writer.is_none() {
            self.writer = start(self.shared.clone());
        }
        let Some((lists, _)) = &self.writer else { return };
        // A disk that is slower than this gets the newest list later.
        if !lists.is_full() && lists.try_send((path, self.text())).is_ok() {
            self.changed = false;
            self.written = now;
        }
    }

    fn text(&self) -> String {
        let mut text = String::with_capacity(self.until.len() * 40);
        for (addr, until) in &self.until {
            // A String takes all that is written to it.
            let _ = writeln!(text, "{addr}\t{until}");
        }
        text
    }

    /// Writes what has not been written, and waits for it.
    pub fn finish(&mut self) {
        let unwritten = self.changed || self.shared.failing.load(Ordering::Relaxed);
        let list = self.path.clone().filter(|_| unwritten).map(|path| (path, self.text()));
        if self.writer.is_none() && list.is_some() {
            self.writer = start(self.shared.clone());
        }
        let Some((lists, thread)) = self.writer.take() else { return };
        if let Some(list) = list {
            // The thread is gone only where it failed.
            let _ = lists.send(list);
            self.changed = false;
        }
        drop(lists);
        let _ = thread.join();
    }

    pub fn count(&self, counters: &mut Counters) {
        counters.blocks_forgotten = self.forgotten;
        counters.block_lists_written = self.shared.written.load(Ordering::Relaxed);
        counters.block_lists_failed = self.shared.failed.load(Ordering::Relaxed);
    }

    /// Why the file was not written, if it was not since the last call.
    pub fn trouble(&self) -> Option<String> {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for BlockList {
    fn drop(&mut self) {
        self.finish();
    }
}

fn start(shared: Arc<Shared>) -> Option<Writer> {
    let (sender, lists) = bounded::<(PathBuf, String)>(1);
    let write = move || {
        for (path, text) in lists {
            match replace(&path, text.as_bytes()) {
                Ok(()) => {
                    shared.failing.store(false, Ordering::Relaxed);
                    shared.written.fetch_add(1, Ordering::Relaxed);
                }
                Err(error) => {
                    // Said once, until it is well again.
                    if !shared.failing.swap(true, Ordering::Relaxed) {
                        let text = format!("the block list {} was not written: {error}", path.display());
                        *shared.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
                    }
                    shared.failed.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    };
    let thread = thread::Builder::new().name("block list".to_owned()).spawn(write).ok()?;
    Some((sender, thread))
}

/// Puts a file in the place of another at once: a reader sees the one or the other.
fn replace(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    // A device or a folder is not to be replaced.
    if std::fs::metadata(path).is_ok_and(|there| !there.is_file()) {
        return Err(std::io::Error::other("it is not a file"));
    }
    let mut next = path.as_os_str().to_owned();
    next.push(".new");
    let write = || {
        let mut file = File::create(&next)?;
        file.write_all(bytes)?;
        file.sync_data()
    };
    let written = write().and_then(|()| std::fs::rename(&next, path));
    if written.is_err() {
        // The disk may be full; that it is there still is no harm.
        let _ = std::fs::remove_file(&next);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_leave_when_their_time_has_come_or_room_is_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocked");
        let at = |secs: i64| Time::from_nanos(secs * 1_000_000_000);
        let addr = |last: u8| IpAddr::from([192, 0, 2, last]);
        let mut list = BlockList::default();
        list.block(&path, addr(1), at(100), 3);
        list.block(&path, addr(2), at(200), 3);
        list.block(&path, addr(2), at(150), 3);
        assert_eq!(list.text(), "192.0.2.1\t100.000000\n192.0.2.2\t200.000000\n");
        list.tick(at(100));
        assert!(!list.contains(addr(1), at(100)) && list.contains(addr(2), at(100)));
        (3..=5).for_each(|last| list.block(&path, addr(last), at(300 + i64::from(last)), 3));
        assert!(!list.contains(addr(2), at(100)) && list.contains(addr(5), at(100)));
        list.finish();
        let mut next = BlockList::default();
        next.resume();
        next.block(&path, addr(9), at(306), 3);
        assert!(next.contains(addr(5), at(304)) && !next.contains(addr(3), at(100)));
        drop(next);
        let read = std::fs::read_to_string(&path).unwrap();
        assert_eq!(read, "192.0.2.4\t304.000000\n192.0.2.5\t305.000000\n192.0.2.9\t306.000000\n");
        let mut counters = Counters::default();
        list.count(&mut counters);
        assert_eq!((counters.blocks_forgotten, counters.block_lists_failed), (1, 0));
    }

    #[test]
    fn a_list_that_cannot_be_written_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocked");
        std::fs::create_dir(&path).unwrap();
        let at = |secs: i64| Time::from_nanos(secs * 1_000_000_000);
        let mut list = BlockList::default();
        list.block(&path, IpAddr::from([192, 0, 2, 1]), at(1000), 3);
        let count = |list: &mut BlockList, now, failed, written| {
            list.tick(at(now));
            let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
            let mut counters = Counters::default();
            while (counters.block_lists_failed, counters.block_lists_written) != (failed, written) {
                assert!(std::time::Instant::now() < deadline, "{counters:?}");
                thread::sleep(std::time::Duration::from_millis(1));
                list.count(&mut counters);
            }
        };
        count(&mut list, 100, 1, 0);
        assert!(list.trouble().is_some_and(|told| told.ends_with("it is not a file")));
        count(&mut list, 110, 2, 0);
        assert_eq!(list.trouble(), None);
        std::fs::remove_dir(&path).unwrap();
        count(&mut list, 120, 2, 1);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "192.0.2.1\t1000.000000\n");
    }
}
