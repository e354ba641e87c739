//! The keys of one SumStat: found by hash, in order of when they were last seen.

use std::any::Any;
use std::hash::BuildHasher;
use std::rc::Rc;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::key::Key;
use super::recent::Recent;
use super::tally::Tally;
use super::window::Window;
use crate::time::Time;

/// What is known of one stream.
#[derive(Clone)]
pub enum Held {
    Epoch(Tally),
    Window(Box<Window>),
}

pub struct Entry {
    pub key: Key,
    /// When it was last seen.
    pub seen: Time,
    /// How many thresholds were crossed.
    pub crossed: u32,
    /// When a crossing was last told of.
    pub crossed_at: Time,
    /// A threshold of its own, and how often options had changed when it was asked for.
    pub own: Option<(u64, f64)>,
    /// By stream; absent where nothing came.
    pub held: SmallVec<[Option<Held>; 1]>,
    /// What the host keeps with the key.
    pub attached: Option<Rc<dyn Any>>,
    /// Its place among all keys, in order of creation.
    pub(super) born: u64,
    pub(super) bytes: usize,
    /// It is among the changes to be taken.
    pub(super) dirty: bool,
}

/// A key's place, good while the key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    index: u32,
    born: u64,
}

#[derive(Default)]
pub(super) struct Table {
    entries: Recent<Entry>,
    hasher: RandomState,
    born: u64,
}

impl Table {
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn find(&self, key: &Key) -> Option<Place> {
        let index = self.entries.find(self.hasher.hash_one(key), |entry| entry.key == *key)?;
        Some(Place { index, born: self.entries.get(index)?.born })
    }

    /// The key's entry, made if it is not there, with its place. It is then the one seen last.
    pub fn touch(&mut self, key: &Key, streams: usize, now: Time) -> Option<(Place, &mut Entry)> {
        let hash = self.hasher.hash_one(key);
        let index = match self.entries.find(hash, |entry| entry.key == *key) {
            Some(index) => {
                self.entries.renew(index);
                index
            }
            None => self.insert(key.clone(), hash, streams),
        };
        let entry = self.entries.get_mut(index)?;
        entry.seen = now;
        Some((Place { index, born: entry.born }, entry))
    }

    fn insert(&mut self, key: Key, hash: u64, streams: usize) -> u32 {
        self.born += 1;
        let mut held = SmallVec::new();
        held.resize_with(streams, || None);
        let beside = if held.spilled() { streams * size_of::<Option<Held>>() } else { 0 };
        let entry = Entry {
            bytes: Recent::<Entry>::PLACE + key.heap() + beside,
            key,
            seen: Time::default(),
            crossed: 0,
            crossed_at: Time::default(),
            own: None,
            held,
            attached: None,
            born: self.born,
            dirty: false,
        };
        self.entries.insert(hash, entry)
    }

    pub fn get(&self, place: Place) -> Option<&Entry> {
        self.entries.get(place.index).filter(|entry| entry.born == place.born)
    }

    pub fn get_mut(&mut self, place: Place) -> Option<&mut Entry> {
        self.entries.get_mut(place.index).filter(|entry| entry.born == place.born)
    }

    /// The key seen least recently.
    pub fn oldest(&self) -> Option<(Place, Time)> {
        let index = self.entries.oldest()?;
        self.entries.get(index).map(|entry| (Place { index, born: entry.born }, entry.seen))
    }

    pub fn remove(&mut self, place: Place) -> Option<Entry> {
        self.get(place)?;
        self.entries.remove(place.index)
    }

    /// All keys, in order of their creation; the table is empty then.
    pub fn take_all(&mut self) -> Vec<Entry> {
        // Old places must not be taken for new ones: numbers go on.
        let mut all: Vec<Entry> = std::mem::take(&mut self.entries).into_values().collect();
        all.sort_unstable_by_key(|entry| entry.born);
        all
    }

    /// The places of all keys, in order of their creation.
    pub fn places(&self) -> Vec<Place> {
        let live = self.entries.places();
        let mut all: Vec<Place> = live.map(|(index, entry)| Place { index, born: entry.born }).collect();
        all.sort_unstable_by_key(|place| place.born);
        all
    }

    /// From the one seen least recently on.
    pub fn by_age(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }
}
