//! sip.log and events of SIP, end to end.

use crate::build::{CLIENT, Capture, Client, SERVER, Server, printed, rows};
use crate::replay::golden;

const INVITE: &[u8] = b"INVITE sip:bob@example.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\n\
    From: \"Alice\" <sip:alice@example.net>;tag=7\r\nTo: <sip:bob@example.net>\r\nCall-ID: 7@10.0.0.1\r\nCSeq: 1 INVITE\r\n\
    User-Agent: test\r\nContent-Type: application/sdp\r\nContent-Length: 4\r\n\r\nv=0\n";

fn reply(status: &str) -> Vec<u8> {
    let via =
        "Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\nFrom: \"Alice\" <sip:alice@example.net>;tag=7\r\n";
    format!("SIP/2.0 {status}\r\n{via}To: <sip:bob@example.net>;tag=8\r\nContent-Length: 0\r\n\r\n")
        .into_bytes()
}

/// A call that is answered and ended, and a request of an odd method that is not answered.
fn datagrams() -> [(bool, Vec<u8>); 6] {
    [
        (true, INVITE.to_vec()),
        (false, reply("180 Ringing")),
        (false, reply("200 OK")),
        (true, b"BYE sip:bob@example.net SIP/2.0\r\nCSeq: 2 BYE\r\nContent-Length: 0\r\n\r\n".to_vec()),
        (false, reply("200 OK")),
        (true, b"DANCE sip:bob@example.net SIP/2.0\r\n\r\n".to_vec()),
    ]
}

fn capture(server_port: u16) -> Capture {
    let mut capture = Capture::new();
    let ends = [(CLIENT.0, 40_000), (SERVER.0, server_port)];
    for (at, (is_client, payload)) in (0..).zip(datagrams()) {
        let [from, to] = if is_client { ends } else { [ends[1], ends[0]] };
        capture.udp(at * 10, from, to, &payload);
    }
    capture
}

#[test]
fn sip_gives_its_golden_logs() {
    golden::check("sip", &capture(5060));
}

#[test]
fn sip_is_found_by_its_replies() {
    let rows = rows(&capture(4000));
    assert_eq!(rows.fields("sip", ["method", "status_msg"])[0], ["INVITE", "Ringing"]);
    assert_eq!((rows.of("sip").len(), &rows.only("conn")["service"]), (4, &"sip".into()));
}

#[test]
fn sip_events_tell_messages_and_headers() {
    let script = "event sip_request(c: connection, method: string, original_URI: string, version: string)
            { print method, original_URI, version, c$sip$method; }
        event sip_reply(c: connection, version: string, code: count, reason: string) { print version, code, reason; }
        event sip_header(c: connection, is_orig: bool, name: string, value: string)
            { if ( name == \"CSEQ\" ) print is_orig, value; }
        event sip_all_headers(c: connection, is_orig: bool, hlist: mime_header_list) { print is_orig, |hlist|; }
        event sip_begin_entity(c: connection, is_orig: bool) { print \"begin\", is_orig; }
        event sip_end_entity(c: connection, is_orig: bool) { print \"end\", is_orig, c$sip?$status_code; }";
    let want = "INVITE, sip:bob@example.net, 2.0, INVITE\nbegin, T\nT, 1 INVITE\nT, 8\nend, T, F\n2.0, 180, Ringing\n";
    let told = printed(&capture(5060), &[], script);
    assert!(told[0].starts_with(want), "{}", told[0]);
    assert!(
        told[0].ends_with("DANCE, sip:bob@example.net, 2.0, DANCE\nbegin, T\nT, 0\nend, T, F\n"),
        "{}",
        told[0]
    );
}

#[test]
fn methods_that_are_not_known_are_weird() {
    let rows = rows(&capture(5060));
    let weird = rows.only("weird");
    assert_eq!((&weird["name"], &weird["addl"]), (&"unknown_SIP_method".into(), &"DANCE".into()));
}

#[test]
fn sip_over_tcp_is_read_where_scripts_ask_for_it_however_it_is_cut() {
    let script = "event zeek_init() { Analyzer::register_for_port(Analyzer::ANALYZER_SIP, 5060/tcp); }
        event sip_end_entity(c: connection, is_orig: bool) { print is_orig, c$sip$method, c$sip?$status_code; }";
    let want = "T, INVITE, F\nF, INVITE, T\nF, INVITE, T\nT, BYE, F\nF, BYE, T\nT, DANCE, F\n";
    for len in [1, 3, 1400] {
        let mut capture = Capture::new();
        let mut talk = capture.talk(40_000, 5060);
        for (is_client, bytes) in datagrams() {
            talk.send_in(if is_client { Client } else { Server }, len, &bytes);
        }
        talk.close();
        assert_eq!(printed(&capture, &[], script)[0], want, "{len}");
    }
    let mut capture = Capture::new();
    capture.talk(40_000, 5060).send(Client, INVITE).close();
    assert!(rows(&capture).of("sip").is_empty(), "as in Zeek");
}
