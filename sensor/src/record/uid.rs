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

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn digits(mut number: u64, out: &mut [u8]) {
    for place in out {
        *place = DIGITS[(number % 62) as usize];
        number /= 62;
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for byte in self.0 {
            write!(f, "{}", char::from(byte))?;
        }
        Ok(())
    }
}
