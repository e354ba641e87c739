//! Hashes of table keys: SipHash-2-4 over the bytes Zeek's composite hash would write.

use super::Value;
use smallvec::SmallVec;
use std::cell::Cell;

/// The SipHash key of a thread's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashKeys(pub u64, pub u64);

thread_local! {
    static KEYS: Cell<HashKeys> = const { Cell::new(HashKeys(0x6e69_6768_746a_6172, 0x7a65_656b_7363_7074)) };
}

impl HashKeys {
    /// Seeds this thread's tables. Live sensors pass random numbers; replays a fixed seed.
    pub fn install(self) {
        KEYS.with(|k| k.set(self));
    }

    /// The key Zeek derives from a seed file: the bytes from 64 on of its numbers, one 32-bit word a line.
    pub fn from_seed_file(text: &str) -> Option<HashKeys> {
        let words: Vec<u64> = text.split_whitespace().map_while(|w| w.parse().ok()).collect();
        let word = |i: usize| words.get(i).copied();
        Some(HashKeys(word(16)? | (word(17)? << 32), word(18)? | (word(19)? << 32)))
    }
}

#[inline]
fn round(v: &mut [u64; 4]) {
    let [mut a, mut b, mut c, mut d] = *v;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    *v = [a, b, c, d];
}

#[inline]
fn absorb(v: &mut [u64; 4], m: u64) {
    v[3] ^= m;
    round(v);
    round(v);
    v[0] ^= m;
}

/// SipHash-2-4.
pub fn siphash24(k: HashKeys, bytes: &[u8]) -> u64 {
    let mut v = [
        k.0 ^ 0x736f_6d65_7073_6575,
        k.1 ^ 0x646f_7261_6e64_6f6d,
        k.0 ^ 0x6c79_6765_6e65_7261,
        k.1 ^ 0x7465_6462_7974_6573,
    ];
    let mut chunks = bytes.chunks_exact(8);
    for c in &mut chunks {
        let mut w = [0u8; 8];
        w.copy_from_slice(c);
        absorb(&mut v, u64::from_le_bytes(w));
    }
    let mut last = [0u8; 8];
    let rest = chunks.remainder();
    last[..rest.len()].copy_from_slice(rest);
    last[7] = bytes.len() as u8;
    absorb(&mut v, u64::from_le_bytes(last));
    v[2] ^= 0xff;
    for _ in 0..4 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// The hash of one index.
pub fn hash_value(v: &Value) -> u32 {
    let keys = KEYS.with(Cell::get);
    // The commonest kinds without a buffer.
    match v {
        Value::Str(b) => siphash24(keys, b) as u32,
        Value::Addr(a) => siphash24(keys, &a.0) as u32,
        Value::Count(n) => siphash24(keys, &n.to_le_bytes()) as u32,
        Value::Int(n) | Value::Enum(_, n) => siphash24(keys, &n.to_le_bytes()) as u32,
        Value::List(l) => hash_list(l),
        v => {
            let mut k = KeyBytes::new();
            k.part(v, 0);
            siphash24(keys, &k.0) as u32
        }
    }
}

/// The hash of several indices, equal to that of a `List` of them.
pub fn hash_list(parts: &[Value]) -> u32 {
    let mut k = KeyBytes::new();
    for v in parts {
        k.part(v, 0);
    }
    siphash24(KEYS.with(Cell::get), &k.0) as u32
}

/// Bytes of a composite key that go into its hash.
const MAX_KEY: usize = 1 << 20;

/// A key laid out as Zeek does: each part at its own alignment.
struct KeyBytes(SmallVec<[u8; 64]>);

impl KeyBytes {
    fn new() -> KeyBytes {
        KeyBytes(SmallVec::new())
    }

    fn align(&mut self, n: usize) {
        while !self.0.len().is_multiple_of(n) {
            self.0.push(0);
        }
    }

    fn word(&mut self, n: u64) {
        self.align(8);
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    fn half(&mut self, n: u32) {
        self.align(4);
        self.0.extend_from_slice(&n.to_le_bytes());
    }

    fn part(&mut self, v: &Value, depth: u32) {
        // Parts that are shared many times over must not make a key of any size.
        if depth > super::MAX_VALUE_DEPTH || self.0.len() > MAX_KEY {
            return;
        }
        match v {
            Value::Unset | Value::Lazy | Value::File(_) | Value::Opaque(_) => self.0.push(0),
            Value::Bool(b) => self.word(u64::from(*b)),
            Value::Int(n) | Value::Enum(_, n) => self.word(*n as u64),
            Value::Count(n) => self.word(*n),
            // Equal numbers must hash alike: there are two zeros.
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => {
                self.word(if *d == 0.0 { 0 } else { d.to_bits() });
            }
            Value::Str(b) => {
                self.half(b.len() as u32);
                self.0.extend_from_slice(b);
            }
            Value::Pattern(p) => {
                self.0.extend_from_slice(p.source().as_bytes());
                self.0.push(0);
            }
            Value::Addr(a) => {
                self.align(4);
                self.0.extend_from_slice(&a.0);
            }
            Value::Subnet(a, n) => {
                self.align(4);
                self.0.extend_from_slice(&a.0);
                self.half(u32::from(*n));
            }
            Value::Port(p) => self.word(p.packed()),
            Value::Func(f) => self.half(f.id.0),
            Value::Type(t) => self.half(t.0),
            Value::List(l) => l.iter().for_each(|x| self.part(x, depth + 1)),
            Value::Record(r) => {
                for i in 0..r.width() {
                    let f = r.get(i);
                    if f.is_set() {
                        self.part(&f, depth + 1);
                    } else {
                        self.0.push(0);
                    }
                }
            }
            Value::Vector(items) => {
                self.half(items.len() as u32);
                for (i, x) in items.items().iter().enumerate() {
                    self.half(i as u32);
                    self.half(u32::from(x.is_set()));
                    if x.is_set() {
                        self.part(x, depth + 1);
                    }
                }
            }
            // Members come in any order: add their hashes up.
            Value::Table(t) => {
                let sum = t.dict.borrow().iter().fold(0u64, |n, e| {
                    n.wrapping_add(u64::from(hash_value(&e.key)) ^ (u64::from(hash_value(&e.value)) << 32))
                });
                self.word(sum);
            }
        }
    }
}
