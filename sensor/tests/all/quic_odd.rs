//! QUIC: quic.log, its events, and the handshake within, end to end.

use nightjar_protocols::quic::{Header, fuzz::initial, version};

use crate::build::{CLIENT, Capture, Host, host, printed, rows, rows_with};
use crate::replay::golden;

const SERVER: Host = host(2, 443);
const ID: &[u8] = b"firstids";

fn client() -> Header<'static> {
    Header { version: version::V1, dcid: ID, scid: b"c" }
}

fn server() -> Header<'static> {
    Header { version: version::V1, dcid: b"c", scid: b"sv" }
}

fn counted(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u16).to_be_bytes()[..], bytes].concat()
}

fn extension(code: u16, content: &[u8]) -> Vec<u8> {
    [&code.to_be_bytes()[..], &counted(content)].concat()
}

/// A message of the handshake.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind, 0], &counted(body)[..]].concat()
}

fn client_hello() -> Vec<u8> {
    let name = b"nightjar.test";
    let names = extension(0, &counted(&[&[0][..], &counted(name)].concat()));
    let protocols = extension(16, &counted(b"\x02h3\x05h3-29"));
    let body =
        [&[3, 3][..], &[7; 32], &[0], &counted(&[0x13, 1]), &[1, 0], &counted(&[names, protocols].concat())];
    message(1, &body.concat())
}

fn server_hello() -> Vec<u8> {
    let body = [&[3, 3][..], &[8; 32], &[0, 0x13, 1, 0], &counted(&extension(43, &[3, 4]))];
    message(2, &body.concat())
}

/// A frame with a part of the handshake.
fn crypto(offset: usize, data: &[u8]) -> Vec<u8> {
    let number = |number: usize| (number as u16 | 0x4000).to_be_bytes();
    [&[6][..], &number(offset), &number(data.len()), data].concat()
}

fn from_client(number: u32, frames: &[u8]) -> Vec<u8> {
    initial(&client(), true, ID, number, frames)
}

fn from_server(frames: &[u8]) -> Vec<u8> {
    initial(&server(), false, ID, 0, frames)
}

/// Datagrams of a client and a server, a millisecond apart.
fn talk(server: Host, datagrams: &[(bool, Vec<u8>)]) -> Capture {
    let mut capture = Capture::new();
    for ((by_client, datagram), at) in datagrams.iter().zip(0..) {
        let (from, to) = if *by_client { (CLIENT, server) } else { (server, CLIENT) };
        capture.udp(at, from, to, datagram);
    }
    capture
}

fn handshake() -> Vec<(bool, Vec<u8>)> {
    let rest = b"\xe3\0\0\0\x01\x01c\x02sv\x02ab";
    vec![
        (true, from_client(0, &crypto(0, &client_hello()))),
        (false, [&from_server(&crypto(0, &server_hello()))[..], rest].concat()),
        (true, vec![0x41; 40]),
    ]
}

#[test]
fn quic_gives_its_golden_logs() {
    golden::check("quic_odd", &{
        let mut capture = Capture::new();
        let retry = [&b"\xf0\0\0\0\x01\x01c\x02sv"[..], &[1; 9], &[2; 16]].concat();
        let again = Header { dcid: b"sv", ..client() };
        let datagrams: [(bool, Vec<u8>); 12] = [
            // A retry, after which the client begins again; then early data, and a close.
            (true, from_client(0, &crypto(0, &client_hello()))),
            (false, retry),
            (true, initial(&again, true, b"sv", 1, &crypto(0, &client_hello()))),
            (true, b"\xd3\0\0\0\x01\x02sv\x01c\x02ab".to_vec()),
            (false, initial(&server(), false, b"sv", 0, b"\x1c\x41\x28\x06\x03bad")),
            // A client that gets to know which versions there are, and one of Google's old ones.
            (true, b"\xc3\x0a\x0a\x0a\x0a\x01c\x02sv\0\0".to_vec()),
            (false, b"\xc3\0\0\0\0\x01c\x02sv\0\0\0\x01".to_vec()),
            (true, b"\xc3Q046\x01c\x02sv\0\0".to_vec()),
            // What cannot be decrypted, and what is too short.
            (true, {
                let mut damaged = from_client(0, &crypto(0, &client_hello()));
                damaged[60] ^= 1;
                damaged
            }),
            (true, b"\xc3\0\0\0\x01\x01c\x02sv\0\x03abc".to_vec()),
            (false, from_server(&crypto(0, &server_hello()))),
            (true, vec![0x41; 40]),
        ];
        let mut port = 443;
        for ((by_client, datagram), at) in datagrams.iter().zip(0..) {
            // Each of the last ones is a connection of its own.
            if at >= 5 && *by_client {
                port += 1;
            }
            let (client, server) = (host(1, port), SERVER);
            let (from, to) = if *by_client { (client, server) } else { (server, client) };
            capture.udp(at * 10, from, to, datagram);
        }
        capture
    });
}

#[test]
fn quic_is_found_on_any_port_and_its_handshake_is_tls() {
    for port in [443, 4433] {
        let rows = rows(&talk(host(2, port), &handshake()));
        let quic = rows.only("quic");
        assert_eq!(quic["history"], "ISish");
        assert_eq!(quic["server_name"], "nightjar.test");
        assert_eq!(quic["client_protocol"], "h3");
        let ssl = rows.only("ssl");
        assert_eq!(ssl["ssl_history"], "Cs");
        assert_eq!(ssl["version"], "TLSv13");
        assert_eq!(ssl["server_name"], "nightjar.test");
        assert_eq!(rows.only("conn")["service"], "quic,ssl");
    }
}

#[test]
fn quic_handshakes_are_read_however_they_are_cut() {
    let hello = client_hello();
    for at in 1..hello.len() {
        let (front, back) = hello.split_at(at);
        let (front, back) = (crypto(0, front), crypto(at, back));
        let datagrams = [(true, from_client(0, &back)), (true, from_client(1, &front))];
        let rows = rows(&talk(SERVER, &datagrams));
        assert_eq!(rows.only("quic")["history"], "IIS", "cut at {at}");
        assert_eq!(rows.only("ssl")["server_name"], "nightjar.test", "cut at {at}");
    }
}

#[test]
fn quic_tells_scripts_of_its_packets() {
    let script = r#"
        event QUIC::initial_packet(c: connection, is_orig: bool, version: count, dcid: string, scid: string)
            { print "initial", is_orig, version, dcid, scid, c$quic$history, QUIC::version_strings[version]; }
        event QUIC::handshake_packet(c: connection, is_orig: bool, version: count, dcid: string, scid: string)
            { print "handshake", is_orig, c$quic$server_name; }
        event QUIC::zero_rtt_packet(c: connection, is_orig: bool, version: count, dcid: string, scid: string)
            { print "early", is_orig; }
        event QUIC::retry_packet(c: connection, is_orig: bool, version: count, dcid: string, scid: string,
                                 retry_token: string, integrity_tag: string)
            { print "retry", is_orig, |retry_token|, |integrity_tag|; }
        event QUIC::connection_close_frame(c: connection, is_orig: bool, version: count, dcid: string, scid: string,
                                           error_code: count, reason_phrase: string)
            { print "close", is_orig, error_code, reason_phrase, c?$quic; }
        event QUIC::unhandled_version(c: connection, is_orig: bool, version: count, dcid: string, scid: string)
            { print "unhandled", is_orig, version; }
        event QUIC::log_quic(rec: QUIC::Info) { print "row", rec$history; }
        hook QUIC::log_policy(rec: QUIC::Info, id: Log::ID, filter: Log::Filter) { print "policy"; }
    "#;
    let mut datagrams = handshake();
    datagrams.insert(1, (true, b"\xd3\0\0\0\x01\x02sv\x01c\x02ab".to_vec()));
    let [told, _] = printed(&talk(SERVER, &datagrams), &[], script);
    assert_eq!(
        told,
        "initial, T, 1, firstids, c, I, 1\nearly, T\ninitial, F, 1, c, sv, ISZi, 1\nhandshake, F, nightjar.test\n\
         policy\nrow, ISZish\n"
    );
    let close = talk(SERVER, &[(true, from_client(0, b"\x1c\x41\x28\x06\x03bad"))]);
    assert_eq!(
        printed(&close, &[], script)[0],
        "initial, T, 1, firstids, c, I, 1\nclose, T, 296, bad, T\npolicy\nrow, IC\n"
    );
}

#[test]
fn quic_history_has_an_end() {
    let datagrams =
        vec![(true, b"\xe3\0\0\0\x01\x02sv\x01c\x02ab".repeat(150)), (true, from_client(0, &[1]))];
    let rows = rows(&talk(SERVER, &datagrams));
    assert_eq!(rows.only("quic")["history"].as_str().map(str::len), Some(100));
    assert_eq!(rows.fields("weird", ["name"]), [["QUIC_max_history_length_reached"]]);
}

#[test]
fn quic_hellos_that_never_end_are_given_up_at_a_ceiling() {
    let (front, back) = (crypto(0, &client_hello()[..40]), crypto(40, &client_hello()[40..]));
    let capture = talk(SERVER, &[(true, from_client(0, &front)), (true, from_client(1, &back))]);
    let given_up = rows_with(&capture, &["Sensor::max_handshake_bytes=39"]);
    assert_eq!(given_up.only("quic")["history"], "II");
    assert!(given_up.of("ssl").is_empty());
    let read = rows_with(&capture, &["Sensor::max_handshake_bytes=40"]);
    assert_eq!(read.only("quic")["history"], "IIS");
}
