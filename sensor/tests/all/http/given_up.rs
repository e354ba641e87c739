//! Analyzers that are given up, what is told of it, and what brings them back; directions that turn out to
//! be the other way round.

use serde_json::{Value, json};

use crate::build::{Capture, Client, Server, one, printed, rows, rows_with};
use crate::http::{GET, logs, reply};

const NO_REPLY: &str = "not a http reply line";
const NO_REQUEST: &str = "not a http request line";

#[test]
fn what_is_no_reply_is_told_in_the_columns_and_words_of_zeek() {
    let capture = one(|talk| {
        talk.send(Client, GET)
            .send(Server, b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .send(Client, GET)
            .send(Server, &reply("", b"lost"))
            .close();
    });
    let logs = logs(&capture, &[]);
    let header =
        |log: &str, of: &str| logs[log].lines().find(|line| line.starts_with(of)).unwrap().replace('\t', " ");
    assert_eq!(
        header("analyzer", "#fields"),
        "#fields ts cause analyzer_kind analyzer_name uid fuid id.orig_h id.orig_p id.resp_h id.resp_p \
         failure_reason failure_data"
    );
    assert_eq!(
        header("dpd", "#fields"),
        "#fields ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto analyzer failure_reason"
    );
    assert_eq!(header("dpd", "#types"), "#types time string addr port addr port enum string string");
    let rows = rows(&capture);
    let fields = ["ts", "cause", "analyzer_kind", "analyzer_name", "id.resp_p", "failure_reason"];
    let told = ["violation", "protocol", "HTTP"].map(Value::from);
    let row = rows.fields("analyzer", fields);
    let ts = rows.only("analyzer")["ts"].clone();
    assert_eq!(row, [[&ts, &told[0], &told[1], &told[2], &json!(80), &json!(NO_REPLY)].map(Value::clone)]);
    let row = rows.fields("dpd", ["ts", "proto", "analyzer", "failure_reason"]);
    assert_eq!(row, [[ts, json!("tcp"), json!("HTTP"), json!(NO_REPLY)]]);
    assert_eq!(rows.only("dpd")["uid"], rows.only("conn")["uid"]);
    assert_eq!(rows.only("conn")["service"], Value::Null, "it is not HTTP any more");
}

#[test]
fn what_was_never_confirmed_is_no_row_of_dpd_log() {
    let capture = one(|talk| {
        talk.send(Client, b"\x16\x03\x01 hello\r\n").send(Server, b"\x16\x03\x03 hello\r\n").close();
    });
    let rows = rows(&capture);
    let reasons = rows.fields("analyzer", ["failure_reason"]);
    assert_eq!(reasons, [[json!(NO_REQUEST)], [json!(NO_REPLY)]]);
    assert!(rows.of("dpd").is_empty());
}

#[test]
fn a_line_that_is_no_request_does_not_lose_the_reply_before_it() {
    let post = b"POST /login HTTP/1.1\r\nHost: x\r\n\r\nuser=a&password=b\r\n";
    let whole = one(|talk| {
        talk.send(Client, post).send(Server, &reply("Content-Type: text/html\r\n", b"<html>yes")).close();
    });
    let split = one(|talk| {
        talk.send(Client, &post[..40])
            .send(Client, &post[40..])
            .send(Server, &reply("Content-Type: text/html\r\n", b"<html>yes"))
            .close();
    });
    for capture in [whole, split] {
        let rows = rows(&capture);
        let exchanges = rows.fields("http", ["trans_depth", "uri", "status_code", "response_body_len"]);
        // As in Zeek the request is read again with the reply, and becomes a row that nothing answers.
        let expected = [
            [json!(1), json!("/login"), json!(200), json!(9)],
            [json!(2), json!("/login"), Value::Null, json!(0)],
        ];
        assert_eq!(exchanges, expected);
        assert_eq!(rows.only("files")["seen_bytes"], 9);
        let reasons = rows.fields("dpd", ["failure_reason"]);
        assert_eq!(
            reasons,
            [[json!(NO_REQUEST)], [json!(NO_REQUEST)]],
            "once each time that it was confirmed"
        );
        assert_eq!(rows.weirds(), [("bad_HTTP_request", "HTTP")]);
    }
}

#[test]
fn what_follows_a_reply_that_was_found_again_is_read() {
    // The line that is no request comes without the end of its line, so that only the reply is read twice.
    let capture = one(|talk| {
        talk.send(Client, b"GARBAGE\r\n")
            .send(Server, &reply("", b"one"))
            .send(Client, GET)
            .send(Server, &reply("", b"two"))
            .close();
    });
    let rows = rows(&capture);
    assert_eq!(rows.fields("analyzer", ["failure_reason"]), [[json!(NO_REQUEST)]]);
    let lengths = rows.fields("http", ["status_code", "response_body_len"]);
    assert_eq!(lengths, [[json!(200), json!(3)], [json!(200), json!(3)]]);
}

#[test]
fn scripts_are_told_the_reason() {
    let capture = one(|talk| {
        talk.send(Client, GET).send(Server, b"SSH-2.0-OpenSSH\r\n").close();
    });
    let script = r#"
event analyzer_confirmation_info(atype: AllAnalyzers::Tag, info: AnalyzerConfirmationInfo)
	{ print "confirmed", atype, |info$c$service|; }
event analyzer_violation_info(atype: AllAnalyzers::Tag, info: AnalyzerViolationInfo)
	{ print "violated", atype, info$reason, info?$data, |info$c$service|; }
event zeek_init() { Log::disable_stream(DPD::LOG); Log::add_filter(Analyzer::Logging::LOG, [$name="x", $path="twice"]); }
"#;
    let [told, _] = printed(&capture, &["--quiet"], script);
    let tag = "Analyzer::ANALYZER_HTTP";
    assert_eq!(told, format!("confirmed, {tag}, 1\nviolated, {tag}, {NO_REPLY}, F, 0\n"));
}

#[test]
fn options_say_what_is_logged_and_when_it_is_too_late_to_give_up() {
    let capture = one(|talk| {
        talk.send(Client, GET)
            .send(Server, &reply("", &[b'x'; 500]))
            .send(Server, b"no reply\r\n")
            .send(Client, GET)
            .close();
    });
    let rows = rows_with(&capture, &["Analyzer::Logging::include_confirmations=T"]);
    let causes = rows.fields("analyzer", ["cause", "failure_reason"]);
    assert_eq!(causes, [[json!("confirmation"), Value::Null], [json!("violation"), json!(NO_REPLY)]]);
    assert_eq!(rows.of("http").len(), 1, "given up");
    let rows = rows_with(&capture, &["DPD::ignore_violations_after=100"]);
    assert_eq!(rows.of("http").len(), 2, "too late");
    assert_eq!(rows.of("dpd").len(), 1, "told all the same");
}

#[test]
fn a_lost_syn_loses_no_analysis() {
    for (client, server) in [(40_000, 80), (40_000, 9999), (53, 80)] {
        let mut capture = Capture::new();
        capture.talk_without_syn(client, server).send(Client, GET).send(Server, &reply("", b"hello")).close();
        let rows = rows(&capture);
        let row = rows.only("http");
        assert_eq!([&row["uri"], &row["status_code"]], [&json!("/a"), &json!(200)], "{client} to {server}");
        assert_eq!(rows.only("files")["seen_bytes"], 5);
        let conn = rows.only("conn");
        assert_eq!([&conn["id.orig_p"], &conn["id.resp_p"]], [&json!(client), &json!(server)]);
        assert_eq!(conn["service"], "http");
        // The port of the end that seemed to be the responder is tried too, and cannot be DNS.
        let dns = rows.fields("analyzer", ["analyzer_name", "failure_reason"]);
        let expected =
            vec![[json!("DNS"), json!("DNS_Conn_count_too_large")]; if client == 53 { 4 } else { 0 }];
        assert_eq!(dns, expected);
    }
}

#[test]
fn a_stream_from_the_middle_that_is_read_the_other_way_round_is_not_odd() {
    let mut capture = Capture::new();
    capture.middle(80, 40_001).send(Client, GET).send(Server, b"HTTP/1.1 200 OK\r\n\r\nok").close();
    let rows = rows(&capture);
    assert!(rows.of("weird").is_empty(), "{:?}", rows.weirds());
    assert!(rows.of("http").is_empty());
}

#[test]
fn a_request_line_beyond_a_mebibyte_is_one() {
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "u".repeat(1_100_000));
    let capture = one(|talk| {
        talk.send(Client, long.as_bytes())
            .send(Server, &reply("", b"ok"))
            .send(Client, GET)
            .send(Server, &reply("", b"two"))
            .close();
    });
    let rows = rows(&capture);
    let replies = rows.fields("http", ["version", "status_code", "response_body_len"]);
    assert_eq!(replies, [[json!("1.1"), json!(200), json!(2)], [json!("1.1"), json!(200), json!(3)]]);
    assert_eq!(rows.of("http")[0]["uri"].as_str().unwrap().len(), 1_100_001);
    assert!(rows.of("weird").is_empty());
}

#[test]
fn connections_that_no_analyzer_took_are_summed_up() {
    let mut capture = Capture::new();
    for port in 0..3 {
        capture.talk(40_000 + port, 443).send(Client, b"\x16\x03\x01hello").close();
    }
    capture.talk(40_010, 22).send(Server, b"SSH-2.0-x\r\n").close();
    capture.talk(40_011, 80).send(Client, GET).send(Server, b"no reply\r\n").close();
    // Nothing was carried.
    capture.talk(40_012, 443).close();
    let said = printed(&capture, &[], "").concat();
    // HTTP took that on port 80, and was given up.
    let line = "4 connections that no analyzer took: 443/tcp 3, 22/tcp 1\n";
    assert!(said.contains(line), "{said}");
    assert!(
        said.contains("1 times a protocol was given up on a connection (dpd.log, analyzer.log)\n"),
        "{said}"
    );
}
