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
use ipnet::IpNet;

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

/// Addresses and networks, each with the time up to which it is to be blocked. Those whose time has come leave.
#[derive(Default)]
pub struct BlockList {
    /// An address is a network of its own.
    until: BTreeMap<IpNet, Time>,
    by_end: BTreeSet<(Time, IpNet)>,
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
    incident: Mutex<Option<String>>,
}

impl BlockList {
    /// From here on the file of a run before is gone on with: the sensor was restarted.
    pub fn resume(&mut self) {
        self.resume = true;
    }

    /// Blocks a network up to a time, which only ever grows. Beyond `ceiling` the one that would end first
    /// gives way: an attacker can raise notices about any number of addresses.
    pub fn block(&mut self, path: &Path, net: IpNet, until: Time, ceiling: usize) {
        if self.path.as_deref() != Some(path) {
            self.path = Some(path.to_owned());
            if self.resume {
                self.take_up(path);
            }
        }
        let net = net.trunc();
        let before = self.until.get(&net).copied();
        if before.is_some_and(|before| before >= until) {
            return;
        }
        if let Some(before) = before {
            self.by_end.remove(&(before, net));
        }
        self.until.insert(net, until);
        self.by_end.insert((until, net));
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
            let Some((net, until)) = line.split_once('\t') else { continue };
            let net = net.parse().or_else(|_| net.parse::<IpAddr>().map(IpNet::from));
            if let (Ok(net), Ok(until)) = (net, until.parse()) {
                let until = Time::from_secs_f64(until);
                if let Entry::Vacant(place) = self.until.entry(net) {
                    place.insert(until);
                    self.by_end.insert((until, net));
                }
            }
        }
    }

    /// Whether an address is blocked, be it with its network.
    pub fn contains(&self, addr: IpAddr, now: Time) -> bool {
        let mut net = Some(IpNet::from(addr));
        while let Some(of) = net {
            if self.until.get(&of).is_some_and(|until| *until > now) {
                return true;
            }
            net = of.supernet();
        }
        false
    }

    fn remove_first(&mut self) {
        if let Some((_, net)) = self.by_end.pop_first() {
            self.until.remove(&net);
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
        for (net, until) in &self.until {
            // A String takes all that is written to it.
            let _ = match net.prefix_len() == net.max_prefix_len() {
                true => writeln!(text, "{}\t{until}", net.addr()),
                false => writeln!(text, "{net}\t{until}"),
            };
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
    pub fn incident(&self) -> Option<String> {
        self.shared.incident.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for BlockList {
    fn drop(&mut self) {
        self.finish();
    }
}

/// What is left of a network when others are taken out of it; only what can be said in so many networks.
pub fn without(net: IpNet, others: &[IpNet], most: usize) -> Vec<IpNet> {
    let (mut left, mut open) = (Vec::new(), vec![net.trunc()]);
    // Each round leaves fewer addresses to look at.
    while let Some(net) = open.pop() {
        if left.len() >= most || others.iter().any(|other| other.contains(&net)) {
            continue;
        }
        match net.subnets(net.prefix_len() + 1) {
            Ok(halves) if others.iter().any(|other| net.contains(other)) => open.extend(halves),
            _ => left.push(net),
        }
    }
    left.sort_unstable();
    left
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
                        *shared.incident.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
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
        let net = |last| IpNet::from(addr(last));
        let mut list = BlockList::default();
        list.block(&path, net(1), at(100), 3);
        list.block(&path, net(2), at(200), 3);
        list.block(&path, net(2), at(150), 3);
        assert_eq!(list.text(), "192.0.2.1\t100.000000\n192.0.2.2\t200.000000\n");
        list.tick(at(100));
        assert!(!list.contains(addr(1), at(100)) && list.contains(addr(2), at(100)));
        (3..=5).for_each(|last| list.block(&path, net(last), at(300 + i64::from(last)), 3));
        assert!(!list.contains(addr(2), at(100)) && list.contains(addr(5), at(100)));
        list.finish();
        let mut next = BlockList::default();
        next.resume();
        next.block(&path, net(9), at(306), 3);
        assert!(next.contains(addr(5), at(304)) && !next.contains(addr(3), at(100)));
        drop(next);
        let read = std::fs::read_to_string(&path).unwrap();
        assert_eq!(read, "192.0.2.4\t304.000000\n192.0.2.5\t305.000000\n192.0.2.9\t306.000000\n");
        let mut counters = Counters::default();
        list.count(&mut counters);
        assert_eq!((counters.blocks_forgotten, counters.block_lists_failed), (1, 0));
    }

    #[test]
    fn networks_are_blocked_whole_and_are_taken_up_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocked");
        let at = |secs: i64| Time::from_nanos(secs * 1_000_000_000);
        let addr = |text: &str| text.parse::<IpAddr>().unwrap();
        let mut list = BlockList::default();
        list.block(&path, "203.0.113.9/24".parse().unwrap(), at(100), 9);
        list.block(&path, "2001:db8:7::/48".parse().unwrap(), at(200), 9);
        list.finish();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, "203.0.113.0/24\t100.000000\n2001:db8:7::/48\t200.000000\n");
        let mut next = BlockList::default();
        next.resume();
        next.block(&path, addr("192.0.2.1").into(), at(300), 9);
        for (of, blocked) in [
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("2001:db8:7:ffff::1", true),
            ("2001:db8:8::", false),
        ] {
            assert_eq!(next.contains(addr(of), at(50)), blocked, "{of}");
        }
        assert!(!next.contains(addr("203.0.113.1"), at(100)));
    }

    #[test]
    fn what_is_never_blocked_is_taken_out_of_a_network() {
        let of = |net: &str, others: &[&str], most| {
            let others: Vec<IpNet> = others.iter().map(|other| other.parse().unwrap()).collect();
            let left = without(net.parse().unwrap(), &others, most);
            left.iter().map(IpNet::to_string).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("192.0.2.0/24", &[], 9), "192.0.2.0/24");
        assert_eq!(of("192.0.2.0/24", &["192.0.0.0/16"], 9), "");
        assert_eq!(of("192.0.2.0/24", &["2001:db8::/32", "10.0.0.0/8"], 9), "192.0.2.0/24");
        assert_eq!(of("192.0.2.0/30", &["192.0.2.1/32"], 9), "192.0.2.0/32 192.0.2.2/31");
        assert_eq!(of("192.0.2.1/32", &["192.0.2.1/32"], 9), "");
        assert_eq!(of("2001:db8::/48", &["2001:db8::1/128"], 200).split(' ').count(), 80);
        assert_eq!(of("2001:db8::/48", &["2001:db8::1/128"], 7).split(' ').count(), 7);
    }

    #[test]
    fn a_list_that_cannot_be_written_is_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("blocked");
        std::fs::create_dir(&path).unwrap();
        let at = |secs: i64| Time::from_nanos(secs * 1_000_000_000);
        let mut list = BlockList::default();
        list.block(&path, IpAddr::from([192, 0, 2, 1]).into(), at(1000), 3);
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
        assert!(list.incident().is_some_and(|told| told.ends_with("it is not a file")));
        count(&mut list, 110, 2, 0);
        assert_eq!(list.incident(), None);
        std::fs::remove_dir(&path).unwrap();
        count(&mut list, 120, 2, 1);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "192.0.2.1\t1000.000000\n");
    }
}
