//! Summaries of many values in bounded memory: the most frequent, a random sample, how many are distinct.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use foldhash::fast::RandomState;
use nightjar_script::ranks::Ranks;
use siphasher::sip::SipHasher13;

use super::key::Obs;

/// The most frequent values: space-saving (Metwally, Agrawal, El Abbadi 2005).
///
/// Among values of equal count the one that came to its count first is the first to make room, and the first
/// to be shown; so does Zeek.
#[derive(Clone, Default)]
pub struct Topk {
    size: usize,
    elements: Ranks<Element>,
    places: HashMap<Obs, u32, RandomState>,
    changes: u64,
}

#[derive(Clone)]
pub struct Element {
    pub obs: Obs,
    /// How much of the count may belong to values that made room.
    pub epsilon: u64,
}

/// What a value costs beside its own bytes: its places among the others and in the map.
const TOPK_PLACE: usize = 96;

impl Topk {
    pub fn new(size: usize) -> Self {
        Topk { size, ..Topk::default() }
    }

    pub fn size(&self) -> usize {
        self.size
    }

    /// How often it has changed.
    pub fn changes(&self) -> u64 {
        self.changes
    }

    /// Returns by how many bytes it has grown.
    pub(super) fn add(&mut self, obs: &Obs) -> isize {
        self.changes += 1;
        if let Some(at) = self.places.get(obs) {
            self.elements.raise(*at, 1);
            return 0;
        }
        let mut grown = (obs.bytes() + TOPK_PLACE) as isize;
        let mut epsilon = 0;
        if self.elements.len() >= self.size {
            let Some((least, gone)) = self.drop_least() else { return 0 };
            grown -= (gone.bytes() + TOPK_PLACE) as isize;
            epsilon = least;
        }
        self.put(epsilon + 1, Element { obs: obs.clone(), epsilon });
        grown
    }

    pub(super) fn put(&mut self, count: u64, element: Element) -> u32 {
        let obs = element.obs.clone();
        let at = self.elements.insert(count, element);
        self.places.insert(obs, at);
        at
    }

    fn drop_least(&mut self) -> Option<(u64, Obs)> {
        let (count, element) = self.elements.pop_least()?;
        self.places.remove(&element.obs);
        Some((count, element.obs))
    }

    /// Adds another's counts: what only the other knows makes room as any value does.
    pub(super) fn merge(&mut self, other: &Topk) {
        self.changes += 1;
        let mut raised = Vec::with_capacity(other.elements.len());
        for (count, element) in other.elements.iter() {
            let known = self.places.get(&element.obs).copied();
            let at = known.unwrap_or_else(|| self.put(0, Element { epsilon: 0, ..element.clone() }));
            if let Some(mine) = self.elements.get_mut(at) {
                mine.epsilon += element.epsilon;
            }
            raised.push((at, count));
        }
        self.elements.raise_all(&raised);
        while self.elements.len() > self.size {
            self.drop_least();
        }
    }

    /// The values with their counts, the least frequent first.
    pub fn elements(&self) -> impl Iterator<Item = (u64, &Element)> {
        self.elements.iter()
    }

    pub(super) fn bytes(&self) -> usize {
        self.elements().map(|(_, element)| element.obs.bytes() + TOPK_PLACE).sum()
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
