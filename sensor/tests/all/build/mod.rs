//! Captures made in code, and what the sensor makes of them.

pub mod formats;
mod run;
mod talk;

pub use run::{
    Rows, logs, nightjar, printed, printed_with, rows, rows_in, rows_with, shipped, summary, summary_with,
};
pub use talk::{Client, Server, Side, Talk, one};

use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use formats::{MICRO, Order, Pcap, RAW};

/// A host's address and port.
pub type Host = (IpAddr, u16);

pub const CLIENT: Host = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 40_000);
pub const SERVER: Host = (IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), 80);

/// A host of 10.0.0.0/24.
pub const fn host(last: u8, port: u16) -> Host {
    (IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)), port)
}

pub const FIN: u8 = 1;
pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;

/// When captures begin, in seconds.
const BEGIN: u64 = 1_700_000_000;

/// A capture of packets without a link layer, in the order of their writing.
#[derive(Clone, Default)]
pub struct Capture {
    /// With microseconds since the beginning.
    packets: Vec<(u64, Vec<u8>)>,
    /// When the next packet of a [`Talk`] is sent.
    now: u64,
    /// How many ports were given out.
    ports: u16,
}

/// A segment's sequence and acknowledgement number, and flags.
#[derive(Clone, Copy)]
pub struct Tcp {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
}

impl Capture {
    pub fn new() -> Self {
        Capture::default()
    }

    /// A TCP connection between [`CLIENT`] and [`SERVER`]: packets separated by `|`, each
    /// `MILLISECONDS DIRECTION FLAGS SEQ ACK LENGTH [WINDOW]`.
    pub fn tell(packets: &str) -> Self {
        let mut capture = Capture::new();
        capture.between(CLIENT, SERVER, packets);
        capture
    }

    /// A client's port that no other has, until there were 20,000.
    pub fn port(&mut self) -> u16 {
        self.ports = self.ports % 20_000 + 1;
        20_000 + self.ports
    }

    pub fn between(&mut self, client: Host, server: Host, packets: &str) {
        for packet in packets.split('|') {
            let words: Vec<&str> = packet.split_whitespace().collect();
            let number = |at: usize| words[at].parse::<u32>().expect("a number");
            let (from, to) = if words[1] == ">" { (client, server) } else { (server, client) };
            let flag = |letter| match letter {
                'F' => FIN,
                'S' => SYN,
                'R' => RST,
                'A' => ACK,
                other => panic!("no flag {other}"),
            };
            let tcp = Tcp { seq: number(3), ack: number(4), flags: words[2].chars().map(flag).sum() };
            let window = if words.len() > 6 { number(6) } else { 8192 };
            let payload = vec![b'x'; number(5) as usize];
            self.ip(number(0), TCP, from.0, to.0, &segment(from, to, tcp, window as u16, &payload));
        }
    }

    /// `at` is in milliseconds.
    pub fn tcp(&mut self, at: u32, from: Host, to: Host, tcp: Tcp, payload: &[u8]) -> &mut Self {
        self.ip(at, TCP, from.0, to.0, &segment(from, to, tcp, 8192, payload))
    }

    /// A handshake, after which both sides stand at sequence number 1.
    pub fn handshake(&mut self, at: u32, client: Host, server: Host) -> &mut Self {
        self.tcp(at, client, server, Tcp { seq: 0, ack: 0, flags: SYN }, &[])
            .tcp(at, server, client, Tcp { seq: 0, ack: 1, flags: SYN | ACK }, &[])
            .tcp(at, client, server, Tcp { seq: 1, ack: 1, flags: ACK }, &[])
    }

    /// `at` is in milliseconds.
    pub fn udp(&mut self, at: u32, from: Host, to: Host, payload: &[u8]) -> &mut Self {
        self.ip(at, UDP, from.0, to.0, &datagram(from, to, payload))
    }

    /// A datagram whose header says that it is so long.
    pub fn udp_saying(&mut self, at: u32, from: Host, to: Host, len: u16, payload: &[u8]) -> &mut Self {
        let mut bytes = datagram(from, to, payload);
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        self.ip(at, UDP, from.0, to.0, &bytes)
    }

    pub fn icmp(&mut self, at: u32, from: IpAddr, to: IpAddr, kind: u8, code: u8, data: &[u8]) -> &mut Self {
        self.ip(at, ICMP, from, to, &[&[kind, code, 0, 0, 0, 0, 0, 0], data].concat())
    }

    pub fn ip(&mut self, at: u32, protocol: u8, from: IpAddr, to: IpAddr, payload: &[u8]) -> &mut Self {
        self.packet(at, &ip(protocol, from, to, payload))
    }

    /// An IP packet as it is; `at` is in milliseconds.
    pub fn packet(&mut self, at: u32, packet: &[u8]) -> &mut Self {
        self.packets.push((u64::from(at) * 1000, packet.to_vec()));
        self
    }

    /// Puts the packets of connections that were told one after the other in order of time.
    pub fn sort(&mut self) -> &mut Self {
        self.packets.sort_by_key(|(at, _)| *at);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut pcap = Pcap::with(Order::Little, MICRO, (2, 4), 0xffff, RAW.into());
        for (at, packet) in &self.packets {
            pcap.packet(((BEGIN + at / 1_000_000) as u32, (at % 1_000_000) as u32), packet);
        }
        pcap.bytes().to_vec()
    }

    pub fn write(&self, path: &Path) {
        std::fs::write(path, self.bytes()).expect("a capture written");
    }
}

/// An IP packet; the version is that of the addresses.
pub fn ip(protocol: u8, from: IpAddr, to: IpAddr, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => {
            let mut packet = vec![0x45, 0];
            packet.extend((payload.len() as u16 + 20).to_be_bytes());
            packet.extend([0, 1, 0, 0, 64, protocol, 0, 0]);
            packet.extend(from.octets());
            packet.extend(to.octets());
            set_checksum(&mut packet);
            packet.extend(payload);
            packet
        }
        (IpAddr::V6(from), IpAddr::V6(to)) => {
            let mut packet = vec![0x60, 0, 0, 0];
            packet.extend((payload.len() as u16).to_be_bytes());
            packet.extend([protocol, 64]);
            packet.extend(from.octets());
            packet.extend(to.octets());
            packet.extend(payload);
            packet
        }
        _ => panic!("{from} and {to} are of different versions"),
    }
}

/// Of an IPv4 header without options.
pub fn set_checksum(packet: &mut [u8]) {
    packet[10..12].fill(0);
    let sum: u32 = packet[..20].chunks(2).map(|pair| u32::from(u16::from_be_bytes([pair[0], pair[1]]))).sum();
    let checksum = !((sum & 0xffff) + (sum >> 16)) as u16;
    packet[10..12].copy_from_slice(&checksum.to_be_bytes());
}

/// A UDP datagram in an IP packet, without a checksum of its own.
pub fn udp(from: Host, to: Host, payload: &[u8]) -> Vec<u8> {
    ip(UDP, from.0, to.0, &datagram(from, to, payload))
}

fn datagram(from: Host, to: Host, payload: &[u8]) -> Vec<u8> {
    let mut datagram = ports(from, to);
    datagram.extend((payload.len() as u16 + 8).to_be_bytes());
    datagram.extend([0, 0]);
    datagram.extend(payload);
    datagram
}

/// Without a checksum of its own.
fn segment(from: Host, to: Host, tcp: Tcp, window: u16, payload: &[u8]) -> Vec<u8> {
    let mut segment = ports(from, to);
    segment.extend(tcp.seq.to_be_bytes());
    segment.extend(tcp.ack.to_be_bytes());
    segment.extend([0x50, tcp.flags]);
    segment.extend(window.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend(payload);
    segment
}

fn ports(from: Host, to: Host) -> Vec<u8> {
    [from.1.to_be_bytes(), to.1.to_be_bytes()].concat()
}
