//! conn.log: one row for every flow, when it is over.

pub mod events;

use std::borrow::Cow;

use crate::analyze::conn::events::{ConnectionLasts, ConnectionStateRemove};
use crate::analyze::{LogDecl, Protocol};
use crate::config::Config;
use crate::event::{Conn, Event, Owner, Proto};
use crate::flow::{Cx, EndpointState, Flow, Tcp};
use crate::record::{EnumName, Set, Uid, record};
use crate::time::Interval;

pub type Worker = ();

pub const PROTOCOL: Protocol = Protocol {
    events: events::EVENTS,
    logs: &[LogDecl {
        schema: SCHEMA,
        info: "Conn::Info",
        holder: Some(("connection", "conn")),
        event: Some("log_conn"),
    }],
    ..Protocol::NOTHING
};

pub const SCHEMA: &crate::record::Schema = <ConnRow<'static> as crate::record::Record>::SCHEMA;

record! {
    /// A connection: of TCP as its packets tell, of UDP and ICMP a sequence of packets between two
    /// ends without a long pause.
    pub struct ConnRow<'a> in "conn" of conn,
        summary ["{id.orig_h}:{id.orig_p} -> {id.resp_h}:{id.resp_p} {history?} {orig_ip_bytes} bytes / {resp_ip_bytes} bytes"]
    {
        /// The time of the first packet.
        ts,
        /// The transport protocol.
        proto: EnumName = "proto" as "transport_proto",
        /// Confirmed application protocols, separated by commas.
        service: Option<&'a str> = "service",
        /// Seconds from the first packet to the last that mattered.
        duration: Option<Interval> = "duration",
        /// Payload bytes the originator sent; of TCP judged by sequence numbers.
        orig_bytes: Option<u64> = "orig_bytes",
        /// Payload bytes the responder sent.
        resp_bytes: Option<u64> = "resp_bytes",
        /// How the connection went: S0 S1 SF REJ S2 S3 RSTO RSTR RSTOS0 RSTRH SH SHR OTH.
        conn_state: Option<&'a str> = "conn_state",
        /// Whether the originator is in `Site::local_nets`.
        local_orig: Option<bool> = "local_orig",
        /// Whether the responder is in `Site::local_nets`.
        local_resp: Option<bool> = "local_resp",
        /// Bytes that were acknowledged but never seen: loss on the way to the sensor.
        missed_bytes: u64 = "missed_bytes",
        /// What happened, in order, a letter each; upper case the originator: `S` SYN, `H` SYN-ACK,
        /// `A` ACK, `D` data, `F` FIN, `R` RST, `C` bad checksum, `G` gap, `T` retransmission,
        /// `W` zero window, `I` and `Q` flags that contradict each other, `^` roles swapped,
        /// `X` analysis stopped at a limit. `C G T W` again at the 10th, 100th … time.
        history: Option<&'a str> = "history",
        /// Packets the originator sent.
        orig_pkts: Option<u64> = "orig_pkts",
        /// IP bytes the originator sent, as IP headers say.
        orig_ip_bytes: Option<u64> = "orig_ip_bytes",
        /// Packets the responder sent.
        resp_pkts: Option<u64> = "resp_pkts",
        /// IP bytes the responder sent.
        resp_ip_bytes: Option<u64> = "resp_ip_bytes",
        /// The tunnels the connection was seen in.
        tunnel_parents: Option<Set<'a, Uid>> = "tunnel_parents",
    }
}

/// Tells of the end of a connection: first scripts, then conn.log.
pub fn log(cx: &mut Cx<'_>, flow: &mut Flow, tcp: &Tcp) {
    let wanted = cx.bus.wants(ConnectionStateRemove::ID);
    let view = wanted.then(|| flow.view(cx.bus));
    let service = service(flow);
    let row = row(cx.config, flow, service.as_deref(), state(flow, [tcp.orig.state, tcp.resp.state]));
    if let Some(mut view) = view {
        view.record = cx.bus.view(&row).map(|record| (0, record));
        let args = ConnectionStateRemove { c: Conn }.args(cx.bus.arena());
        cx.bus.raise(ConnectionStateRemove::ID, Some(view), None, args);
    }
    cx.bus.log(&row, Owner { uid: row.conn.uid, nth: 0 });
    cx.bus.ended(row.conn.uid, flow.raised);
}

/// Tells scripts of a connection that lasts still, with its row as it stands, and of when that is to be told next.
pub fn lasts(cx: &mut Cx<'_>, flow: &mut Flow) {
    if let Some(duration) = cx.bus.interest().next_duration(flow.last - flow.start) {
        flow.look_for(duration);
    }
    if !cx.bus.wants(ConnectionLasts::ID) {
        return;
    }
    let mut view = flow.view(cx.bus);
    let service = service(flow);
    let row = row(cx.config, flow, service.as_deref(), state(flow, flow.states));
    view.record = cx.bus.view(&row).map(|record| (0, record));
    let args = ConnectionLasts { c: Conn }.args(cx.bus.arena());
    flow.raised |= cx.bus.raise(ConnectionLasts::ID, Some(view), None, args);
}

/// Confirmed protocols, separated by commas.
fn service(flow: &Flow) -> Option<Cow<'static, str>> {
    match flow.services() {
        [] => None,
        [one] => Some(Cow::Borrowed(*one)),
        several => Some(Cow::Owned(several.join(","))),
    }
}

/// A connection's row as it stands.
fn row<'a>(config: &Config, flow: &'a Flow, service: Option<&'a str>, state: &'a str) -> ConnRow<'a> {
    let conn = flow.last_columns(flow.start);
    let local = |addr| config.is_local(addr);
    let duration = flow.last - flow.start;
    let lasted = duration > Interval::ZERO;
    let history = std::str::from_utf8(flow.history()).ok().filter(|letters| !letters.is_empty());
    let parents = flow.tunnel_parents();
    ConnRow {
        conn,
        proto: EnumName(flow.proto().name()),
        service,
        duration: lasted.then_some(duration),
        orig_bytes: lasted.then_some(flow.sizes[0]),
        resp_bytes: lasted.then_some(flow.sizes[1]),
        conn_state: Some(state),
        local_orig: local(conn.orig_h),
        local_resp: local(conn.resp_h),
        missed_bytes: flow.missed_bytes,
        history,
        orig_pkts: Some(flow.packets[0]),
        orig_ip_bytes: Some(flow.ip_bytes[0]),
        resp_pkts: Some(flow.packets[1]),
        resp_ip_bytes: Some(flow.ip_bytes[1]),
        tunnel_parents: (!parents.is_empty()).then_some(Set(parents)),
    }
}

/// Zeek's summary of how a connection went.
fn state(flow: &Flow, ends: [EndpointState; 2]) -> &'static str {
    use EndpointState::{Closed, Established, Inactive, Partial, Reset, SynAckSent, SynSent};
    match flow.proto() {
        Proto::Icmp => return "OTH",
        Proto::Udp => {
            return match flow.active {
                [true, true] => "SF",
                [true, false] => "S0",
                [false, true] => "SHR",
                [false, false] => "OTH",
            };
        }
        Proto::Tcp => {}
    }
    let [orig, resp] = ends;
    match (orig, resp) {
        (SynSent | SynAckSent, Reset) => "REJ",
        (Reset, Reset) if flow.sizes == [0, 0] => "REJ",
        (Inactive | Partial, Reset) => "RSTRH",
        (_, Reset) => "RSTR",
        (Reset, Inactive | Partial) if is_aborted_attempt(flow.history()) => "RSTOS0",
        (Reset, Inactive | Partial) => "OTH",
        (Reset, _) => "RSTO",
        (Closed, Closed) => "SF",
        (Closed, Inactive | Partial) => "SH",
        (Closed, _) => "S2",
        (Inactive | Partial, Closed) => "SHR",
        (_, Closed) => "S3",
        (SynSent, Inactive) => "S0",
        (Established, Established) => "S1",
        _ => "OTH",
    }
}

/// A SYN, then a RST with nothing of consequence between them.
fn is_aborted_attempt(history: &[u8]) -> bool {
    let history = history.strip_prefix(b"^").unwrap_or(history);
    let Some(rest) = history.strip_prefix(b"S") else { return false };
    rest.iter()
        .position(|&letter| letter == b'R')
        .is_some_and(|reset| !rest[..reset].iter().any(|letter| b"HAFGIQ".contains(letter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aborted_attempt_is_told_by_its_history() {
        for (history, expected) in [
            ("SR", true),
            ("^SR", true),
            ("SDTR", true),
            ("SAR", false),
            ("R", false),
            ("SaR", true),
            ("SHR", false),
            ("S", false),
        ] {
            assert_eq!(is_aborted_attempt(history.as_bytes()), expected, "{history}");
        }
    }
}
