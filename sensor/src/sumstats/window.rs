//! What is known of one key and one stream over the last `window` of time.
//!
//! Numbers are exact while a key has at most [`FINE`] moments with observations in its window. Beyond that,
//! observations that fall into the same 1/[`GRID`] of the window are kept as one and leave the window with the
//! last of them: a count then reaches back up to 1/256 of a window too far, and never too little. Distinct and
//! last values leave exactly. What cannot be taken back (HLL_UNIQUE, TOPK, SAMPLE) is kept for each 1/[`SLICES`]
//! of the window and reaches back up to one such slice too far.

use std::collections::{BTreeMap, VecDeque};
use std::hash::BuildHasher;

use foldhash::fast::RandomState;

use super::key::Obs;
use super::recent::Recent;
use super::sketch::{Hll, Topk};
use super::spec::{Calc, Reducer};
use super::tally::Common;
use crate::time::{Interval, Time};

/// Most cells of one key.
pub(super) const FINE: usize = 1024;
const GRID: i64 = 256;
const SLICES: i64 = 16;

/// Observations of one moment, or of one 1/[`GRID`] of the window.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// Of its last observation.
    pub time: Time,
    pub num: u64,
    pub sum: f64,
    pub max: f64,
    pub min: f64,
    /// The sum of squares of the differences from the mean.
    pub squares: f64,
}

impl Cell {
    fn of(value: f64, time: Time) -> Self {
        Cell { time, num: 1, sum: value, max: value, min: value, squares: 0.0 }
    }

    fn merge(&mut self, other: &Cell) {
        let (n, m) = (self.num as f64, other.num as f64);
        let apart = other.sum / m - self.sum / n;
        self.squares += other.squares + apart * apart * n * m / (n + m);
        self.num += other.num;
        self.sum += other.sum;
        self.max = if other.max > self.max { other.max } else { self.max };
        self.min = if other.min < self.min { other.min } else { self.min };
        self.time = self.time.max(other.time);
    }
}

/// One 1/[`SLICES`] of a window.
#[derive(Clone, Default)]
pub(super) struct Slice {
    pub number: i64,
    pub seen: u64,
    /// A sample: those with the highest of random priorities.
    pub samples: BTreeMap<u64, Obs>,
    pub hll: Option<Hll>,
    pub topk: Option<Topk>,
}

#[derive(Clone)]
pub struct Window {
    pub(super) span: Interval,
    pub(super) end: Time,
    pub(super) cells: VecDeque<Cell>,
    pub(super) num: u64,
    pub(super) sum: f64,
    /// Cells that have left since the sum was last added up anew: what differences of floating-point numbers
    /// lose must not pile up.
    left: usize,
    /// Absent where only numbers are wanted: a count for a million keys should be cheap.
    pub(super) values: Option<Box<Values>>,
}

/// What is kept of the values themselves.
#[derive(Clone, Default)]
pub(super) struct Values {
    pub last: VecDeque<(Time, Obs)>,
    distinct: Distinct,
    pub slices: VecDeque<Slice>,
}

/// Values by when they were last seen.
#[derive(Clone, Default)]
struct Distinct {
    /// As long as there are at most [`FEW`], that seen least recently first. Otherwise it is empty.
    few: Vec<(Time, Obs)>,
    many: Recent<(Time, Obs)>,
    hasher: RandomState,
}

/// So many are looked through sooner than they are found by hash.
const FEW: usize = 8;

/// A value's place, beside its own bytes.
const DISTINCT_PLACE: usize = Recent::<(Time, Obs)>::PLACE - size_of::<Obs>();

impl Window {
    pub(super) fn new(span: Interval, now: Time) -> Self {
        Window { span, end: now, cells: VecDeque::new(), num: 0, sum: 0.0, left: 0, values: None }
    }

    /// Counts one observation. Returns by how many bytes the window has grown.
    pub(super) fn observe(&mut self, reducer: &Reducer, obs: &Obs, now: Time, common: &mut Common) -> isize {
        // Time as captures tell it may step back; the window does not.
        let now = now.max(self.end);
        let mut grown = self.expire(now);
        self.end = now;
        grown += self.push(Cell::of(obs.value(), now));
        if reducer.calcs.keep_values() {
            let length = slice_span(self.span);
            grown += self.values.get_or_insert_default().observe(reducer, obs, now, length, common);
        }
        grown
    }

    /// Counts an observation that comes late, at its own time. Returns by how many bytes the window has grown.
    pub(super) fn insert(&mut self, reducer: &Reducer, obs: &Obs, at: Time, common: &mut Common) -> isize {
        if at >= self.end {
            return self.observe(reducer, obs, at, common);
        }
        let cell = Cell::of(obs.value(), at);
        self.num += cell.num;
        self.sum += cell.sum;
        let before = self.cells.capacity();
        let place = self.cells.partition_point(|known| known.time <= at);
        let same = place.checked_sub(1).and_then(|same| self.cells.get_mut(same));
        match same.filter(|known| known.time == at) {
            Some(known) => known.merge(&cell),
            None => self.cells.insert(place, cell),
        }
        if self.cells.len() > FINE {
            self.coarsen();
        }
        let mut grown = (self.cells.capacity() as isize - before as isize) * size_of::<Cell>() as isize;
        if reducer.calcs.keep_values() {
            let length = slice_span(self.span);
            grown += self.values.get_or_insert_default().insert(reducer, obs, (at, self.end), length, common);
        }
        grown
    }

    fn push(&mut self, cell: Cell) -> isize {
        self.num += cell.num;
        self.sum += cell.sum;
        match self.cells.back_mut() {
            Some(back) if back.time == cell.time => {
                back.merge(&cell);
                return 0;
            }
            _ => {}
        }
        let before = self.cells.capacity();
        self.cells.push_back(cell);
        if self.cells.len() > FINE {
            self.coarsen();
        }
        (self.cells.capacity() as isize - before as isize) * size_of::<Cell>() as isize
    }

    /// Makes one cell of those of the same 1/[`GRID`] of the window.
    fn coarsen(&mut self) {
        let step = (self.span.nanos() / GRID).max(1);
        let mut coarse: VecDeque<Cell> = VecDeque::new();
        for cell in self.cells.drain(..) {
            match coarse.back_mut() {
                Some(back) if back.time.nanos() / step == cell.time.nanos() / step => back.merge(&cell),
                _ => coarse.push_back(cell),
            }
        }
        self.cells = coarse;
    }

    /// Forgets what is `window` old or older. Returns by how many bytes the window has grown: never more than 0.
    pub(super) fn expire(&mut self, now: Time) -> isize {
        let span = self.span;
        while let Some(cell) = self.cells.front().filter(|cell| cell.time + span <= now) {
            self.num -= cell.num;
            self.sum -= cell.sum;
            self.left += 1;
            self.cells.pop_front();
        }
        if self.left > self.cells.len() {
            self.left = 0;
            self.sum = self.cells.iter().map(|cell| cell.sum).sum();
        }
        match &mut self.values {
            Some(values) => values.expire(span, now),
            None => 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Window>()
            + self.cells.capacity() * size_of::<Cell>()
            + self.values.as_ref().map_or(0, |values| values.bytes())
    }

    // What scripts read.

    pub fn begin(&self) -> Time {
        self.cells.front().map_or(self.end, |cell| cell.time)
    }

    /// All cells as one.
    pub(super) fn whole(&self) -> Option<Cell> {
        let mut cells = self.cells.iter();
        let mut all = *cells.next()?;
        cells.for_each(|cell| all.merge(cell));
        Some(all)
    }

    /// Puts back what was saved.
    pub(super) fn put(&mut self, cells: Vec<Cell>) {
        self.num = cells.iter().map(|cell| cell.num).sum();
        self.sum = cells.iter().map(|cell| cell.sum).sum();
        self.cells = cells.into();
    }

    fn slices(&self) -> impl Iterator<Item = &Slice> {
        self.values.iter().flat_map(|values| &values.slices)
    }

    /// How many distinct values.
    pub fn distinct(&self) -> usize {
        self.values.as_ref().map_or(0, |values| values.distinct.len())
    }

    /// The distinct values, that seen least recently first, each with when it was seen.
    pub fn distinct_values(&self) -> impl Iterator<Item = (Time, &Obs)> {
        self.values.iter().flat_map(|values| values.distinct.values())
    }

    /// The last values, the latest last.
    pub fn last(&self) -> impl Iterator<Item = &Obs> {
        self.values.iter().flat_map(|values| &values.last).map(|(_, obs)| obs)
    }

    pub fn samples(&self, wanted: usize) -> Vec<&Obs> {
        let mut all: Vec<(&u64, &Obs)> = self.slices().flat_map(|slice| &slice.samples).collect();
        all.sort_unstable_by(|a, b| b.0.cmp(a.0));
        all.into_iter().take(wanted).map(|(_, obs)| obs).collect()
    }

    pub fn sample_elements(&self) -> u64 {
        self.slices().map(|slice| slice.seen).sum()
    }

    pub fn hll(&self) -> Option<Hll> {
        let mut parts = self.slices().filter_map(|slice| slice.hll.as_ref());
        let mut all = parts.next()?.clone();
        parts.for_each(|part| all.merge(part));
        Some(all)
    }

    pub fn topk_version(&self) -> TopkVersion {
        let first = self.slices().next().map_or(0, |slice| slice.number);
        (first, self.slices().filter_map(|slice| slice.topk.as_ref()).map(Topk::changes).sum())
    }

    pub fn topk(&self, size: usize) -> Topk {
        let mut all = Topk::new(size);
        self.slices().filter_map(|slice| slice.topk.as_ref()).for_each(|part| all.merge(part));
        all
    }
}

/// The number of the first slice, and how often any has changed: one that leaves takes its changes along.
pub type TopkVersion = (i64, u64);

/// The calculations that keep something for each part of the window.
const IN_SLICES: [Calc; 3] = [Calc::Sample, Calc::HllUnique, Calc::Topk];

fn slice_span(window: Interval) -> i64 {
    (window.nanos() / SLICES).max(1)
}

impl Values {
    fn observe(&mut self, reducer: &Reducer, obs: &Obs, now: Time, slice: i64, common: &mut Common) -> isize {
        let mut grown = 0;
        if reducer.calcs.has(Calc::Last) && reducer.last > 0 {
            if self.last.len() >= reducer.last {
                grown -= self.last.pop_front().map_or(0, |(_, old)| old.bytes() as isize);
            }
            grown += obs.bytes() as isize;
            self.last.push_back((now, obs.clone()));
        }
        if reducer.calcs.has(Calc::Unique) {
            let limit = reducer.unique_max.map_or(usize::MAX, |max| (max as usize).saturating_add(1));
            grown += self.distinct.see(obs, now, limit, common);
        }
        if !IN_SLICES.into_iter().any(|calc| reducer.calcs.has(calc)) {
            return grown;
        }
        let number = now.nanos() / slice;
        if self.slices.back().is_none_or(|slice| slice.number != number) {
            self.slices.push_back(Slice { number, ..Slice::default() });
            grown += size_of::<Slice>() as isize;
        }
        grown + self.slices.back_mut().map_or(0, |slice| slice.observe(reducer, obs, common))
    }

    /// The same for one that comes late.
    fn insert(
        &mut self,
        reducer: &Reducer,
        obs: &Obs,
        (at, end): (Time, Time),
        slice: i64,
        common: &mut Common,
    ) -> isize {
        let mut grown = 0;
        if reducer.calcs.has(Calc::Last) && reducer.last > 0 {
            let place = self.last.partition_point(|(time, _)| *time <= at);
            self.last.insert(place, (at, obs.clone()));
            grown += obs.bytes() as isize;
            if self.last.len() > reducer.last {
                grown -= self.last.pop_front().map_or(0, |(_, old)| old.bytes() as isize);
            }
        }
        if reducer.calcs.has(Calc::Unique) {
            let limit = reducer.unique_max.map_or(usize::MAX, |max| (max as usize).saturating_add(1));
            grown += self.distinct.see_late(obs, (at, end), limit, common);
        }
        if !IN_SLICES.into_iter().any(|calc| reducer.calcs.has(calc)) {
            return grown;
        }
        let number = at.nanos() / slice;
        let place = self.slices.partition_point(|known| known.number < number);
        if self.slices.get(place).is_none_or(|known| known.number != number) {
            self.slices.insert(place, Slice { number, ..Slice::default() });
            grown += size_of::<Slice>() as isize;
        }
        grown + self.slices.get_mut(place).map_or(0, |slice| slice.observe(reducer, obs, common))
    }

    fn expire(&mut self, span: Interval, now: Time) -> isize {
        let mut grown = 0;
        let gone = |time: Time| time + span <= now;
        while let Some((_, obs)) = self.last.front().filter(|(time, _)| gone(*time)) {
            grown -= obs.bytes() as isize;
            self.last.pop_front();
        }
        while self.distinct.oldest().is_some_and(gone) {
            grown += self.distinct.drop_oldest();
        }
        let length = slice_span(span);
        let end = |slice: &Slice| Time::from_nanos(slice.number.saturating_add(1).saturating_mul(length));
        while let Some(slice) = self.slices.front().filter(|slice| gone(end(slice))) {
            grown -= slice.bytes() as isize;
            self.slices.pop_front();
        }
        grown
    }

    fn bytes(&self) -> usize {
        size_of::<Values>()
            + self.last.iter().map(|(_, obs)| obs.bytes()).sum::<usize>()
            + self.distinct.values().map(|(_, obs)| obs.bytes() + DISTINCT_PLACE).sum::<usize>()
            + self.slices.iter().map(Slice::bytes).sum::<usize>()
    }

    /// Puts back a distinct value that was saved.
    pub(super) fn put(&mut self, obs: Obs, time: Time) {
        self.distinct.put(obs, time);
    }
}

impl Slice {
    fn observe(&mut self, reducer: &Reducer, obs: &Obs, common: &mut Common) -> isize {
        let mut grown = 0;
        if reducer.calcs.has(Calc::Sample) && reducer.samples > 0 {
            self.seen += 1;
            grown += obs.bytes() as isize;
            self.samples.insert(common.random.priority(), obs.clone());
            if self.samples.len() > reducer.samples {
                grown -= self.samples.pop_first().map_or(0, |(_, old)| old.bytes() as isize);
            }
        }
        if reducer.calcs.has(Calc::HllUnique) {
            let fresh = || Hll::new(reducer.hll_error, reducer.hll_confidence);
            grown += self.hll.get_or_insert_with(fresh).add(obs);
        }
        if reducer.calcs.has(Calc::Topk) {
            grown += self.topk.get_or_insert_with(|| Topk::new(reducer.topk)).add(obs);
        }
        grown
    }

    fn bytes(&self) -> usize {
        size_of::<Slice>()
            + self.samples.values().map(Obs::bytes).sum::<usize>()
            + self.hll.as_ref().map_or(0, Hll::bytes)
            + self.topk.as_ref().map_or(0, Topk::bytes)
    }
}

impl Distinct {
    fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    /// That seen least recently first.
    fn values(&self) -> impl Iterator<Item = (Time, &Obs)> {
        self.few.iter().chain(self.many.iter()).map(|(time, obs)| (*time, obs))
    }

    fn oldest(&self) -> Option<Time> {
        let many = || self.many.get(self.many.oldest()?);
        self.few.first().or_else(many).map(|(time, _)| *time)
    }

    /// At the limit the value seen least recently makes room: the number stays what it is.
    fn see(&mut self, obs: &Obs, now: Time, limit: usize, common: &mut Common) -> isize {
        // One value after the other is mostly the same.
        if let Some((time, _)) = self.few.last_mut().filter(|(_, last)| last == obs) {
            *time = now;
            return 0;
        }
        if self.renew(obs, now) {
            return 0;
        }
        let mut grown = (obs.bytes() + DISTINCT_PLACE) as isize;
        if self.len() >= limit.min(common.max_elements) {
            common.cut += u64::from(limit > common.max_elements);
            grown += self.drop_oldest();
        }
        self.put(obs.clone(), now);
        grown
    }

    /// Whether a value is there; it is then the one seen last.
    fn renew(&mut self, obs: &Obs, now: Time) -> bool {
        if let Some(at) = self.few.iter().position(|(_, known)| known == obs) {
            if let Some(tail) = self.few.get_mut(at..) {
                tail.rotate_left(1);
            }
            if let Some((time, _)) = self.few.last_mut() {
                *time = now;
            }
            return true;
        }
        if self.many.len() == 0 {
            return false;
        }
        let found = self.many.find(self.hasher.hash_one(obs), |(_, known)| known == obs);
        let Some(at) = found else { return false };
        self.many.renew(at);
        if let Some((time, _)) = self.many.get_mut(at) {
            *time = now;
        }
        true
    }

    /// A value that was seen before others; what is known of it to be later stays. Where there are more than [`FEW`], it
    /// leaves with the latest: too late, and never too early.
    fn see_late(&mut self, obs: &Obs, (at, end): (Time, Time), limit: usize, common: &mut Common) -> isize {
        let is = |(_, known): &(Time, Obs)| known == obs;
        let hash = self.hasher.hash_one(obs);
        if self.few.iter().any(is) || self.many.len() > 0 && self.many.find(hash, is).is_some() {
            return 0;
        }
        let mut grown = (obs.bytes() + DISTINCT_PLACE) as isize;
        if self.len() >= limit.min(common.max_elements) {
            common.cut += u64::from(limit > common.max_elements);
            if self.oldest().is_some_and(|oldest| at <= oldest) {
                return 0;
            }
            grown += self.drop_oldest();
        }
        if self.many.len() == 0 && self.few.len() < FEW {
            let place = self.few.partition_point(|(time, _)| *time <= at);
            self.few.insert(place, (at, obs.clone()));
        } else {
            self.put(obs.clone(), end);
        }
        grown
    }

    /// Puts in a value that is not there, seen after the others.
    fn put(&mut self, obs: Obs, now: Time) {
        if self.many.len() == 0 && self.few.len() < FEW {
            self.few.push((now, obs));
            return;
        }
        for (time, obs) in std::mem::take(&mut self.few) {
            self.many.insert(self.hasher.hash_one(&obs), (time, obs));
        }
        self.many.insert(self.hasher.hash_one(&obs), (now, obs));
    }

    fn drop_oldest(&mut self) -> isize {
        let obs = if self.few.is_empty() {
            let Some((_, obs)) = self.many.oldest().and_then(|at| self.many.remove(at)) else { return 0 };
            if self.many.len() == 0 {
                // What is not counted any more is not held either.
                self.many = Recent::default();
            }
            obs
        } else {
            self.few.remove(0).1
        };
        -((obs.bytes() + DISTINCT_PLACE) as isize)
    }
}
