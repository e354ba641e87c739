//! Which notices are not to be told for now.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::time::Time;

/// A notice's type, by its number, and its identifier.
type Key = (i64, Rc<[u8]>);

/// Suppressions, each with its end.
#[derive(Default)]
pub(super) struct Suppressions {
    until: HashMap<Key, Time>,
    by_end: BTreeSet<(Time, Key)>,
    forgotten: u64,
}

impl Suppressions {
    /// Suppresses up to a time; a later call moves the end. Beyond `ceiling` the one that would end first is
    /// forgotten: identifiers often hold what a sender chose.
    pub fn add(&mut self, note: i64, identifier: &[u8], until: Time, now: Time, ceiling: usize) {
        self.forget_ended(now);
        let key: Key = (note, identifier.into());
        if let Some(before) = self.until.insert(key.clone(), until) {
            self.by_end.remove(&(before, key.clone()));
        }
        self.by_end.insert((until, key));
        while self.until.len() > ceiling.max(1) {
            self.forget_first();
            self.forgotten += 1;
        }
    }

    pub fn contains(&self, note: i64, identifier: &[u8], now: Time) -> bool {
        self.until.get(&(note, identifier.into())).is_some_and(|until| *until > now)
    }

    fn forget_ended(&mut self, now: Time) {
        while self.by_end.first().is_some_and(|(until, _)| *until <= now) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some((_, key)) = self.by_end.pop_first() {
            self.until.remove(&key);
        }
    }

    pub fn forgotten(&self) -> u64 {
        self.forgotten
    }
}
