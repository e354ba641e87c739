//! What is said once, by whichever worker was first.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use crate::event::Once;
use crate::time::{Interval, Time};

/// What was said, and when.
#[derive(Default)]
pub(super) struct Known {
    when: HashMap<u128, Time>,
    /// So many items that follow were said before.
    skip: usize,
    /// When old ones were last forgotten.
    purged: Time,
}

impl Known {
    /// Whether an item is of what was said before.
    pub fn skips(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip -= usize::from(skips);
        skips
    }

    /// The items of something follow.
    pub fn begins(&mut self, once: &Once, now: Time) {
        let is_full = self.when.len() >= once.most;
        match self.when.entry(once.key) {
            Entry::Occupied(known) if now - *known.get() < once.again_after => self.skip = once.items,
            Entry::Occupied(mut known) => *known.get_mut() = now,
            Entry::Vacant(_) if is_full => self.purge(once.again_after, now),
            Entry::Vacant(free) => _ = free.insert(now),
        }
    }

    /// Forgets what may be said again. Not more often than each minute, as all are looked at.
    fn purge(&mut self, after: Interval, now: Time) {
        if now - self.purged >= Interval::from_secs(60) {
            self.purged = now;
            self.when.retain(|_, when| now - *when < after);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_said_again_after_a_time_only() {
        let mut known = Known::default();
        let mut said = |key: u128, secs: i64| {
            let once = Once { key, again_after: Interval::from_secs(100), most: 2, items: 2 };
            known.begins(&once, Time::from_nanos(secs * 1_000_000_000));
            let skipped = (0..4).filter(|_| known.skips()).count();
            assert!(matches!(skipped, 0 | 2), "all items of it or none");
            skipped == 0
        };
        assert!(said(1, 1000) && !said(1, 1000) && !said(1, 1099) && said(1, 1100) && !said(1, 1150));
        assert!(said(2, 1150) && said(3, 1151) && said(3, 1152), "no more than two are remembered");
        assert!(said(4, 1300) && said(4, 1301) && !said(4, 1302), "old ones give way");
    }
}
