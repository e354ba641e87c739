//! Storage for flows that grows a page at a time, so that growing copies nothing.

const PAGE_BITS: u32 = 9;
const PAGE: usize = 1 << PAGE_BITS;

pub(super) struct Slab<T> {
    pages: Vec<Vec<Option<T>>>,
    free: Vec<u32>,
    len: usize,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { pages: Vec::new(), free: Vec::new(), len: 0 }
    }
}

impl<T> Slab<T> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many slots there are, used or not.
    pub fn slots(&self) -> u32 {
        self.pages.last().map_or(0, |last| ((self.pages.len() - 1) * PAGE + last.len()) as u32)
    }

    pub fn insert(&mut self, value: T) -> u32 {
        self.len += 1;
        if let Some(slot) = self.free.pop() {
            self.pages[(slot >> PAGE_BITS) as usize][slot as usize % PAGE] = Some(value);
            return slot;
        }
        if self.pages.last().is_none_or(|last| last.len() == PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        let slot = self.slots();
        if let Some(last) = self.pages.last_mut() {
            last.push(Some(value));
        }
        slot
    }

    #[inline]
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.pages.get((slot >> PAGE_BITS) as usize)?.get(slot as usize % PAGE)?.as_ref()
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.pages.get_mut((slot >> PAGE_BITS) as usize)?.get_mut(slot as usize % PAGE)?.as_mut()
    }

    pub fn remove(&mut self, slot: u32) -> Option<T> {
        let place = self.pages.get_mut((slot >> PAGE_BITS) as usize)?.get_mut(slot as usize % PAGE)?;
        let value = place.take()?;
        self.free.push(slot);
        self.len -= 1;
        Some(value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        self.pages
            .iter()
            .flatten()
            .enumerate()
            .filter_map(|(slot, value)| value.as_ref().map(|value| (slot as u32, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_reused_and_found() {
        let mut slab = Slab::default();
        let slots: Vec<u32> = (0..2000).map(|n| slab.insert(n)).collect();
        assert_eq!((slab.len(), slab.slots()), (2000, 2000));
        assert_eq!(slab.remove(slots[700]), Some(700));
        assert_eq!(slab.remove(slots[700]), None);
        assert_eq!(slab.insert(-1), slots[700]);
        assert_eq!(slab.iter().filter(|(slot, value)| **value != *slot as i32).count(), 1);
        assert_eq!(slab.get(5000), None);
    }
}
