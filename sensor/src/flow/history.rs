//! A connection's history: Zeek's letters, in the order in which things first happened.

/// The letters so far. Ordinary histories need no allocation.
#[derive(Clone, Debug, Default)]
pub struct History {
    short: [u8; History::SHORT],
    len: u8,
    long: Option<Box<Vec<u8>>>,
}

impl History {
    const SHORT: usize = 14;
    /// A peer that resends control packets with ever new sequence numbers adds a letter each time;
    /// letters past this many are dropped.
    const MAX: usize = 1024;

    pub fn add(&mut self, letter: u8) {
        if let Some(long) = &mut self.long {
            if long.len() < History::MAX {
                long.push(letter);
            }
        } else if let Some(place) = self.short.get_mut(usize::from(self.len)) {
            *place = letter;
            self.len += 1;
        } else {
            let mut long = self.short.to_vec();
            long.push(letter);
            self.long = Some(Box::new(long));
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        match &self.long {
            Some(long) => long,
            None => &self.short[..usize::from(self.len)],
        }
    }
}

/// Something that history records on a logarithmic scale: at its 1st, 10th, 100th … time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scaled(u32);

impl Scaled {
    /// Counts one more, and tells whether it is to be recorded.
    pub fn count(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        matches!(
            self.0,
            1 | 10 | 100 | 1_000 | 10_000 | 100_000 | 1_000_000 | 10_000_000 | 100_000_000 | 1_000_000_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_in_order_however_many() {
        let mut history = History::default();
        let letters: Vec<u8> = (0..50).map(|n| b'a' + n % 26).collect();
        for (n, &letter) in letters.iter().enumerate() {
            history.add(letter);
            assert_eq!(history.as_bytes(), &letters[..=n]);
        }
        for _ in 0..2 * History::MAX {
            history.add(b'S');
        }
        assert_eq!(history.as_bytes().len(), History::MAX);
    }

    #[test]
    fn powers_of_ten_are_recorded() {
        let mut counter = Scaled::default();
        let recorded: Vec<u32> = (1..=1000).filter(|_| counter.count()).collect();
        assert_eq!(recorded, [1, 10, 100, 1000]);
    }
}
