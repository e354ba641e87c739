//! Memory for many things of one kind, that grows a page at a time: growing copies nothing, and what lies there stays.
//!
//! The kernel is not asked to make large pages of it: a flood of new flows would wait for each to be found and cleared,
//! for longer than many small ones take.

/// Things in order; each is found by its number.
pub(super) struct Pages<T> {
    pages: Vec<Vec<T>>,
    len: u32,
}

const PAGE_BITS: u32 = 9;
const PAGE: usize = 1 << PAGE_BITS;

impl<T> Default for Pages<T> {
    fn default() -> Self {
        Pages { pages: Vec::new(), len: 0 }
    }
}

impl<T> Pages<T> {
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Adds one; its number is the length before.
    pub fn push(&mut self, value: T) -> u32 {
        let at = self.len;
        if (at as usize).is_multiple_of(PAGE) {
            self.pages.push(Vec::with_capacity(PAGE));
        }
        if let Some(last) = self.pages.last_mut() {
            last.push(value);
            self.len += 1;
        }
        at
    }

    #[inline]
    pub fn get(&self, at: u32) -> Option<&T> {
        self.pages.get((at >> PAGE_BITS) as usize)?.get(at as usize % PAGE)
    }

    #[inline]
    pub fn get_mut(&mut self, at: u32) -> Option<&mut T> {
        self.pages.get_mut((at >> PAGE_BITS) as usize)?.get_mut(at as usize % PAGE)
    }

    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_stay_where_they_are_and_are_found_by_number() {
        let mut pages = Pages::default();
        let numbers: Vec<u32> = (0..2000).map(|n| pages.push(n)).collect();
        let first = std::ptr::from_ref(pages.get(0).unwrap());
        (0..5000).for_each(|n| _ = pages.push(n));
        assert_eq!(std::ptr::from_ref(pages.get(0).unwrap()), first);
        assert!(
            numbers.iter().all(|n| pages.get(*n) == Some(n)) && numbers.iter().eq(pages.iter().take(2000))
        );
        *pages.get_mut(1024).unwrap() = 7;
        assert_eq!((pages.get(1024), pages.len()), (Some(&7), 7000));
        assert!(pages.get(7000).is_none() && pages.get_mut(u32::MAX).is_none());
    }
}
