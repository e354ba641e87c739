//! Events of ICMP messages.

use std::net::IpAddr;

use crate::event::{Arena, ArgType, Argument, Conn, List, Part, PortOf, arg_records, events};
use crate::time::Interval;

arg_records! {
    /// An ICMP message.
    pub struct Info: "icmp_info" {
        /// Whether it is one of ICMPv6.
        v6: bool,
        /// Its type.
        itype: u8,
        /// Its code.
        icode: u8,
        /// Bytes behind its header.
        len: u64,
        /// The hop limit of the packet.
        ttl: u8,
    }
    /// The packet that a message is about.
    pub struct Context: "icmp_context" {
        /// Its ends.
        id: Ends,
        /// Its length.
        len: u64,
        /// Its transport protocol.
        proto: u64,
        /// Of a fragment, its place.
        frag_offset: u64,
        /// Too little of it is there.
        bad_hdr_len: bool,
        /// The checksum of its IP header is wrong.
        bad_checksum: bool,
        /// More fragments follow.
        mf: bool = "MF",
        /// It was not to be fragmented.
        df: bool = "DF",
    }
    /// A prefix that a router tells of (RFC 4861 §4.6.2).
    pub struct PrefixInfo: "icmp6_nd_prefix_info" {
        /// The number of leading bits that count.
        prefix_len: u8,
        /// Addresses with it are on the link.
        l_flag: bool = "L_flag",
        /// Hosts may form addresses with it.
        a_flag: bool = "A_flag",
        /// For how long it is valid, …
        valid_lifetime: Interval,
        /// … and for how long addresses with it are preferred.
        preferred_lifetime: Interval,
        /// The prefix.
        prefix: IpAddr,
    }
    /// An option of neighbour discovery (RFC 4861 §4.6).
    pub struct NdOption<'a>: "icmp6_nd_option" {
        /// Its type.
        otype: u8,
        /// Its length, in units of 8 bytes.
        len: u8,
        /// The address of the sender or the target in its link layer.
        link_address: Option<&'a [u8]>,
        /// A prefix.
        prefix: Option<PrefixInfo>,
        /// The packet that is redirected.
        redirect: Option<Context>,
        /// The MTU of the link.
        mtu: Option<u32>,
        /// The content of all others, and of those that are cut short.
        payload: Option<&'a [u8]>,
    }
}

/// The ends of what a message is about.
#[derive(Clone, Copy, Debug)]
pub struct Ends {
    pub orig_h: IpAddr,
    pub orig_p: PortOf,
    pub resp_h: IpAddr,
    pub resp_p: PortOf,
}

impl Argument for Ends {
    const TYPE: ArgType = ArgType::Named("conn_id");

    fn put(&self, arena: &mut Arena) -> Part {
        let Ends { orig_h, orig_p, resp_h, resp_p } = self;
        let ports = [orig_p.put(arena), resp_p.put(arena)];
        arena.record(&[Part::Addr(*orig_h), ports[0], Part::Addr(*resp_h), ports[1]])
    }
}

/// The options of a message.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a>(pub &'a [NdOption<'a>]);

impl Argument for Options<'_> {
    const TYPE: ArgType = ArgType::Alias("icmp6_nd_options", &<List<'static, NdOption<'static>>>::TYPE);

    fn put(&self, arena: &mut Arena) -> Part {
        List(self.0).put(arena)
    }
}

events! { [crate::analyze::first::icmp]
    /// An ICMP message for which there is no other event.
    pub struct Sent: "icmp_sent" {
        c: Conn,
        info: Info,
    }
    /// The same with its content.
    pub struct SentPayload<'a>: "icmp_sent_payload" {
        c: Conn,
        info: Info,
        payload: &'a [u8],
    }
    /// An echo request.
    pub struct EchoRequest<'a>: "icmp_echo_request" {
        c: Conn,
        info: Info,
        id: u16,
        seq: u16,
        payload: &'a [u8],
    }
    /// An echo reply.
    pub struct EchoReply<'a>: "icmp_echo_reply" {
        c: Conn,
        info: Info,
        id: u16,
        seq: u16,
        payload: &'a [u8],
    }
    /// An error message of ICMPv6 for which there is no other event.
    pub struct ErrorMessage: "icmp_error_message" {
        c: Conn,
        info: Info,
        code: u8,
        context: Context,
    }
    /// A destination cannot be reached.
    pub struct Unreachable: "icmp_unreachable" {
        c: Conn,
        info: Info,
        code: u8,
        context: Context,
    }
    /// A packet did not fit into a link.
    pub struct PacketTooBig: "icmp_packet_too_big" {
        c: Conn,
        info: Info,
        code: u8,
        context: Context,
    }
    /// A packet was on its way for too long.
    pub struct TimeExceeded: "icmp_time_exceeded" {
        c: Conn,
        info: Info,
        code: u8,
        context: Context,
    }
    /// Something in a packet's headers is wrong.
    pub struct ParameterProblem: "icmp_parameter_problem" {
        c: Conn,
        info: Info,
        code: u8,
        context: Context,
    }
    /// A host asks for routers.
    pub struct RouterSolicitation<'a>: "icmp_router_solicitation" {
        c: Conn,
        info: Info,
        options: Options<'a>,
    }
    /// A router tells of itself.
    pub struct RouterAdvertisement<'a>: "icmp_router_advertisement" {
        c: Conn,
        info: Info,
        cur_hop_limit: u8,
        managed: bool,
        other: bool,
        home_agent: bool,
        pref: u8,
        proxy: bool,
        rsv: u8,
        router_lifetime: Interval,
        reachable_time: Interval,
        retrans_timer: Interval,
        options: Options<'a>,
    }
    /// Someone asks for a neighbour's address.
    pub struct NeighborSolicitation<'a>: "icmp_neighbor_solicitation" {
        c: Conn,
        info: Info,
        tgt: IpAddr,
        options: Options<'a>,
    }
    /// A neighbour tells its address.
    pub struct NeighborAdvertisement<'a>: "icmp_neighbor_advertisement" {
        c: Conn,
        info: Info,
        router: bool,
        solicited: bool,
        r#override: bool = "override",
        tgt: IpAddr,
        options: Options<'a>,
    }
    /// There is a better way to a destination.
    pub struct Redirect<'a>: "icmp_redirect" {
        c: Conn,
        info: Info,
        tgt: IpAddr,
        dest: IpAddr,
        options: Options<'a>,
    }
}
