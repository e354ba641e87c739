//! Packets in packets: how deep they are followed, and what each tunnel is told of as.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::build::{CLIENT, Capture, SERVER, ip, set_checksum, summary, udp};
use crate::conn::rows;

const OUTER: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2))];
const GRE: u8 = 47;

/// An IPv4 packet with a GRE header before it.
fn gre(packet: &[u8]) -> Vec<u8> {
    [b"\0\0\x08\0", packet].concat()
}

fn texts<'a>(rows: &'a [Value], field: &str) -> Vec<&'a str> {
    rows.iter().filter_map(|row| row[field].as_str()).collect()
}

#[test]
fn four_tunnels_are_followed_and_a_fifth_is_odd() {
    let nested = |depth: u8| {
        let wrap = |packet: Vec<u8>, level| {
            let host = |at: usize| IpAddr::from([198, 18, level, at as u8]);
            ip(GRE, host(1), host(2), &gre(&packet))
        };
        let packet = (1..depth).rev().fold(udp(CLIENT, SERVER, b"inside"), wrap);
        let mut capture = Capture::new();
        capture.ip(0, GRE, OUTER[0], OUTER[1], &gre(&packet));
        capture
    };
    let followed = rows(nested(4), "conn");
    assert_eq!(texts(&followed, "id.orig_h"), ["10.0.0.1"]);
    assert!(rows(nested(4), "weird").is_empty());
    assert_eq!(rows(nested(4), "tunnel").len(), 4);
    assert!(rows(nested(5), "conn").is_empty());
    assert_eq!(texts(&rows(nested(5), "weird"), "name"), ["exceeded_tunnel_max_depth_in_tunnel"]);
}

#[test]
fn gre_over_udp_is_a_tunnel_between_its_hosts() {
    let capture = || {
        let mut capture = Capture::new();
        let ends = [(OUTER[0], 50_000), (OUTER[1], 4754)];
        capture.udp(0, ends[0], ends[1], &gre(&udp(CLIENT, SERVER, b"there")));
        capture.udp(1, ends[0], ends[1], &gre(&udp(SERVER, CLIENT, b"and back")));
        // Neither a reserved flag nor too little of a header.
        capture.udp(2, ends[0], ends[1], b"\0\x08\x08\0");
        capture.udp(3, ends[0], ends[1], b"\0\0\x08");
        capture
    };
    let conns = rows(capture(), "conn");
    assert_eq!(texts(&conns, "id.orig_h"), ["192.0.2.1", "10.0.0.1"]);
    assert_eq!(texts(&conns, "service"), [""; 0]);
    assert_eq!((&conns[1]["orig_bytes"], &conns[1]["resp_bytes"]), (&Value::from(5), &Value::from(8)));
    assert_eq!(conns[1]["tunnel_parents"].as_array().map(Vec::len), Some(1));
    let tunnels = rows(capture(), "tunnel");
    assert_eq!(texts(&tunnels, "tunnel_type"), ["Tunnel::GRE"]);
    assert_eq!((&tunnels[0]["id.resp_h"], &tunnels[0]["id.resp_p"]), (&"192.0.2.2".into(), &0.into()));
    assert_eq!(texts(&rows(capture(), "weird"), "name"), ["unknown_gre_flags", "truncated_GRE"]);
}

#[test]
fn packets_of_other_ip_protocols_are_counted_by_protocol() {
    let mut capture = Capture::new();
    for (at, protocol) in [132, 89, 50, 51, 89, 253].into_iter().enumerate() {
        capture.ip(at as u32, protocol, OUTER[0], OUTER[1], &[0; 32]);
    }
    let summary = summary(&capture);
    let expected =
        "\n5 packets of IP protocols that are not analysed: ah 1, ospf 2, sctp 1, protocol 253 1\n";
    assert!(summary.contains(expected), "{summary}");
    assert!(summary.contains("\n1 encrypted IP packets (ESP)\n"), "{summary}");
}

#[test]
fn a_datagram_has_five_minutes_to_complete() {
    let apart = |millis: u32| {
        let whole = udp(CLIENT, SERVER, &[b'x'; 80]);
        let mut capture = Capture::new();
        for (at, part, flags) in [(0, 20..76, 0x2000u16), (millis, 76..108, 7)] {
            let mut packet = ip(17, CLIENT.0, SERVER.0, &whole[part]);
            packet[6..8].copy_from_slice(&flags.to_be_bytes());
            set_checksum(&mut packet);
            capture.packet(at, &packet);
        }
        capture
    };
    assert_eq!(rows(apart(299_000), "conn").len(), 1);
    let late = apart(301_000);
    assert!(summary(&late).contains("\n1 fragmented datagrams given up for their age\n"));
    assert!(rows(late, "conn").is_empty());
}
