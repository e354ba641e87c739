use std::net::IpAddr;

use hex_literal::hex;
use nightjar_protocols::wire::checksum::Sum;

use super::*;
use crate::time::{Interval, Time};

mod fragments;
mod hostile;
mod ip;
mod link;
mod tunnels;

const MACS: [u8; 12] = hex!("02 00 00 00 00 01 02 00 00 00 00 02");
const SRC: [u8; 4] = [10, 0, 0, 1];
const DST: [u8; 4] = [10, 0, 0, 2];
const SRC6: [u8; 16] = hex!("20010db8 00000000 00000000 00000001");
const DST6: [u8; 16] = hex!("20010db8 00000000 00000000 00000002");
/// A UDP datagram between ports that are nobody's, with no checksum.
const UDP: [u8; 12] = hex!("d431 d432 000c 0000 61626364");

fn v4(proto: u8, payload: &[u8]) -> Vec<u8> {
    v4_fragment(proto, 0, 0, payload)
}

/// An IPv4 packet with the fragment field as given.
fn v4_fragment(proto: u8, id: u16, field: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = hex!("4500 0000 0000 0000 40 00 0000").to_vec();
    packet.extend(SRC);
    packet.extend(DST);
    packet.extend(payload);
    let len = packet.len() as u16;
    packet[2..4].copy_from_slice(&len.to_be_bytes());
    packet[4..6].copy_from_slice(&id.to_be_bytes());
    packet[6..8].copy_from_slice(&field.to_be_bytes());
    packet[9] = proto;
    sealed(packet)
}

/// With the header's checksum set right.
fn sealed(mut packet: Vec<u8>) -> Vec<u8> {
    packet[10..12].fill(0);
    let sum = Sum::default().with(&packet[..20]).checksum();
    packet[10..12].copy_from_slice(&sum);
    packet
}

fn v6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = hex!("6000 0000 0000 00 40").to_vec();
    packet.extend(SRC6);
    packet.extend(DST6);
    packet.extend(payload);
    packet[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    packet[6] = next;
    packet
}

fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS[..], &ethertype.to_be_bytes(), payload].concat()
}

fn decoder() -> Decoder {
    Decoder::new(Config::default())
}

fn piece(bytes: &[u8]) -> Piece<'_> {
    Piece { bytes, missing: 0, tunnel: None }
}

fn now() -> Time {
    Time::from_nanos(1_700_000_000_000_000_000)
}

fn names(weirds: &mut Weirds) -> Vec<String> {
    weirds.drain().map(|weird| weird.full_name()).collect()
}

/// Decodes a frame down to its IP packet.
fn frame<'a>(decoder: &mut Decoder, link: u16, data: &'a [u8], weirds: &mut Weirds) -> Option<Frame<'a>> {
    let packet = Packet { ts: now(), link, wire_len: data.len() as u32, data };
    match decoder.link(&packet, weirds) {
        LinkOutcome::Ip(frame) => Some(frame),
        _ => None,
    }
}

/// Decodes an IP packet that must be one to pass on.
fn packet<'a>(decoder: &mut Decoder, bytes: &'a [u8]) -> IpPacket<'a> {
    let mut weirds = Weirds::default();
    match decoder.ip(now(), piece(bytes), &mut weirds) {
        Outcome::Packet(packet) => packet,
        other => panic!("{other:?}, {weirds:?}"),
    }
}
