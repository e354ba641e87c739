//! VLANs and link-layer addresses of connections, as policies show them.

use serde_json::{Value, json};

use crate::build::formats::{ETHERNET, MICRO, Order, Pcap};
use crate::build::{Host, host, nightjar, udp};

const A: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0a];
const B: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0b];

/// A datagram from one host to the other, in a frame with these tags.
fn frame(from: (Host, [u8; 6]), to: (Host, [u8; 6]), vlans: &[u16]) -> Vec<u8> {
    let mut frame = [to.1, from.1].concat();
    for vlan in vlans {
        frame.extend([0x81, 0]);
        frame.extend(vlan.to_be_bytes());
    }
    frame.extend([8, 0]);
    frame.extend(udp(from.0, to.0, b"x"));
    frame
}

fn conns(frames: &[Vec<u8>], args: &[&str]) -> Vec<Value> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut pcap = Pcap::with(Order::Little, MICRO, (2, 4), 0xffff, ETHERNET.into());
    for (nth, frame) in (0..).zip(frames) {
        pcap.packet((1_700_000_000 + nth, 0), frame);
    }
    std::fs::write(folder.path().join("frames.pcap"), pcap.bytes()).expect("a capture written");
    let mut command = nightjar(folder.path());
    command.args(["-C", "--quiet", "-r", "frames.pcap", "LogAscii::use_json=T"]).args(args);
    assert!(command.status().expect("nightjar runs").success());
    let log = std::fs::read_to_string(folder.path().join("conn.log")).expect("conn.log");
    let mut rows: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    rows.sort_by_key(|row| row["id.orig_p"].as_u64());
    rows
}

#[test]
fn vlans_and_addresses_are_those_of_the_first_packet() {
    let client = |port| (host(1, port), A);
    let server = |port| (host(2, port), B);
    let frames = [
        frame(client(4001), server(9), &[100, 200]),
        frame(server(9), client(4001), &[300]),
        frame(client(4002), server(9), &[7]),
        // The server's side is seen first.
        frame(server(53), client(4003), &[]),
        // A tag that names none, and no address.
        frame((host(1, 4004), [0; 6]), server(9), &[0]),
    ];
    let policies = ["protocols/conn/vlan-logging", "protocols/conn/mac-logging"];
    for workers in ["1", "3"] {
        let args = [&policies[..], &["--workers", workers]].concat();
        let shown: Vec<Value> = conns(&frames, &args)
            .iter()
            .map(|row| {
                json!([
                    row["id.orig_p"],
                    row["vlan"],
                    row["inner_vlan"],
                    row["orig_l2_addr"],
                    row["resp_l2_addr"]
                ])
            })
            .collect();
        let (a, b) = ("02:00:00:00:00:0a", "02:00:00:00:00:0b");
        let want = [
            json!([4001, 100, 200, a, b]),
            json!([4002, 7, null, a, b]),
            json!([4003, null, null, a, b]),
            json!([4004, null, null, null, b]),
        ];
        assert_eq!(shown, want, "{workers} workers");
    }
    let plain = conns(&frames, &[]);
    assert!(plain.iter().all(|row| row.get("vlan").is_none() && row.get("orig_l2_addr").is_none()));
}
