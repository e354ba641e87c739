//! Events of packets, and of oddities in them.

use std::net::IpAddr;

use crate::event::{Arena, ArgType, Argument, Conn, Name, Part, events};
use crate::flow::Datagram;
use crate::flow::packet;

events! { [0]
    /// A packet of a connection.
    pub struct NewPacket<'a>: "new_packet" {
        c: Conn,
        p: Headers<'a>,
    }
    /// The connection has grown by a step that a threshold may lie in; not one of Zeek's.
    pub struct ConnectionGrew: "ConnThreshold::grew" {
        c: Conn,
    }
    /// A connection did something odd.
    pub struct ConnWeird<'a>: "conn_weird" {
        name: Name,
        c: Conn,
        addl: &'a str,
        source: Name,
    }
    /// A packet between two hosts, of no connection, was odd.
    pub struct FlowWeird<'a>: "flow_weird" {
        name: &'a str,
        src: IpAddr,
        dst: IpAddr,
        addl: &'a str,
        source: &'a str,
    }
    /// A packet without readable addresses was odd.
    pub struct NetWeird<'a>: "net_weird" {
        name: &'a str,
        addl: &'a str,
        source: &'a str,
    }
}

/// The headers of a packet, as Zeek's `pkt_hdr`.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub &'a Datagram<'a>);

impl Argument for Headers<'_> {
    const TYPE: ArgType = ArgType::Named("pkt_hdr");

    fn put(&self, arena: &mut Arena) -> Part {
        packet::headers(arena, self.0)
    }
}
