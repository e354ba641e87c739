//! Hashes of table keys: SipHash-2-4 over the bytes Zeek's composite hash would write.

use super::Value;
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

    /// The key Zeek derives from a seed file: a line for its random numbers, then 20 words, of which the last four
    /// make the SipHash key.
    pub fn from_seed_file(text: &str) -> Option<HashKeys> {
        let words: Vec<u64> = text.split_whitespace().map_while(|w| w.parse().ok()).collect();
        let word = |i: usize| words.get(i + 1).copied();
        Some(HashKeys(word(16)? | (word(17)? << 32), word(18)? | (word(19)? << 32)))
    }
}

struct Sip {
    v: [u64; 4],
    tail: u64,
    fill: u32,
    len: u64,
}

impl Sip {
    #[inline]
    fn new(k: HashKeys) -> Sip {
        Sip {
            v: [
                k.0 ^ 0x736f_6d65_7073_6575,
                k.1 ^ 0x646f_7261_6e64_6f6d,
                k.0 ^ 0x6c79_6765_6e65_7261,
                k.1 ^ 0x7465_6462_7974_6573,
            ],
            tail: 0,
            fill: 0,
            len: 0,
        }
    }

    #[inline]
    fn round(&mut self) {
        let [mut a, mut b, mut c, mut d] = self.v;
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
        self.v = [a, b, c, d];
    }

    #[inline]
    fn word(&mut self, m: u64) {
        self.v[3] ^= m;
        self.round();
        self.round();
        self.v[0] ^= m;
    }

    fn write(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        let mut rest = bytes;
        if self.fill == 0 {
            let mut chunks = rest.chunks_exact(8);
            for c in &mut chunks {
                let mut w = [0u8; 8];
                w.copy_from_slice(c);
                self.word(u64::from_le_bytes(w));
            }
            rest = chunks.remainder();
        }
        for &b in rest {
            self.tail |= u64::from(b) << (8 * self.fill);
            self.fill += 1;
            if self.fill == 8 {
                let w = self.tail;
                self.word(w);
                self.tail = 0;
                self.fill = 0;
            }
        }
    }

    fn finish(mut self) -> u64 {
        let last = self.tail | (self.len << 56);
        self.word(last);
        self.v[2] ^= 0xff;
        for _ in 0..4 {
            self.round();
        }
        self.v[0] ^ self.v[1] ^ self.v[2] ^ self.v[3]
    }
}

pub fn siphash24(keys: HashKeys, bytes: &[u8]) -> u64 {
    let mut s = Sip::new(keys);
    s.write(bytes);
    s.finish()
}

/// The hash of one index.
pub fn hash_value(v: &Value) -> u32 {
    let mut s = Sip::new(KEYS.with(Cell::get));
    match v {
        Value::List(l) => {
            for x in l.iter() {
                write_part(&mut s, x, 0);
            }
        }
        _ => write_single(&mut s, v),
    }
    s.finish() as u32
}

/// The hash of several indices, equal to that of a `List` of them.
pub fn hash_list(keys: &[Value]) -> u32 {
    let mut s = Sip::new(KEYS.with(Cell::get));
    for x in keys {
        write_part(&mut s, x, 0);
    }
    s.finish() as u32
}

fn write_single(s: &mut Sip, v: &Value) {
    match v {
        Value::Str(b) => s.write(b),
        _ => write_part(s, v, 0),
    }
}

fn write_part(s: &mut Sip, v: &Value, depth: u32) {
    if depth > super::MAX_VALUE_DEPTH {
        return;
    }
    match v {
        Value::Unset | Value::Lazy | Value::File(_) | Value::Opaque(_) => s.write(&[0]),
        Value::Bool(b) => s.write(&u64::from(*b).to_le_bytes()),
        Value::Int(n) | Value::Enum(_, n) => s.write(&n.to_le_bytes()),
        Value::Count(n) => s.write(&n.to_le_bytes()),
        // Equal numbers must hash alike: there are two zeros.
        Value::Double(d) | Value::Time(d) | Value::Interval(d) => {
            let d = if *d == 0.0 { 0.0 } else { *d };
            s.write(&d.to_le_bytes());
        }
        Value::Str(b) => {
            s.write(&(b.len() as u64).to_le_bytes());
            s.write(b);
        }
        Value::Pattern(p) => {
            s.write(p.source().as_bytes());
            s.write(&[0]);
        }
        Value::Addr(a) => s.write(&a.0),
        Value::Subnet(a, n) => {
            s.write(&a.0);
            s.write(&u32::from(*n).to_le_bytes());
        }
        Value::Port(p) => s.write(&p.packed().to_le_bytes()),
        Value::Func(f) => s.write(&u64::from(f.id.0).to_le_bytes()),
        Value::Type(t) => s.write(&t.0.to_le_bytes()),
        Value::List(l) => l.iter().for_each(|x| write_part(s, x, depth + 1)),
        Value::Record(r) => {
            let width = r.fields.borrow().len();
            for i in 0..width {
                let f = r.get(i);
                if f.is_set() {
                    write_part(s, &f, depth + 1);
                } else {
                    s.write(&[0xfe]);
                }
            }
        }
        Value::Vector(items) => {
            s.write(&(items.len() as u64).to_le_bytes());
            items.items().iter().for_each(|x| write_part(s, x, depth + 1));
        }
        // Members come in any order: add their hashes up.
        Value::Table(t) => {
            let sum = t.dict.borrow().iter().fold(0u64, |n, e| {
                n.wrapping_add(u64::from(hash_value(&e.key)) ^ (u64::from(hash_value(&e.value)) << 32))
            });
            s.write(&sum.to_le_bytes());
        }
    }
}
