//! Which worker of an interface gets a packet.
//!
//! With packet sockets the kernel deals packets out by a program of ours, which computes a hash of addresses and
//! ports. [`FlowHash`] computes the same, so that a worker which has put a datagram together from its fragments
//! knows who has its flow: fragments have no ports, and reach one worker by their addresses alone. Where the NIC or
//! the processor decides instead, nobody knows who has a flow before it is seen.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};

use nightjar_protocols::wire::numbers::{ethertype, ipproto, linktype, ppp};

use super::live::Fanout;

/// A hash of a packet's addresses and ports, the same for both directions of a flow, and not to be foreseen by
/// whoever chooses them: he could send everything to one worker.
///
/// Of a fragment, and of a protocol without ports, it is one of the addresses alone.
#[derive(Clone, Copy, Debug)]
pub(super) struct FlowHash {
    pub seed: u32,
    /// Of tunnels over UDP, too, by the addresses alone. VXLAN and Geneve choose their outer source port by the flow
    /// inside and its direction, so the ports would part the two.
    pub tunnels_whole: bool,
}

/// What takes UDP tunnels apart looks at these ports: GTP, Teredo, GRE, VXLAN, AYIYA, Geneve.
pub(super) const TUNNEL_PORTS: [u16; 7] = [2123, 2152, 3544, 4754, 4789, 5072, 6081];
pub(super) const VLAN_TAGS: [u16; 3] = [ethertype::VLAN, ethertype::QINQ, ethertype::QINQ_OLD];
/// Tags that are looked behind, without the outermost, which the kernel keeps beside the packet.
pub(super) const MAX_TAGS: usize = 2;
/// MPLS labels that are looked behind.
pub(super) const MAX_LABELS: usize = 4;
/// IPv6 extension headers that are looked behind.
pub(super) const MAX_EXTENSIONS: usize = 3;
/// Neighbouring addresses and ports differ in few bits; multiplied by this they differ in many.
pub(super) const SPREAD: u32 = 0x9e37_79b1;
/// Where the ports are where there are any.
pub(super) const WITH_PORTS: [u8; 3] = [ipproto::TCP, ipproto::UDP, ipproto::SCTP];
/// IPv6 extension headers whose length is in units of 8 bytes.
pub(super) const EXTENSIONS: [u8; 3] = [ipproto::HOPOPTS, ipproto::ROUTING, ipproto::DSTOPTS];

/// Works another word into a hash.
const fn mix(hash: u32, word: u32) -> u32 {
    let product = (hash ^ word).wrapping_mul(SPREAD);
    product ^ product >> 16
}

impl FlowHash {
    /// Of a frame; 0 where it carries no IP packet, or not all that is hashed of it.
    pub fn of_frame(&self, link: u16, frame: &[u8]) -> u32 {
        if link != linktype::ETHERNET {
            return self.of_ip(frame);
        }
        self.of_ethernet(frame).unwrap_or(0)
    }

    /// Of an IP packet.
    pub fn of_ip(&self, packet: &[u8]) -> u32 {
        let hash = match packet.first().map(|first| first >> 4) {
            Some(4) => self.of_v4(packet),
            Some(6) => self.of_v6(packet),
            _ => None,
        };
        hash.unwrap_or(0)
    }

    fn of_ethernet(&self, frame: &[u8]) -> Option<u32> {
        let (mut kind, mut at) = (half(frame, 12)?, 14);
        for _ in 0..=MAX_TAGS {
            if VLAN_TAGS.contains(&kind) {
                (kind, at) = (half(frame, at + 2)?, at + 4);
            }
        }
        match kind {
            ethertype::IPV4 => self.of_v4(frame.get(at..)?),
            ethertype::IPV6 => self.of_v6(frame.get(at..)?),
            ethertype::PPPOE_SESSION => match half(frame, at + 6)? {
                ppp::IPV4 => self.of_v4(frame.get(at + 8..)?),
                ppp::IPV6 => self.of_v6(frame.get(at + 8..)?),
                _ => None,
            },
            ethertype::MPLS | ethertype::MPLS_MULTICAST => {
                let bottom = |label: &usize| frame.get(at + 4 * label + 2).is_some_and(|byte| byte & 1 != 0);
                let last = (0..MAX_LABELS).find(bottom)?;
                Some(self.of_ip(frame.get(at + 4 * (last + 1)..)?))
            }
            _ => None,
        }
    }

    fn of_v4(&self, packet: &[u8]) -> Option<u32> {
        let addresses = self.address(packet, 12, 1)?.wrapping_add(self.address(packet, 16, 1)?);
        let protocol = *packet.get(9)?;
        if half(packet, 6)? & 0x3fff != 0 {
            return Some(mix(addresses, 0));
        }
        let header = usize::from(packet.first()? & 0x0f) * 4;
        self.of_transport(packet, header, protocol, addresses)
    }

    fn of_v6(&self, packet: &[u8]) -> Option<u32> {
        let addresses = self.address(packet, 8, 4)?.wrapping_add(self.address(packet, 24, 4)?);
        let (mut next, mut at) = (*packet.get(6)?, 40);
        for _ in 0..MAX_EXTENSIONS {
            if EXTENSIONS.contains(&next) {
                let units = usize::from(*packet.get(at + 1)?) + 1;
                (next, at) = (*packet.get(at)?, at + 8 * units);
            }
        }
        self.of_transport(packet, at, next, addresses)
    }

    fn of_transport(&self, packet: &[u8], at: usize, protocol: u8, addresses: u32) -> Option<u32> {
        if !WITH_PORTS.contains(&protocol) {
            return Some(mix(addresses, 0));
        }
        let mut ports = 0u32;
        for end in [0, 2] {
            let port = half(packet, at + end)?;
            // Those few of TCP and SCTP, too: it saves the kernel a question.
            if self.tunnels_whole && TUNNEL_PORTS.contains(&port) {
                return Some(mix(addresses, 0));
            }
            ports = ports.wrapping_add(mix(self.seed, port.into()));
        }
        Some(mix(mix(addresses, ports), 0))
    }

    fn address(&self, packet: &[u8], at: usize, words: usize) -> Option<u32> {
        let bytes = packet.get(at..at + 4 * words)?;
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u32::from(*byte));
        Some(bytes.chunks(4).map(word).fold(self.seed, mix))
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
}

/// How the packets of an interface are dealt out among its workers.
#[derive(Debug)]
pub struct Dealt {
    pub(super) hash: FlowHash,
    /// Packets are dealt out by the hash.
    by_hash: bool,
    /// The worker at each place of the kernel's group. Places change when an interface goes down or is made anew, so
    /// workers tell theirs by the packets that they get.
    places: Box<[AtomicUsize]>,
}

impl Dealt {
    pub fn new(workers: usize, fanout: Option<Fanout>) -> Self {
        let seed = RandomState::new().hash_one(workers) as u32;
        Dealt {
            hash: FlowHash { seed, tunnels_whole: fanout == Some(Fanout::Tunnel) },
            by_hash: matches!(fanout, Some(Fanout::Hash | Fanout::Tunnel)),
            places: (0..workers.max(1)).map(AtomicUsize::new).collect(),
        }
    }

    pub fn workers(&self) -> usize {
        self.places.len()
    }

    /// Whether it is known which worker gets which flow, and all fragments of a datagram reach one worker.
    pub fn by_hash(&self) -> bool {
        self.by_hash
    }

    /// The worker that gets such an IP packet, or which is to get it where the hash does not decide; for a fragment it
    /// is the same as for all others of its datagram.
    pub fn worker_of(&self, packet: &[u8]) -> usize {
        let place = self.hash.of_ip(packet) as usize % self.places.len();
        match self.by_hash {
            true => self.places[place].load(Ordering::Relaxed),
            false => place,
        }
    }

    /// Learns from a frame that a worker got at which place it is.
    pub(super) fn learn(&self, worker: usize, link: u16, frame: &[u8]) {
        let hash = self.hash.of_frame(link, frame);
        // Of what is no IP, and of what is damaged, there is none.
        if self.by_hash && hash != 0 {
            self.places[hash as usize % self.places.len()].store(worker, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;

    use super::*;

    const V4: [u8; 28] = hex!("45000028 00010000 40110000 c0000201 c6336402 13880035 00140000");

    fn hash() -> FlowHash {
        FlowHash { seed: 0x1234_5678, tunnels_whole: false }
    }

    fn framed(before: &[u8], packet: &[u8]) -> Vec<u8> {
        [&[2; 12], before, packet].concat()
    }

    #[test]
    fn both_directions_and_all_ways_to_frame_a_packet_give_one_hash() {
        let mut back = V4;
        back[12..20].rotate_left(4);
        back[20..24].rotate_left(2);
        assert_eq!(hash().of_ip(&V4), hash().of_ip(&back));
        for before in [
            &hex!("0800")[..],
            &hex!("8100 0007 0800"),
            &hex!("88a8 0007 8100 0008 0800"),
            &hex!("8864 11000001 001c 0021"),
            &hex!("8847 00010040 00020140"),
        ] {
            assert_eq!(hash().of_frame(1, &framed(before, &V4)), hash().of_ip(&V4), "{before:x?}");
        }
        let mut other = V4;
        other[21] = 1;
        assert_ne!(hash().of_ip(&V4), hash().of_ip(&other));
        assert_ne!(hash().of_ip(&V4), FlowHash { seed: 7, ..hash() }.of_ip(&V4));
    }

    #[test]
    fn fragments_and_tunnels_go_by_their_addresses() {
        let (mut first, mut later) = (V4, V4);
        first[6] = 0x20;
        later[7] = 9;
        later[20..].fill(0xaa);
        assert_eq!(hash().of_ip(&first), hash().of_ip(&later));
        assert_ne!(hash().of_ip(&first), hash().of_ip(&V4));
        let mut tunnel = V4;
        tunnel[22..24].copy_from_slice(&4789u16.to_be_bytes());
        let whole = FlowHash { tunnels_whole: true, ..hash() };
        assert_eq!(whole.of_ip(&tunnel), hash().of_ip(&first));
        assert_ne!(hash().of_ip(&tunnel), hash().of_ip(&first));
        assert_eq!(whole.of_ip(&V4), hash().of_ip(&V4));
    }

    #[test]
    fn what_is_cut_short_has_none() {
        let frame = framed(&hex!("0800"), &V4);
        for len in 0..frame.len() - 4 {
            assert_eq!(hash().of_frame(1, &frame[..len]), 0, "{len}");
        }
        assert_eq!(hash().of_frame(1, &framed(&hex!("0806"), &V4)), 0);
    }

    #[test]
    fn workers_share_flows_evenly_and_tell_where_they_are() {
        let dealt = Dealt::new(4, Some(Fanout::Hash));
        let mut shares = [0; 4];
        for port in 0..4000u16 {
            let mut packet = V4;
            packet[20..22].copy_from_slice(&port.to_be_bytes());
            shares[dealt.worker_of(&packet)] += 1;
        }
        assert!(shares.iter().all(|share| (850..1150).contains(share)), "{shares:?}");
        let now = dealt.worker_of(&V4);
        let other = (now + 1) % 4;
        dealt.learn(other, 1, &framed(&hex!("0800"), &V4));
        assert_eq!(dealt.worker_of(&V4), other);
    }
}
