//! What a datagram means to its flow: bytes and packets are counted, and its payload goes to the analyzers.

use etherparse::UdpHeaderSlice;

use crate::event::{Conn, Event, List};
use crate::flow::engine::{Datagram, Env, FlowStats};
use crate::flow::events::{
    ConnectionFlipped, ConnectionGrew, ConnectionSynPacket, PacketContents, TcpChecksumErrors, TcpOption,
    TcpOptions, UdpContents, UdpReply, UdpRequest,
};
use crate::flow::handler::{Cx, Dir, Handler};
use crate::flow::key::Tuple;
use crate::flow::packet;
use crate::flow::tcp::{Segment, Tcp};
use crate::flow::{Flow, FlowSeen};

pub(super) fn take_segment<H: Handler>(
    env: &mut Env<'_, '_, H>,
    flow: &mut Flow,
    tcp: &mut Tcp,
    app: &mut H::State,
    dir: Dir,
    datagram: &Datagram<'_>,
    stats: &mut FlowStats,
) {
    let len = if datagram.len == 0 { datagram.bytes.len() as u32 } else { datagram.len };
    let segment = match Segment::parse(datagram.bytes, len) {
        Ok(segment) => segment,
        Err(error) => return flow.weird(&mut env.cx, error.weird(), "TCP"),
    };
    let is_orig = dir.is_orig();
    flow.raise(&mut env.cx, &PacketContents { c: Conn, contents: segment.payload });
    if datagram.bad_checksum {
        stats.bad_checksums += 1;
        flow.weird(&mut env.cx, "bad_TCP_checksum", "TCP");
        if let Some(threshold) = tcp.bad_checksum(flow, dir) {
            flow.raise(&mut env.cx, &TcpChecksumErrors { c: Conn, is_orig, threshold });
        }
        return;
    }
    if segment.flags.syn() && env.cx.bus.wants(ConnectionSynPacket::ID) {
        let pkt = packet::syn(datagram, &segment, is_orig);
        flow.raise(&mut env.cx, &ConnectionSynPacket { c: Conn, pkt });
    }
    if env.cx.bus.wants(TcpOption::ID) || env.cx.bus.wants(TcpOptions::ID) {
        let options = packet::tcp_options(segment.options);
        for option in &options {
            let option = TcpOption { c: Conn, is_orig, opt: option.kind, optlen: option.length };
            flow.raise(&mut env.cx, &option);
        }
        if !options.is_empty() {
            flow.raise(&mut env.cx, &TcpOptions { c: Conn, is_orig, options: List(&options) });
        }
    }
    tcp.segment(env, flow, app, dir, &segment);
    if std::mem::take(&mut flow.flip_pending) {
        tcp.flip();
        tcp.show(flow);
        env.handler.flipped(app);
        flow.raise(&mut env.cx, &ConnectionFlipped { c: Conn });
    }
    let dir = flow_dir(flow, dir, datagram);
    count(&mut env.cx, flow, dir, datagram);
}

/// Adds to what a side has sent over UDP, by the header's own length. Where that is less than the header the side
/// counts as one that never spoke, and anything after it as the first; so Zeek has it.
fn count_payload(flow: &mut Flow, dir: Dir, len: i64) {
    let at = dir as usize;
    let before = if flow.active[at] { flow.sizes[at] } else { 0 };
    let sum = before.checked_add_signed(len);
    flow.active[at] = sum.is_some();
    flow.sizes[at] = sum.unwrap_or(0);
}

/// The direction of a datagram after the roles may have been swapped by it.
#[inline]
fn flow_dir(flow: &Flow, dir: Dir, datagram: &Datagram<'_>) -> Dir {
    let Tuple { src, dst, .. } = &flow.tuple;
    if src.has_addr_of(dst) {
        return dir;
    }
    if src.is_at(datagram.src) { Dir::Orig } else { Dir::Resp }
}

fn count(cx: &mut Cx<'_>, flow: &mut Flow, dir: Dir, datagram: &Datagram<'_>) {
    flow.packets[dir as usize] += 1;
    let before = flow.ip_bytes[dir as usize];
    let after = before + u64::from(datagram.total_len);
    flow.ip_bytes[dir as usize] = after;
    if cx.bus.wants(ConnectionGrew::ID) && cx.bus.interest().is_step(before, after) {
        flow.raise(cx, &ConnectionGrew { c: Conn });
    }
}

pub(super) fn take_udp<'a, H: Handler>(
    env: &mut Env<'_, '_, H>,
    flow: &mut Flow,
    app: &mut H::State,
    dir: Dir,
    datagram: &Datagram<'a>,
    stats: &mut FlowStats,
) -> Option<&'a [u8]> {
    let head = UdpHeaderSlice::from_slice(datagram.bytes).ok()?;
    let payload = datagram.bytes.get(head.slice().len()..)?;
    let len = if datagram.len == 0 { datagram.bytes.len() as u32 } else { datagram.len };
    flow.raise(&mut env.cx, &PacketContents { c: Conn, contents: payload });
    if datagram.bad_checksum {
        stats.bad_checksums += 1;
        flow.weird(&mut env.cx, "bad_UDP_checksum", "UDP");
        flow.note_once(dir, FlowSeen::CORRUPT, b'C');
        return None;
    }
    let udp_len = u32::from(head.length());
    if udp_len != len {
        flow.weird_about(&mut env.cx, "UDP_datagram_length_mismatch", "UDP", format!("{udp_len} != {len}"));
    }
    flow.last = env.cx.stamp;
    let payload = payload.get(..len as usize - 8).unwrap_or(payload);
    if let Some(contents) = &env.cx.config.contents {
        let ports = (head.source_port(), head.destination_port());
        if contents.of_datagram(dir.is_orig(), ports, flow.resp_port()) {
            let contents = UdpContents { u: Conn, is_orig: dir.is_orig(), contents: payload };
            flow.raise(&mut env.cx, &contents);
        }
    }
    flow.note_once(dir, FlowSeen::DATA, b'D');
    count_payload(flow, dir, i64::from(udp_len) - 8);
    match dir {
        Dir::Orig => flow.raise(&mut env.cx, &UdpRequest { u: Conn }),
        Dir::Resp => flow.raise(&mut env.cx, &UdpReply { u: Conn }),
    }
    env.handler.datagram(&mut env.cx, flow, app, dir, payload);
    if std::mem::take(&mut flow.flip_pending) {
        env.handler.flipped(app);
        flow.raise(&mut env.cx, &ConnectionFlipped { c: Conn });
    }
    // After the analyzers, and for the direction from before they swapped the roles, as in Zeek.
    count(&mut env.cx, flow, dir, datagram);
    Some(payload)
}

pub(super) fn take_icmp<H: Handler>(
    env: &mut Env<'_, '_, H>,
    flow: &mut Flow,
    dir: Dir,
    datagram: &Datagram<'_>,
    stats: &mut FlowStats,
) {
    let len = if datagram.len == 0 { datagram.bytes.len() as u32 } else { datagram.len };
    if env.cx.bus.wants(PacketContents::ID) {
        let contents = datagram.bytes.get(..len as usize).unwrap_or(datagram.bytes);
        let contents = contents.get(8..).unwrap_or_default();
        flow.raise(&mut env.cx, &PacketContents { c: Conn, contents });
    }
    if datagram.bad_checksum {
        stats.bad_checksums += 1;
        return flow.weird(&mut env.cx, "bad_ICMP_checksum", "ICMP");
    }
    flow.last = env.cx.stamp;
    flow.active[dir as usize] = true;
    flow.sizes[dir as usize] += u64::from(len.saturating_sub(8));
    env.handler.icmp(&mut env.cx, flow, datagram);
    // Zeek counts only what was captured whole.
    if datagram.bytes.len() as u32 >= len {
        count(&mut env.cx, flow, dir, datagram);
    }
}
