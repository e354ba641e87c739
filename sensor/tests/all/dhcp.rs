//! dhcp.log, its event, and the joining of messages, end to end.

use std::net::{IpAddr, Ipv4Addr};

use crate::build::{Capture, Host, host, printed, rows_with};
use crate::replay::golden;

const fn v4(addr: [u8; 4], port: u16) -> Host {
    let [a, b, c, d] = addr;
    (IpAddr::V4(Ipv4Addr::new(a, b, c, d)), port)
}

const CLIENT: Host = v4([0, 0, 0, 0], 68);
const ALL_CLIENTS: Host = v4([255, 255, 255, 255], 68);
const ALL_SERVERS: Host = v4([255, 255, 255, 255], 67);
const SERVER: Host = host(1, 67);

/// A message of transaction `xid`, with `given` as the client's address and these options.
fn message(op: u8, xid: u32, given: u8, options: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![op, 1, 6, 0];
    bytes.extend(xid.to_be_bytes());
    bytes.resize(16, 0);
    bytes.extend(if given > 0 { [10, 0, 0, given] } else { [0; 4] });
    bytes.resize(28, 0);
    bytes.extend([2, 0, 0, 0, 0, 9]);
    bytes.resize(236, 0);
    bytes.extend([0x63, 0x82, 0x53, 0x63]);
    options.iter().for_each(|option| bytes.extend(*option));
    bytes.push(255);
    bytes
}

const DISCOVER: &[u8] = &[53, 1, 1];
const OFFER: &[u8] = &[53, 1, 2];
const REQUEST: &[u8] = &[53, 1, 3];
const ACK: &[u8] = &[53, 1, 5];
const NAK: &[u8] = &[53, 1, 6];
const NAME: &[u8] = &[12, 4, b'n', b'o', b't', b'e'];
const LEASE: &[u8] = &[51, 4, 0, 0, 14, 16];
const DOMAIN: &[u8] = &[15, 3, b'l', b'a', b'n'];

/// An address is given, by broadcasts of both sides: two connections.
fn exchange(capture: &mut Capture, at: u32, xid: u32) {
    let said = &[&[56, 2, b'n', b'o'][..]];
    capture
        .udp(at, CLIENT, ALL_SERVERS, &message(1, xid, 0, &[DISCOVER, NAME, &[50, 4, 10, 0, 0, 7]]))
        .udp(at + 20, SERVER, ALL_CLIENTS, &message(2, xid, 9, &[OFFER, LEASE]))
        .udp(at + 40, CLIENT, ALL_SERVERS, &message(1, xid, 0, &[REQUEST, NAME]))
        .udp(at + 60, SERVER, ALL_CLIENTS, &message(2, xid, 9, &[ACK, LEASE, DOMAIN]))
        .udp(at + 80, SERVER, ALL_CLIENTS, &message(2, xid, 0, &[&[NAK, said[0]].concat()]));
}

#[test]
fn dhcp_gives_its_golden_logs() {
    let mut capture = Capture::new();
    exchange(&mut capture, 0, 7);
    // Another, and one more of the same number after the first is over.
    exchange(&mut capture, 8_000, 8);
    exchange(&mut capture, 40_000, 7);
    // What is no message, and one whose type nobody knows.
    capture.udp(41_000, CLIENT, ALL_SERVERS, b"short");
    capture.udp(42_000, host(9, 68), host(1, 67), &message(1, 9, 0, &[&[53, 1, 99]]));
    golden::check("dhcp", &capture);
}

#[test]
fn messages_are_joined_whatever_the_number_of_workers() {
    let mut capture = Capture::new();
    (0..20).for_each(|nth| exchange(&mut capture, nth * 3_000, nth + 1));
    let of = |workers: &str| {
        let rows = rows_with(&capture, &["--workers", workers]);
        rows.fields("dhcp", ["ts", "uids", "assigned_addr", "msg_types", "duration"])
    };
    let one = of("1");
    assert_eq!(one.len(), 20);
    assert_eq!(one[0][3], serde_json::json!(["DISCOVER", "OFFER", "REQUEST", "ACK", "NAK"]));
    assert_eq!(one[0][1].as_array().map(Vec::len), Some(2), "client and server are different connections");
    for workers in ["2", "5"] {
        assert_eq!(of(workers), one, "{workers} workers");
    }
}

#[test]
fn a_row_ends_where_options_say() {
    let mut capture = Capture::new();
    exchange(&mut capture, 0, 7);
    let rows = rows_with(&capture, &["DHCP::max_msg_types_per_log_entry=2"]);
    let types: Vec<_> = rows.fields("dhcp", ["msg_types"]);
    let expected = [&["DISCOVER", "OFFER"][..], &["REQUEST", "ACK"], &["NAK"]];
    assert_eq!(types, expected.map(|types| [serde_json::json!(types)]));
    for option in ["DHCP::max_uids_per_log_entry=1", "DHCP::max_exchanges=0"] {
        assert_eq!(rows_with(&capture, &[option]).of("dhcp").len(), 5, "{option}");
    }
}

#[test]
fn scripts_see_messages_and_may_change_the_row() {
    let mut capture = Capture::new();
    exchange(&mut capture, 0, 7);
    let script = "event dhcp_message(c: connection, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
        { print is_orig, DHCP::message_types[msg$m_type], msg$yiaddr, msg$chaddr, options$options; }
    event DHCP::aggregate_msgs(ts: time, id: conn_id, uid: string, is_orig: bool, msg: DHCP::Msg, options: DHCP::Options)
        { DHCP::log_info$domain = \"changed\"; }
    event DHCP::log_dhcp(rec: DHCP::Info) { print rec$domain, rec$server_addr; }";
    let told = &printed(&capture, &[], script)[0];
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "T, DISCOVER, 0.0.0.0, 02:00:00:00:00:09, [53, 12, 50]");
    assert_eq!(lines[1], "T, OFFER, 10.0.0.9, 02:00:00:00:00:09, [53, 51]");
    assert_eq!(lines[5], "changed, 10.0.0.1");
}

#[test]
fn policies_add_who_sent_what_and_what_relays_say() {
    let mut capture = Capture::new();
    let relayed: &[u8] = &[82, 8, 1, 2, b'e', b'0', 2, 2, b'r', b'm'];
    capture.udp(0, host(5, 67), SERVER, &message(1, 7, 0, &[DISCOVER, relayed])).udp(
        9,
        SERVER,
        host(5, 67),
        &message(2, 7, 9, &[OFFER]),
    );
    let rows = rows_with(&capture, &["protocols/dhcp/msg-orig", "protocols/dhcp/sub-opts"]);
    let row = rows.only("dhcp");
    assert_eq!(row["msg_orig"], serde_json::json!(["10.0.0.5", "10.0.0.1"]));
    assert_eq!((row["circuit_id"].as_str(), row["agent_remote_id"].as_str()), (Some("e0"), Some("rm")));
}

#[test]
fn what_breaks_the_rules_is_told_in_zeeks_words() {
    let mut capture = Capture::new();
    let mut other = message(1, 7, 0, &[DISCOVER]);
    other[236] = 0;
    capture.udp(0, host(5, 68), SERVER, &other);
    capture.udp(0, host(6, 68), SERVER, &message(1, 7, 0, &[&[12, 60, 1]]));
    let told = rows_with(&capture, &[]).fields("analyzer", ["analyzer_name", "failure_reason"]);
    let missing = "Binpac exception: binpac exception: out_of_bound: OptionValue:host_name: 60 > 2";
    assert_eq!(told, [["DHCP", "bad cookie (8541027)"], ["DHCP", missing]]);
}
