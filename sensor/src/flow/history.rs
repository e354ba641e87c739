//! A connection's history: Zeek's letters, in the order in which things first happened.

/// The letters so far. Ordinary histories need no allocation, and all take 16 bytes in a flow.
#[expect(clippy::box_collection, reason = "a Vec alone would make every flow 16 bytes larger")]
#[derive(Clone, Debug)]
pub enum History {
    Short { len: u8, letters: [u8; History::SHORT] },
    Long(Box<Vec<u8>>),
}

impl Default for History {
    fn default() -> Self {
        History::Short { len: 0, letters: [0; History::SHORT] }
    }
}

impl History {
    const SHORT: usize = 14;
    /// A peer that resends control packets with ever new sequence numbers adds a letter each time;
    /// letters past this many are dropped.
    const MAX: usize = 1024;

    pub fn add(&mut self, letter: u8) {
        match self {
            History::Short { len, letters } => match letters.get_mut(usize::from(*len)) {
                Some(place) => {
                    *place = letter;
                    *len += 1;
                }
                None => {
                    let mut long = letters.to_vec();
                    long.push(letter);
                    *self = History::Long(Box::new(long));
                }
            },
            History::Long(letters) if letters.len() < History::MAX => letters.push(letter),
            History::Long(_) => {}
        }
    }

    /// Tells the same from the other side's view, and that the roles were swapped.
    pub fn invert(&mut self) {
        let letters = std::mem::take(self);
        self.add(b'^');
        for letter in letters.as_bytes() {
            self.add(letter ^ if letter.is_ascii_alphabetic() { 0x20 } else { 0 });
        }
    }

    pub fn as_bytes(&self) -> &[u8] {
        match self {
            History::Short { len, letters } => &letters[..usize::from(*len)],
            History::Long(letters) => letters,
        }
    }
}

/// Something that history records on a logarithmic scale: at its 1st, 10th, 100th … time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Scaled(u32);

impl Scaled {
    pub const ZERO: Scaled = Scaled(0);

    /// How often it was counted.
    pub fn times(self) -> u32 {
        self.0
    }

    /// The same where it is to be recorded, and not for the first time.
    pub fn reached(self) -> Option<u32> {
        (self.0 > 1 && self.is_recorded()).then_some(self.0)
    }

    /// Counts one more, and tells whether it is to be recorded.
    pub fn count(&mut self) -> bool {
        self.0 = self.0.saturating_add(1);
        self.is_recorded()
    }

    fn is_recorded(self) -> bool {
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
    fn the_other_side_sees_the_same_letters_in_the_other_case() {
        let mut history = History::default();
        b"Hd".iter().for_each(|&letter| history.add(letter));
        history.invert();
        assert_eq!(history.as_bytes(), b"^hD");
    }

    #[test]
    fn powers_of_ten_are_recorded() {
        let mut counter = Scaled::default();
        let recorded: Vec<u32> = (1..=1000).filter(|_| counter.count()).collect();
        assert_eq!(recorded, [1, 10, 100, 1000]);
    }
}
