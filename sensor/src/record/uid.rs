//! Identifiers of connections and files: Zeek's shape, but from a seeded hash.

use std::fmt;
use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// A connection's or file's identifier, such as `CHhAvVGS1DHFjwGM9`.
///
/// It is a keyed hash of what it names, so that the same capture gives the same identifiers in
/// every run and with any number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid([u8; Uid::LEN]);

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

impl Uid {
    /// A letter and 17 base-62 digits: 101 bits, more than the 96 that Zeek uses.
    pub const LEN: usize = 18;

    /// Of nothing.
    pub const NONE: Uid = Uid([b'-'; Uid::LEN]);

    /// The identifier with `prefix` (`C` connection, `F` file) of what `feed` writes to the hasher.
    pub fn derive(prefix: u8, seed: u64, feed: impl FnOnce(&mut SipHasher13)) -> Uid {
        let mut hasher = SipHasher13::new_with_keys(seed, u64::from(prefix));
        feed(&mut hasher);
        let hash = hasher.finish128();
        let mut text = [prefix; Uid::LEN];
        digits(hash.h1, &mut text[1..10]);
        digits(hash.h2, &mut text[10..]);
        Uid(text)
    }

    /// A connection's identifier: of its five-tuple in either order, and of the packet that began it.
    pub fn of_connection(seed: u64, tuple: &[u8], ordinal: u64) -> Uid {
        Uid::derive(b'C', seed, |hasher| {
            hasher.write(tuple);
            hasher.write_u64(ordinal);
        })
    }

    /// One that another process made.
    pub fn from_bytes(bytes: [u8; Uid::LEN]) -> Uid {
        Uid(bytes)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Base 62, the last digit first.
fn digits(mut number: u64, out: &mut [u8]) {
    let (pairs, last) = out.as_chunks_mut::<2>();
    for pair in pairs {
        *pair = PAIRS[(number % 3844) as usize];
        number /= 3844;
    }
    for digit in last {
        *digit = DIGITS[(number % 62) as usize];
    }
}

/// Two digits for each number below 62².
static PAIRS: [[u8; 2]; 3844] = {
    let mut all = [[0; 2]; 3844];
    let mut n = 0;
    while n < all.len() {
        all[n] = [DIGITS[n % 62], DIGITS[n / 62]];
        n += 1;
    }
    all
};

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{}", char::from(byte))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_base_62() {
        for number in (0..5000).chain([u64::MAX, u64::MAX / 3, 62u64.pow(9) - 1, 62u64.pow(9)]) {
            for len in [8, 9] {
                let mut out = [0; 9];
                digits(number, &mut out[..len]);
                let expected = (0..len as u32).map(|place| DIGITS[(number / 62u64.pow(place) % 62) as usize]);
                assert!(out.iter().copied().take(len).eq(expected), "{number}");
            }
        }
    }
}
