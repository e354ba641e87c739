//! Hashes, entropy, identifiers.

use super::{arg, bytes, record};
use crate::value::{Opaque, Value};
use crate::vm::{CallSite, Res, Vm};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};
use std::cell::RefCell;
use std::rc::Rc;

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("md5_hash", |vm, _, a| Ok(hash_all::<Md5>(vm, a))),
    ("sha1_hash", |vm, _, a| Ok(hash_all::<Sha1>(vm, a))),
    ("sha256_hash", |vm, _, a| Ok(hash_all::<Sha256>(vm, a))),
    ("sha224_hash", |vm, _, a| Ok(hash_all::<Sha224>(vm, a))),
    ("sha384_hash", |vm, _, a| Ok(hash_all::<Sha384>(vm, a))),
    ("sha512_hash", |vm, _, a| Ok(hash_all::<Sha512>(vm, a))),
    ("md5_hmac", |vm, _, a| {
        let data = joined(vm, a);
        Ok(Value::str(hex(&hmac(&[0u8; 16], &data))))
    }),
    ("md5_hash_init", |_, _, _| Ok(new_hash(Kind::Md5(Md5::new())))),
    ("sha1_hash_init", |_, _, _| Ok(new_hash(Kind::Sha1(Sha1::new())))),
    ("sha256_hash_init", |_, _, _| Ok(new_hash(Kind::Sha256(Sha256::new())))),
    ("md5_hash_update", update),
    ("sha1_hash_update", update),
    ("sha256_hash_update", update),
    ("md5_hash_finish", finish),
    ("sha1_hash_finish", finish),
    ("sha256_hash_finish", finish),
    ("fnv1a32", |vm, _, a| {
        // Numbers by their bytes, everything else as printed.
        let data = match arg(a, 0) {
            v @ (Value::Count(_) | Value::Int(_)) => v.as_count().to_le_bytes().to_vec(),
            Value::Double(d) | Value::Time(d) | Value::Interval(d) => d.to_le_bytes().to_vec(),
            v => vm.text(v),
        };
        let h = data.iter().fold(0x811c_9dc5u32, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193));
        Ok(Value::Count(u64::from(h)))
    }),
    ("hrw_weight", |_, _, a| {
        let (key, site) = (arg(a, 0).as_count() as i64, arg(a, 1).as_count() as i64);
        let si = 0x7fff_ffff & site;
        let d = 0x7fff_ffff & key;
        const A: i64 = 1_103_515_245;
        let w =
            A.wrapping_mul((A.wrapping_mul(si).wrapping_add(12345)) ^ d).wrapping_add(12345) & 0x7fff_ffff;
        Ok(Value::Count(w as u64))
    }),
    ("crc32", |_, _, a| Ok(Value::Count(u64::from(crc32(bytes(a, 0)))))),
    ("find_entropy", |vm, _, a| {
        let mut e = Entropy::default();
        e.add(bytes(a, 0));
        e.result(vm)
    }),
    ("entropy_test_init", |_, _, _| Ok(Value::Opaque(Rc::new(EntropyVal(RefCell::new(Entropy::default())))))),
    ("entropy_test_add", |_, _, a| {
        if let Value::Opaque(o) = arg(a, 0)
            && let Some(e) = o.as_any().downcast_ref::<EntropyVal>()
        {
            e.0.borrow_mut().add(bytes(a, 1));
            return Ok(Value::Bool(true));
        }
        Ok(Value::Bool(false))
    }),
    ("entropy_test_finish", |vm, _, a| {
        if let Value::Opaque(o) = arg(a, 0)
            && let Some(e) = o.as_any().downcast_ref::<EntropyVal>()
        {
            let e = e.0.borrow().clone();
            return e.result(vm);
        }
        record(vm, "entropy_test_result", &[])
    }),
    ("uuid_to_string", |_, _, a| {
        let Some([d, c, b, a, f, e, h, g, rest @ ..]) = bytes(a, 0).first_chunk::<16>() else {
            return Ok(Value::str("<Invalid UUID>"));
        };
        // The first three parts stand there with their low byte first.
        let h: String =
            [a, b, c, d, e, f, g, h].into_iter().chain(rest).map(|byte| format!("{byte:02x}")).collect();
        Ok(Value::str(format!("{}-{}-{}-{}-{}", &h[0..8], &h[8..12], &h[12..16], &h[16..20], &h[20..32])))
    }),
    ("unique_id", |vm, _, a| Ok(Value::str(unique(vm, bytes(a, 0))))),
    ("unique_id_from", |vm, _, a| Ok(Value::str(unique(vm, bytes(a, 1))))),
    ("identify_data", |_, _, a| Ok(Value::str(identify(bytes(a, 0))))),
    ("file_magic", |vm, _, a| {
        let mime = identify(bytes(a, 0));
        let ty = vm.named_type("mime_matches").unwrap_or(crate::types::TypeId::Any);
        if mime == "<unknown>" {
            return Ok(Value::Vector(crate::value::VectorVal::new(ty, Vec::new())));
        }
        let m = record(vm, "mime_match", &[("strength", Value::Int(1)), ("mime", Value::str(mime))])?;
        Ok(Value::Vector(crate::value::VectorVal::new(ty, vec![m])))
    }),
];

fn hex(b: &[u8]) -> String {
    b.iter().map(|b| format!("{b:02x}")).collect()
}

/// Strings as their bytes, everything else as printed.
fn joined(vm: &Vm, a: &[Value]) -> Vec<u8> {
    a.iter().flat_map(|v| vm.text(v)).collect()
}

fn hash_all<D: Digest>(vm: &Vm, a: &[Value]) -> Value {
    Value::str(hex(&D::digest(joined(vm, a))))
}

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut pad = [0u8; 64];
    pad[..key.len()].copy_from_slice(key);
    let inner = Md5::new().chain_update(pad.map(|b| b ^ 0x36)).chain_update(data).finalize();
    Md5::new().chain_update(pad.map(|b| b ^ 0x5c)).chain_update(inner).finalize().to_vec()
}

#[derive(Clone)]
enum Kind {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
}

/// A hash being computed; nothing once it was finished.
struct HashVal(&'static str, RefCell<Option<Kind>>);

impl Opaque for HashVal {
    fn type_name(&self) -> &'static str {
        self.0
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(HashVal(self.0, RefCell::new(self.1.borrow().clone()))))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn new_hash(k: Kind) -> Value {
    let name = match k {
        Kind::Md5(_) => "md5",
        Kind::Sha1(_) => "sha1",
        Kind::Sha256(_) => "sha256",
    };
    Value::Opaque(Rc::new(HashVal(name, RefCell::new(Some(k)))))
}

fn update(_vm: &mut Vm, _c: &CallSite<'_>, a: &[Value]) -> Res {
    let Value::Opaque(o) = arg(a, 0) else { return Ok(Value::Bool(false)) };
    let Some(h) = o.as_any().downcast_ref::<HashVal>() else { return Ok(Value::Bool(false)) };
    let data = bytes(a, 1);
    match h.1.borrow_mut().as_mut() {
        Some(Kind::Md5(d)) => d.update(data),
        Some(Kind::Sha1(d)) => d.update(data),
        Some(Kind::Sha256(d)) => d.update(data),
        None => return Ok(Value::Bool(false)),
    }
    Ok(Value::Bool(true))
}

fn finish(_vm: &mut Vm, _c: &CallSite<'_>, a: &[Value]) -> Res {
    let Value::Opaque(o) = arg(a, 0) else { return Ok(Value::str("")) };
    let Some(h) = o.as_any().downcast_ref::<HashVal>() else { return Ok(Value::str("")) };
    Ok(Value::str(match h.1.borrow_mut().take() {
        Some(Kind::Md5(d)) => hex(&d.finalize()),
        Some(Kind::Sha1(d)) => hex(&d.finalize()),
        Some(Kind::Sha256(d)) => hex(&d.finalize()),
        None => String::new(),
    }))
}

fn crc32(s: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for b in s {
        crc ^= u32::from(*b);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 & (0u32.wrapping_sub(crc & 1)));
        }
    }
    !crc
}

/// An id of Zeek's form: the prefix and a base-62 number.
fn unique(vm: &mut Vm, prefix: &[u8]) -> Vec<u8> {
    vm.state.next_uid += 1;
    let n = vm.state.next_uid;
    let keys = crate::value::HashKeys(0x7569_6400, 0x6e69_6768);
    let mut out = prefix.to_vec();
    let mut x = u128::from(crate::value::siphash24(keys, &n.to_le_bytes())) << 32
        | u128::from(crate::value::siphash24(keys, &(!n).to_le_bytes()) >> 32);
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    while x > 0 {
        out.push(DIGITS[(x % 62) as usize]);
        x /= 62;
    }
    out
}

/// The tests of ENT, kept up byte by byte.
/// What is measured of the randomness of bytes (`find_entropy`).
#[derive(Clone)]
pub struct Entropy {
    bins: [u64; 256],
    total: u64,
    last: Option<u8>,
    first: u8,
    serial: [f64; 3],
    monte: Vec<u8>,
    tries: u64,
    inside: u64,
}

impl Default for Entropy {
    fn default() -> Self {
        Entropy {
            bins: [0; 256],
            total: 0,
            last: None,
            first: 0,
            serial: [0.0; 3],
            monte: Vec::new(),
            tries: 0,
            inside: 0,
        }
    }
}

impl Entropy {
    pub fn add(&mut self, s: &[u8]) {
        for &b in s {
            self.bins[usize::from(b)] += 1;
            self.total += 1;
            self.monte.push(b);
            if self.monte.len() == 6 {
                self.monte_carlo();
            }
            let x = f64::from(b);
            match self.last {
                None => self.first = b,
                Some(l) => self.serial[0] += f64::from(l) * x,
            }
            self.serial[1] += x;
            self.serial[2] += x * x;
            self.last = Some(b);
        }
    }

    /// Six bytes are a point of a square; pi is how many lie in the circle.
    fn monte_carlo(&mut self) {
        let coord = |b: &[u8]| b.iter().fold(0.0, |n, x| n * 256.0 + f64::from(*x));
        let (x, y) = (coord(&self.monte[..3]), coord(&self.monte[3..]));
        let radius = (256f64.powi(3) - 1.0).powi(2);
        self.tries += 1;
        if x * x + y * y <= radius {
            self.inside += 1;
        }
        self.monte.clear();
    }

    /// The `entropy_test_result`.
    pub fn result(&self, vm: &mut Vm) -> Res {
        let n = self.total as f64;
        let (mut ent, mut chi, mut mean) = (0.0, 0.0, 0.0);
        let expected = n / 256.0;
        for (i, c) in self.bins.iter().enumerate() {
            let p = *c as f64 / n;
            if *c > 0 {
                ent -= p * p.log2();
            }
            chi += (*c as f64 - expected).powi(2) / expected;
            mean += i as f64 * *c as f64;
        }
        mean /= n;
        let pi = if self.tries > 0 { 4.0 * self.inside as f64 / self.tries as f64 } else { 0.0 };
        let around = self.serial[0] + f64::from(self.last.unwrap_or(0)) * f64::from(self.first);
        let top = n * around - self.serial[1].powi(2);
        let bottom = n * self.serial[2] - self.serial[1].powi(2);
        let serial = if bottom == 0.0 { -100_000.0 } else { top / bottom };
        record(
            vm,
            "entropy_test_result",
            &[
                ("entropy", Value::Double(ent)),
                ("chi_square", Value::Double(chi)),
                ("mean", Value::Double(mean)),
                ("monte_carlo_pi", Value::Double(pi)),
                ("serial_correlation", Value::Double(serial)),
            ],
        )
    }
}

struct EntropyVal(RefCell<Entropy>);

impl Opaque for EntropyVal {
    fn type_name(&self) -> &'static str {
        "entropy"
    }

    fn copy(&self) -> Option<Rc<dyn Opaque>> {
        Some(Rc::new(EntropyVal(RefCell::new(self.0.borrow().clone()))))
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// A few magic numbers; the sensor's file analysis knows more.
fn identify(s: &[u8]) -> &'static str {
    const MAGIC: &[(&[u8], &str)] = &[
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"PK\x03\x04", "application/zip"),
        (b"\x1f\x8b", "application/x-gzip"),
        (b"MZ", "application/x-dosexec"),
        (b"\x7fELF", "application/x-executable"),
        (b"#!", "text/x-shellscript"),
        (b"<?xml", "application/xml"),
        (b"BZh", "application/x-bzip2"),
    ];
    if let Some((_, mime)) = MAGIC.iter().find(|(m, _)| s.starts_with(m)) {
        return mime;
    }
    if !s.is_empty() && s.iter().all(|b| (0x20..0x7f).contains(b) || matches!(b, b'\n' | b'\r' | b'\t')) {
        return "text/plain";
    }
    "<unknown>"
}
