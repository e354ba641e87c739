//! Summaries of many values in bounded memory: the most frequent, a random sample, how many are distinct.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::RandomState;
use siphasher::sip::SipHasher13;

use super::key::Obs;

/// The most frequent values: space-saving (Metwally, Agrawal, El Abbadi 2005).
///
/// Among values of equal count the one that came to its count first is the first to make room, and the first
/// to be shown; so does Zeek.
#[derive(Clone, Default)]
pub struct Topk {
    size: usize,
    /// By count, then by when that count was reached.
    order: BTreeMap<(u64, u64), Element>,
    place: HashMap<Obs, (u64, u64), RandomState>,
    clock: u64,
}

#[derive(Clone)]
pub struct Element {
    pub obs: Obs,
    /// How much of the count may belong to values that made room.
    pub epsilon: u64,
}

/// What a value costs beside its own bytes: its places in the two maps.
const TOPK_PLACE: usize = 96;

impl Topk {
    pub fn new(size: usize) -> Self {
        Topk { size, ..Topk::default() }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// Returns by how many bytes it has grown.
    pub(super) fn add(&mut self, obs: &Obs) -> isize {
        let known = self.place.get(obs).copied().and_then(|at| Some((at, self.order.remove(&at)?)));
        if let Some(((count, _), element)) = known {
            self.put(count + 1, element);
            return 0;
        }
        let mut grown = (obs.bytes() + TOPK_PLACE) as isize;
        let (mut count, mut epsilon) = (1, 0);
        if self.order.len() >= self.size {
            let Some(((least, _), gone)) = self.order.pop_first() else { return 0 };
            self.place.remove(&gone.obs);
            grown -= (gone.obs.bytes() + TOPK_PLACE) as isize;
            (count, epsilon) = (least + 1, least);
        }
        self.put(count, Element { obs: obs.clone(), epsilon });
        grown
    }

    pub(super) fn put(&mut self, count: u64, element: Element) {
        self.clock += 1;
        self.place.insert(element.obs.clone(), (count, self.clock));
        self.order.insert((count, self.clock), element);
    }

    /// Adds another's counts: what only the other knows makes room as any value does.
    pub(super) fn merge(&mut self, other: &Topk) {
        for ((count, _), element) in &other.order {
            let known =
                self.place.get(&element.obs).copied().and_then(|at| Some((at, self.order.remove(&at)?)));
            match known {
                Some(((mine, _), old)) => {
                    self.put(mine + count, Element { obs: old.obs, epsilon: old.epsilon + element.epsilon });
                }
                None => self.put(*count, element.clone()),
            }
        }
        while self.order.len() > self.size {
            if let Some((_, gone)) = self.order.pop_first() {
                self.place.remove(&gone.obs);
            }
        }
    }

    /// The values with their counts, the least frequent first.
    pub fn elements(&self) -> impl Iterator<Item = (u64, &Element)> {
        self.order.iter().map(|((count, _), element)| (*count, element))
    }

    pub(super) fn bytes(&self) -> usize {
        self.order.values().map(|element| element.obs.bytes() + TOPK_PLACE).sum()
    }
}

/// How many distinct values: exact while they are few, then HyperLogLog (Flajolet et al. 2007).
#[derive(Clone)]
pub struct Hll {
    /// The logarithm of the number of registers.
    pub(super) bits: u8,
    pub(super) held: HllHeld,
}

#[derive(Clone)]
pub(super) enum HllHeld {
    Few(HashSet<u64, RandomState>),
    Registers(Box<[u8]>),
}

/// Hashes kept before the registers are set up.
const FEW: usize = 256;

impl Hll {
    /// Registers enough to keep the error under `error` with this confidence; at most 2^16.
    pub fn new(error: f64, confidence: f64) -> Self {
        let deviations = match confidence {
            c if c >= 0.997 => 3.0,
            c if c >= 0.95 => 2.0,
            _ => 1.0,
        };
        let wanted = (1.04 * deviations / error.max(0.004)).powi(2).ceil() as usize;
        let registers = wanted.clamp(16, 1 << 16).next_power_of_two();
        Hll { bits: registers.trailing_zeros() as u8, held: HllHeld::Few(HashSet::default()) }
    }

    /// Returns by how many bytes it has grown.
    pub(super) fn add(&mut self, obs: &Obs) -> isize {
        // Not the tables' hash: the estimate must be the same in every run, and what is saved must be readable.
        let mut hasher = SipHasher13::new_with_keys(0x6e69_6768_746a_6172, 0x636f_756e_7465_6421);
        obs.hash(&mut hasher);
        self.add_hash(std::hash::Hasher::finish(&hasher))
    }

    fn add_hash(&mut self, hash: u64) -> isize {
        match &mut self.held {
            HllHeld::Few(few) => {
                let before = few.len();
                few.insert(hash);
                if few.len() <= FEW {
                    return ((few.len() - before) * size_of::<u64>()) as isize;
                }
                self.spread();
                (1isize << self.bits) - (before * size_of::<u64>()) as isize
            }
            HllHeld::Registers(registers) => {
                register(registers, self.bits, hash);
                0
            }
        }
    }

    /// From exact to registers.
    fn spread(&mut self) {
        if let HllHeld::Few(few) = &self.held {
            let mut registers = vec![0; 1 << self.bits].into_boxed_slice();
            few.iter().for_each(|hash| register(&mut registers, self.bits, *hash));
            self.held = HllHeld::Registers(registers);
        }
    }

    pub(super) fn merge(&mut self, other: &Hll) {
        match &other.held {
            HllHeld::Few(few) => few.iter().for_each(|hash| {
                self.add_hash(*hash);
            }),
            HllHeld::Registers(theirs) => {
                self.spread();
                if let HllHeld::Registers(mine) = &mut self.held {
                    mine.iter_mut().zip(theirs.iter()).for_each(|(a, b)| *a = (*a).max(*b));
                }
            }
        }
    }

    pub fn estimate(&self) -> f64 {
        let registers = match &self.held {
            HllHeld::Few(few) => return few.len() as f64,
            HllHeld::Registers(registers) => registers,
        };
        let m = registers.len() as f64;
        let alpha = match registers.len() {
            16 => 0.673,
            32 => 0.697,
            64 => 0.709,
            _ => 0.7213 / (1.0 + 1.079 / m),
        };
        let sum: f64 = registers.iter().map(|rank| 2f64.powi(-i32::from(*rank))).sum();
        let raw = alpha * m * m / sum;
        let empty = registers.iter().filter(|rank| **rank == 0).count();
        // Few values: the empty registers tell more.
        if raw <= 2.5 * m && empty > 0 { m * (m / empty as f64).ln() } else { raw }
    }

    pub(super) fn bytes(&self) -> usize {
        match &self.held {
            HllHeld::Few(few) => few.len() * size_of::<u64>(),
            HllHeld::Registers(registers) => registers.len(),
        }
    }
}

fn register(registers: &mut [u8], bits: u8, hash: u64) {
    let rank = ((hash << bits) | (1 << (bits - 1))).leading_zeros() as u8 + 1;
    if let Some(slot) = registers.get_mut((hash >> (64 - bits)) as usize) {
        *slot = (*slot).max(rank);
    }
}

/// Park and Miller's generator, with which Zeek samples: the same numbers in every run.
#[derive(Clone, Debug)]
pub struct Random(u32);

const MODULUS: u64 = 2_147_483_647;

impl Default for Random {
    fn default() -> Self {
        Random(1)
    }
}

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = (u64::from(self.0) * 16_807 % MODULUS) as u32;
        u64::from(self.0)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        (end as f64 * (self.next() as f64 / (MODULUS as f64 + 1.0))) as u64
    }

    /// A priority; of two samples' worth of values those with the highest are a sample of both.
    pub(super) fn priority(&mut self) -> u64 {
        self.next() << 31 | self.next()
    }
}
