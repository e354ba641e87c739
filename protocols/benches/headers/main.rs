//! What it costs to read the headers of packets, by our own readers and by etherparse's slices.
//!
//! `cargo bench -p nightjar-protocols --bench headers [CAPTURE...]` prints nanoseconds a packet. On a machine that does
//! other things as well, instructions tell more: `valgrind --tool=callgrind BENCH READER ROUNDS CAPTURE...` with two
//! numbers of rounds, and the difference divided by rounds and packets.

use std::hint::black_box;
use std::time::Instant;

use etherparse::{
    Ethernet2HeaderSlice, Ipv4HeaderSlice, Ipv6ExtensionsSlice, Ipv6HeaderSlice, LaxIpSlice, LaxSlicedPacket,
    LinuxSllHeaderSlice, SingleVlanHeaderSlice,
};
use nightjar_protocols::wire::numbers::ethertype;
use nightjar_protocols::wire::{ethernet, ipv4, ipv6, pseudo};

/// Reads one frame; the sum of some fields, so that they are read.
type Reader = fn(&[u8]) -> Option<u64>;

const READERS: &[(&str, Reader)] = &[
    ("nothing", |frame| frame.first().map(|first| u64::from(*first))),
    ("link, ours", |frame| {
        let ethernet = ethernet::parse(frame).ok()?;
        let ethernet::Next::EtherType(next) = ethernet.next else { return None };
        Some(u64::from(next) + u64::from(ethernet.src[5]) + ethernet.payload.len() as u64)
    }),
    ("link, etherparse", |frame| {
        let ethernet = Ethernet2HeaderSlice::from_slice(frame).ok()?;
        let payload = frame.get(ethernet.slice().len()..)?;
        Some(u64::from(ethernet.ether_type().0) + u64::from(ethernet.source()[5]) + payload.len() as u64)
    }),
    ("IP, ours", |frame| ip_of(frame, ours)),
    ("IP, etherparse's header slices", |frame| ip_of(frame, slices)),
    ("IP, etherparse's LaxIpSlice", |frame| ip_of(frame, lax)),
    ("all, etherparse's LaxSlicedPacket", |frame| {
        let packet = LaxSlicedPacket::from_ethernet(frame).ok()?;
        let ip = packet.net.as_ref()?.ip_payload_ref()?;
        Some(u64::from(ip.ip_number.0) + ip.payload.len() as u64)
    }),
];

fn ip_of(frame: &[u8], read: Reader) -> Option<u64> {
    read(frame.get(14..)?)
}

fn ours(packet: &[u8]) -> Option<u64> {
    if packet.first()? >> 4 == 4 {
        let header = ipv4::Header::read(packet)?;
        let (_, payload) = packet.split_at_checked(usize::from(header.header_len))?;
        let sum = u64::from(header.src.octets()[3]) + u64::from(header.dst.octets()[3]);
        return Some(sum + u64::from(header.total_len) + u64::from(header.protocol) + payload.len() as u64);
    }
    let header = match ipv6::Header::read_plain(packet) {
        Some(header) => header,
        None => ipv6::Header::read(packet, &mut |_| ())?,
    };
    let payload = packet.get(header.header_len..)?;
    let sum = u64::from(header.src.octets()[15]) + u64::from(header.dst.octets()[15]);
    Some(sum + u64::from(header.payload_len) + u64::from(header.next) + payload.len() as u64)
}

fn slices(packet: &[u8]) -> Option<u64> {
    if packet.first()? >> 4 == 4 {
        let header = Ipv4HeaderSlice::from_slice(packet).ok()?;
        let payload = packet.get(header.slice().len()..)?;
        let sum = u64::from(header.source()[3]) + u64::from(header.destination()[3]);
        return Some(
            sum + u64::from(header.total_len()) + u64::from(header.protocol().0) + payload.len() as u64,
        );
    }
    let header = Ipv6HeaderSlice::from_slice(packet).ok()?;
    let (_, next, payload, _) = Ipv6ExtensionsSlice::from_slice_lax(header.next_header(), packet.get(40..)?);
    let sum = u64::from(header.source()[15]) + u64::from(header.destination()[15]);
    Some(sum + u64::from(header.payload_length()) + u64::from(next.0) + payload.len() as u64)
}

fn lax(packet: &[u8]) -> Option<u64> {
    let (ip, _) = LaxIpSlice::from_slice(packet).ok()?;
    let payload = ip.payload();
    let sum = match &ip {
        LaxIpSlice::Ipv4(ip) => {
            let header = ip.header();
            u64::from(header.source()[3]) + u64::from(header.destination()[3]) + u64::from(header.total_len())
        }
        LaxIpSlice::Ipv6(ip) => {
            let header = ip.header();
            u64::from(header.source()[15])
                + u64::from(header.destination()[15])
                + u64::from(header.payload_length())
        }
    };
    Some(sum + u64::from(payload.ip_number.0) + payload.payload.len() as u64)
}

/// Other link headers, one frame each.
fn others() -> [(&'static str, Vec<u8>, [Reader; 2]); 2] {
    let vlan = [&[0x00, 0x05, 0x08, 0x00][..], &[0x45; 40]].concat();
    let sll = [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0x08, 0x00][..], &[0x45; 40]].concat();
    [
        (
            "802.1Q tag",
            vlan,
            [
                |data| {
                    let tag = ethernet::vlan(data).ok()?;
                    let ethernet::Next::EtherType(next) = tag.next else { return None };
                    Some(u64::from(next) + u64::from(tag.id) + tag.payload.len() as u64)
                },
                |data| {
                    let tag = SingleVlanHeaderSlice::from_slice(data).ok()?;
                    let payload = data.get(tag.slice().len()..)?;
                    let id = tag.vlan_identifier().value();
                    Some(u64::from(tag.ether_type().0) + u64::from(id) + payload.len() as u64)
                },
            ],
        ),
        (
            "Linux SLL",
            sll,
            [
                |data| {
                    let sll = pseudo::linux_sll(data).ok()?;
                    Some(u64::from(sll.protocol) + u64::from(sll.src[5]) + sll.payload.len() as u64)
                },
                |data| {
                    let sll = LinuxSllHeaderSlice::from_slice(data).ok()?;
                    let payload = data.get(sll.slice().len()..)?;
                    let protocol = u16::from(sll.protocol_type());
                    Some(u64::from(protocol) + u64::from(sll.sender_address_full()[5]) + payload.len() as u64)
                },
            ],
        ),
    ]
}

/// The frames of a capture of Ethernet that hold IP.
fn frames(capture: &str) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(capture).unwrap_or_else(|error| panic!("{capture}: {error}"));
    let mut rest = bytes.get(24..).unwrap_or_default();
    let mut frames = Vec::new();
    while let Some((head, behind)) = rest.split_first_chunk::<16>() {
        let len = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
        let Some((frame, behind)) = behind.split_at_checked(len) else { break };
        let of = frame.get(12..14).map(|of| u16::from_be_bytes([of[0], of[1]]));
        if of == Some(ethertype::IPV4) || of == Some(ethertype::IPV6) {
            frames.push(frame.to_vec());
        }
        rest = behind;
    }
    assert!(!frames.is_empty(), "{capture} has no frames with IP");
    frames
}

#[inline(never)]
fn run(read: Reader, frames: &[Vec<u8>], rounds: usize) -> u64 {
    let mut sum = 0_u64;
    for _ in 0..rounds {
        for frame in frames {
            sum = sum.wrapping_add(black_box(read)(black_box(frame)).unwrap_or(0));
        }
    }
    sum
}

fn report(name: &str, read: Reader, frames: &[Vec<u8>]) {
    let rounds = 2_000_000 / frames.len();
    let start = Instant::now();
    let sum = run(read, frames, rounds);
    let nanos = start.elapsed().as_nanos() as f64 / (rounds * frames.len()) as f64;
    println!("{name:36} {nanos:7.2} ns a packet  ({sum:x})");
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [reader, rounds, captures @ ..] = &args[..]
        && let Ok(rounds) = rounds.parse()
    {
        let others = others();
        let mut readers =
            READERS.iter().copied().map(|(name, read)| (name.to_owned(), read, None)).collect::<Vec<_>>();
        for (name, frame, [our, their]) in &others {
            readers.push((format!("{name}, ours"), *our, Some(frame)));
            readers.push((format!("{name}, etherparse"), *their, Some(frame)));
        }
        let (_, read, frame) = readers.iter().find(|(name, ..)| name == reader).expect("no such reader");
        let all: Vec<Vec<u8>> = match frame {
            Some(frame) => vec![(*frame).clone()],
            None => captures.iter().flat_map(|capture| frames(capture)).collect(),
        };
        println!("{} packets, {:x}", all.len(), run(*read, &all, rounds));
        return;
    }
    let ours =
        ["http", "dns", "ipv6"].map(|name| format!("{}/../pcaps/{name}.pcap", env!("CARGO_MANIFEST_DIR")));
    for capture in if args.is_empty() { &ours[..] } else { &args[..] } {
        let frames = frames(capture);
        println!("{capture}: {} packets", frames.len());
        READERS.iter().for_each(|(name, read)| report(name, *read, &frames));
    }
    for (name, frame, [our, their]) in others() {
        println!("{name}");
        report("ours", our, std::slice::from_ref(&frame));
        report("etherparse", their, std::slice::from_ref(&frame));
    }
}
