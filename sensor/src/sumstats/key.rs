//! What is counted about, and what is counted.

use std::hash::{Hash, Hasher};
use std::rc::Rc;

/// What results are kept for: an address, a text, both or neither.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// IPv4 as IPv4-mapped IPv6.
    pub host: Option<[u8; 16]>,
    pub text: Option<Rc<[u8]>>,
}

/// One data point. Scripts are told to give one of the three.
#[derive(Clone, Debug, Default)]
pub struct Obs {
    pub num: Option<u64>,
    pub dbl: Option<f64>,
    pub text: Option<Rc<[u8]>>,
}

impl Key {
    /// Bytes held beside the key itself.
    pub(super) fn heap(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.len() + RC)
    }
}

/// The text is last and alone, so that its length need not be hashed to tell it from what follows: a key is looked up for
/// each observation.
impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.host.map_or(0, u128::from_ne_bytes));
        if let Some(text) = &self.text {
            state.write(text);
        }
    }
}

impl Obs {
    /// The number it counts as: a text counts one.
    pub fn value(&self) -> f64 {
        match (self.num, self.dbl) {
            (Some(num), _) => num as f64,
            (None, Some(dbl)) => dbl,
            (None, None) => 1.0,
        }
    }

    /// Bytes that keeping it costs.
    pub(super) fn bytes(&self) -> usize {
        size_of::<Obs>() + self.text.as_ref().map_or(0, |text| text.len() + RC)
    }

    fn bits(&self) -> Option<u64> {
        self.dbl.map(f64::to_bits)
    }
}

/// The two counters of an `Rc`.
const RC: usize = 16;

impl PartialEq for Obs {
    fn eq(&self, other: &Obs) -> bool {
        self.num == other.num && self.bits() == other.bits() && self.text == other.text
    }
}

impl Eq for Obs {}

impl Hash for Obs {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.num, self.bits(), &self.text).hash(state);
    }
}
