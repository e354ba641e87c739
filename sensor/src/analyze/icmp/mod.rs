//! ICMP: what its messages say, for scripts.

pub mod events;
mod message;

use crate::analyze::Protocol;
use crate::analyze::icmp::events::{
    EchoReply, EchoRequest, ErrorMessage, Info, NeighborAdvertisement, NeighborSolicitation, Options,
    PacketTooBig, ParameterProblem, Redirect, RouterAdvertisement, RouterSolicitation, Sent, SentPayload,
    TimeExceeded, Unreachable,
};
use crate::analyze::icmp::message::{Reading, context4, context6, options};
use crate::event::Conn;
use crate::flow::{Cx, Datagram, Flow};
use crate::time::Interval;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol { events: events::EVENTS, ..Protocol::NOTHING };

/// RFC 792, RFC 4443 §2, RFC 4861 §4.
mod kind {
    pub const ECHO_REPLY: u8 = 0;
    pub const UNREACHABLE: u8 = 3;
    pub const ECHO: u8 = 8;
    pub const TIME_EXCEEDED: u8 = 11;

    pub const UNREACHABLE6: u8 = 1;
    pub const PACKET_TOO_BIG: u8 = 2;
    pub const TIME_EXCEEDED6: u8 = 3;
    pub const PARAMETER_PROBLEM: u8 = 4;
    pub const ECHO6: u8 = 128;
    pub const ECHO_REPLY6: u8 = 129;
    pub const ROUTER_SOLICITATION: u8 = 133;
    pub const ROUTER_ADVERTISEMENT: u8 = 134;
    pub const NEIGHBOR_SOLICITATION: u8 = 135;
    pub const NEIGHBOR_ADVERTISEMENT: u8 = 136;
    pub const REDIRECT: u8 = 137;
}

/// Tells scripts of a message, where any handle one.
#[inline]
pub fn message(cx: &mut Cx<'_>, flow: &mut Flow, datagram: &Datagram<'_>) {
    if cx.bus.wants_any(crate::analyze::first::icmp, events::EVENTS.len()) {
        tell(cx, flow, datagram);
    }
}

#[cold]
fn tell(cx: &mut Cx<'_>, flow: &mut Flow, datagram: &Datagram<'_>) {
    let Some((head, rest)) = datagram.bytes.split_first_chunk::<8>() else { return };
    let v6 = datagram.src.is_ipv6();
    let len = if datagram.len == 0 { datagram.bytes.len() as u64 } else { u64::from(datagram.len) };
    let len = len.saturating_sub(8);
    let hops = datagram.header.get(if v6 { 7 } else { 8 }).copied().unwrap_or(0);
    let info = Info { v6, itype: head[0], icode: head[1], len, ttl: hops };
    let captured = rest.get(..usize::try_from(len).unwrap_or(usize::MAX)).unwrap_or(rest);
    let message = Message { head, info, rest: captured };
    match (v6, head[0]) {
        (false, kind::ECHO) | (true, kind::ECHO6) => {
            let (id, seq) = message.echo();
            flow.raise(cx, &EchoRequest { c: Conn, info, id, seq, payload: captured });
        }
        (false, kind::ECHO_REPLY) | (true, kind::ECHO_REPLY6) => {
            let (id, seq) = message.echo();
            flow.raise(cx, &EchoReply { c: Conn, info, id, seq, payload: captured });
        }
        (false, kind::UNREACHABLE) => {
            flow.raise(cx, &Unreachable { c: Conn, info, code: head[1], context: context4(captured) });
        }
        (false, kind::TIME_EXCEEDED) => {
            flow.raise(cx, &TimeExceeded { c: Conn, info, code: head[1], context: context4(captured) });
        }
        (true, 0..128) => message.error(cx, flow),
        (true, kind::ROUTER_SOLICITATION..=kind::REDIRECT) => message.discovery(cx, flow),
        _ => {
            flow.raise(cx, &Sent { c: Conn, info });
            flow.raise(cx, &SentPayload { c: Conn, info, payload: captured });
        }
    }
}

/// A message, as far as it was captured.
#[derive(Clone, Copy)]
struct Message<'m> {
    head: &'m [u8; 8],
    info: Info,
    /// What follows the first eight bytes.
    rest: &'m [u8],
}

impl Message<'_> {
    fn echo(&self) -> (u16, u16) {
        let [.., a, b, c, d] = *self.head;
        (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
    }

    /// RFC 4443 §3.
    fn error(&self, cx: &mut Cx<'_>, flow: &mut Flow) {
        let Message { info, .. } = *self;
        let (c, code, context) = (Conn, info.icode, context6(self.rest));
        match info.itype {
            kind::UNREACHABLE6 => flow.raise(cx, &Unreachable { c, info, code, context }),
            kind::PACKET_TOO_BIG => flow.raise(cx, &PacketTooBig { c, info, code, context }),
            kind::TIME_EXCEEDED6 => flow.raise(cx, &TimeExceeded { c, info, code, context }),
            kind::PARAMETER_PROBLEM => flow.raise(cx, &ParameterProblem { c, info, code, context }),
            _ => flow.raise(cx, &ErrorMessage { c, info, code, context }),
        }
    }

    /// RFC 4861 §4.
    fn discovery(&self, cx: &mut Cx<'_>, flow: &mut Flow) {
        let Message { info, head, rest } = *self;
        let c = Conn;
        let mut reading = Reading::new(rest);
        match info.itype {
            kind::ROUTER_SOLICITATION => {
                with_options(cx, flow, reading.rest(), |cx, flow, options| {
                    flow.raise(cx, &RouterSolicitation { c, info, options });
                });
            }
            kind::ROUTER_ADVERTISEMENT => {
                let [.., hops, flags, high, low] = *head;
                let (reachable, retrans) = (reading.number(), reading.number());
                let millis = |count: u32| Interval::from_nanos(i64::from(count) * 1_000_000);
                with_options(cx, flow, reading.rest(), |cx, flow, options| {
                    let advertisement = RouterAdvertisement {
                        c,
                        info,
                        cur_hop_limit: hops,
                        managed: flags & 0x80 != 0,
                        other: flags & 0x40 != 0,
                        home_agent: flags & 0x20 != 0,
                        pref: (flags & 0x18) >> 3,
                        proxy: flags & 0x04 != 0,
                        rsv: flags & 0x03,
                        router_lifetime: Interval::from_secs(i64::from(u16::from_be_bytes([high, low]))),
                        reachable_time: millis(reachable),
                        retrans_timer: millis(retrans),
                        options,
                    };
                    flow.raise(cx, &advertisement);
                });
            }
            kind::NEIGHBOR_SOLICITATION => {
                let tgt = reading.addr();
                with_options(cx, flow, reading.rest(), |cx, flow, options| {
                    flow.raise(cx, &NeighborSolicitation { c, info, tgt, options });
                });
            }
            kind::NEIGHBOR_ADVERTISEMENT => {
                let (flags, tgt) = (head[4], reading.addr());
                with_options(cx, flow, reading.rest(), |cx, flow, options| {
                    let advertisement = NeighborAdvertisement {
                        c,
                        info,
                        router: flags & 0x80 != 0,
                        solicited: flags & 0x40 != 0,
                        r#override: flags & 0x20 != 0,
                        tgt,
                        options,
                    };
                    flow.raise(cx, &advertisement);
                });
            }
            _ => {
                let (tgt, dest) = (reading.addr(), reading.addr());
                with_options(cx, flow, reading.rest(), |cx, flow, options| {
                    flow.raise(cx, &Redirect { c, info, tgt, dest, options });
                });
            }
        }
    }
}

/// Reads options, and tells of what has them.
fn with_options(
    cx: &mut Cx<'_>,
    flow: &mut Flow,
    bytes: &[u8],
    tell: impl FnOnce(&mut Cx<'_>, &mut Flow, Options<'_>),
) {
    let (options, well) = options(bytes);
    if !well {
        flow.weird(cx, "zero_length_ICMPv6_ND_option", "ICMP");
    }
    tell(cx, flow, Options(&options));
}
