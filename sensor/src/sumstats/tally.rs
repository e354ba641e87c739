//! What is known of one key and one stream since its epoch began.

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;

use super::key::Obs;
use super::sketch::{Hll, Random, Topk};
use super::spec::{Calc, Reducer};
use crate::time::Time;

/// What calculations share beside the results.
#[derive(Default)]
pub(super) struct Common {
    pub random: Random,
    /// Most values that one result keeps.
    pub max_elements: usize,
    /// Values not kept because of that.
    pub cut: u64,
}

/// The numbers are computed step by step as Zeek does, so that they are its to the last bit.
#[derive(Clone)]
pub struct Tally {
    pub begin: Time,
    pub end: Time,
    pub num: u64,
    pub sum: f64,
    pub(super) more: Option<Box<More>>,
}

/// What most SumStats have no use for: a SUM for a million keys should be cheap.
#[derive(Clone, Default)]
pub struct More {
    pub average: Option<f64>,
    pub max: Option<f64>,
    pub min: Option<f64>,
    pub variance: Option<f64>,
    pub prev_avg: Option<f64>,
    pub var_s: f64,
    pub std_dev: f64,
    pub last: VecDeque<Obs>,
    pub samples: Vec<Obs>,
    pub sample_elements: u64,
    pub unique: Unique,
    pub hll: Option<Hll>,
    pub topk: Option<Topk>,
}

/// Distinct values. Of most keys there are few: a scan has one for each port of each host.
#[derive(Clone, Default)]
pub struct Unique {
    /// In the order in which they came, as long as there are at most [`FEW`]. Otherwise it is empty.
    few: Vec<Obs>,
    /// Each with the place at which it came.
    many: HashMap<Obs, u32, RandomState>,
}

/// So many are looked through sooner than they are found in a map.
const FEW: usize = 8;

/// A value's place in a map, beside its own bytes.
const UNIQUE_PLACE: usize = 16;

impl Unique {
    pub fn len(&self) -> usize {
        self.few.len() + self.many.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn contains(&self, obs: &Obs) -> bool {
        self.few.contains(obs) || (!self.many.is_empty() && self.many.contains_key(obs))
    }

    /// Adds one that is not there.
    fn insert(&mut self, obs: Obs) {
        if self.many.is_empty() && self.few.len() < FEW {
            if self.few.is_empty() {
                // Often it stays alone.
                self.few.reserve_exact(1);
            }
            return self.few.push(obs);
        }
        self.many.extend(std::mem::take(&mut self.few).into_iter().zip(0..));
        let place = self.many.len() as u32;
        self.many.insert(obs, place);
    }

    fn iter(&self) -> impl Iterator<Item = &Obs> {
        self.few.iter().chain(self.many.keys())
    }

    /// In the order in which they came.
    fn in_order(&self) -> Vec<&Obs> {
        let mut many: Vec<(&u32, &Obs)> = self.many.iter().map(|(obs, place)| (place, obs)).collect();
        many.sort_unstable_by_key(|(place, _)| **place);
        self.few.iter().chain(many.into_iter().map(|(_, obs)| obs)).collect()
    }
}

impl FromIterator<Obs> for Unique {
    fn from_iter<I: IntoIterator<Item = Obs>>(all: I) -> Unique {
        let mut unique = Unique::default();
        for obs in all {
            if !unique.contains(&obs) {
                unique.insert(obs);
            }
        }
        unique
    }
}

impl Tally {
    pub(super) fn new(reducer: &Reducer, now: Time) -> Self {
        let mut more = reducer.calcs.needs_more().then(Box::<More>::default);
        if let Some(more) = &mut more
            && reducer.calcs.has(Calc::Topk)
        {
            more.topk = Some(Topk::new(reducer.topk));
        }
        Tally { begin: now, end: now, num: 0, sum: 0.0, more }
    }

    /// Counts one observation. Returns by how many bytes the tally has grown.
    pub(super) fn observe(&mut self, reducer: &Reducer, obs: &Obs, now: Time, common: &mut Common) -> isize {
        self.num += 1;
        self.end = now;
        let value = obs.value();
        if reducer.calcs.has(Calc::Sum) {
            self.sum += value;
        }
        // Two reducers of one stream share a tally; the first may have needed less.
        if self.more.is_none() && reducer.calcs.needs_more() {
            self.more = Tally::new(reducer, now).more;
        }
        let num = self.num;
        match &mut self.more {
            Some(more) => {
                more.numbers(reducer, value, num);
                more.values(reducer, obs, common)
            }
            None => 0,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.more.as_ref().map_or(0, |more| {
            let plain = more.last.iter().chain(&more.samples).map(Obs::bytes).sum::<usize>();
            let unique = more.unique.iter().map(|obs| obs.bytes() + UNIQUE_PLACE).sum::<usize>();
            size_of::<More>()
                + plain
                + unique
                + more.hll.as_ref().map_or(0, Hll::bytes)
                + more.topk.as_ref().map_or(0, Topk::bytes)
        })
    }

    /// Absent where no reducer needs it.
    pub fn more(&self) -> Option<&More> {
        self.more.as_deref()
    }

    pub fn more_mut(&mut self) -> Option<&mut More> {
        self.more.as_deref_mut()
    }
}

impl More {
    fn numbers(&mut self, reducer: &Reducer, value: f64, num: u64) {
        let calcs = reducer.calcs;
        if calcs.has(Calc::Average) {
            let average = self.average.get_or_insert(value);
            *average += (value - *average) / num as f64;
        }
        if calcs.has(Calc::Max) {
            self.max = Some(self.max.map_or(value, |max| if value > max { value } else { max }));
        }
        if calcs.has(Calc::Min) {
            self.min = Some(self.min.map_or(value, |min| if value < min { value } else { min }));
        }
        if calcs.has(Calc::Variance) {
            let average = self.average.unwrap_or(value);
            if num > 1 {
                self.var_s += (value - self.prev_avg.unwrap_or(value)) * (value - average);
            }
            self.variance = Some(if num > 1 { self.var_s / (num - 1) as f64 } else { 0.0 });
            self.prev_avg = self.average;
        }
        if calcs.has(Calc::StdDev) {
            self.std_dev = self.variance.unwrap_or(0.0).sqrt();
        }
    }

    /// Returns by how many bytes what is kept has grown.
    fn values(&mut self, reducer: &Reducer, obs: &Obs, common: &mut Common) -> isize {
        let calcs = reducer.calcs;
        let mut grown = 0;
        if calcs.has(Calc::Last) && reducer.last > 0 {
            if self.last.len() >= reducer.last {
                grown -= self.last.pop_front().map_or(0, |old| old.bytes() as isize);
            }
            grown += obs.bytes() as isize;
            self.last.push_back(obs.clone());
        }
        if calcs.has(Calc::Sample) {
            grown += self.sample(reducer, obs, common);
        }
        if calcs.has(Calc::Unique) && !self.unique.contains(obs) {
            // Zeek looks at the number before it adds: one more than the limit is kept.
            if self.unique.len() >= common.max_elements {
                common.cut += 1;
            } else if reducer.unique_max.is_none_or(|max| self.unique.len() as u64 <= max) {
                grown += (obs.bytes() + UNIQUE_PLACE) as isize;
                self.unique.insert(obs.clone());
            }
        }
        if calcs.has(Calc::HllUnique) {
            let fresh = || Hll::new(reducer.hll_error, reducer.hll_confidence);
            grown += self.hll.get_or_insert_with(fresh).add(obs);
        }
        if calcs.has(Calc::Topk) {
            grown += self.topk.get_or_insert_with(|| Topk::new(reducer.topk)).add(obs);
        }
        grown
    }

    fn sample(&mut self, reducer: &Reducer, obs: &Obs, common: &mut Common) -> isize {
        self.sample_elements += 1;
        if self.samples.len() < reducer.samples {
            self.samples.push(obs.clone());
            return obs.bytes() as isize;
        }
        let place = common.random.below(self.sample_elements) as usize;
        match self.samples.get_mut(place) {
            Some(old) => {
                let grown = obs.bytes() as isize - old.bytes() as isize;
                *old = obs.clone();
                grown
            }
            None => 0,
        }
    }

    /// The distinct values in the order in which they came.
    pub fn unique_values(&self) -> Vec<&Obs> {
        self.unique.in_order()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distinct_values_stay_in_order_when_they_become_many() {
        let obs = |num: usize| Obs { num: Some(num as u64), ..Obs::default() };
        for count in [0, 1, FEW, FEW + 1, 5 * FEW] {
            // Each comes twice.
            let unique: Unique = (0..count).chain(0..count).map(obs).collect();
            assert_eq!((unique.len(), unique.is_empty()), (count, count == 0));
            assert!((0..count).all(|num| unique.contains(&obs(num))) && !unique.contains(&obs(count)));
            let expected: Vec<Obs> = (0..count).map(obs).collect();
            assert_eq!(unique.in_order(), expected.iter().collect::<Vec<_>>());
            assert_eq!(unique.iter().count(), count);
        }
    }
}
