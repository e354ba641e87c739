//! Connections that analyzers expect: FTP's data, files that IRC's users send each other, media that SIP agrees on.
//!
//! What is expected is kept by the ends that the connection will have. One worker expects it, and another may have the
//! connection: live, all share one table. In a replay each has its own, so that what is in it depends on the order of
//! the capture alone, and before a worker looks into it the others catch up with it ([`Others`]). That costs nothing
//! until a packet is seen with which a protocol that expects connections may begin.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use dashmap::DashMap;
use smallvec::SmallVec;

use crate::analyze::Spec;
use crate::event::{Bus, ConnId, Order, Proto};
use crate::time::{Interval, Time};

/// A connection that is to come, and what it will be.
#[derive(Clone, Copy, Debug)]
pub struct Expectation {
    /// None: whoever.
    pub orig: Option<IpAddr>,
    pub resp: IpAddr,
    pub resp_p: u16,
    pub proto: Proto,
    /// The analyzer's name, in upper case.
    pub analyzer: &'static str,
    /// Whatever comes later is something else.
    pub timeout: Interval,
}

/// An expectation on its way from the worker that has it to the others.
#[derive(Clone, Copy)]
pub struct Announcement {
    key: Key,
    entry: Entry,
}

/// The other workers of a replay.
pub trait Others: Send {
    /// Tells them what this worker expects.
    fn announce(&mut self, announcement: Announcement);

    /// Waits until they have dealt with all packets before the one at hand, and tells what they expect meanwhile.
    fn catch_up(&mut self, bus: &mut Bus, tell: &mut dyn FnMut(Announcement));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    orig: Option<IpAddr>,
    resp: IpAddr,
    resp_p: u16,
    proto: Proto,
}

#[derive(Clone, Copy)]
struct Entry {
    spec: &'static Spec,
    /// The last moment.
    until: Time,
    /// When it was expected: what was opened before is not meant. The beginning where workers share the table, whose
    /// places in the order cannot be compared.
    since: Order,
}

/// What is expected.
#[derive(Clone, Default)]
pub struct Expected(Arc<Table>);

#[derive(Default)]
struct Table {
    by_ends: DashMap<Key, SmallVec<[Entry; 1]>>,
    /// Ends in the table.
    count: AtomicUsize,
}

/// So many ends are expected at a time, some 8 MB; then what is too old is forgotten, and if nothing is, no more is
/// taken. Stops endless PORT commands.
const MAX_ENDS: usize = 65_536;

/// Analyzers expected at the same ends.
const MAX_AT_ENDS: usize = 8;

/// The analyzers of a connection that was expected; most often there are none.
pub type Found = SmallVec<[&'static Spec; 1]>;

impl Expectation {
    fn key(&self) -> Key {
        let Expectation { orig, resp, resp_p, proto, .. } = *self;
        Key { orig, resp, resp_p, proto }
    }

    /// As it is told to others.
    pub(super) fn announced(&self, spec: &'static Spec, now: Time, since: Order) -> Announcement {
        Announcement { key: self.key(), entry: Entry { spec, until: now + self.timeout, since } }
    }
}

impl Expected {
    /// Whether anything may be expected.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.count.load(Relaxed) == 0
    }

    /// Takes an expectation; false where there are too many.
    pub fn insert(&self, Announcement { key, entry }: Announcement, now: Time) -> bool {
        let Table { by_ends, count } = &*self.0;
        if count.load(Relaxed) >= MAX_ENDS && !by_ends.contains_key(&key) {
            self.forget_before(now);
            if count.load(Relaxed) >= MAX_ENDS {
                return false;
            }
        }
        let mut entries = by_ends.entry(key).or_insert_with(|| {
            count.fetch_add(1, Relaxed);
            SmallVec::new()
        });
        // It may be expected again while it still is; the earlier is kept for what came in between.
        entries.retain(|known| known.until >= now);
        if entries.len() >= MAX_AT_ENDS {
            entries.remove(0);
        }
        entries.push(entry);
        true
    }

    fn forget_before(&self, now: Time) {
        let Table { by_ends, count } = &*self.0;
        let mut gone = 0;
        by_ends.retain(|_, entries| {
            entries.retain(|known| known.until >= now);
            gone += usize::from(entries.is_empty());
            !entries.is_empty()
        });
        count.fetch_sub(gone, Relaxed);
    }

    /// What a connection is that begins now.
    pub fn find(&self, id: &ConnId, proto: Proto, now: Time, order: Order) -> Found {
        let mut found = Found::new();
        let mut all: SmallVec<[Entry; 2]> = SmallVec::new();
        for orig in [Some(id.orig_h), None] {
            let key = Key { orig, resp: id.resp_h, resp_p: id.resp_p, proto };
            if let Some(entries) = self.0.by_ends.get(&key) {
                all.extend(
                    entries.iter().filter(|known| known.since <= order && known.until >= now).copied(),
                );
            }
        }
        // Whose expectation came to this worker first says nothing.
        all.sort_by_key(|known| known.since);
        for entry in all {
            if !found.iter().any(|spec: &&'static Spec| spec.named == entry.spec.named) {
                found.push(entry.spec);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::protocol::named;

    fn at(packet: u64) -> Order {
        Order { packet, ..Order::default() }
    }

    fn expectation(orig: Option<&str>, resp_p: u16, analyzer: &'static str) -> Expectation {
        let (orig, resp) = (orig.map(|orig| orig.parse().unwrap()), "10.0.0.2".parse().unwrap());
        Expectation { orig, resp, resp_p, proto: Proto::Tcp, analyzer, timeout: Interval::from_secs(300) }
    }

    fn expect(to: &Expected, expectation: &Expectation, now: i64, packet: u64) -> bool {
        let spec = named(expectation.analyzer).unwrap();
        to.insert(
            expectation.announced(spec, Time::from_nanos(now * 1_000_000_000), at(packet)),
            Time::from_nanos(now * 1_000_000_000),
        )
    }

    fn find(from: &Expected, orig: &str, resp_p: u16, now: i64, packet: u64) -> Vec<&'static str> {
        let (orig_h, resp_h) = (orig.parse().unwrap(), "10.0.0.2".parse().unwrap());
        let id = ConnId { orig_h, orig_p: 999, resp_h, resp_p };
        let found = from.find(&id, Proto::Tcp, Time::from_nanos(now * 1_000_000_000), at(packet));
        found.iter().map(|spec| spec.named.name).collect()
    }

    #[test]
    fn a_connection_is_what_was_expected_of_its_ends_before_it_in_time() {
        let expected = Expected::default();
        assert!(expected.is_empty());
        assert!(expect(&expected, &expectation(Some("10.0.0.1"), 2000, "SSH"), 1000, 10));
        assert!(!expected.is_empty());
        assert_eq!(find(&expected, "10.0.0.1", 2000, 1001, 11), ["SSH"]);
        assert_eq!(find(&expected, "10.0.0.1", 2000, 1300, 12), ["SSH"], "more than once, too");
        assert_eq!(find(&expected, "10.0.0.1", 2000, 1301, 13), [""; 0], "too late");
        assert_eq!(find(&expected, "10.0.0.1", 2000, 1001, 9), [""; 0], "opened before");
        assert_eq!(find(&expected, "10.0.0.9", 2000, 1001, 11), [""; 0], "somebody else");
        assert_eq!(find(&expected, "10.0.0.1", 2001, 1001, 11), [""; 0], "elsewhere");
        assert!(expect(&expected, &expectation(None, 2001, "HTTP"), 1000, 10));
        assert!(expect(&expected, &expectation(Some("10.0.0.1"), 2001, "DNS"), 1000, 9));
        assert_eq!(
            find(&expected, "10.0.0.1", 2001, 1001, 11),
            ["DNS", "HTTP"],
            "in the order of the capture"
        );
        assert_eq!(find(&expected, "10.0.0.9", 2001, 1001, 11), ["HTTP"], "whoever it is");
    }

    #[test]
    fn no_more_is_taken_than_there_is_room_for_and_what_is_old_makes_room() {
        let expected = Expected::default();
        for port in 0..=u16::MAX {
            assert!(expect(&expected, &expectation(None, port, "SSH"), 1000, 1));
        }
        let more = expectation(Some("10.0.0.1"), 1, "SSH");
        assert!(!expect(&expected, &more, 1300, 1));
        assert!(expect(&expected, &more, 1301, 1));
        assert_eq!(find(&expected, "10.0.0.1", 1, 1302, 2), ["SSH"]);
        for _ in 0..100 {
            assert!(expect(&expected, &more, 1301, 1));
        }
        assert!(expected.0.by_ends.iter().all(|entries| entries.len() <= MAX_AT_ENDS));
    }
}
