//! Addresses and small numbers as text, the way Zeek prints them.
//!
//! Every log row has two addresses and many DNS answers are one; `write!` would take longer for them
//! than the rest of the row.

use std::net::IpAddr;

#[cfg(test)]
mod tests;

/// Appends an address as inet_ntop spells it.
pub fn address(address: IpAddr, out: &mut Vec<u8>) {
    match address {
        IpAddr::V4(v4) => ipv4(v4.octets(), out),
        IpAddr::V6(v6) => ipv6(v6.octets(), out),
    }
}

/// An IPv4 address, dotted.
pub fn ipv4(address: [u8; 4], out: &mut Vec<u8>) {
    for byte in address {
        // All four bytes are written, which takes one store, and what is too much is taken back.
        let Octet { text, len } = OCTETS.get(usize::from(byte)).copied().unwrap_or_default();
        let end = out.len() + len;
        out.extend_from_slice(&text);
        out.truncate(end);
    }
    out.pop();
}

/// A byte in decimal with a dot behind it.
#[derive(Clone, Copy, Default)]
struct Octet {
    text: [u8; 4],
    len: usize,
}

static OCTETS: [Octet; 256] = {
    let mut all = [Octet { text: [b'.'; 4], len: 0 }; 256];
    let mut rest: &mut [Octet] = &mut all;
    let mut n = 0u8;
    while let Some((octet, more)) = rest.split_first_mut() {
        let (hundreds, tens, ones) = (b'0' + n / 100, b'0' + n / 10 % 10, b'0' + n % 10);
        *octet = match n {
            0..=9 => Octet { text: [ones, b'.', b'.', b'.'], len: 2 },
            10..=99 => Octet { text: [tens, ones, b'.', b'.'], len: 3 },
            100.. => Octet { text: [hundreds, tens, ones, b'.'], len: 4 },
        };
        n = n.wrapping_add(1);
        rest = more;
    }
    all
};

/// Appends an IPv6 address. One that is mapped (RFC 4291 §2.5.5.2) is an IPv4 address to Zeek, and
/// the C library it prints with shows the last 32 bits of a "compatible" one (§2.5.5.1) dotted.
pub fn ipv6(address: [u8; 16], out: &mut Vec<u8>) {
    let [.., a, b, c, d] = address;
    let groups: [u16; 8] = std::net::Ipv6Addr::from(address).segments();
    match groups {
        [0, 0, 0, 0, 0, 0xffff, ..] => return ipv4([a, b, c, d], out),
        [0, 0, 0, 0, 0, 0, 1..=u16::MAX, _] => {
            out.extend_from_slice(b"::");
            return ipv4([a, b, c, d], out);
        }
        _ => {}
    }
    let (start, end) = longest_zeros(&groups);
    for (at, group) in (0..).zip(groups) {
        if (start..end).contains(&at) {
            if at == start {
                out.extend_from_slice(b"::");
            }
            continue;
        }
        if at > 0 && at != end {
            out.push(b':');
        }
        hex_group(group, out);
    }
}

/// The first of the longest runs of zero groups (RFC 5952 §4.2); empty, and past the end, where none
/// is longer than one group.
fn longest_zeros(groups: &[u16; 8]) -> (usize, usize) {
    let (mut best, mut start) = ((9, 9), 0);
    for (at, group) in (0..).zip(groups) {
        if *group != 0 {
            start = at + 1;
        } else if at + 1 - start > 1.max(best.1 - best.0) {
            best = (start, at + 1);
        }
    }
    best
}

/// Hexadecimal, without leading zeros.
fn hex_group(group: u16, out: &mut Vec<u8>) {
    let digit = |shift: u32| match (group >> shift) as u8 & 0x0f {
        n @ 0..=9 => b'0' + n,
        n => b'a' + n - 10,
    };
    let digits = [digit(12), digit(8), digit(4), digit(0)];
    let leading = (group.leading_zeros() as usize / 4).min(3);
    out.extend_from_slice(digits.get(leading..).unwrap_or_default());
}

/// Appends one byte in decimal.
#[inline]
pub fn octet(n: u8, out: &mut Vec<u8>) {
    if n >= 100 {
        out.push(b'0' + n / 100);
    }
    if n >= 10 {
        out.push(b'0' + n / 10 % 10);
    }
    out.push(b'0' + n % 10);
}
