//! Storage for flows whose slots are used again.

use crate::flow::pages::Pages;

pub(super) struct Slab<T> {
    slots: Pages<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Slab { slots: Pages::default(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    pub fn len(&self) -> usize {
        self.slots.len() as usize - self.free.len()
    }

    /// How many slots there are, used or not.
    pub fn slots(&self) -> u32 {
        self.slots.len()
    }

    pub fn insert(&mut self, value: T) -> u32 {
        let Some(at) = self.free.pop() else { return self.slots.push(Some(value)) };
        if let Some(place) = self.slots.get_mut(at) {
            *place = Some(value);
        }
        at
    }

    #[inline]
    pub fn get(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot)?.as_ref()
    }

    #[inline]
    pub fn get_mut(&mut self, slot: u32) -> Option<&mut T> {
        self.slots.get_mut(slot)?.as_mut()
    }

    /// Drops what is in a slot; whether there was anything.
    pub fn remove(&mut self, slot: u32) -> bool {
        let Some(place) = self.slots.get_mut(slot).filter(|place| place.is_some()) else { return false };
        // Where it is: to move it out would copy it.
        *place = None;
        self.free.push(slot);
        true
    }

    pub fn iter(&self) -> impl Iterator<Item = (u32, &T)> {
        (0..).zip(self.slots.iter()).filter_map(|(slot, value)| Some((slot, value.as_ref()?)))
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
        assert!(slab.remove(slots[700]) && !slab.remove(slots[700]));
        assert_eq!((slab.get(slots[700]), slab.len()), (None, 1999));
        assert_eq!(slab.insert(-1), slots[700]);
        assert_eq!(slab.iter().filter(|(slot, value)| **value != *slot as i32).count(), 1);
        assert_eq!(slab.get(5000), None);
    }
}
