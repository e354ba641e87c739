//! The keys of one SumStat: found by hash, in order of when they were last seen.

use std::any::Any;
use std::hash::BuildHasher;
use std::rc::Rc;

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use smallvec::SmallVec;

use super::key::Key;
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
    hash: u64,
    newer: u32,
    older: u32,
}

/// A key's place, good while the key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    index: u32,
    born: u64,
}

const NONE: u32 = u32::MAX;

#[derive(Default)]
pub(super) struct Table {
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: RandomState,
    newest: Option<u32>,
    oldest: Option<u32>,
    born: u64,
}

/// An entry's place in the index and on the free list, beside itself.
const INDEX: usize = 10;

impl Table {
    pub fn len(&self) -> usize {
        self.index.len()
    }

    pub fn find(&self, key: &Key) -> Option<Place> {
        let hash = self.hasher.hash_one(key);
        let index = *self.index.find(hash, |i| self.entry(*i).is_some_and(|e| e.key == *key))?;
        Some(Place { index, born: self.entry(index)?.born })
    }

    /// The key's place, made if it is not there. It is then the one seen last.
    pub fn touch(&mut self, key: &Key, streams: usize, now: Time) -> Place {
        let place = match self.find(key) {
            Some(place) => place,
            None => self.insert(key.clone(), streams),
        };
        self.unlink(place.index);
        self.link(place.index);
        if let Some(entry) = self.get_mut(place) {
            entry.seen = now;
        }
        place
    }

    fn insert(&mut self, key: Key, streams: usize) -> Place {
        let hash = self.hasher.hash_one(&key);
        self.born += 1;
        let mut held = SmallVec::new();
        held.resize_with(streams, || None);
        let beside = if held.spilled() { streams * size_of::<Option<Held>>() } else { 0 };
        let entry = Entry {
            bytes: size_of::<Option<Entry>>() + INDEX + key.heap() + beside,
            key,
            seen: Time::default(),
            crossed: 0,
            crossed_at: Time::default(),
            own: None,
            held,
            attached: None,
            born: self.born,
            hash,
            newer: NONE,
            older: NONE,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index as usize] = Some(entry);
                index
            }
            None => {
                self.entries.push(Some(entry));
                (self.entries.len() - 1) as u32
            }
        };
        let entries = &self.entries;
        let rehash = |i: &u32| entries.get(*i as usize).and_then(Option::as_ref).map_or(0, |e| e.hash);
        self.index.insert_unique(hash, index, rehash);
        self.link(index);
        Place { index, born: self.born }
    }

    fn entry(&self, index: u32) -> Option<&Entry> {
        self.entries.get(index as usize)?.as_ref()
    }

    fn slot(&mut self, index: u32) -> Option<&mut Entry> {
        self.entries.get_mut(index as usize)?.as_mut()
    }

    pub fn get(&self, place: Place) -> Option<&Entry> {
        self.entry(place.index).filter(|entry| entry.born == place.born)
    }

    pub fn get_mut(&mut self, place: Place) -> Option<&mut Entry> {
        self.slot(place.index).filter(|entry| entry.born == place.born)
    }

    fn link(&mut self, index: u32) {
        let before = self.newest.replace(index);
        if let Some(entry) = self.slot(index) {
            (entry.newer, entry.older) = (NONE, before.unwrap_or(NONE));
        }
        match before.and_then(|i| self.slot(i)) {
            Some(entry) => entry.newer = index,
            None => self.oldest = Some(index),
        }
    }

    fn unlink(&mut self, index: u32) {
        let Some((newer, older)) = self.entry(index).map(|e| (e.newer, e.older)) else { return };
        match self.slot(newer) {
            Some(entry) => entry.older = older,
            None => self.newest = Some(older).filter(|i| *i != NONE),
        }
        match self.slot(older) {
            Some(entry) => entry.newer = newer,
            None => self.oldest = Some(newer).filter(|i| *i != NONE),
        }
    }

    /// The key seen least recently.
    pub fn oldest(&self) -> Option<(Place, Time)> {
        let index = self.oldest?;
        self.entry(index).map(|entry| (Place { index, born: entry.born }, entry.seen))
    }

    pub fn remove(&mut self, place: Place) -> Option<Entry> {
        let hash = self.get(place)?.hash;
        self.unlink(place.index);
        if let Ok(found) = self.index.find_entry(hash, |i| *i == place.index) {
            found.remove();
        }
        self.free.push(place.index);
        self.entries.get_mut(place.index as usize)?.take()
    }

    /// All keys, in order of their creation; the table is empty then.
    pub fn take_all(&mut self) -> Vec<Entry> {
        let born = self.born;
        let old = std::mem::take(self);
        // Old places must not be taken for new ones.
        self.born = born;
        let mut all: Vec<Entry> = old.entries.into_iter().flatten().collect();
        all.sort_unstable_by_key(|entry| entry.born);
        all
    }

    /// The places of all keys, in order of their creation.
    pub fn places(&self) -> Vec<Place> {
        let live = self.entries.iter().enumerate().filter_map(|(i, entry)| Some((i, entry.as_ref()?)));
        let mut all: Vec<Place> =
            live.map(|(i, entry)| Place { index: i as u32, born: entry.born }).collect();
        all.sort_unstable_by_key(|place| place.born);
        all
    }

    /// From the one seen least recently on.
    pub fn by_age(&self) -> impl Iterator<Item = &Entry> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let entry = self.entry(next?)?;
            next = Some(entry.newer).filter(|i| *i != NONE);
            Some(entry)
        })
    }
}
