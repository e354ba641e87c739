//! Packets as scripts see them (`new_packet`): their headers, for whoever wants each of them.

use etherparse::{IpNumber, Ipv4HeaderSlice, Ipv6HeaderSlice, TcpHeaderSlice, UdpHeaderSlice};

use nightjar_protocols::wire::numbers::ipproto;

use crate::event::{Arena, Part};
use crate::flow::Datagram;
use crate::flow::events::{Numbers, SynPacket, TcpOptionOf};
use crate::flow::tcp::Segment;

/// Extension headers that one packet tells of.
const MAX_EXTENSIONS: usize = 16;

/// The headers of a packet.
#[cold]
pub(super) fn headers(arena: &mut Arena, datagram: &Datagram<'_>) -> Part {
    let ip = Ipv4HeaderSlice::from_slice(datagram.header)
        .map_or(Part::Unset, |header| ip4(arena, &header, datagram));
    let ip6 = Ipv6HeaderSlice::from_slice(datagram.header)
        .map_or(Part::Unset, |header| ip6(arena, &header, datagram));
    let (mut tcp, mut udp, mut icmp) = (Part::Unset, Part::Unset, Part::Unset);
    match datagram.protocol {
        ipproto::TCP => {
            tcp = TcpHeaderSlice::from_slice(datagram.bytes)
                .map_or(Part::Unset, |header| tcp_header(arena, &header, datagram.len));
        }
        ipproto::UDP => {
            udp = UdpHeaderSlice::from_slice(datagram.bytes).map_or(Part::Unset, |header| {
                let ports = [header.source_port(), header.destination_port()].map(Part::Port);
                arena.record(&[ports[0], ports[1], count(header.length())])
            });
        }
        ipproto::ICMP | ipproto::ICMPV6 => {
            icmp = datagram.bytes.first().map_or(Part::Unset, |kind| arena.record(&[count(*kind)]));
        }
        _ => {}
    }
    arena.record(&[ip, ip6, tcp, udp, icmp])
}

/// What a segment with SYN tells.
#[cold]
pub(super) fn syn(datagram: &Datagram<'_>, segment: &Segment<'_>, is_orig: bool) -> SynPacket {
    let v6 = datagram.src.is_ipv6();
    let byte = |at: usize| datagram.header.get(at).copied().unwrap_or(0);
    let mut syn = SynPacket {
        is_orig,
        df: !v6 && byte(6) & 0x40 != 0,
        ttl: byte(if v6 { 7 } else { 8 }),
        size: datagram.total_len,
        win_size: segment.window,
        win_scale: -1,
        mss: 0,
        sack_ok: false,
        tsval: None,
        tsecr: None,
    };
    for option in tcp_options(segment.options) {
        syn.mss = option.mss.unwrap_or(syn.mss);
        syn.win_scale = option.window_scale.map_or(syn.win_scale, i64::from);
        syn.sack_ok |= option.kind == 4;
        syn.tsval = option.send_timestamp.or(syn.tsval);
        syn.tsecr = option.echo_timestamp.or(syn.tsecr);
    }
    syn
}

/// The options of a TCP header (RFC 9293 §3.2), up to the first that does not fit.
#[cold]
pub(super) fn tcp_options(bytes: &[u8]) -> Vec<TcpOptionOf<'_>> {
    let (mut found, mut rest) = (Vec::new(), bytes);
    while let [kind, behind @ ..] = rest {
        let length = if *kind < 2 { 1 } else { behind.first().copied().unwrap_or(0) };
        let Some((option, next)) = rest.split_at_checked(usize::from(length)).filter(|_| length > 0) else {
            break;
        };
        let data = option.get(2..).unwrap_or_default();
        let number = |at: usize| {
            let bytes = data.get(at..).and_then(|behind| behind.first_chunk::<4>());
            bytes.map(|bytes| u32::from_be_bytes(*bytes))
        };
        let mut of = TcpOptionOf {
            kind: *kind,
            length,
            data: None,
            mss: None,
            window_scale: None,
            sack: None,
            send_timestamp: None,
            echo_timestamp: None,
        };
        match (*kind, data) {
            (0 | 1 | 4, _) => {}
            (2, [a, b]) => of.mss = Some(u16::from_be_bytes([*a, *b])),
            (3, [scale]) => of.window_scale = Some(*scale),
            (5, data) if data.len() % 8 == 0 => of.sack = Some(Numbers(data)),
            (8, [_, _, _, _, _, _, _, _]) => (of.send_timestamp, of.echo_timestamp) = (number(0), number(4)),
            (_, data) => of.data = Some(data),
        }
        found.push(of);
        if *kind == 0 {
            break;
        }
        rest = next;
    }
    found
}

fn count(number: impl Into<u64>) -> Part {
    Part::Count(number.into())
}

/// RFC 791 §3.1.
fn ip4(arena: &mut Arena, header: &Ipv4HeaderSlice<'_>, datagram: &Datagram<'_>) -> Part {
    let type_of_service = header.dcp().value() << 2 | header.ecn().value();
    arena.record(&[
        count(header.ihl() * 4),
        count(type_of_service),
        count(datagram.total_len),
        count(header.identification()),
        Part::Bool(header.dont_fragment()),
        Part::Bool(header.more_fragments()),
        count(header.fragments_offset().value() * 8),
        count(header.ttl()),
        count(header.protocol().0),
        count(header.header_checksum()),
        Part::Addr(datagram.src),
        Part::Addr(datagram.dst),
    ])
}

/// RFC 8200 §3 and §4.
fn ip6(arena: &mut Arena, header: &Ipv6HeaderSlice<'_>, datagram: &Datagram<'_>) -> Part {
    let (mut rest, mut next) =
        (datagram.header.get(header.slice().len()..).unwrap_or_default(), header.next_header());
    let mut chain = Vec::new();
    while let ([following, length, ..], true) = (rest, chain.len() < MAX_EXTENSIONS) {
        chain.push(arena.record(&[count(next.0)]));
        let units = usize::from(*length);
        let length = match next {
            IpNumber::IPV6_FRAGMENTATION_HEADER => 8,
            IpNumber::AUTHENTICATION_HEADER => (units + 2) * 4,
            _ => (units + 1) * 8,
        };
        next = IpNumber(*following);
        rest = rest.get(length..).unwrap_or_default();
    }
    let chain = arena.list(&chain);
    arena.record(&[
        count(header.traffic_class()),
        count(header.flow_label().value()),
        count(header.payload_length()),
        count(header.hop_limit()),
        count(header.next_header().0),
        Part::Addr(datagram.src),
        Part::Addr(datagram.dst),
        chain,
    ])
}

/// RFC 9293 §3.1.
fn tcp_header(arena: &mut Arena, header: &TcpHeaderSlice<'_>, len: u32) -> Part {
    let header_len = u32::from(header.data_offset()) * 4;
    let [reserved, flags] =
        header.slice().get(12..).and_then(|behind| behind.first_chunk()).map_or([0; 2], |both| *both);
    arena.record(&[
        Part::Port(header.source_port()),
        Part::Port(header.destination_port()),
        count(header.sequence_number()),
        count(header.acknowledgment_number()),
        count(header_len),
        count(len.saturating_sub(header_len)),
        count(reserved & 0x0f),
        count(flags),
        count(header.window_size()),
    ])
}
