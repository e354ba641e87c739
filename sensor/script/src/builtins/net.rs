//! Addresses, ports, subnets.

use super::{arg, bytes, complain, record};
use crate::types::TypeId;
use crate::value::{Addr, Proto, Value};
use crate::vm::{CallSite, Res, Vm};
use sha1::{Digest, Sha1};

type Plain = fn(&mut Vm, &CallSite<'_>, &[Value]) -> Res;

pub const TABLE: &[(&str, Plain)] = &[
    ("decode_netbios_name", |_, _, a| {
        let decoded = netbios(super::bytes(a, 0));
        let name = decoded.get(..decoded.len().min(15)).unwrap_or_default();
        Ok(Value::str(name.trim_ascii_end()))
    }),
    ("decode_netbios_name_type", |_, _, a| {
        let kind = netbios(super::bytes(a, 0)).get(15).copied();
        Ok(Value::Count(kind.map_or(0, u64::from)))
    }),
    ("is_v4_addr", |_, _, a| Ok(Value::Bool(arg(a, 0).as_addr().is_v4()))),
    ("is_v6_addr", |_, _, a| Ok(Value::Bool(!arg(a, 0).as_addr().is_v4()))),
    ("is_v4_subnet", |_, _, a| {
        Ok(Value::Bool(matches!(arg(a, 0), Value::Subnet(x, n) if x.is_v4() && *n >= 96)))
    }),
    ("is_v6_subnet", |_, _, a| {
        Ok(Value::Bool(matches!(arg(a, 0), Value::Subnet(x, n) if !x.is_v4() || *n < 96)))
    }),
    ("mask_addr", |vm, c, a| {
        let (addr, n) = (arg(a, 0).as_addr(), arg(a, 1).as_count());
        let max = if addr.is_v4() { 32 } else { 128 };
        if n > max {
            complain(vm, c, &format!("bad mask width {n}"));
        }
        let bits = n.min(max) as u8 + if addr.is_v4() { 96 } else { 0 };
        Ok(Value::Subnet(addr.mask(bits), bits))
    }),
    ("remask_addr", |_, _, a| {
        let (x, y, n) = (arg(a, 0).as_addr(), arg(a, 1).as_addr(), arg(a, 2).as_count().min(128));
        let top = u128::from_be_bytes(x.mask(n as u8).0);
        let low = u128::from_be_bytes(y.0) & !u128::from_be_bytes(Addr([0xff; 16]).mask(n as u8).0);
        Ok(Value::Addr(Addr((top | low).to_be_bytes())))
    }),
    ("addr_to_subnet", |_, _, a| Ok(Value::Subnet(arg(a, 0).as_addr(), 128))),
    ("subnet_to_addr", |_, _, a| Ok(Value::Addr(arg(a, 0).as_addr()))),
    ("subnet_width", |_, _, a| match arg(a, 0) {
        Value::Subnet(x, n) => Ok(Value::Count(u64::from(if x.is_v4() && *n >= 96 { n - 96 } else { *n }))),
        _ => Ok(Value::Count(0)),
    }),
    ("get_port_transport_proto", |vm, _, a| {
        let n = match arg(a, 0) {
            Value::Port(p) => p.proto as i64,
            _ => 0,
        };
        Ok(Value::Enum(vm.named_type("transport_proto").unwrap_or(TypeId::Any), n))
    }),
    ("is_tcp_port", |_, _, a| Ok(Value::Bool(is_proto(arg(a, 0), Proto::Tcp)))),
    ("is_udp_port", |_, _, a| Ok(Value::Bool(is_proto(arg(a, 0), Proto::Udp)))),
    ("is_icmp_port", |_, _, a| Ok(Value::Bool(is_proto(arg(a, 0), Proto::Icmp)))),
    ("addr_to_ptr_name", |_, _, a| Ok(Value::str(ptr_name(&arg(a, 0).as_addr())))),
    ("ptr_name_to_addr", |vm, c, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).to_ascii_lowercase();
        match from_ptr(&s) {
            Some(a) => Ok(Value::Addr(a)),
            None => {
                complain(vm, c, &format!("bad PTR name: {s}"));
                Ok(Value::Addr(Addr([0; 16])))
            }
        }
    }),
    ("fmt_ftp_port", |_, _, a| {
        let addr = arg(a, 0).as_addr();
        let p = arg(a, 1).as_count();
        let o = addr.octets4();
        if !addr.is_v4() {
            return Ok(Value::str(""));
        }
        Ok(Value::str(format!("{},{},{},{},{},{}", o[0], o[1], o[2], o[3], p >> 8, p & 255)))
    }),
    ("parse_ftp_port", |vm, _, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        ftp_port(vm, &s)
    }),
    ("parse_ftp_pasv", |vm, _, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        let from = s.find('(').map_or_else(|| s.find(|c: char| c.is_ascii_digit()).unwrap_or(0), |i| i + 1);
        let part = s.get(from..).unwrap_or("").to_string();
        // The reply code comes first when there are no parentheses.
        let part = if s.contains('(') {
            part
        } else {
            part.split_once(' ').map_or(part.clone(), |(_, r)| {
                r.trim_start_matches(|c: char| !c.is_ascii_digit()).to_string()
            })
        };
        ftp_port(vm, &part)
    }),
    ("parse_eftp_port", |vm, _, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        eftp(vm, &s)
    }),
    ("parse_ftp_epsv", |vm, _, a| {
        let s = String::from_utf8_lossy(bytes(a, 0)).into_owned();
        let inner = s.split_once('(').map_or("", |(_, r)| r).split(')').next().unwrap_or("").to_string();
        eftp(vm, &inner)
    }),
    ("community_id_v1", community_id),
    ("is_local_interface", |_, _, a| Ok(Value::Bool(arg(a, 0).as_addr() == Addr::v4([127, 0, 0, 1])))),
    ("lookup_addr", lookup_addr),
    ("lookup_hostname", |vm, _, _| Ok(super::set_of(vm, TypeId::Addr, Vec::new()))),
    ("lookup_hostname_txt", |_, _, _| Ok(Value::str("<\\?\\?\\?>"))),
    ("anonymize_addr", |_, _, a| Ok(arg(a, 0).clone())),
    ("preserve_prefix", |_, _, _| Ok(Value::Unset)),
    ("preserve_subnet", |_, _, _| Ok(Value::Unset)),
];

fn is_proto(v: &Value, p: Proto) -> bool {
    matches!(v, Value::Port(x) if x.proto == p)
}

fn ptr_name(a: &Addr) -> String {
    if a.is_v4() {
        let o = a.octets4();
        return format!("{}.{}.{}.{}.in-addr.arpa", o[3], o[2], o[1], o[0]);
    }
    let nibbles: Vec<String> =
        a.0.iter().rev().flat_map(|b| [format!("{:x}", b & 15), format!("{:x}", b >> 4)]).collect();
    format!("{}.ip6.arpa", nibbles.join("."))
}

fn from_ptr(s: &str) -> Option<Addr> {
    if let Some(v4) = s.strip_suffix(".in-addr.arpa") {
        let mut o: Vec<u8> = v4.split('.').map(|p| p.parse().ok()).collect::<Option<_>>()?;
        o.reverse();
        return <[u8; 4]>::try_from(o).ok().map(Addr::v4);
    }
    let n: Vec<u8> = s
        .strip_suffix(".ip6.arpa")?
        .split('.')
        .map(|d| u8::from_str_radix(d, 16).ok().filter(|n| *n < 16))
        .collect::<Option<_>>()?;
    let b: Vec<u8> = n.rchunks(2).map(|p| (p[1] << 4) | p[0]).collect();
    if n.len() != 32 {
        return None;
    }
    <[u8; 16]>::try_from(b).ok().map(Addr)
}

fn ftp_port(vm: &mut Vm, s: &str) -> Res {
    let digits: String = s.chars().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    let n: Option<Vec<u16>> =
        digits.trim_end_matches(',').split(',').map(|p| p.parse().ok().filter(|n| *n < 256)).collect();
    match n.as_deref() {
        Some([a, b, c, d, p, q]) => {
            let addr = Addr::v4([*a as u8, *b as u8, *c as u8, *d as u8]);
            ftp_result(vm, addr, p * 256 + q, true)
        }
        _ => ftp_result(vm, Addr([0; 16]), 0, false),
    }
}

fn eftp(vm: &mut Vm, s: &str) -> Res {
    let s = s.trim();
    let Some(d) = s.chars().next() else { return ftp_result(vm, Addr([0; 16]), 0, false) };
    let parts: Vec<&str> = s.split(d).collect();
    let addr = match parts.get(2) {
        Some(&"") | None => Some(Addr([0; 16])),
        Some(a) => Addr::parse(a),
    };
    match (addr, parts.get(3).and_then(|p| p.parse::<u16>().ok())) {
        (Some(a), Some(p)) => ftp_result(vm, a, p, true),
        _ => ftp_result(vm, Addr([0; 16]), 0, false),
    }
}

fn ftp_result(vm: &mut Vm, h: Addr, p: u16, valid: bool) -> Res {
    record(
        vm,
        "ftp_port",
        &[
            ("h", Value::Addr(h)),
            ("p", Value::Port(crate::value::Port { num: p, proto: Proto::Tcp })),
            ("valid", Value::Bool(valid)),
        ],
    )
}

/// Community ID 1: SHA-1 over seed, the ordered endpoints and the protocol.
fn community_id(vm: &mut Vm, _c: &CallSite<'_>, a: &[Value]) -> Res {
    let id = arg(a, 0);
    let f = |vm: &Vm, n: &str| super::get_field(vm, id, n);
    let (sa, sp, da, dp) = (f(vm, "orig_h"), f(vm, "orig_p"), f(vm, "resp_h"), f(vm, "resp_p"));
    let seed = match arg(a, 1) {
        Value::Unset => 0,
        v => v.as_count() as u16,
    };
    let encode = !matches!(arg(a, 2), Value::Bool(false));
    let Value::Port(port) = sp else { return Ok(Value::str("")) };
    let proto: u8 = match port.proto {
        Proto::Tcp => 6,
        Proto::Udp => 17,
        Proto::Icmp if sa.as_addr().is_v4() => 1,
        Proto::Icmp => 58,
        Proto::Unknown => return Ok(Value::str("")),
    };
    let (mut sp, mut dp) = (sp.as_count() as u16, dp.as_count() as u16);
    let mut one_way = false;
    if port.proto == Proto::Icmp {
        match icmp_peer(proto, sp) {
            Some(peer) => dp = peer,
            None => one_way = true,
        }
    }
    let raw = |a: Addr| if a.is_v4() { a.octets4().to_vec() } else { a.0.to_vec() };
    let (mut sa, mut da) = (raw(sa.as_addr()), raw(da.as_addr()));
    if !one_way && (&sa, sp) > (&da, dp) {
        std::mem::swap(&mut sa, &mut da);
        std::mem::swap(&mut sp, &mut dp);
    }
    let d = Sha1::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(&sa)
        .chain_update(&da)
        .chain_update([proto, 0])
        .chain_update(sp.to_be_bytes())
        .chain_update(dp.to_be_bytes())
        .finalize();
    let body = if encode {
        super::convert::base64(&d)
    } else {
        d.iter().map(|b| format!("{b:02x}")).collect::<String>().into_bytes()
    };
    let mut out = b"1:".to_vec();
    out.extend_from_slice(&body);
    Ok(Value::str(out))
}

/// The reply type of an ICMP request and the other way round.
fn icmp_peer(proto: u8, ty: u16) -> Option<u16> {
    const V4: &[(u16, u16)] =
        &[(8, 0), (0, 8), (13, 14), (14, 13), (15, 16), (16, 15), (17, 18), (18, 17), (10, 9), (9, 10)];
    const V6: &[(u16, u16)] = &[
        (128, 129),
        (129, 128),
        (133, 134),
        (134, 133),
        (135, 136),
        (136, 135),
        (130, 131),
        (131, 130),
        (144, 145),
        (145, 144),
    ];
    let table = if proto == 1 { V4 } else { V6 };
    table.iter().find(|(t, _)| *t == ty).map(|(_, p)| *p)
}

/// Names are not looked up: the answer is Zeek's for an address without one, or where tests ask for it, one
/// that says what was asked.
fn lookup_addr(vm: &mut Vm, _: &CallSite<'_>, a: &[Value]) -> Res {
    if vm.host.env("ZEEK_DNS_FAKE").is_none() {
        return Ok(Value::str("<\\?\\?\\?>"));
    }
    let addr = vm.text_string(arg(a, 0));
    Ok(Value::str(format!("fake_addr_lookup_result_{addr}")))
}

/// The bytes of a NetBIOS name, of which each is written as two letters (RFC 1001 §14.1).
fn netbios(text: &[u8]) -> Vec<u8> {
    let half = |letter: &u8| letter.to_ascii_uppercase().wrapping_sub(b'A');
    let pairs = text.chunks_exact(2).take(16);
    pairs.map(|pair| pair.iter().fold(0u8, |byte, letter| (byte << 4).wrapping_add(half(letter)))).collect()
}
