//! The hash table behind tables and sets.
//!
//! Zeek prints and iterates its tables in the order of its own hash table, and its users compare that output. So
//! this table is laid out as Zeek's: clustered open addressing (members of a bucket lie together, buckets in
//! order), growth by doubling with the old members moved a few at a time, SipHash keyed by the run's seed. With the
//! same seed the same operations give the same order. The keyed hash is also what keeps a sender from choosing
//! colliding keys.

use super::Value;
use super::key::{hash_list, hash_value};
use super::memory;

/// Moved after each insertion while a growth is under way.
const REMAP_STEP: u32 = 16;
/// Up to 2^3 buckets the table fills up before it grows; above, to three quarters.
const SMALL_LOG2: u32 = 3;
const EMPTY: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Slot {
    /// Index into `entries`, or `EMPTY`.
    entry: u32,
    hash: u32,
    /// How far behind its bucket the member lies.
    distance: u32,
}

const FREE: Slot = Slot { entry: EMPTY, hash: 0, distance: 0 };

/// A member: for sets the value is `Unset`.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Value,
    pub value: Value,
    /// Creation, last write or last read, whatever the table's expiry counts from.
    pub stamp: f64,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&super::text::plain(self))
    }
}

#[derive(Default)]
pub struct Dict {
    slots: Vec<Slot>,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    len: usize,
    log2: u32,
    /// Growths whose moves are not finished.
    remaps: u32,
    /// Slots up to here may still hold members placed for a smaller table.
    remap_end: Option<usize>,
    /// `&ordered`: iterate as inserted.
    ordered: bool,
    charged: usize,
    /// Prefix lengths in use, for lookups of addresses in tables indexed by subnet.
    prefixes: Option<Box<[u32; 129]>>,
}

impl Dict {
    pub fn new(ordered: bool) -> Dict {
        Dict { ordered, ..Dict::default() }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub fn is_ordered(&self) -> bool {
        self.ordered
    }

    fn capacity(&self) -> usize {
        if self.slots.is_empty() { 0 } else { (1usize << self.log2) + self.log2 as usize }
    }

    fn bucket(hash: u32, log2: u32) -> usize {
        if log2 == 0 {
            return 0;
        }
        // Zeek's multiplicative hash keeps the low bits.
        let h = u64::from(hash).wrapping_mul(11_400_714_819_323_198_485);
        (h & ((1u64 << log2) - 1)) as usize
    }

    fn bucket_at(&self, pos: usize) -> usize {
        pos - self.slots[pos].distance as usize
    }

    fn used(&self, pos: usize) -> bool {
        self.slots.get(pos).is_some_and(|s| s.entry != EMPTY)
    }

    fn entry(&self, pos: usize) -> Option<&Entry> {
        self.entries.get(self.slots[pos].entry as usize)?.as_ref()
    }

    fn scan(
        &self,
        hash: u32,
        bucket: usize,
        end: usize,
        eq: &dyn Fn(&Value) -> bool,
    ) -> Result<usize, usize> {
        let mut i = bucket;
        while i < end && self.used(i) && self.bucket_at(i) <= bucket {
            let s = self.slots[i];
            if s.hash == hash && self.bucket_at(i) == bucket && self.entry(i).is_some_and(|e| eq(&e.key)) {
                return Ok(i);
            }
            i += 1;
        }
        Err(i)
    }

    /// Where the member is, or where it would go.
    fn find(&self, hash: u32, eq: &dyn Fn(&Value) -> bool) -> Result<usize, usize> {
        if self.slots.is_empty() {
            return Err(0);
        }
        let place = match self.scan(hash, Self::bucket(hash, self.log2), self.capacity(), eq) {
            Ok(pos) => return Ok(pos),
            Err(place) => place,
        };
        if let Some(end) = self.remap_end {
            for i in 1..=self.remaps {
                let bucket = Self::bucket(hash, self.log2 - i);
                if bucket <= end
                    && let Ok(pos) = self.scan(hash, bucket, (end + 1).min(self.slots.len()), eq)
                {
                    return Ok(pos);
                }
            }
        }
        Err(place)
    }

    fn position(&self, key: &Value) -> Result<usize, usize> {
        self.find(hash_value(key), &|k| k.same(key))
    }

    pub fn get(&self, key: &Value) -> Option<&Entry> {
        if self.len == 0 {
            return None;
        }
        self.position(key).ok().and_then(|p| self.entry(p))
    }

    /// Looks up several indices without building a list value.
    pub fn get_list(&self, keys: &[Value]) -> Option<&Entry> {
        if self.len == 0 {
            return None;
        }
        let eq = |k: &Value| match k {
            Value::List(l) => l.len() == keys.len() && l.iter().zip(keys).all(|(a, b)| a.same(b)),
            _ => false,
        };
        self.find(hash_list(keys), &eq).ok().and_then(|p| self.entry(p))
    }

    pub fn get_mut(&mut self, key: &Value) -> Option<&mut Entry> {
        let pos = self.position(key).ok()?;
        let index = self.slots[pos].entry as usize;
        self.entries.get_mut(index)?.as_mut()
    }

    /// Zeek's lookups also move a member that lies where a smaller table put it; call after a successful `get` to
    /// keep the order in step.
    pub fn settle(&mut self, key: &Value) {
        if self.remap_end.is_none() {
            return;
        }
        if let Ok(pos) = self.position(key) {
            self.move_to_bucket(pos);
        }
    }

    pub fn contains(&self, key: &Value) -> bool {
        self.get(key).is_some()
    }

    /// Inserts or replaces; returns what was there.
    pub fn insert(&mut self, key: Value, value: Value, stamp: f64) -> Option<Value> {
        let hash = hash_value(&key);
        if self.slots.is_empty() {
            self.slots = vec![FREE; 1];
            self.log2 = 0;
        }
        let eq = |k: &Value| k.same(&key);
        match self.find(hash, &eq) {
            Ok(pos) => {
                let index = self.slots[pos].entry as usize;
                self.settle(&key);
                let e = self.entries.get_mut(index)?.as_mut()?;
                e.stamp = stamp;
                let old = std::mem::replace(&mut e.value, value);
                self.remap();
                Some(old)
            }
            Err(place) => {
                let bucket = Self::bucket(hash, self.log2);
                if let Value::Subnet(_, n) = key {
                    let counts = self.prefixes.get_or_insert_with(|| Box::new([0; 129]));
                    counts[usize::from(n.min(128))] += 1;
                }
                let entry = self.store(Entry { key, value, stamp });
                let slot = Slot { entry, hash, distance: (place - bucket) as u32 };
                let last = self.place(slot, place);
                if let Some(end) = self.remap_end
                    && place <= end
                    && end < last
                {
                    self.remap_end = Some(last);
                }
                self.len += 1;
                let cap = self.capacity();
                let limit = if self.log2 <= SMALL_LOG2 { cap } else { cap - (cap >> 2) };
                if self.len > limit {
                    self.grow();
                }
                self.remap();
                None
            }
        }
    }

    fn store(&mut self, e: Entry) -> u32 {
        let index = match self.free.pop() {
            Some(i) if !self.ordered => {
                self.entries[i as usize] = Some(e);
                i
            }
            _ => {
                self.entries.push(Some(e));
                (self.entries.len() - 1) as u32
            }
        };
        self.recharge();
        index
    }

    fn recharge(&mut self) {
        let now =
            self.entries.capacity() * size_of::<Option<Entry>>() + self.slots.capacity() * size_of::<Slot>();
        memory::charge(now);
        memory::release(self.charged);
        self.charged = now;
    }

    /// Puts a slot at `pos`, pushing the heads of later clusters behind their tails. Returns the last place touched.
    fn place(&mut self, mut slot: Slot, mut pos: usize) -> usize {
        loop {
            if pos >= self.capacity() {
                self.grow();
                self.slots[pos] = slot;
                return pos;
            }
            if !self.used(pos) {
                self.slots[pos] = slot;
                return pos;
            }
            let mut pushed = self.slots[pos];
            let next = self.tail(pos) + 1;
            pushed.distance += (next - pos) as u32;
            self.slots[pos] = slot;
            slot = pushed;
            pos = next;
        }
    }

    fn tail(&self, pos: usize) -> usize {
        let bucket = self.bucket_at(pos);
        let mut i = pos;
        while i + 1 < self.capacity() && self.used(i + 1) && self.bucket_at(i + 1) == bucket {
            i += 1;
        }
        i
    }

    fn grow(&mut self) {
        let before = self.capacity();
        self.log2 += 1;
        let after = (1usize << self.log2) + self.log2 as usize;
        self.slots.resize(after, FREE);
        self.remap_end = Some(before);
        self.remaps += 1;
        self.recharge();
    }

    fn remap(&mut self) {
        let mut left = REMAP_STEP;
        while let Some(end) = self.remap_end {
            if left == 0 {
                return;
            }
            if self.used(end) && self.move_to_bucket(end) {
                left -= 1;
            } else {
                self.remap_end = end.checked_sub(1);
            }
        }
        self.remaps = 0;
    }

    fn move_to_bucket(&mut self, pos: usize) -> bool {
        let slot = self.slots[pos];
        let expected = Self::bucket(slot.hash, self.log2);
        if self.bucket_at(pos) == expected {
            return false;
        }
        self.unplace(pos);
        let mut i = expected;
        while i < self.capacity() && self.used(i) && self.bucket_at(i) <= expected {
            i += 1;
        }
        self.place(Slot { distance: (i - expected) as u32, ..slot }, i);
        true
    }

    fn unplace(&mut self, mut pos: usize) {
        loop {
            let next = pos + 1;
            if next >= self.capacity() || !self.used(next) || self.slots[next].distance == 0 {
                self.slots[pos] = FREE;
                return;
            }
            let tail = self.tail(next);
            let mut s = self.slots[tail];
            s.distance -= (tail - pos) as u32;
            self.slots[pos] = s;
            pos = tail;
        }
    }

    pub fn remove(&mut self, key: &Value) -> Option<Entry> {
        if self.len == 0 {
            return None;
        }
        self.settle(key);
        let pos = self.position(key).ok()?;
        let index = self.slots[pos].entry;
        self.unplace(pos);
        self.len -= 1;
        let e = self.entries.get_mut(index as usize)?.take();
        if let (Some(Value::Subnet(_, n)), Some(p)) = (e.as_ref().map(|e| &e.key), self.prefixes.as_mut()) {
            p[usize::from((*n).min(128))] -= 1;
        }
        if self.ordered {
            self.compact_ordered();
        } else {
            self.free.push(index);
        }
        e
    }

    /// An ordered table's entries keep their places; when most are gone they are written anew.
    fn compact_ordered(&mut self) {
        if self.entries.len() < 32 || self.len * 4 > self.entries.len() {
            return;
        }
        let mut moved = vec![EMPTY; self.entries.len()];
        let mut kept = Vec::with_capacity(self.len);
        for (i, e) in std::mem::take(&mut self.entries).into_iter().enumerate() {
            if e.is_some() {
                moved[i] = kept.len() as u32;
                kept.push(e);
            }
        }
        self.entries = kept;
        for s in &mut self.slots {
            if s.entry != EMPTY {
                s.entry = moved[s.entry as usize];
            }
        }
        self.recharge();
    }

    pub fn clear(&mut self) {
        memory::bury(self.take_values());
    }

    /// Empties the table, handing over what it held.
    pub fn take_values(&mut self) -> Vec<Value> {
        memory::release(self.charged);
        let old = std::mem::replace(self, Dict { ordered: self.ordered, ..Dict::default() });
        let mut v = Vec::with_capacity(old.len * 2);
        for e in old.entries.iter().flatten() {
            v.push(e.key.clone());
            v.push(e.value.clone());
        }
        let mut old = old;
        old.charged = 0;
        v
    }

    /// Members in the order Zeek would visit them.
    pub fn iter(&self) -> Box<dyn Iterator<Item = &Entry> + '_> {
        if self.ordered {
            Box::new(self.entries.iter().flatten())
        } else {
            Box::new(
                self.slots
                    .iter()
                    .filter(|s| s.entry != EMPTY)
                    .filter_map(|s| self.entries.get(s.entry as usize)?.as_ref()),
            )
        }
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Entry> {
        self.entries.iter_mut().flatten()
    }

    /// The member with the longest prefix that holds the address or subnet.
    pub fn longest_prefix(&self, addr: super::Addr, max_len: u8) -> Option<&Entry> {
        let counts = self.prefixes.as_ref()?;
        for n in (0..=max_len.min(128)).rev() {
            if counts[usize::from(n)] == 0 {
                continue;
            }
            if let Some(e) = self.get(&Value::Subnet(addr.mask(n), n)) {
                return Some(e);
            }
        }
        None
    }

    /// Every member whose prefix holds the subnet.
    pub fn covering(&self, addr: super::Addr, max_len: u8) -> Vec<Entry> {
        let Some(counts) = self.prefixes.as_ref() else { return Vec::new() };
        (0..=max_len.min(128))
            .rev()
            .filter(|n| counts[usize::from(*n)] > 0)
            .filter_map(|n| self.get(&Value::Subnet(addr.mask(n), n)).cloned())
            .collect()
    }
}
