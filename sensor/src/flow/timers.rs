//! When flows want to be looked at again: a timing wheel over packet time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::flow::pages::Pages;
use crate::time::Time;

/// Deadlines of flows. A flow may have several entries; it knows which one is current.
///
/// Entries lie in one pool, those of a tick linked to each other. A vector for each of thousands of ticks would grow
/// and shrink without end, and leave holes in memory that nothing else fits in.
pub struct Wheel {
    /// For each tick the first of its entries in the pool.
    slots: Vec<u32>,
    pool: Pool,
    /// What is due within the tick at hand, first what is due first. A flood makes tens of thousands due in one tick,
    /// and with every packet some of them: to look through all for those would take quadratic time.
    current: BinaryHeap<Soon>,
    /// Deadlines beyond the wheel's span.
    far: Vec<Entry>,
    /// The earliest of them.
    far_first: i64,
    /// The tick at hand: what was due before it has been taken.
    tick: i64,
    /// No entry is due before this moment, so that most packets need not look.
    quiet_until: i64,
    /// How many entries there are, stale ones included.
    entries: usize,
}

/// Room for entries.
#[derive(Default)]
struct Pool {
    links: Pages<Link>,
    /// The first link that is free.
    free: u32,
}

/// An entry by its deadline and slot.
type Soon = Reverse<(Time, u32)>;

/// An entry and the one behind it. A flood has a million: no room is left between the fields.
#[derive(Clone, Copy)]
struct Link {
    deadline: Time,
    slot: u32,
    next: u32,
}

/// No link.
const END: u32 = u32::MAX;

impl Pool {
    fn take(&mut self, entry: Entry, next: u32) -> u32 {
        let made = Link { deadline: entry.deadline, slot: entry.slot, next };
        match self.links.get_mut(self.free) {
            Some(place) => {
                let link = std::mem::replace(&mut self.free, place.next);
                *place = made;
                link
            }
            None => self.links.push(made),
        }
    }

    /// Frees those entries of a list that `leaves` wants out of it; the list begins with what is returned.
    fn sift(&mut self, first: u32, mut leaves: impl FnMut(&Entry) -> bool) -> u32 {
        let (mut kept, mut link) = (END, first);
        while let Some(place) = self.links.get_mut(link) {
            let next = place.next;
            let entry = Entry { deadline: place.deadline, slot: place.slot };
            let list = if leaves(&entry) { &mut self.free } else { &mut kept };
            place.next = std::mem::replace(list, link);
            link = next;
        }
        kept
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub deadline: Time,
    /// Of the flow. One that comes to the slot later and has the same deadline wakes by this entry as well.
    pub slot: u32,
}

impl Entry {
    fn soon(self) -> Soon {
        Reverse((self.deadline, self.slot))
    }

    fn of(Reverse((deadline, slot)): Soon) -> Entry {
        Entry { deadline, slot }
    }
}

/// 2^27 ns: 134 ms. A slot holds what a busy link makes due in that time.
const TICK_SHIFT: u32 = 27;
/// 4096 slots: 550 s, more than the five minutes after which idle TCP connections end.
const SLOTS: i64 = 4096;

impl Wheel {
    /// A wheel that turns from `now` on.
    pub fn new(now: Time) -> Self {
        Wheel {
            slots: vec![END; SLOTS as usize],
            pool: Pool { free: END, ..Pool::default() },
            current: BinaryHeap::new(),
            far: Vec::new(),
            far_first: i64::MAX,
            tick: now.nanos() >> TICK_SHIFT,
            quiet_until: i64::MAX,
            entries: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.entries
    }

    /// Drops the entries that are not wanted any more.
    pub fn retain(&mut self, mut wanted: impl FnMut(&Entry) -> bool) {
        let mut dropped = 0;
        for slot in &mut self.slots {
            *slot = self.pool.sift(*slot, |entry| {
                let leaves = !wanted(entry);
                dropped += usize::from(leaves);
                leaves
            });
        }
        let others = self.far.len() + self.current.len();
        self.current.retain(|soon| wanted(&Entry::of(*soon)));
        self.far.retain(&mut wanted);
        self.far.shrink_to_fit();
        self.entries -= dropped + others - self.far.len() - self.current.len();
    }

    pub fn add(&mut self, entry: Entry) {
        let deadline = entry.deadline.nanos();
        self.quiet_until = self.quiet_until.min(deadline);
        self.entries += 1;
        let tick = deadline >> TICK_SHIFT;
        if tick <= self.tick {
            self.current.push(entry.soon());
        } else if tick - self.tick < SLOTS {
            let slot = &mut self.slots[(tick & (SLOTS - 1)) as usize];
            *slot = self.pool.take(entry, *slot);
        } else {
            self.far_first = self.far_first.min(deadline);
            self.far.push(entry);
        }
    }

    /// Whether any entry may be due at `now`.
    #[inline]
    pub fn is_quiet(&self, now: Time) -> bool {
        now.nanos() < self.quiet_until
    }

    /// Moves every entry due at `now` to `due`, in no particular order.
    pub fn take_due(&mut self, now: Time, due: &mut Vec<Entry>) {
        if self.is_quiet(now) {
            return;
        }
        let before = due.len();
        let now_tick = now.nanos() >> TICK_SHIFT;
        if now_tick > self.tick {
            due.extend(self.current.drain().map(Entry::of));
            for tick in self.tick + 1..now_tick.min(self.tick + SLOTS) {
                self.empty(tick, |entry| due.push(entry));
            }
            // Only now may entries of the tick that comes around be added to its slot.
            self.tick = now_tick;
            let mut current = std::mem::take(&mut self.current).into_vec();
            self.empty(now_tick, |entry| current.push(entry.soon()));
            self.current = current.into();
        }
        while let Some(first) = self.current.peek_mut().filter(|first| first.0.0 <= now) {
            due.push(Entry::of(PeekMut::pop(first)));
        }
        self.refill(now, due);
        self.entries = self.entries.saturating_sub(due.len() - before);
        self.quiet_until = self.next_deadline();
    }

    /// Takes all entries out of a tick's slot.
    fn empty(&mut self, tick: i64, mut take: impl FnMut(Entry)) {
        let slot = &mut self.slots[(tick & (SLOTS - 1)) as usize];
        *slot = self.pool.sift(*slot, |entry| {
            take(*entry);
            true
        });
    }

    /// Brings entries from beyond the span onto the wheel once they are within it.
    fn refill(&mut self, now: Time, due: &mut Vec<Entry>) {
        let horizon = (self.tick + SLOTS) << TICK_SHIFT;
        if self.far_first >= horizon {
            return;
        }
        self.far_first = i64::MAX;
        for entry in std::mem::take(&mut self.far) {
            if entry.deadline <= now {
                due.push(entry);
            } else {
                self.entries -= 1;
                self.add(entry);
            }
        }
    }

    /// A moment before which nothing is due: exact within the tick at hand, by tick beyond it.
    fn next_deadline(&self) -> i64 {
        self.current.peek().map_or((self.tick + 1) << TICK_SHIFT, |first| first.0.0.nanos())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn entry(deadline: i64, slot: u32) -> Entry {
        Entry { deadline: Time::from_nanos(deadline), slot }
    }

    fn fired(wheel: &mut Wheel, now: i64) -> Vec<u32> {
        let mut due = Vec::new();
        wheel.take_due(Time::from_nanos(now), &mut due);
        due.sort_unstable_by_key(|entry| (entry.deadline, entry.slot));
        due.iter().map(|entry| entry.slot).collect()
    }

    #[test]
    fn fires_exactly_what_is_due_by_deadline() {
        let start = 1_700_000_000 * SECOND;
        let mut wheel = Wheel::new(Time::from_nanos(start));
        wheel.add(entry(start + 5 * SECOND, 1));
        wheel.add(entry(start + 5 * SECOND - 1, 2));
        wheel.add(entry(start + 3000 * SECOND, 3));
        wheel.add(entry(start + 9000 * SECOND, 5));
        wheel.add(entry(start + 60 * SECOND, 4));
        assert!(fired(&mut wheel, start + 5 * SECOND - 2).is_empty());
        assert_eq!(fired(&mut wheel, start + 5 * SECOND - 1), [2]);
        assert_eq!(fired(&mut wheel, start + 5 * SECOND), [1]);
        assert_eq!(fired(&mut wheel, start + 2999 * SECOND), [4]);
        assert_eq!(fired(&mut wheel, start + 3000 * SECOND), [3]);
    }

    /// A hundred thousand in one tick, as in a flood: looking through all with each takes minutes.
    #[test]
    fn many_that_are_due_one_by_one_within_a_tick_are_found_soon() {
        let start = 1 << TICK_SHIFT;
        let mut wheel = Wheel::new(Time::from_nanos(start));
        (0..100_000).for_each(|at| wheel.add(entry(start + 1_000 * i64::from(at), at)));
        for at in 0..100_000 {
            assert_eq!(fired(&mut wheel, start + 1_000 * i64::from(at)), [at]);
        }
        assert_eq!(wheel.len(), 0);
    }

    #[test]
    fn deadlines_in_the_past_are_due_at_once() {
        let now = 1_700_000_000 * SECOND;
        let mut wheel = Wheel::new(Time::from_nanos(now));
        wheel.add(entry(now + 60 * SECOND, 1));
        wheel.add(entry(now - 3600 * SECOND, 2));
        assert_eq!(fired(&mut wheel, now), [2]);
    }

    #[test]
    fn agrees_with_a_sorted_list_over_random_deadlines() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as i64
        };
        let (mut wheel, mut list, mut now) = (Wheel::new(Time::default()), Vec::new(), 0);
        for slot in 0..5000 {
            now += random() % (SECOND / 2);
            let deadline = now + random() % (1500 * SECOND);
            wheel.add(entry(deadline, slot));
            list.push((deadline, slot));
            list.sort_unstable();
            let due = list.iter().take_while(|(deadline, _)| *deadline <= now).count();
            let expected: Vec<u32> = list.drain(..due).map(|(_, slot)| slot).collect();
            assert_eq!(fired(&mut wheel, now), expected, "at {now}");
            assert_eq!(wheel.len(), list.len());
            if slot % 1000 == 999 {
                wheel.retain(|entry| entry.slot % 2 == 0);
                list.retain(|(_, slot)| slot % 2 == 0);
            }
        }
    }
}
