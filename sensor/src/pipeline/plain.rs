//! Telling whose packet a packet is without decoding it, where that is easy.
//!
//! Every worker sees every packet. Of ordinary ones (IPv4 or IPv6 directly in Ethernet, whole, TCP or
//! UDP, no tunnel) the ports and addresses are in fixed places, and only the owner goes on.

use std::net::IpAddr;

use nightjar_protocols::wire::numbers::{ethertype, ipproto, linktype};

use crate::capture::Packet;
use crate::event::Proto;
use crate::flow::{End, Tuple};
use crate::pipeline::worker::may_be_tunnel;

const ETHERNET: usize = 14;
const IPV4: usize = 20;
const IPV6: usize = 40;

/// An ordinary packet.
pub(super) struct Plain<'p> {
    pub tuple: Tuple,
    /// The transport header with what follows.
    pub transport: &'p [u8],
    /// The worker that alone has to look at it.
    pub owner: usize,
}

/// What is told of a packet; `None` where all workers have to look at it.
#[inline]
pub(super) fn told<'p>(packet: &Packet<'p>, workers: usize) -> Option<Plain<'p>> {
    let (tuple, transport) = transport(packet)?;
    if tuple.proto == Proto::Udp && may_be_tunnel(&tuple, transport) {
        return None;
    }
    Some(Plain { owner: tuple.key().owner(workers), tuple, transport })
}

/// The ends of an ordinary packet, and its transport header with what follows.
#[inline]
fn transport<'p>(packet: &Packet<'p>) -> Option<(Tuple, &'p [u8])> {
    if packet.link != linktype::ETHERNET {
        return None;
    }
    let (ethernet, ip) = packet.data.split_first_chunk::<ETHERNET>()?;
    let (src, dst, protocol, transport) = match u16::from_be_bytes([ethernet[12], ethernet[13]]) {
        ethertype::IPV4 => {
            let (head, transport) = ip.split_first_chunk::<IPV4>()?;
            let fragment = u16::from_be_bytes([head[6], head[7]]) & 0x3fff;
            if head[0] != 0x45 || fragment != 0 {
                return None;
            }
            let addr = |at: usize| IpAddr::from([head[at], head[at + 1], head[at + 2], head[at + 3]]);
            (addr(12), addr(16), head[9], transport)
        }
        ethertype::IPV6 => {
            let (head, transport) = ip.split_first_chunk::<IPV6>()?;
            if head[0] >> 4 != 6 {
                return None;
            }
            let addr = |at: usize| IpAddr::from(std::array::from_fn::<u8, 16, _>(|i| head[at + i]));
            (addr(8), addr(24), head[6], transport)
        }
        _ => return None,
    };
    let proto = match protocol {
        ipproto::TCP => Proto::Tcp,
        ipproto::UDP => Proto::Udp,
        _ => return None,
    };
    let (ports, _) = transport.split_first_chunk::<4>()?;
    let port = |at: usize| u16::from_be_bytes([ports[at], ports[at + 1]]);
    let tuple = Tuple { src: End::new(src, port(0)), dst: End::new(dst, port(2)), proto, one_way: false };
    Some((tuple, transport))
}
