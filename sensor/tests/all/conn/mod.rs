//! conn.log end to end: what packets do to a connection's row.

mod framing;
mod tunnels;

use std::net::Ipv4Addr;

use serde_json::{Value, json};

use crate::build::{self, CLIENT, Capture, SERVER};

/// The rows of one log, in order of time.
fn rows(capture: Capture, log: &str) -> Vec<Value> {
    build::rows(&capture).by_time(log)
}

/// The names in weird.log.
fn weirds(capture: Capture) -> Vec<String> {
    rows(capture, "weird").iter().map(|row| row["name"].as_str().expect("a name").to_owned()).collect()
}

/// A connection told packet by packet (see [`Capture::tell`]), and what its row says of it.
struct Case {
    name: &'static str,
    packets: &'static str,
    row: Value,
}

fn case(name: &'static str, packets: &'static str, row: Value) -> Case {
    Case { name, packets, row }
}

/// Every field that the expected row names must be as it says.
fn check(cases: Vec<Case>) {
    for Case { name, packets, row } in cases {
        let found = rows(Capture::tell(packets), "conn");
        assert_eq!(found.len(), 1, "{name}: {found:#?}");
        for (field, value) in row.as_object().expect("an object") {
            assert_eq!(
                found[0].get(field).unwrap_or(&Value::Null),
                value,
                "{name}: {field} of {:#}",
                found[0]
            );
        }
    }
}

#[test]
fn states_and_histories() {
    check(vec![
        case(
            "no answer",
            "0 > S 0 0 0",
            json!({"conn_state": "S0", "history": "S", "duration": null, "orig_bytes": null}),
        ),
        case(
            "refused",
            "0 > S 0 0 0 | 5 < RA 0 1 0",
            json!({"conn_state": "REJ", "history": "Sr", "duration": 0.005}),
        ),
        case(
            "open at the end",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 > A 1 1 10",
            json!({"conn_state": "S1", "history": "ShAD", "orig_bytes": 10, "resp_bytes": 0, "orig_pkts": 3, "orig_ip_bytes": 130}),
        ),
        case(
            "ordinary",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 > A 1 1 10 | 4 < A 1 11 20 | 5 > FA 11 21 0 | 6 < FA 21 12 0 | 7 > A 12 22 0",
            json!({"conn_state": "SF", "history": "ShADdFf", "orig_bytes": 10, "resp_bytes": 20, "duration": 0.006, "orig_pkts": 5, "resp_pkts": 3}),
        ),
        case(
            "closed by the originator only",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 > FA 1 1 0",
            json!({"conn_state": "S2", "history": "ShAF"}),
        ),
        case(
            "closed by the responder only",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 < FA 1 1 0",
            json!({"conn_state": "S3", "history": "ShAf"}),
        ),
        case(
            "aborted by the originator",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 > R 1 0 0",
            json!({"conn_state": "RSTO", "history": "ShAR"}),
        ),
        case(
            "aborted by the responder",
            "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 3 < R 1 0 0",
            json!({"conn_state": "RSTR", "history": "ShAr"}),
        ),
        case(
            "an attempt given up",
            "0 > S 0 0 0 | 3 > R 1 0 0",
            json!({"conn_state": "RSTOS0", "history": "SR"}),
        ),
        case("half open", "0 > S 0 0 0 | 3 > F 1 0 0", json!({"conn_state": "SH", "history": "SF"})),
        case(
            "SYN-ACK refused",
            "0 < SA 0 1 0 | 3 < R 1 0 0",
            json!({"conn_state": "RSTRH", "history": "^hr", "id.resp_p": 80}),
        ),
        case(
            "SYN-ACK and FIN",
            "0 < SA 0 1 0 | 3 < FA 1 1 0",
            json!({"conn_state": "SHR", "history": "^hf"}),
        ),
        case(
            "from the middle",
            "0 > A 100 200 5 | 3 < A 200 105 7",
            json!({"conn_state": "OTH", "history": "Dd", "orig_bytes": 5, "resp_bytes": 7}),
        ),
        case(
            "from the middle, the server first",
            "0 < A 200 105 7 | 1 > A 105 207 0",
            json!({"conn_state": "OTH", "history": "^dA", "id.resp_p": 80}),
        ),
        case("contradicting flags", "0 > SF 0 0 0", json!({"history": "Q"})),
        case("FIN with RST", "0 > S 0 0 0 | 1 > FR 1 0 0", json!({"history": "SI"})),
    ]);
}

#[test]
fn loss_and_repetition() {
    const OPEN: &str = "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | ";
    let told = |rest: &str| Capture::tell(&format!("{OPEN}{rest}"));
    let row = |rest: &str| rows(told(rest), "conn").remove(0);

    let gap = row("3 < A 101 1 50 | 4 > A 1 151 0");
    assert_eq!((&gap["missed_bytes"], &gap["history"]), (&json!(100), &json!("ShAdg")), "{gap:#}");
    let filled = row("3 < A 101 1 50 | 4 < A 1 1 100 | 5 > A 1 151 0");
    assert_eq!((&filled["missed_bytes"], &filled["history"]), (&json!(0), &json!("ShAdt")), "{filled:#}");
    // The first of four segments is lost, and one repetition covers it and two that came.
    let covered = row("3 > A 4 1 3 | 4 > A 7 1 3 | 5 > A 1 1 12 | 6 < A 1 13 0 | 7 < A 1 100 0");
    assert_eq!((&covered["orig_bytes"], &covered["history"]), (&json!(99), &json!("ShADaG")), "{covered:#}");
    let again = row(&(3..14).map(|at| format!("{at} > A 1 1 10")).collect::<Vec<_>>().join(" | "));
    assert_eq!(again["history"], "ShADTT", "the 1st and the 10th repetition: {again:#}");
    let window = row("3 < A 1 1 0 0");
    assert_eq!(window["history"], "ShAaw", "{window:#}");
    // The sequence numbers wrap within the data.
    let wrap = Capture::tell(
        "0 > S 4294967000 0 0 | 1 < SA 7 4294967001 0 | 2 > A 4294967001 8 1000 | 3 < A 8 705 10 | 4 > FA 705 18 0 | 5 < FA 18 706 0",
    );
    let wrap = rows(wrap, "conn").remove(0);
    assert_eq!(
        (&wrap["orig_bytes"], &wrap["resp_bytes"], &wrap["conn_state"]),
        (&json!(1000), &json!(10), &json!("SF")),
        "{wrap:#}"
    );
}

#[test]
fn a_connection_that_begins_with_its_answer_is_turned_round() {
    let mut capture = Capture::new();
    let (client, server) = ((CLIENT.0, 50_000), (SERVER.0, 50_001));
    capture.between(client, server, "0 < SA 0 1 0 | 1 > A 1 1 0 | 2 < A 1 1 5 | 3 > A 1 6 0");
    let found = rows(capture.clone(), "conn");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["id.orig_p"], &found[0]["history"]),
        (&json!(50_000), &json!("^hAd")),
        "{:#}",
        found[0]
    );
    assert_eq!((&found[0]["orig_pkts"], &found[0]["resp_pkts"]), (&json!(2), &json!(2)));
    assert_eq!(weirds(capture), ["connection_originator_SYN_ack", "data_before_established"]);
}

#[test]
fn time_divides_connections() {
    // An unanswered SYN is given up after five seconds, and its repetition is an attempt of its own.
    let attempts = Capture::tell("0 > S 0 0 0 | 4000 > S 0 0 0 | 9100 > S 0 0 0");
    let pkts: Vec<Value> = rows(attempts, "conn").into_iter().map(|row| row["orig_pkts"].clone()).collect();
    assert_eq!(pkts, [2, 1]);
    // An established one ends after five silent minutes.
    let idle = "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0 | 300000 > A 1 1 5 | 601000 > A 6 1 5";
    assert_eq!(rows(Capture::tell(idle), "conn").len(), 2);
    // A new SYN on the ports of a connection that is over begins another.
    let reuse = "0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > FA 1 1 0 | 3 < FA 1 2 0 | 9 > S 777 0 0";
    assert_eq!(rows(Capture::tell(reuse), "conn").len(), 2);
    assert_eq!(weirds(Capture::tell(reuse)), ["premature_connection_reuse"]);
}

#[test]
fn udp_and_icmp_are_flows_too() {
    let mut capture = Capture::new();
    capture.udp(0, CLIENT, (SERVER.0, 9), b"one").udp(5, (SERVER.0, 9), CLIENT, b"reply");
    capture.udp(10, CLIENT, (SERVER.0, 10), b"two");
    capture.udp(20, (SERVER.0, 123), (CLIENT.0, 33_333), b"answer");
    capture.icmp(30, CLIENT.0, SERVER.0, 8, 0, b"ping").icmp(31, SERVER.0, CLIENT.0, 0, 0, b"ping");
    capture.icmp(40, CLIENT.0, SERVER.0, 3, 1, b"unreachable");
    let summary: Vec<String> = rows(capture, "conn")
        .iter()
        .map(|row| {
            let field = |name| {
                row.get(name).map_or("-".to_owned(), |value: &Value| value.to_string().replace('"', ""))
            };
            [
                "proto",
                "id.orig_p",
                "id.resp_p",
                "conn_state",
                "history",
                "orig_bytes",
                "resp_bytes",
                "orig_pkts",
                "resp_pkts",
            ]
            .map(field)
            .join(" ")
        })
        .collect();
    assert_eq!(
        summary,
        [
            "udp 40000 9 SF Dd 3 5 1 1",
            "udp 40000 10 S0 D - - 1 0",
            "udp 33333 123 SHR ^d - - 0 1",
            "icmp 8 0 OTH - 4 4 1 1",
            "icmp 3 1 OTH - - - 1 0",
        ]
    );
}

#[test]
fn udp_headers_that_say_less_than_a_header_count_for_nothing() {
    for (lens, expected) in [
        (&[0][..], "OTH"),
        (&[4], "OTH"),
        (&[7], "OTH"),
        (&[8], "S0"),
        // What was sent before is made up for, and what comes later begins anew.
        (&[11, 0], "OTH"),
        (&[18, 0], "S0"),
        (&[0, 11], "S0"),
    ] {
        let mut capture = Capture::new();
        for (at, &len) in lens.iter().enumerate() {
            capture.udp_saying(at as u32, CLIENT, (SERVER.0, 7000), len, b"abc");
        }
        let found = rows(capture, "conn");
        let row = (&found[0]["conn_state"], &found[0]["history"], &found[0]["orig_pkts"]);
        assert_eq!(row, (&json!(expected), &json!("D"), &json!(lens.len())), "{lens:?}");
    }
}

/// A capture that ends before the five seconds are over in which a SYN may be answered.
#[test]
fn what_is_not_answered_when_the_capture_ends_was_an_attempt() {
    let mut capture = Capture::new();
    for nth in 0..30 {
        let victim = (Ipv4Addr::new(10, 0, 1, nth).into(), 22);
        capture.between(CLIENT, victim, &format!("{nth} > S 0 0 0"));
    }
    capture.between((CLIENT.0, 41_000), SERVER, "40 > S 0 0 0 | 41 < SA 0 1 0 | 42 > A 1 1 0");
    let scan = ["-C", "policy/misc/scan"];
    let logs = build::logs(&capture, &scan);
    assert!(logs["notice"].contains("10.0.0.1 scanned at least 25 unique hosts on port 22/tcp"), "{logs:#?}");
    assert_eq!(logs, build::logs(&capture, &[&scan[..], &["--workers", "4"]].concat()));
    // An attempt is pending no more; what was answered is.
    let counts = "global n: table[string] of count &default = 0;
        event connection_attempt(c: connection) { ++n[\"attempts\"]; }
        event connection_pending(c: connection) { ++n[\"pending\"]; }
        event connection_state_remove(c: connection) { ++n[\"removed\"]; }
        event zeek_done() { Reporter::info(fmt(\"%d %d %d\", n[\"attempts\"], n[\"pending\"], n[\"removed\"])); }";
    let logs = build::logs(&capture, &["-C", "-e", counts]);
    assert!(logs["reporter"].contains("\t30 1 31\t"), "{logs:#?}");
}

#[test]
fn wrong_checksums_are_seen_unless_told_not_to_look() {
    let told = Capture::tell("0 > S 0 0 0 | 1 < SA 0 1 0 | 2 > A 1 1 0");
    // The builder leaves TCP checksums at zero.
    let strict = build::logs(&told, &["LogAscii::use_json=T"]);
    let weird = &strict["weird"];
    assert!(
        weird.contains("bad_TCP_checksum") && strict["conn"].contains(r#""history":"Cc""#),
        "{strict:#?}"
    );
    let lenient = build::logs(&told, &["LogAscii::use_json=T", "-C"]);
    assert!(!lenient.contains_key("weird") && lenient["conn"].contains(r#""history":"ShA""#), "{lenient:#?}");
}

#[test]
fn local_networks_are_told_apart() {
    let mut capture = Capture::new();
    let outside = (Ipv4Addr::new(8, 8, 8, 8).into(), 53);
    capture.udp(0, CLIENT, outside, b"x");
    let row = |options: &[&str]| {
        let logs = build::logs(&capture, &[&["LogAscii::use_json=T", "-C"], options].concat());
        serde_json::from_str::<Value>(logs["conn"].lines().next().expect("a row")).expect("JSON")
    };
    let by_default = row(&[]);
    assert_eq!((&by_default["local_orig"], &by_default["local_resp"]), (&json!(true), &json!(false)));
    let told = row(&["Site::local_nets={8.8.8.0/24}"]);
    assert_eq!((&told["local_orig"], &told["local_resp"]), (&json!(true), &json!(true)));
}
