//! A set of small numbers.

/// Numbers below [`Bits::CAPACITY`], a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits([u64; Bits::WORDS]);

impl Bits {
    const WORDS: usize = 4;
    pub const CAPACITY: usize = Bits::WORDS * u64::BITS as usize;
    pub const NONE: Bits = Bits([0; Bits::WORDS]);

    /// Those from `from` up to `to`.
    pub fn range(from: usize, to: usize) -> Bits {
        let mut bits = Bits::NONE;
        (from..to).for_each(|at| bits.insert(at));
        bits
    }

    pub fn insert(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    pub fn remove(&mut self, at: usize) {
        if let Some(word) = self.0.get_mut(at / 64) {
            *word &= !(1 << (at % 64));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0 == [0; Bits::WORDS]
    }

    /// Those in both.
    #[must_use]
    pub fn and(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    /// Those in either.
    #[must_use]
    pub fn or(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    /// Those not in the other.
    #[must_use]
    pub fn without(mut self, other: &Bits) -> Bits {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= !other);
        self
    }

    pub fn contains_all(&self, other: &Bits) -> bool {
        other.without(self).is_empty()
    }

    /// In their order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        let (mut words, mut nth) = (self.0, 0);
        std::iter::from_fn(move || {
            loop {
                let word = words.get_mut(nth)?;
                if *word != 0 {
                    let at = word.trailing_zeros() as usize;
                    *word &= *word - 1;
                    return Some(nth * 64 + at);
                }
                nth += 1;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_there() {
        let mut bits = Bits::NONE;
        assert!(bits.is_empty());
        let all = [0, 63, 64, 127, 128, Bits::CAPACITY - 1];
        all.iter().for_each(|at| bits.insert(*at));
        assert_eq!(bits.iter().collect::<Vec<_>>(), all);
        bits.remove(64);
        let low = Bits::range(0, 100);
        assert_eq!(bits.and(&low).iter().collect::<Vec<_>>(), [0, 63]);
        assert_eq!(bits.without(&low).iter().collect::<Vec<_>>(), [127, 128, Bits::CAPACITY - 1]);
        assert!(bits.or(&low).contains_all(&bits) && !low.contains_all(&bits));
    }
}
