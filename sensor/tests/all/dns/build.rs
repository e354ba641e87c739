//! Captures of DNS traffic, written message by message.

use std::net::Ipv4Addr;

/// A host's address and port.
pub type Host = (Ipv4Addr, u16);

pub const fn host(last: u8, port: u16) -> Host {
    (Ipv4Addr::new(10, 0, 0, last), port)
}

/// The link type of packets without a link layer.
const RAW: u32 = 101;

/// A classic capture of raw IP packets.
pub struct Capture {
    bytes: Vec<u8>,
}

/// A segment's sequence and acknowledgement number, and flags.
pub struct Tcp {
    pub seq: u32,
    pub ack: u32,
    pub flags: u8,
}

pub const SYN: u8 = 2;
pub const RST: u8 = 4;
pub const ACK: u8 = 16;
pub const FIN: u8 = 1;

impl Capture {
    pub fn new() -> Self {
        let mut bytes = 0xa1b2_c3d4_u32.to_le_bytes().to_vec();
        bytes.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0]);
        bytes.extend(RAW.to_le_bytes());
        Capture { bytes }
    }

    /// `at` is in milliseconds.
    pub fn udp(&mut self, at: u32, from: Host, to: Host, payload: &[u8]) -> &mut Self {
        let mut datagram = ports(from, to);
        datagram.extend((payload.len() as u16 + 8).to_be_bytes());
        datagram.extend([0, 0]);
        datagram.extend(payload);
        self.ip(at, 17, from, to, &datagram)
    }

    pub fn tcp(&mut self, at: u32, from: Host, to: Host, tcp: Tcp, payload: &[u8]) -> &mut Self {
        let mut segment = ports(from, to);
        segment.extend(tcp.seq.to_be_bytes());
        segment.extend(tcp.ack.to_be_bytes());
        segment.extend([0x50, tcp.flags, 0x20, 0, 0, 0, 0, 0]);
        segment.extend(payload);
        self.ip(at, 6, from, to, &segment)
    }

    /// A handshake, after which both sides stand at sequence number 1.
    pub fn handshake(&mut self, at: u32, client: Host, server: Host) -> &mut Self {
        self.tcp(at, client, server, Tcp { seq: 0, ack: 0, flags: SYN }, &[])
            .tcp(at, server, client, Tcp { seq: 0, ack: 1, flags: SYN | ACK }, &[])
            .tcp(at, client, server, Tcp { seq: 1, ack: 1, flags: ACK }, &[])
    }

    fn ip(&mut self, at: u32, protocol: u8, from: Host, to: Host, payload: &[u8]) -> &mut Self {
        let mut packet = vec![0x45, 0];
        packet.extend((payload.len() as u16 + 20).to_be_bytes());
        packet.extend([0, 1, 0, 0, 64, protocol, 0, 0]);
        packet.extend(from.0.octets());
        packet.extend(to.0.octets());
        packet.extend(payload);
        let len = packet.len() as u32;
        for word in [1_700_000_000 + at / 1000, at % 1000 * 1000, len, len] {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(packet);
        self
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

fn ports(from: Host, to: Host) -> Vec<u8> {
    [from.1.to_be_bytes(), to.1.to_be_bytes()].concat()
}

/// A question for addresses, with recursion desired.
pub fn query(id: u16, name: &str) -> Vec<u8> {
    message(id, 0x0100, name, &[])
}

/// Its answer: these addresses, each for five minutes.
pub fn reply(id: u16, name: &str, addresses: &[[u8; 4]]) -> Vec<u8> {
    message(id, 0x8180, name, addresses)
}

fn message(id: u16, flags: u16, name: &str, addresses: &[[u8; 4]]) -> Vec<u8> {
    let mut out = Vec::new();
    for word in [id, flags, 1, addresses.len() as u16, 0, 0] {
        out.extend(word.to_be_bytes());
    }
    for label in name.split('.') {
        out.push(label.len() as u8);
        out.extend(label.bytes());
    }
    out.extend([0, 0, 1, 0, 1]);
    for address in addresses {
        out.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4]);
        out.extend(address);
    }
    out
}

/// As on TCP, behind its length.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&(message.len() as u16).to_be_bytes()[..], message].concat()
}
