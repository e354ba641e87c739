//! The ends of a flow, judged by its first packet: which is the originator, and what stands for the ports of ICMP.

use std::net::IpAddr;

use crate::config::Config;
use crate::event::Proto;
use crate::flow::engine::Datagram;
use crate::flow::key::{End, Tuple};
use crate::flow::tcp::Segment;

/// Whether the first packet seen of a flow comes rather from its responder, by the ports.
pub(super) fn seems_reversed(tuple: &Tuple, datagram: &Datagram<'_>, config: &Config) -> bool {
    let likely = |end: &End| config.likely_servers.contains(tuple.proto, end.port);
    let reversed = match tuple.proto {
        Proto::Icmp => false,
        Proto::Udp => likely(&tuple.src) && !likely(&tuple.dst),
        Proto::Tcp => {
            let Some(peek) = Segment::peek(datagram.bytes) else { return false };
            let opening = peek.flags.syn() && !peek.flags.ack();
            // A SYN-ACK between two likely servers may be a stealth scan; other packets go by the
            // lower port.
            !opening
                && likely(&tuple.src)
                && (!likely(&tuple.dst) || !peek.flags.syn() && tuple.src.port < tuple.dst.port)
        }
    };
    let broadcast = datagram.dst == IpAddr::V4(std::net::Ipv4Addr::BROADCAST);
    reversed && !broadcast
}

/// What stands for ports in ICMP: the type, and the type of the answer or the code.
pub fn icmp_ports(protocol: u8, kind: u8, code: u8) -> (u16, u16, bool) {
    let answer = match (protocol, kind) {
        // RFC 792, RFC 950, RFC 1256.
        (1, 8) => Some(0),
        (1, 0) => Some(8),
        (1, 13) => Some(14),
        (1, 14) => Some(13),
        (1, 15) => Some(16),
        (1, 16) => Some(15),
        (1, 10) => Some(9),
        (1, 9) => Some(10),
        (1, 17) => Some(18),
        (1, 18) => Some(17),
        // RFC 4443, RFC 4861, RFC 2710, RFC 4620, RFC 6275.
        (58, 128) => Some(129),
        (58, 129) => Some(128),
        (58, 133) => Some(134),
        (58, 134) => Some(133),
        (58, 135) => Some(136),
        (58, 136) => Some(135),
        (58, 130) => Some(131),
        (58, 131) => Some(130),
        (58, 139) => Some(140),
        (58, 140) => Some(139),
        (58, 144) => Some(145),
        (58, 145) => Some(144),
        _ => None,
    };
    match answer {
        Some(answer) => (u16::from(kind), answer, false),
        None => (u16::from(kind), u16::from(code), true),
    }
}
