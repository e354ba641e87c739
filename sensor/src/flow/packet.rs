//! Packets as scripts see them (`new_packet`): their headers, for whoever wants each of them.

use std::net::IpAddr;

use nightjar_protocols::wire::numbers::ipproto;

use crate::event::{Arena, Part};
use crate::flow::Datagram;

/// Extension headers that one packet tells of.
const MAX_EXTENSIONS: usize = 16;

/// The headers of a packet.
#[cold]
pub(super) fn headers(arena: &mut Arena, datagram: &Datagram<'_>) -> Part {
    let ip = match (datagram.src, datagram.header.first_chunk::<20>()) {
        (IpAddr::V4(_), Some(header)) => ip4(arena, header, datagram),
        _ => Part::Unset,
    };
    let ip6 = match (datagram.src, datagram.header.split_first_chunk::<40>()) {
        (IpAddr::V6(_), Some((header, extensions))) => ip6(arena, header, extensions, datagram),
        _ => Part::Unset,
    };
    let (mut tcp, mut udp, mut icmp) = (Part::Unset, Part::Unset, Part::Unset);
    match (datagram.protocol, datagram.bytes) {
        (ipproto::TCP, bytes) if bytes.len() >= 20 => tcp = tcp_header(arena, bytes, datagram.len),
        (ipproto::UDP, [a, b, c, d, e, f, ..]) => {
            udp = arena.record(&[port(*a, *b), port(*c, *d), count(&[*e, *f])]);
        }
        (ipproto::ICMP | ipproto::ICMPV6, [kind, ..]) => icmp = arena.record(&[count(&[*kind])]),
        _ => {}
    }
    arena.record(&[ip, ip6, tcp, udp, icmp])
}

/// A number as it is on the wire.
fn count(bytes: &[u8]) -> Part {
    Part::Count(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn port(high: u8, low: u8) -> Part {
    Part::Port(u16::from_be_bytes([high, low]))
}

/// RFC 791 §3.1.
fn ip4(arena: &mut Arena, header: &[u8; 20], datagram: &Datagram<'_>) -> Part {
    let fragment = u16::from_be_bytes([header[6], header[7]]);
    arena.record(&[
        Part::Count(u64::from(header[0] & 0x0f) * 4),
        count(&header[1..2]),
        Part::Count(u64::from(datagram.total_len)),
        count(&header[4..6]),
        Part::Bool(fragment & 0x4000 != 0),
        Part::Bool(fragment & 0x2000 != 0),
        Part::Count(u64::from(fragment & 0x1fff) * 8),
        count(&header[8..9]),
        count(&header[9..10]),
        count(&header[10..12]),
        Part::Addr(datagram.src),
        Part::Addr(datagram.dst),
    ])
}

/// RFC 8200 §3 and §4.
fn ip6(arena: &mut Arena, header: &[u8; 40], extensions: &[u8], datagram: &Datagram<'_>) -> Part {
    let word = u64::from(u32::from_be_bytes([header[0], header[1], header[2], header[3]]));
    let (mut rest, mut next) = (extensions, header[6]);
    let mut chain = Vec::new();
    while let ([following, length, ..], true) = (rest, chain.len() < MAX_EXTENSIONS) {
        chain.push(arena.record(&[Part::Count(u64::from(next))]));
        let units = usize::from(*length);
        let length = match next {
            ipproto::FRAGMENT => 8,
            ipproto::AH => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        next = *following;
        rest = rest.get(length..).unwrap_or_default();
    }
    let chain = arena.list(&chain);
    arena.record(&[
        Part::Count(word >> 20 & 0xff),
        Part::Count(word & 0xf_ffff),
        count(&header[4..6]),
        count(&header[7..8]),
        count(&header[6..7]),
        Part::Addr(datagram.src),
        Part::Addr(datagram.dst),
        chain,
    ])
}

/// RFC 9293 §3.1. `bytes` are at least 20.
fn tcp_header(arena: &mut Arena, bytes: &[u8], len: u32) -> Part {
    let header = u32::from(bytes[12] >> 4) * 4;
    arena.record(&[
        port(bytes[0], bytes[1]),
        port(bytes[2], bytes[3]),
        count(&bytes[4..8]),
        count(&bytes[8..12]),
        Part::Count(u64::from(header)),
        Part::Count(u64::from(len.saturating_sub(header))),
        Part::Count(u64::from(bytes[12] & 0x0f)),
        count(&bytes[13..14]),
        count(&bytes[14..16]),
    ])
}
