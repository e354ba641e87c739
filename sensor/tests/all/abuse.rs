//! Detections over datagrams: amplification, DHCP servers that nobody has put there, and proxies' settings.

use std::net::{IpAddr, Ipv4Addr};

use serde_json::Value;

use crate::build::{Capture, Host, host, rows_with};

/// Note, who did it and what is said beside it, of each notice.
fn notices(capture: &Capture, script: &str, more: &[&str]) -> Vec<(String, String)> {
    let rows = rows_with(capture, &[&[script], more].concat());
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    rows.fields("notice", ["note", "sub"]).iter().map(|[note, sub]| (text(note), text(sub))).collect()
}

fn named(notices: &[(String, String)]) -> Vec<&str> {
    notices.iter().map(|(note, _)| note.as_str()).collect()
}

const CLIENT: Host = host(1, 40_000);

/// A server tells who has asked it for the time, in 25 datagrams.
fn monlist() -> Capture {
    let mut capture = Capture::new();
    capture.udp(0, CLIENT, host(2, 123), &[0x17, 0, 3, 42, 0, 0, 0, 0]);
    let told = [&[0x97, 0, 3, 42, 1, 184, 0, 0][..], &[7; 440]].concat();
    for nth in 0..25 {
        capture.udp(100 + nth, host(2, 123), CLIENT, &told);
    }
    capture
}

#[test]
fn monlist_is_a_notice_and_so_is_its_amplification() {
    let told = notices(&monlist(), "misc/amplification", &[]);
    assert_eq!(named(&told), ["Amplification::NTP_Monlist", "Amplification::Amplifying"]);
    assert_eq!(told[1].1, "20 large answers, the last of 448 to a question of 8");
    let more = ["Amplification::answers=30"];
    assert_eq!(named(&notices(&monlist(), "misc/amplification", &more)), ["Amplification::NTP_Monlist"]);
    let allowed = ["-e", "redef Amplification::allowed += { 10.0.0.0/24 };"];
    assert!(notices(&monlist(), "misc/amplification", &allowed).is_empty());
}

#[test]
fn answers_to_any_are_amplification_where_they_are_large() {
    let question = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x04test\x00\x00\xff\x00\x01";
    let ask = |records: u8| {
        let mut capture = Capture::new();
        for nth in 0..25 {
            let client = host(1, 5_000 + nth);
            let mut answer = question.to_vec();
            answer[2..8].copy_from_slice(&[0x85, 0x80, 0, 1, 0, records]);
            for _ in 0..records {
                answer.extend(b"\xc0\x0c\x00\x10\x00\x01\x00\x00\x00\x10\x00\x65\x64");
                answer.extend([b'x'; 100]);
            }
            let at = u32::from(nth) * 100;
            capture.udp(at, client, host(2, 53), question).udp(at + 10, host(2, 53), client, &answer);
        }
        notices(&capture, "misc/amplification", &[])
    };
    assert_eq!(named(&ask(6)), ["Amplification::Amplifying"]);
    assert!(ask(0).is_empty());
}

fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag, 0x82];
    bytes.extend((content.len() as u16).to_be_bytes());
    bytes.extend(content);
    bytes
}

#[test]
fn requests_for_many_variables_are_amplification() {
    let message = |pdu: u8, count: u8| {
        let binding = |nth: u8| tlv(0x30, &[tlv(6, &[0x2b, 6, 1, nth]), tlv(5, &[])].concat());
        let bindings: Vec<u8> = (0..count).flat_map(binding).collect();
        let numbers = [tlv(2, &[7]), tlv(2, &[0]), tlv(2, &[50])].concat();
        let pdu = tlv(pdu, &[numbers, tlv(0x30, &bindings)].concat());
        tlv(0x30, &[tlv(2, &[1]), tlv(4, b"public"), pdu].concat())
    };
    let mut capture = Capture::new();
    for nth in 0..25 {
        let (at, client) = (u32::from(nth) * 100, host(1, 7_000 + nth));
        capture.udp(at, client, host(2, 161), &message(0xa5, 1));
        capture.udp(at + 10, host(2, 161), client, &message(0xa2, 50));
    }
    assert_eq!(named(&notices(&capture, "misc/amplification", &[])), ["Amplification::Amplifying"]);
}

/// What a server broadcasts: the type of the message, and options.
fn from_server(server: u8, kind: u8, options: &[&[u8]]) -> Vec<u8> {
    let mut bytes = vec![2, 1, 6, 0, 0, 0, 0, 7];
    bytes.resize(28, 0);
    bytes.extend([2, 0, 0, 0, 0, 9]);
    bytes.resize(236, 0);
    bytes.extend([0x63, 0x82, 0x53, 0x63, 53, 1, kind, 54, 4, 10, 0, 0, server]);
    options.iter().for_each(|option| bytes.extend(*option));
    bytes.push(255);
    bytes
}

#[test]
fn servers_that_nobody_has_put_there_are_notices() {
    let all: Host = (IpAddr::V4(Ipv4Addr::BROADCAST), 68);
    let mut capture = Capture::new();
    capture
        .udp(0, host(3, 67), all, &from_server(3, 2, &[&[3, 4, 10, 0, 0, 3]]))
        .udp(1000, host(66, 67), all, &from_server(66, 2, &[&[3, 4, 10, 0, 0, 66], b"\xfc\x08http://x"]))
        .udp(2000, host(66, 67), all, &from_server(66, 5, &[]));
    let told = notices(&capture, "protocols/dhcp/detect-servers", &[]);
    let expected = ["ServerOffer", "ServerRoutersInOffer", "ProxySettings", "ServerAck"];
    assert_eq!(named(&told), expected.map(|note| format!("UnauthorizedDHCP::{note}")));
    let named_servers = [
        "-e",
        "redef UnauthorizedDHCP::servers += { 10.0.0.66 }; redef UnauthorizedDHCP::proxy_settings += { \"http://x\" };
         redef UnauthorizedDHCP::routers += { 10.0.0.3, 10.0.0.66 };",
    ];
    let told = notices(&capture, "protocols/dhcp/detect-servers", &named_servers);
    assert_eq!(named(&told), ["UnauthorizedDHCP::ServerOffer"], "the first is none of those that are named");
}

#[test]
fn settings_of_proxies_from_elsewhere_are_notices() {
    let mut capture = Capture::new();
    let answer = b"\x12\x35\x85\x80\x00\x01\x00\x01\x00\x00\x00\x00\x04wpad\x04test\x00\x00\x01\x00\x01\
                   \xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x10\x00\x04\x0a\x00\x00\x42";
    capture.udp(0, host(2, 53), host(1, 6_000), answer);
    capture.ask(1.0, "10.0.0.1", "GET /wpad.dat HTTP/1.1\nHost: wpad", "HTTP/1.1 200 OK\nContent-Length: 0");
    let told = notices(&capture, "misc/wpad", &[]);
    assert_eq!(
        named(&told),
        ["New_WPAD_In_DNS", "New_WPAD_In_HTTP"].map(|note| format!("MozillaVerifyWPAD::{note}"))
    );
    let servers = ["-e", "redef MozillaVerifyWPAD::servers += { 10.0.0.66, 10.0.0.2 };"];
    assert!(notices(&capture, "misc/wpad", &servers).is_empty());
}
