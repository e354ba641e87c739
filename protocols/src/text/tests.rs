use super::*;
use std::net::{Ipv4Addr, Ipv6Addr};

fn spelled(ip: IpAddr) -> String {
    let mut out = Vec::new();
    address(ip, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn every_octet_is_spelled() {
    for n in 0..=255 {
        let ip = Ipv4Addr::new(n, 255 - n, n / 2, 7);
        assert_eq!(spelled(ip.into()), ip.to_string());
    }
}

#[test]
fn zeros_are_shortened_as_the_standard_library_does() {
    // Every pattern of zero and other groups, with groups of one to four digits.
    for pattern in 0..=u8::MAX {
        for base in [0x1u16, 0xa0, 0xf0b, 0x1d0c] {
            let groups: [u16; 8] =
                std::array::from_fn(|at| if pattern >> at & 1 == 1 { base + at as u16 } else { 0 });
            let ip = Ipv6Addr::from(groups);
            if groups[..6] != [0; 6] || groups[6] == 0 {
                assert_eq!(spelled(ip.into()), ip.to_string(), "{groups:x?}");
            }
        }
    }
}

#[test]
fn addresses_with_an_ipv4_address_inside_are_those_of_zeek() {
    for (address, expected) in [
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::10.0.0.1", "::10.0.0.1"),
        ("::1:2", "::0.1.0.2"),
        ("::1", "::1"),
        ("::", "::"),
        ("64:ff9b::a00:1", "64:ff9b::a00:1"),
        ("::fffe:a00:1", "::fffe:a00:1"),
    ] {
        assert_eq!(spelled(address.parse().unwrap()), expected);
    }
}
