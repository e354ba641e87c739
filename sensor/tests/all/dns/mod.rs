//! dns.log end to end: captures in, logs out.

mod message;

use std::collections::BTreeMap;

use message::{framed, query, reply};
use serde_json::{Value, json};

use crate::build::{self, ACK, Capture, FIN, Host, RST, Tcp, host};

const CLIENT: Host = host(1, 40_000);
const SERVER: Host = host(53, 53);

/// The logs of a capture by name, as files of text.
fn logs(capture: &Capture, args: &[&str]) -> BTreeMap<String, String> {
    build::logs(capture, &[&["-C"], args].concat())
}

/// The rows of one log.
fn rows(capture: &Capture, log: &str) -> Vec<Value> {
    build::rows(capture).of(log).to_vec()
}

/// These fields of every row.
fn fields<const N: usize>(rows: &[Value], names: [&str; N]) -> Vec<[Value; N]> {
    rows.iter().map(|row| names.map(|name| row[name].clone())).collect()
}

#[test]
fn a_query_and_its_reply_are_one_row() {
    let mut capture = Capture::new();
    capture.udp(0, CLIENT, SERVER, &query(7, "www.Example.com")).udp(
        25,
        SERVER,
        CLIENT,
        &reply(7, "www.Example.com", &[[192, 0, 2, 1], [192, 0, 2, 200]]),
    );
    let logs = logs(&capture, &[]);
    let dns = &logs["dns"];
    let line = |start: &str| dns.lines().find(|line| line.starts_with(start)).unwrap();
    assert_eq!(
        line("#fields"),
        "#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\ttrans_id\trtt\tquery\tqclass\t\
         qclass_name\tqtype\tqtype_name\trcode\trcode_name\tAA\tTC\tRD\tRA\tZ\tanswers\tTTLs\trejected"
    );
    assert_eq!(
        line("#types"),
        "#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tcount\tinterval\tstring\tcount\tstring\tcount\t\
         string\tcount\tstring\tbool\tbool\tbool\tbool\tcount\tvector[string]\tvector[interval]\tbool"
    );
    let row: Vec<&str> = line("17").split('\t').collect();
    let conn = logs["conn"].lines().find(|line| line.starts_with("17")).unwrap();
    assert_eq!(row[1], conn.split('\t').nth(1).unwrap());
    assert_eq!(
        [&row[..1], &row[2..]].concat().join(" "),
        "1700000000.000000 10.0.0.1 40000 10.0.0.53 53 udp 7 0.025000 www.example.com 1 C_INTERNET 1 A 0 \
         NOERROR F F T T 0 192.0.2.1,192.0.2.200 300.000000,300.000000 F"
    );
    assert_eq!(conn.split('\t').nth(7), Some("dns"));
}

#[test]
fn what_waits_is_logged_at_the_end() {
    let mut capture = Capture::new();
    capture.udp(0, CLIENT, SERVER, &query(7, "a.test")).udp(1, CLIENT, SERVER, &query(8, "b.test"));
    let got = fields(&rows(&capture, "dns"), ["query", "rcode", "answers"]);
    assert_eq!(
        got,
        [[json!("a.test"), json!(null), json!(null)], [json!("b.test"), json!(null), json!(null)]]
    );
}

#[test]
fn datagram_flows_end_after_nine_idle_seconds() {
    let mut capture = Capture::new();
    // The first look, at the first packet after ten seconds, ends what was idle for nine.
    for (at, id) in [(0, 1), (1_200, 2), (10_100, 3), (19_000, 4), (31_000, 5)] {
        capture.udp(at, CLIENT, SERVER, &query(id, "a.test"));
    }
    let rows = rows(&capture, "dns");
    let uids: Vec<&Value> = rows.iter().map(|row| &row["uid"]).collect();
    assert_eq!(rows.len(), 5);
    assert!(uids[..4].iter().all(|uid| *uid == uids[0]) && uids[4] != uids[0], "{uids:?}");
}

#[test]
fn a_response_first_swaps_the_roles() {
    // Between two servers the ports tell nothing of who asked whom.
    let (one, other) = (host(1, 53), host(2, 53));
    let mut capture = Capture::new();
    capture.udp(0, one, other, &reply(7, "a.test", &[[192, 0, 2, 1]]));
    capture.udp(1, one, other, &reply(8, "b.test", &[[192, 0, 2, 1]]));
    let dns = fields(&rows(&capture, "dns"), ["id.orig_h", "id.resp_h", "query"]);
    assert_eq!(
        dns,
        [
            [json!("10.0.0.2"), json!("10.0.0.1"), json!("a.test")],
            [json!("10.0.0.2"), json!("10.0.0.1"), json!("b.test")]
        ]
    );
    // As in Zeek, the packet that tells is counted for the direction it was taken for.
    let conn = fields(
        &rows(&capture, "conn"),
        ["id.orig_h", "history", "conn_state", "orig_pkts", "resp_pkts", "orig_bytes", "resp_bytes"],
    );
    assert_eq!(
        conn,
        [[json!("10.0.0.2"), json!("D^d"), json!("SF"), json!(1), json!(1), json!(40), json!(40)]]
    );
}

#[test]
fn a_multicast_group_stays_the_responder() {
    let mut capture = Capture::new();
    let group = (std::net::Ipv4Addr::new(224, 0, 0, 251).into(), 5353);
    capture.udp(0, host(1, 5353), group, &reply(0, "a.local", &[[10, 0, 0, 1]]));
    let got = fields(&rows(&capture, "conn"), ["id.orig_h", "history", "service"]);
    assert_eq!(got, [[json!("10.0.0.1"), json!("D"), json!("dns")]]);
}

#[test]
fn streams_are_cut_into_messages_however_they_come() {
    let queries = [framed(&query(1, "a.test")), framed(&query(2, "b.test"))].concat();
    let replies =
        [framed(&reply(1, "a.test", &[[192, 0, 2, 1]])), framed(&reply(2, "b.test", &[[192, 0, 2, 2]]))]
            .concat();
    for step in [1, 7, 1000] {
        let mut capture = Capture::new();
        capture.handshake(0, CLIENT, SERVER);
        let mut at = 10;
        for (bytes, from, to, ack) in
            [(&queries, CLIENT, SERVER, 1), (&replies, SERVER, CLIENT, 1 + queries.len())]
        {
            let mut seq = 1;
            for piece in bytes.chunks(step) {
                capture.tcp(at, from, to, Tcp { seq, ack: ack as u32, flags: ACK }, piece);
                seq += piece.len() as u32;
                at += 1;
            }
        }
        let got = fields(&rows(&capture, "dns"), ["proto", "query", "answers"]);
        let row = |query, answer| [json!("tcp"), json!(query), json!([answer])];
        assert_eq!(got, [row("a.test", "192.0.2.1"), row("b.test", "192.0.2.2")], "in pieces of {step}");
    }
}

#[test]
fn the_rest_of_a_closed_stream_is_read() {
    let whole = framed(&reply(1, "a.test", &[[192, 0, 2, 1], [192, 0, 2, 2]]));
    for end in [FIN | ACK, RST] {
        let mut capture = Capture::new();
        let question = framed(&query(1, "a.test"));
        let asked = 1 + question.len() as u32;
        let cut = &whole[..whole.len() - 6];
        let gone = 1 + cut.len() as u32;
        capture
            .handshake(0, CLIENT, SERVER)
            .tcp(1, CLIENT, SERVER, Tcp { seq: 1, ack: 1, flags: ACK }, &question)
            .tcp(2, SERVER, CLIENT, Tcp { seq: 1, ack: asked, flags: ACK }, cut)
            .tcp(3, SERVER, CLIENT, Tcp { seq: gone, ack: asked, flags: end }, &[]);
        let got = fields(&rows(&capture, "dns"), ["query", "answers"]);
        assert_eq!(got, [[json!("a.test"), json!(["192.0.2.1"])]], "flags {end}");
    }
}

#[test]
fn a_client_that_is_done_asking_still_gets_its_answer() {
    let mut capture = Capture::new();
    let question = framed(&query(1, "a.test"));
    let asked = 1 + question.len() as u32;
    let answer = framed(&reply(1, "a.test", &[[192, 0, 2, 1]]));
    let (front, back) = answer.split_at(20);
    capture
        .handshake(0, CLIENT, SERVER)
        .tcp(1, CLIENT, SERVER, Tcp { seq: 1, ack: 1, flags: ACK }, &question)
        .tcp(2, SERVER, CLIENT, Tcp { seq: 1, ack: asked, flags: ACK }, front)
        .tcp(3, CLIENT, SERVER, Tcp { seq: asked, ack: 21, flags: FIN | ACK }, &[])
        .tcp(4, SERVER, CLIENT, Tcp { seq: 21, ack: asked + 1, flags: ACK }, back);
    let got = fields(&rows(&capture, "dns"), ["query", "answers"]);
    assert_eq!(got, [[json!("a.test"), json!(["192.0.2.1"])]]);
}

#[test]
fn a_response_first_swaps_the_roles_of_a_stream() {
    let (one, other) = (host(1, 53), host(2, 53));
    let answer = framed(&reply(7, "a.test", &[[192, 0, 2, 1]]));
    let question = framed(&query(8, "b.test"));
    let (answered, asked) = (1 + answer.len() as u32, 1 + question.len() as u32);
    let mut capture = Capture::new();
    // The second half of the answer must find the first, after the roles were swapped between them.
    let second = framed(&reply(8, "b.test", &[[192, 0, 2, 2]]));
    let (front, back) = second.split_at(20);
    capture
        .handshake(0, one, other)
        .tcp(1, one, other, Tcp { seq: 1, ack: 1, flags: ACK }, &[&answer[..], front].concat())
        .tcp(2, other, one, Tcp { seq: 1, ack: answered + 20, flags: ACK }, &question)
        .tcp(3, one, other, Tcp { seq: answered + 20, ack: asked, flags: ACK }, back);
    let dns = fields(&rows(&capture, "dns"), ["id.orig_h", "query", "answers"]);
    let row = |query, answer| [json!("10.0.0.2"), json!(query), json!([answer])];
    assert_eq!(dns, [row("b.test", "192.0.2.2"), row("a.test", "192.0.2.1")]);
    let conn = fields(
        &rows(&capture, "conn"),
        ["id.orig_h", "history", "conn_state", "orig_bytes", "resp_bytes", "orig_pkts", "resp_pkts"],
    );
    let sizes = [question.len(), answer.len() + second.len()];
    let expected = [
        json!("10.0.0.2"),
        json!("ShAD^d"),
        json!("S1"),
        json!(sizes[0]),
        json!(sizes[1]),
        json!(2),
        json!(4),
    ];
    assert_eq!(conn, [expected]);
}

#[test]
fn what_is_no_dns_is_told_and_no_service() {
    let mut capture = Capture::new();
    let mut noise = query(1, "a.test");
    noise[4] = 0x20;
    capture.udp(0, CLIENT, SERVER, &noise).udp(1, CLIENT, SERVER, b"short");
    let weirds = fields(&rows(&capture, "weird"), ["name", "source", "id.resp_p"]);
    let row = |name| [json!(name), json!("DNS"), json!(53)];
    assert_eq!(weirds, [row("DNS_Conn_count_too_large"), row("DNS_truncated_len_lt_hdr_len")]);
    assert_eq!(fields(&rows(&capture, "conn"), ["service"]), [[json!(null)]]);
}

#[test]
fn any_number_of_workers_writes_the_same_bytes() {
    let mut capture = Capture::new();
    for n in 0..600u32 {
        let (client, server) = (host(n as u8 % 40, 1024 + n as u16 % 90), host(200 + n as u8 % 5, 53));
        let (id, name) = (n as u16 % 11, format!("host{}.test", n % 17));
        if n % 7 > 0 {
            capture.udp(n * 50, client, server, &query(id, &name));
        }
        if n % 5 > 0 {
            capture.udp(n * 50 + 20, server, client, &reply(id, &name, &[[192, 0, 2, n as u8]]));
        }
        if n % 13 == 0 {
            capture.udp(n * 50 + 20, host(n as u8, 53), server, &reply(id, &name, &[]));
        }
    }
    for format in ["LogAscii::use_json=T", "LogAscii::use_json=F"] {
        let one = logs(&capture, &["--workers", "1", format]);
        assert!(one["dns"].lines().count() > 500 && one["conn"].contains("^"));
        for workers in ["1", "2", "4"] {
            assert!(logs(&capture, &["--workers", workers, format]) == one, "{workers} workers");
        }
    }
}
