//! Conversions between types.

use super::{arg, bytes, complain, complain_about};
use crate::types::{Type, TypeId};
use crate::value::{Addr, Port, Proto, Value, VectorVal};
use crate::vm::{CallSite, Res, Vm};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("to_int", |vm, c, a| {
        let base = base_arg(a);
        match parse_int(bytes(a, 0), base) {
            Some(n) => Ok(Value::Int(n)),
            None => {
                complain_about(vm, c, "bad conversion to integer", arg(a, 0));
                Ok(Value::Int(0))
            }
        }
    }),
    ("to_count", |vm, c, a| {
        let base = base_arg(a);
        match parse_count(bytes(a, 0), base) {
            Some(n) => Ok(Value::Count(n)),
            None => {
                complain_about(vm, c, "bad conversion to count", arg(a, 0));
                Ok(Value::Count(0))
            }
        }
    }),
    ("to_double", |vm, c, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).trim().to_string();
        match s.parse::<f64>() {
            Ok(d) => Ok(Value::Double(d)),
            Err(_) => {
                complain_about(vm, c, "bad conversion to double", arg(a, 0));
                Ok(Value::Double(0.0))
            }
        }
    }),
    ("to_addr", |vm, c, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        let inner = s.strip_prefix('[').and_then(|s| s.strip_suffix(']')).unwrap_or(&s);
        match Addr::parse(inner) {
            Some(a) => Ok(Value::Addr(a)),
            None => {
                complain_about(vm, c, "failed converting string to IP address", arg(a, 0));
                Ok(Value::Addr(Addr([0; 16])))
            }
        }
    }),
    ("is_valid_ip", |_, _, a| Ok(Value::Bool(Addr::parse(&String::from_utf8_lossy(bytes(a, 0))).is_some()))),
    ("is_valid_subnet", |_, _, a| Ok(Value::Bool(parse_subnet(bytes(a, 0)).is_some()))),
    ("to_subnet", |vm, c, a| match parse_subnet(bytes(a, 0)) {
        Some((net, n)) => Ok(Value::Subnet(net, n)),
        None => {
            complain_about(vm, c, "failed converting string to IP prefix", arg(a, 0));
            Ok(Value::Subnet(Addr([0; 16]), 0))
        }
    }),
    ("to_port", |vm, c, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        let parsed = s.split_once('/').and_then(|(n, p)| {
            let num = n.parse::<u16>().ok()?;
            let proto =
                [Proto::Tcp, Proto::Udp, Proto::Icmp, Proto::Unknown].into_iter().find(|x| x.name() == p)?;
            Some(Port { num, proto })
        });
        match parsed {
            Some(p) => Ok(Value::Port(p)),
            None => {
                complain(vm, c, "wrong port format, must be /[0-9]{1,5}\\/(tcp|udp|icmp|unknown)/");
                Ok(Value::Port(Port { num: 0, proto: Proto::Unknown }))
            }
        }
    }),
    ("int_to_count", |vm, c, a| {
        let n = arg(a, 0).as_int();
        if n < 0 {
            complain(vm, c, &format!("bad conversion to count ({n})"));
            return Ok(Value::Count(0));
        }
        Ok(Value::Count(n as u64))
    }),
    ("count_to_int", |_, _, a| Ok(Value::Int(arg(a, 0).as_int()))),
    ("double_to_count", |vm, c, a| {
        let d = arg(a, 0).as_double();
        if d < 0.0 {
            complain_about(vm, c, "bad conversion to count", arg(a, 0));
        }
        Ok(Value::Count(rint(d).max(0.0) as u64))
    }),
    ("double_to_int", |_, _, a| Ok(Value::Int(rint(arg(a, 0).as_double()) as i64))),
    ("int_to_double", |_, _, a| Ok(Value::Double(arg(a, 0).as_double()))),
    ("count_to_double", |_, _, a| Ok(Value::Double(arg(a, 0).as_double()))),
    ("time_to_double", |_, _, a| Ok(Value::Double(arg(a, 0).as_double()))),
    ("double_to_time", |_, _, a| Ok(Value::Time(arg(a, 0).as_double()))),
    ("interval_to_double", |_, _, a| Ok(Value::Double(arg(a, 0).as_double()))),
    ("double_to_interval", |_, _, a| Ok(Value::Interval(arg(a, 0).as_double()))),
    ("port_to_count", |_, _, a| Ok(Value::Count(arg(a, 0).as_count()))),
    ("count_to_port", |vm, c, a| {
        let proto = match arg(a, 1) {
            Value::Enum(_, 1) => Proto::Tcp,
            Value::Enum(_, 2) => Proto::Udp,
            Value::Enum(_, 3) => Proto::Icmp,
            _ => Proto::Unknown,
        };
        let n = arg(a, 0).as_count();
        if n > 65535 {
            complain(vm, c, &format!("bad port number {n}"));
        }
        Ok(Value::Port(Port { num: u16::try_from(n).unwrap_or(0), proto }))
    }),
    ("enum_to_int", |vm, c, a| match arg(a, 0) {
        Value::Enum(_, n) => Ok(Value::Int(*n)),
        _ => {
            complain(vm, c, "enum_to_int() requires enum value");
            Ok(Value::Int(-1))
        }
    }),
    ("type_name", |vm, c, a| {
        let v = arg(a, 0).clone();
        let ty = match &v {
            Value::Type(t) => vm.types.type_type(*t),
            v => crate::compile::value_type(vm, v),
        };
        // `table()` given as it is says nothing; what it was declared as does.
        let untyped = match vm.types.get(ty) {
            Type::Table(i, _) | Type::Set(i) => i.is_empty(),
            Type::Vector(e) => *e == TypeId::Void,
            _ => false,
        };
        let ty = if untyped { c.arg_types.first().copied().unwrap_or(ty) } else { ty };
        let shown = match vm.types.get(ty) {
            Type::Type(t) => vm.types.name(*t),
            _ => vm.types.name(ty),
        };
        Ok(Value::str(shown))
    }),
    ("bytestring_to_hexstr", |_, _, a| {
        Ok(Value::str(bytes(a, 0).iter().map(|b| format!("{b:02x}")).collect::<String>()))
    }),
    ("hexstr_to_bytestring", |vm, c, a| {
        let s = bytes(a, 0);
        if !s.len().is_multiple_of(2) {
            let shown = String::from_utf8_lossy(s).into_owned();
            complain(
                vm,
                c,
                &format!("Hex string '{shown}' has invalid length. The size must be divisible by 2."),
            );
            return Ok(Value::str(""));
        }
        let mut out = Vec::with_capacity(s.len() / 2);
        for pair in s.chunks(2) {
            let hex = std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok());
            match hex {
                Some(b) => out.push(b),
                None => {
                    complain(vm, c, "invalid hexadecimal string");
                    return Ok(Value::str(""));
                }
            }
        }
        Ok(Value::str(out))
    }),
    ("bytestring_to_count", |vm, c, a| {
        let s = bytes(a, 0);
        if !matches!(s.len(), 1 | 2 | 4 | 8) {
            complain(vm, c, "byte array must be 1, 2, 4, or 8 bytes");
            return Ok(Value::Count(0));
        }
        let le = arg(a, 1).as_bool();
        let fold = |n: u64, b: &u8| (n << 8) | u64::from(*b);
        Ok(Value::Count(if le { s.iter().rev().fold(0, fold) } else { s.iter().fold(0, fold) }))
    }),
    ("bytestring_to_double", |vm, c, a| match <[u8; 8]>::try_from(bytes(a, 0)) {
        Ok(b) => Ok(Value::Double(f64::from_be_bytes(b))),
        Err(_) => {
            complain(vm, c, "bytes conversion to double");
            Ok(Value::Double(0.0))
        }
    }),
    ("bytestring_to_float", |vm, c, a| match <[u8; 4]>::try_from(bytes(a, 0)) {
        Ok(b) => Ok(Value::Double(f64::from(f32::from_be_bytes(b)))),
        Err(_) => {
            complain(vm, c, "bytes conversion to float");
            Ok(Value::Double(0.0))
        }
    }),
    ("encode_base64", |vm, c, a| match alphabet(a, 1) {
        Some(t) => Ok(Value::str(encode64(bytes(a, 0), &t))),
        None => {
            complain(vm, c, &bad_alphabet(a, 1));
            Ok(Value::str(""))
        }
    }),
    ("decode_base64", |vm, c, a| decode(vm, c, a, 1)),
    ("decode_base64_conn", |vm, c, a| decode(vm, c, &[arg(a, 1).clone(), arg(a, 2).clone()], 1)),
    ("unescape_URI", |_, _, a| Ok(Value::str(unescape_uri(bytes(a, 0))))),
    ("addr_to_counts", |vm, _, a| {
        let addr = arg(a, 0).as_addr();
        let words = |b: &[u8]| -> Vec<Value> {
            b.chunks(4).map(|w| Value::Count(w.iter().fold(0, |n, b| (n << 8) | u64::from(*b)))).collect()
        };
        let v = if addr.is_v4() { words(&addr.octets4()) } else { words(&addr.0) };
        let ty = vm.types.vector(TypeId::Count);
        Ok(Value::Vector(VectorVal::new(ty, v)))
    }),
    ("counts_to_addr", |vm, c, a| {
        let Value::Vector(v) = arg(a, 0) else { return Ok(Value::Addr(Addr([0; 16]))) };
        let mut b = Vec::new();
        v.items().iter().for_each(|x| b.extend_from_slice(&(x.as_count() as u32).to_be_bytes()));
        match b.len() {
            4 => Ok(Value::Addr(Addr::v4([b[0], b[1], b[2], b[3]]))),
            16 => Ok(Value::Addr(Addr(<[u8; 16]>::try_from(b.as_slice()).unwrap_or([0; 16])))),
            n => {
                complain(vm, c, &format!("invalid vector size {}", n / 4));
                Ok(Value::Addr(Addr([0; 16])))
            }
        }
    }),
    ("count_to_v4_addr", |vm, c, a| {
        let n = arg(a, 0).as_count();
        match u32::try_from(n) {
            Ok(n) => Ok(Value::Addr(Addr::v4(n.to_be_bytes()))),
            Err(_) => {
                complain(vm, c, "conversion of non-IPv4 count to addr");
                Ok(Value::Addr(Addr([0; 16])))
            }
        }
    }),
    ("raw_bytes_to_v4_addr", |_, _, a| {
        let b = bytes(a, 0);
        Ok(Value::Addr(match b.get(..4) {
            Some(b) => Addr::v4([b[0], b[1], b[2], b[3]]),
            None => Addr::v4([0; 4]),
        }))
    }),
    ("raw_bytes_to_v6_addr", |_, _, a| {
        let b = bytes(a, 0).get(..16).and_then(|b| <[u8; 16]>::try_from(b).ok());
        Ok(Value::Addr(Addr(b.unwrap_or([0; 16]))))
    }),
    ("raw_bytes_from_v4_addr", |_, _, a| {
        let addr = arg(a, 0).as_addr();
        Ok(Value::str(if addr.is_v4() { addr.octets4().to_vec() } else { vec![0; 4] }))
    }),
];

fn base_arg(a: &[Value]) -> u32 {
    match arg(a, 1) {
        Value::Unset => 10,
        v => (v.as_count() as u32).clamp(2, 36),
    }
}

/// C's `rint`: to the nearest, halves to even.
pub fn rint(d: f64) -> f64 {
    d.round_ties_even()
}

pub fn parse_int(s: &[u8], base: u32) -> Option<i64> {
    let s = std::str::from_utf8(s).ok()?.trim_start();
    let s = if base == 16 { s.strip_prefix("0x").unwrap_or(s) } else { s };
    if s.is_empty() {
        return None;
    }
    i64::from_str_radix(s, base).ok()
}

pub fn parse_count(s: &[u8], base: u32) -> Option<u64> {
    let s = std::str::from_utf8(s).ok()?.trim_start();
    if s.is_empty() || s.starts_with('-') {
        return None;
    }
    let s = if base == 16 { s.strip_prefix("0x").unwrap_or(s) } else { s };
    u64::from_str_radix(s, base).ok()
}

pub fn parse_subnet(s: &[u8]) -> Option<(Addr, u8)> {
    let s = std::str::from_utf8(s).ok()?;
    let (a, n) = s.split_once('/')?;
    let a = a.strip_prefix('[').and_then(|a| a.strip_suffix(']')).unwrap_or(a);
    let addr = Addr::parse(a)?;
    let n: u8 = n.parse().ok()?;
    let bits = if addr.is_v4() && !a.contains(':') {
        if n > 32 {
            return None;
        }
        n + 96
    } else {
        n
    };
    (bits <= 128).then(|| (addr.mask(bits), bits))
}

const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with the usual alphabet.
pub fn base64(s: &[u8]) -> Vec<u8> {
    encode64(s, BASE64)
}

fn alphabet(a: &[Value], i: usize) -> Option<[u8; 64]> {
    match arg(a, i) {
        Value::Str(s) if !s.is_empty() => <[u8; 64]>::try_from(&**s).ok(),
        _ => Some(*BASE64),
    }
}

fn bad_alphabet(a: &[Value], i: usize) -> String {
    format!("base64 alphabet is not 64 characters: {}", String::from_utf8_lossy(bytes(a, i)))
}

fn encode64(s: &[u8], t: &[u8; 64]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len().div_ceil(3) * 4);
    for c in s.chunks(3) {
        let n = c.iter().fold(0u32, |n, b| (n << 8) | u32::from(*b)) << (8 * (3 - c.len()));
        for k in 0..4 {
            out.push(if k <= c.len() { t[(n >> (18 - 6 * k)) as usize & 63] } else { b'=' });
        }
    }
    out
}

fn decode(vm: &mut Vm, c: &CallSite<'_>, a: &[Value], alpha: usize) -> Res {
    let Some(t) = alphabet(a, alpha) else {
        complain(vm, c, &bad_alphabet(a, alpha));
        return Ok(Value::str(""));
    };
    match decode64(bytes(a, 0), &t) {
        Ok(s) => Ok(Value::str(s)),
        Err(text) => {
            complain(vm, c, &text);
            let shown = String::from_utf8_lossy(bytes(a, 0)).into_owned();
            complain(vm, c, &format!("error in decoding string {shown}"));
            Ok(Value::str(""))
        }
    }
}

fn decode64(s: &[u8], t: &[u8; 64]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(s.len() / 4 * 3);
    let (mut n, mut bits, mut pad) = (0u32, 0u32, 0usize);
    let mut seen = 0usize;
    for &b in s {
        if b == b'=' {
            pad += 1;
            continue;
        }
        let Some(v) = t.iter().position(|x| *x == b) else {
            return Err(format!("character {b} ignored by Base64 decoding"));
        };
        seen += 1;
        n = (n << 6) | v as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((n >> bits) as u8);
        }
    }
    if !(seen + pad).is_multiple_of(4) {
        let left = (seen + pad) % 4;
        return Err(format!("incomplete base64 group, padding with {} bits of 0", (4 - left) * 6));
    }
    Ok(out)
}

fn unescape_uri(s: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len());
    let mut i = 0;
    while let Some(&b) = s.get(i) {
        let hex = |k: usize| s.get(i + k).and_then(|c| (*c as char).to_digit(16));
        match (b, hex(1), hex(2)) {
            (b'%', Some(h), Some(l)) => {
                out.push((h * 16 + l) as u8);
                i += 3;
            }
            _ => {
                out.push(b);
                i += 1;
            }
        }
    }
    out
}
