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
use crate::record::Uid;
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

/// What is expected, or came of that, on its way from the worker that says so to the others.
#[derive(Clone, Copy)]
pub struct Announcement(Update);

#[derive(Clone, Copy)]
enum Update {
    Expected(Key, Entry),
    /// A connection that was expected is over: whoever comes to its ends from then on is not the one. None where
    /// workers share the table: from now on.
    Met(Key, Option<Order>),
    /// Something was found on a connection that this one expects.
    Found(Uid, Order, Finding),
}

/// Something that was found on a connection that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// A file begins.
    File(Uid),
    /// A file's type.
    Type(&'static str),
}

/// Findings with their places in the order.
pub(super) type Findings = SmallVec<[(Order, Finding); 2]>;

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
    /// The connection that expects it; none where scripts do.
    by: Option<Uid>,
    /// The last moment.
    until: Time,
    /// When it was expected: what was opened before is not meant. The beginning where workers share the table, whose
    /// places in the order cannot be compared.
    since: Order,
    /// Where workers share the table: there was such a connection already.
    met: bool,
}

/// What is known of ends.
#[derive(Default)]
struct Ends {
    entries: SmallVec<[Entry; 1]>,
    /// When connections that were expected there were over, where workers do not share the table.
    met: SmallVec<[Order; 1]>,
}

/// What is expected.
#[derive(Clone, Default)]
pub struct Expected(Arc<Table>);

#[derive(Default)]
struct Table {
    by_ends: DashMap<Key, Ends>,
    /// Ends in the table.
    count: AtomicUsize,
    /// By connections that expect others and want to hear of them: what they have not heard yet.
    found: DashMap<Uid, Findings>,
}

/// So many ends are expected at a time, some 8 MB; then what is too old is forgotten, and if nothing is, no more is
/// taken. Stops endless PORT commands.
const MAX_ENDS: usize = 65_536;

/// Findings that a connection has not heard; then the oldest is lost.
const MAX_FINDINGS: usize = 16;

/// Analyzers expected at the same ends, and connections there that are over.
const MAX_AT_ENDS: usize = 8;

/// The analyzers of a connection that was expected; most often there are none.
pub type Found = SmallVec<[&'static Spec; 1]>;

impl Expectation {
    fn key(&self) -> Key {
        let Expectation { orig, resp, resp_p, proto, .. } = *self;
        Key { orig, resp, resp_p, proto }
    }

    /// As it is told to others.
    pub(super) fn announced(
        &self,
        spec: &'static Spec,
        by: Option<Uid>,
        now: Time,
        since: Order,
    ) -> Announcement {
        let entry = Entry { spec, by, until: now + self.timeout, since, met: false };
        Announcement(Update::Expected(self.key(), entry))
    }
}

impl Announcement {
    /// What a connection is told that expects the one on which something was found.
    pub(super) fn found(by: Uid, order: Order, finding: Finding) -> Announcement {
        Announcement(Update::Found(by, order, finding))
    }
}

/// The ends that a connection may have been expected with.
fn keys(id: &ConnId, proto: Proto) -> [Key; 2] {
    [Some(id.orig_h), None].map(|orig| Key { orig, resp: id.resp_h, resp_p: id.resp_p, proto })
}

impl Entry {
    fn is_met(&self, met: &[Order], order: Order) -> bool {
        self.met || met.iter().any(|met| self.since <= *met && met.is_known_at(order))
    }
}

impl Expected {
    /// Whether anything may be expected.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.0.count.load(Relaxed) == 0
    }

    /// Takes what is said; false where there is no room for an expectation.
    pub fn insert(&self, Announcement(said): Announcement, now: Time) -> bool {
        let Table { by_ends, count, found } = &*self.0;
        let key = match said {
            Update::Expected(key, _) | Update::Met(key, _) => key,
            Update::Found(by, order, finding) => {
                // Others do not want to hear it.
                if let Some(mut findings) = found.get_mut(&by) {
                    make_room(&mut findings, MAX_FINDINGS);
                    findings.push((order, finding));
                }
                return true;
            }
        };
        if count.load(Relaxed) >= MAX_ENDS && !by_ends.contains_key(&key) {
            self.forget_before(now);
            if count.load(Relaxed) >= MAX_ENDS {
                return false;
            }
        }
        let mut ends = by_ends.entry(key).or_insert_with(|| {
            count.fetch_add(1, Relaxed);
            Ends::default()
        });
        let Ends { entries, met } = &mut *ends;
        // It may be expected again while it still is; the earlier is kept for what came in between.
        entries.retain(|known| known.until >= now);
        match said {
            Update::Expected(_, entry) => {
                make_room(entries, MAX_AT_ENDS);
                entries.push(entry);
            }
            Update::Met(_, Some(order)) => {
                make_room(met, MAX_AT_ENDS);
                met.push(order);
            }
            Update::Met(_, None) => entries.iter_mut().for_each(|known| known.met = true),
            Update::Found(..) => {}
        }
        true
    }

    /// From now on a connection is told what is found on those that it expects.
    pub(super) fn listen(&self, by: Uid) {
        self.0.found.entry(by).or_default();
    }

    /// It wants to hear nothing more.
    pub(super) fn stop_listening(&self, by: Uid) {
        self.0.found.remove(&by);
    }

    /// What was found for it before and it was not told yet.
    pub(super) fn findings(&self, by: Uid, order: Order) -> Findings {
        let Some(mut findings) = self.0.found.get_mut(&by) else { return Findings::new() };
        let (mut before, later) =
            findings.drain(..).partition::<Findings, _>(|(at, _)| at.is_known_at(order));
        *findings = later;
        before.sort_by_key(|(at, _)| *at);
        before
    }

    /// What says that a connection which was expected is over.
    pub(super) fn met(
        &self,
        id: &ConnId,
        proto: Proto,
        order: Option<Order>,
    ) -> impl Iterator<Item = Announcement> + use<> {
        let known = keys(id, proto).map(|key| self.0.by_ends.contains_key(&key).then_some(key));
        known.into_iter().flatten().map(move |key| Announcement(Update::Met(key, order)))
    }

    fn forget_before(&self, now: Time) {
        let Table { by_ends, count, .. } = &*self.0;
        let mut gone = 0;
        by_ends.retain(|_, Ends { entries, .. }| {
            entries.retain(|known| known.until >= now);
            gone += usize::from(entries.is_empty());
            !entries.is_empty()
        });
        count.fetch_sub(gone, Relaxed);
    }

    /// Who expects an analyzer on a connection that begins now, if it is the one: there was none yet.
    pub fn awaited_by(
        &self,
        id: &ConnId,
        (proto, spec): (Proto, &'static Spec),
        now: Time,
        order: Order,
    ) -> Option<Uid> {
        let mut last: Option<Entry> = None;
        for key in keys(id, proto) {
            let Some(ends) = self.0.by_ends.get(&key) else { continue };
            let Ends { entries, met } = &*ends;
            let known = |known: &&Entry| {
                known.spec.named == spec.named
                    && known.since <= order
                    && known.until >= now
                    && !known.is_met(met, order)
            };
            let latest = entries.iter().filter(known).max_by_key(|known| known.since);
            last = last.into_iter().chain(latest.copied()).max_by_key(|known| known.since);
        }
        last.and_then(|entry| entry.by)
    }

    /// What a connection is that begins now.
    pub fn find(&self, id: &ConnId, proto: Proto, now: Time, order: Order) -> Found {
        let mut found = Found::new();
        let mut all: SmallVec<[Entry; 2]> = SmallVec::new();
        for key in keys(id, proto) {
            if let Some(ends) = self.0.by_ends.get(&key) {
                let known = ends.entries.iter().filter(|known| known.since <= order && known.until >= now);
                all.extend(known.copied());
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

/// Lets the oldest go where there are as many as may be.
fn make_room<A: smallvec::Array>(list: &mut SmallVec<A>, most: usize) {
    if list.len() >= most {
        list.remove(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analyze::protocol::named;

    fn at(packet: u64) -> Order {
        Order { packet, deadline: Order::NO_TIMER, step: 0 }
    }

    fn expectation(orig: Option<&str>, resp_p: u16, analyzer: &'static str) -> Expectation {
        let (orig, resp) = (orig.map(|orig| orig.parse().unwrap()), "10.0.0.2".parse().unwrap());
        Expectation { orig, resp, resp_p, proto: Proto::Tcp, analyzer, timeout: Interval::from_secs(300) }
    }

    fn someone() -> Uid {
        Uid::derive(b'C', 1, |_| {})
    }

    fn expect(to: &Expected, expectation: &Expectation, now: i64, packet: u64) -> bool {
        let spec = named(expectation.analyzer).unwrap();
        to.insert(
            expectation.announced(spec, Some(someone()), Time::from_nanos(now * 1_000_000_000), at(packet)),
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
        assert!(expected.0.by_ends.iter().all(|ends| ends.entries.len() <= MAX_AT_ENDS));
    }

    #[test]
    fn one_connection_meets_an_expectation_until_there_is_another() {
        let id = ConnId {
            orig_h: "10.0.0.1".parse().unwrap(),
            orig_p: 40000,
            resp_h: "10.0.0.2".parse().unwrap(),
            resp_p: 2000,
        };
        let of = (Proto::Tcp, named("HTTP").unwrap());
        let now = Time::from_secs_f64(1001.0);
        for shared in [false, true] {
            let expected = Expected::default();
            let awaited = |packet| expected.awaited_by(&id, of, now, at(packet)) == Some(someone());
            let meet = |packet| {
                let announcements = expected.met(&id, Proto::Tcp, (!shared).then(|| at(packet)));
                announcements.for_each(|announcement| _ = expected.insert(announcement, now));
            };
            assert!(!awaited(10));
            meet(10);
            expect(&expected, &expectation(Some("10.0.0.1"), 2000, "HTTP"), 1000, 10);
            assert!(awaited(11));
            meet(12);
            assert!(!awaited(13));
            let timer = Order { deadline: 7, ..at(12) };
            let at_timer = expected.awaited_by(&id, of, now, timer);
            assert!(shared || at_timer.is_some(), "those at a packet's timers do not know of each other");
            assert!(!expected.find(&id, Proto::Tcp, now, at(13)).is_empty(), "it is read all the same");
            expect(&expected, &expectation(None, 2000, "HTTP"), 1000, 14);
            assert!(awaited(15));
        }
    }

    #[test]
    fn who_listens_is_told_of_what_was_found_before() {
        let expected = Expected::default();
        let find = |packet, finding| {
            expected.insert(Announcement::found(someone(), at(packet), finding), Time::from_secs_f64(1000.0));
        };
        find(1, Finding::Type("text/plain"));
        expected.listen(someone());
        find(9, Finding::Type("text/html"));
        find(7, Finding::File(someone()));
        let found_at = |packet| expected.findings(someone(), at(packet)).to_vec();
        assert_eq!(found_at(7), []);
        let timer = |packet| Order { deadline: 7, ..at(packet) };
        assert_eq!(expected.findings(someone(), timer(7)).to_vec(), []);
        expected.insert(
            Announcement::found(someone(), timer(8), Finding::Type("text/css")),
            Time::from_secs_f64(1000.0),
        );
        assert_eq!(found_at(8), [(at(7), Finding::File(someone())), (timer(8), Finding::Type("text/css"))]);
        find(7, Finding::File(someone()));
        assert_eq!(found_at(8), [(at(7), Finding::File(someone()))]);
        assert_eq!(found_at(20), [(at(9), Finding::Type("text/html"))]);
        (0..100).for_each(|packet| find(packet, Finding::Type("text/html")));
        assert_eq!(found_at(200).len(), MAX_FINDINGS);
        expected.stop_listening(someone());
        find(1, Finding::Type("text/plain"));
        assert_eq!(found_at(200), []);
    }
}
