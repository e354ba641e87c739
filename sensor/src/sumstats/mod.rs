//! SumStats: counting per key over epochs or sliding windows, and when a threshold is crossed.
//!
//! Streams of observations go through the reducers of SumStats, which keep a result for each key. Nothing here
//! knows of scripts: those are asked for a key, a predicate or a threshold's value by `script_host`, which calls
//! [`Engine::observe`] and then [`Engine::cross`].
//!
//! What all keys of all SumStats may hold is bounded, in number and in bytes ([`Limits`]). At the ceiling the key
//! that was seen least recently goes, out of the SumStat that holds most, so that a flood of keys into one
//! SumStat does not cost the others theirs; it is counted.

mod key;
mod recent;
mod save;
mod sketch;
mod spec;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod window;

pub use key::{Key, Obs};
pub use save::{Damaged, Saved};
pub use sketch::Topk;
pub use spec::{Calc, Calcs, Reducer, Spec};
pub use table::{Entry, Held, Place};
pub use tally::{More, Tally};
pub use window::{TopkVersion, Window};

use std::any::Any;
use std::rc::Rc;

use crate::counters::{counter, counters, gauge};
use crate::time::Time;
use table::Table;
use tally::Common;

/// Number of a SumStat.
pub type StatId = usize;

/// Where a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub stat: StatId,
    pub place: Place,
}

/// Ceilings, of all SumStats together.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub keys: usize,
    /// Bytes that keys and results hold, as counted here.
    pub bytes: usize,
    /// Distinct values that one result keeps.
    pub elements: usize,
}

counters! {
    /// What became of keys and values.
    pub struct Counters {
        /// Keys that SumStats keep.
        pub keys: u64 = gauge("sumstats_keys"),
        /// Memory for them and their results.
        pub bytes: u64 = gauge("sumstats_bytes"),
        /// Observations sent to those who count for all sensors.
        pub shipped: u64 = counter("sumstats_shipped_total"),
        /// Thresholds crossed here that were left to them to tell.
        pub left: u64 = counter("sumstats_left_total"),
        /// Keys dropped because SumStats::max_keys or SumStats::max_memory was reached.
        pub evicted: u64 =
            counter("sumstats_evicted_total").lost("keys of SumStats dropped because there were too many"),
        /// Distinct values not kept because SumStats::max_elements was reached.
        pub cut: u64 =
            counter("sumstats_cut_total").lost("distinct values of SumStats not kept because there were too many"),
    }
}

struct Stat {
    spec: Spec,
    table: Table,
    bytes: usize,
}

pub struct Engine {
    stats: Vec<Option<Stat>>,
    limits: Limits,
    common: Common,
    keys: usize,
    bytes: usize,
    evicted: u64,
    /// Dropped keys with something of the host's attached.
    orphans: Vec<Entry>,
    /// Keys that changed or went, where somebody keeps results elsewhere.
    changes: Option<Vec<(StatId, Key)>>,
}

impl Default for Engine {
    fn default() -> Self {
        let limits = Limits { keys: 1_000_000, bytes: 512 << 20, elements: 100_000 };
        let common = Common { max_elements: limits.elements, ..Common::default() };
        Engine {
            stats: Vec::new(),
            limits,
            common,
            keys: 0,
            bytes: 0,
            evicted: 0,
            orphans: Vec::new(),
            changes: None,
        }
    }
}

/// Keys whose windows have emptied are dropped along the way, this many at each observation: keys go faster
/// than they can come.
const SWEPT: usize = 2;

impl Engine {
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
        self.common.max_elements = limits.elements;
    }

    pub fn counters(&self) -> Counters {
        Counters {
            keys: self.keys as u64,
            bytes: self.bytes as u64,
            evicted: self.evicted,
            cut: self.common.cut,
            ..Counters::default()
        }
    }

    pub fn add(&mut self, spec: Spec) -> StatId {
        self.stats.push(Some(Stat { spec, table: Table::default(), bytes: 0 }));
        self.stats.len() - 1
    }

    /// Forgets a SumStat and all its keys.
    pub fn remove(&mut self, id: StatId) {
        self.take_all(id);
        if let Some(stat) = self.stats.get_mut(id) {
            *stat = None;
        }
    }

    pub fn spec(&self, id: StatId) -> Option<&Spec> {
        self.stat(id).map(|stat| &stat.spec)
    }

    fn stat(&self, id: StatId) -> Option<&Stat> {
        self.stats.get(id)?.as_ref()
    }

    fn stat_mut(&mut self, id: StatId) -> Option<&mut Stat> {
        self.stats.get_mut(id)?.as_mut()
    }

    /// Counts an observation. `None`: nothing more can come of this key in this epoch, and it was not counted.
    pub fn observe(&mut self, id: StatId, reducer: usize, key: &Key, obs: &Obs, now: Time) -> Option<Slot> {
        self.observe_at(id, reducer, (key, obs), now, false)
    }

    /// Whether a key's window, if it has one, still reaches back to this time.
    pub fn reaches_back(&self, id: StatId, key: &Key, at: Time) -> bool {
        let (Some(slot), Some(span)) = (self.find(id, key), self.spec(id).and_then(|spec| spec.window))
        else {
            return true;
        };
        let ends = self.entry(slot).into_iter().flat_map(|entry| entry.held.iter().flatten().map(Held::end));
        ends.max().is_none_or(|end| at + span > end)
    }

    /// The same; one that is `late` counts at its own time in a window that has gone on.
    pub fn observe_at(
        &mut self,
        id: StatId,
        reducer: usize,
        (key, obs): (&Key, &Obs),
        now: Time,
        late: bool,
    ) -> Option<Slot> {
        let stat = self.stats.get_mut(id)?.as_mut()?;
        let rule = stat.spec.reducers.get(reducer)?;
        let known = stat.table.len();
        let (place, entry) = stat.table.touch(key, stat.spec.streams.len(), now)?;
        if stat.spec.is_through(entry.crossed) {
            return None;
        }
        if let Some(changes) = self.changes.as_mut().filter(|_| !std::mem::replace(&mut entry.dirty, true)) {
            changes.push((id, key.clone()));
        }
        let held = entry.held.get_mut(rule.stream)?;
        let mut change = 0;
        let held = held.get_or_insert_with(|| {
            let held = Held::new(rule, &stat.spec, now);
            change += held.bytes() as isize;
            held
        });
        change += match held {
            Held::Epoch(tally) => tally.observe(rule, obs, now, &mut self.common),
            Held::Window(window) if late => window.insert(rule, obs, now, &mut self.common),
            Held::Window(window) => window.observe(rule, obs, now, &mut self.common),
        };
        let before = entry.bytes;
        entry.bytes = before.saturating_add_signed(change);
        let change = entry.bytes as isize - before as isize;
        let (new, beside) = (stat.table.len() > known, before as isize);
        // A new key has cost what it is before anything was counted for it.
        let change = if new { change + beside } else { change };
        stat.bytes = stat.bytes.saturating_add_signed(change);
        self.bytes = self.bytes.saturating_add_signed(change);
        self.keys += usize::from(new);
        if stat.spec.window.is_some() && !late {
            self.sweep(id, now);
        }
        self.make_room(id, place);
        Some(Slot { stat: id, place })
    }

    /// Drops keys of a sliding window that have not been seen for its length.
    fn sweep(&mut self, id: StatId, now: Time) {
        for _ in 0..SWEPT {
            let Some(stat) = self.stat(id) else { return };
            let Some((place, seen)) = stat.table.oldest() else { return };
            if stat.spec.window.is_none_or(|span| seen + span > now) {
                return;
            }
            self.drop_key(id, place);
        }
    }

    fn make_room(&mut self, id: StatId, current: Place) {
        while self.keys > self.limits.keys || self.bytes > self.limits.bytes {
            let by_bytes = self.keys <= self.limits.keys;
            let size = |stat: &Stat| if by_bytes { stat.bytes } else { stat.table.len() };
            let live = self.stats.iter().enumerate().filter_map(|(i, stat)| Some((i, size(stat.as_ref()?))));
            let Some((largest, _)) = live.max_by_key(|(_, size)| *size) else { return };
            let Some((place, _)) = self.stat(largest).and_then(|stat| stat.table.oldest()) else { return };
            // What is being counted stays, however large it alone is.
            if largest == id && place == current {
                return;
            }
            self.drop_key(largest, place);
            self.evicted += 1;
        }
    }

    fn drop_key(&mut self, id: StatId, place: Place) {
        let Some(stat) = self.stat_mut(id) else { return };
        let Some(entry) = stat.table.remove(place) else { return };
        let gone = entry.key.clone();
        stat.bytes = stat.bytes.saturating_sub(entry.bytes);
        self.bytes = self.bytes.saturating_sub(entry.bytes);
        self.keys -= 1;
        self.changes.iter_mut().for_each(|changes| changes.push((id, gone.clone())));
        if entry.attached.is_some() {
            self.orphans.push(entry);
        }
    }

    /// Attaches something of the host's to a key, which costs it so many bytes.
    pub fn attach(&mut self, slot: Slot, what: Rc<dyn Any>, bytes: usize) {
        let Some(stat) = self.stats.get_mut(slot.stat).and_then(Option::as_mut) else { return };
        let Some(entry) = stat.table.get_mut(slot.place) else { return };
        entry.attached = Some(what);
        entry.bytes += bytes;
        stat.bytes += bytes;
        self.bytes += bytes;
        self.make_room(slot.stat, slot.place);
    }

    /// Dropped keys with something attached, since the last call.
    pub fn orphans(&mut self) -> Vec<Entry> {
        if self.orphans.is_empty() { Vec::new() } else { std::mem::take(&mut self.orphans) }
    }

    /// Gives streams from which nothing came an empty result, so that thresholds may speak of all.
    pub fn fill(&mut self, slot: Slot, now: Time) {
        let Some(stat) = self.stats.get_mut(slot.stat).and_then(Option::as_mut) else { return };
        let Some(entry) = stat.table.get_mut(slot.place) else { return };
        let mut grown = 0;
        for (stream, held) in entry.held.iter_mut().enumerate().filter(|(_, held)| held.is_none()) {
            if let Some(rule) = stat.spec.reducers.iter().find(|rule| rule.stream == stream) {
                let fresh = Held::new(rule, &stat.spec, now);
                grown += fresh.bytes();
                *held = Some(fresh);
            }
        }
        entry.bytes += grown;
        stat.bytes += grown;
        self.bytes += grown;
        if stat.spec.window.is_some() {
            self.expire(slot, now);
        }
    }

    /// Lets a sliding window move on to `now`.
    pub fn expire(&mut self, slot: Slot, now: Time) {
        let Some(stat) = self.stats.get_mut(slot.stat).and_then(Option::as_mut) else { return };
        let Some(entry) = stat.table.get_mut(slot.place) else { return };
        let mut grown = 0;
        for held in entry.held.iter_mut().flatten() {
            if let Held::Window(window) = held {
                grown += window.expire(now);
            }
        }
        entry.bytes = entry.bytes.saturating_add_signed(grown);
        stat.bytes = stat.bytes.saturating_add_signed(grown);
        self.bytes = self.bytes.saturating_add_signed(grown);
    }

    /// Whether this value crosses the key's next threshold; the crossing is remembered.
    ///
    /// Over an epoch each is crossed once. Over a sliding window it can be again once an observation has found
    /// the value below it, and is while the value stays, each time that [`Spec::remind`] has gone by.
    pub fn cross(&mut self, slot: Slot, value: f64, now: Time) -> Option<f64> {
        let stat = self.stats.get_mut(slot.stat)?.as_mut()?;
        let (spec, entry) = (&stat.spec, stat.table.get_mut(slot.place)?);
        if spec.window.is_some() {
            let below = |crossed: u32| spec.step(crossed as usize - 1).is_some_and(|step| value < step);
            while entry.crossed > 0 && below(entry.crossed) {
                entry.crossed -= 1;
            }
        }
        if !spec.crossings {
            return None;
        }
        if let Some(step) = spec.step(entry.crossed as usize).filter(|step| value >= *step) {
            entry.crossed += 1;
            entry.crossed_at = now;
            return Some(step);
        }
        // It goes on: who was told once may have forgotten, and a ban has an end.
        let last = entry.crossed.checked_sub(1).and_then(|last| spec.step(last as usize))?;
        let due = spec.window.and(spec.remind).is_some_and(|remind| entry.crossed_at + remind <= now);
        if !due {
            return None;
        }
        entry.crossed_at = now;
        Some(last)
    }

    /// The threshold that the key has yet to cross.
    pub fn next_step(&self, slot: Slot) -> Option<f64> {
        let stat = self.stat(slot.stat)?;
        stat.spec.step(stat.table.get(slot.place)?.crossed as usize)
    }

    pub fn find(&self, id: StatId, key: &Key) -> Option<Slot> {
        Some(Slot { stat: id, place: self.stat(id)?.table.find(key)? })
    }

    pub fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.stat(slot.stat)?.table.get(slot.place)
    }

    pub fn entry_mut(&mut self, slot: Slot) -> Option<&mut Entry> {
        self.stat_mut(slot.stat)?.table.get_mut(slot.place)
    }

    /// Ends an epoch: all keys with their results, in order of creation. None are left.
    pub fn take_all(&mut self, id: StatId) -> Vec<Entry> {
        let Some(stat) = self.stat_mut(id) else { return Vec::new() };
        let all = stat.table.take_all();
        let bytes = std::mem::take(&mut stat.bytes);
        self.bytes = self.bytes.saturating_sub(bytes);
        self.keys -= all.len();
        if let Some(changes) = &mut self.changes {
            changes.extend(all.iter().map(|entry| (id, entry.key.clone())));
        }
        all
    }

    /// Notes from here on which keys change.
    pub fn track(&mut self) {
        self.changes = Some(Vec::new());
    }

    pub fn tracks(&self) -> bool {
        self.changes.is_some()
    }

    /// Keys that changed or went since the last call, some more than once.
    pub fn take_changes(&mut self) -> Vec<(StatId, Key)> {
        let changes = self.changes.as_mut().map(std::mem::take).unwrap_or_default();
        for (id, key) in &changes {
            if let Some(slot) = self.find(*id, key)
                && let Some(entry) = self.entry_mut(slot)
            {
                entry.dirty = false;
            }
        }
        changes
    }

    /// All keys in order of creation.
    pub fn slots(&self, id: StatId) -> Vec<Slot> {
        let places = self.stat(id).map(|stat| stat.table.places()).unwrap_or_default();
        places.into_iter().map(|place| Slot { stat: id, place }).collect()
    }
}

impl Held {
    fn new(reducer: &Reducer, spec: &Spec, now: Time) -> Self {
        match spec.window {
            Some(span) => Held::Window(Box::new(Window::new(span, now))),
            None => Held::Epoch(Tally::new(reducer, now)),
        }
    }

    /// Bytes held beside the entry itself.
    fn bytes(&self) -> usize {
        match self {
            Held::Epoch(tally) => tally.bytes(),
            Held::Window(window) => window.bytes(),
        }
    }

    pub fn num(&self) -> u64 {
        match self {
            Held::Epoch(tally) => tally.num,
            Held::Window(window) => window.num,
        }
    }

    pub fn begin(&self) -> Time {
        match self {
            Held::Epoch(tally) => tally.begin,
            Held::Window(window) => window.begin(),
        }
    }

    pub fn end(&self) -> Time {
        match self {
            Held::Epoch(tally) => tally.end,
            Held::Window(window) => window.end,
        }
    }

    /// A calculation's result where that is one number and there is one.
    pub fn number(&self, reducer: &Reducer, calc: Calc) -> Option<f64> {
        match self {
            Held::Epoch(tally) => tally.number(calc),
            Held::Window(window) => window.number(reducer, calc),
        }
    }
}

impl Tally {
    fn number(&self, calc: Calc) -> Option<f64> {
        let more = self.more();
        match calc {
            Calc::Sum => Some(self.sum),
            Calc::Average => more.and_then(|more| more.average),
            Calc::Max => more.and_then(|more| more.max),
            Calc::Min => more.and_then(|more| more.min),
            Calc::Variance => more.and_then(|more| more.variance),
            Calc::StdDev => Some(more.map_or(0.0, |more| more.std_dev)),
            Calc::Unique => Some(more.map_or(0.0, |more| more.unique.len() as f64)),
            Calc::HllUnique => {
                Some(more.and_then(|more| more.hll.as_ref()).map_or(0.0, |hll| hll.estimate()))
            }
            Calc::Last | Calc::Sample | Calc::Topk => None,
        }
    }
}

impl Window {
    fn number(&self, reducer: &Reducer, calc: Calc) -> Option<f64> {
        let variance = || {
            let all = self.whole()?;
            Some(if all.num > 1 { all.squares / (all.num - 1) as f64 } else { 0.0 })
        };
        let wanted = reducer.calcs.has(calc);
        match calc {
            Calc::Sum => Some(if wanted { self.sum } else { 0.0 }),
            Calc::Average => (wanted && self.num > 0).then(|| self.sum / self.num as f64),
            Calc::Max => self.whole().filter(|_| wanted).map(|all| all.max),
            Calc::Min => self.whole().filter(|_| wanted).map(|all| all.min),
            Calc::Variance => variance().filter(|_| wanted),
            Calc::StdDev => Some(variance().filter(|_| wanted).unwrap_or(0.0).sqrt()),
            Calc::Unique => Some(self.distinct() as f64),
            Calc::HllUnique => Some(self.hll().map_or(0.0, |hll| hll.estimate())),
            Calc::Last | Calc::Sample | Calc::Topk => None,
        }
    }
}
