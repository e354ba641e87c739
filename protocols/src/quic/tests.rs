use hex_literal::hex;

use super::fuzz::initial;
use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn packet(&mut self, is_orig: bool, header: &Header<'_>, packet: &Packet<'_>) {
        let kind = match packet {
            Packet::Retry { token, tag } => format!("Retry {} {}", token.len(), tag.len()),
            other => format!("{other:?}"),
        };
        let Header { version, dcid, scid } = header;
        self.0.push(format!("{} {kind} {} {dcid:02x?} {scid:02x?}", side(is_orig), version::name(*version)));
    }

    fn close(&mut self, is_orig: bool, _: &Header<'_>, error_code: u64, reason: &[u8]) {
        self.0.push(format!("{} closes {error_code} {}", side(is_orig), reason.escape_ascii()));
    }

    fn hello(&mut self, is_orig: bool, message: &[u8]) {
        self.0.push(format!("{} says {}", side(is_orig), message.escape_ascii()));
    }

    fn confirmed(&mut self) {
        self.0.push("sure".to_owned());
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(reason.to_owned());
    }
}

fn side(is_orig: bool) -> &'static str {
    if is_orig { "client" } else { "server" }
}

/// What is told of these datagrams.
fn trace(datagrams: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    datagrams.iter().for_each(|(is_orig, bytes)| session.datagram(*is_orig, bytes, &mut trace));
    trace.0
}

const ID: &[u8] = &hex!("8394c8f03e515708");
const CLIENT: Header<'static> = Header { version: version::V1, dcid: ID, scid: &[7] };
const SERVER: Header<'static> = Header { version: version::V1, dcid: &[7], scid: &[9, 9] };

/// A frame with a part of the handshake, up to 63 bytes of it and in the first 16,383.
fn crypto(offset: u16, data: &[u8]) -> Vec<u8> {
    let [high, low] = (offset | 0x4000).to_be_bytes();
    [&[6, high, low, data.len() as u8], data].concat()
}

fn client(number: u32, frames: &[u8]) -> (bool, Vec<u8>) {
    (true, initial(&CLIENT, true, ID, number, frames))
}

const HELLO: &[u8] = b"\x01\0\0\x06hello!";

/// Without what is told of packets.
fn without_packets(trace: Vec<String>) -> Vec<String> {
    trace.into_iter().filter(|line| !line.contains("Initial") && line != "sure").collect()
}

/// RFC 9001 A.3: a server's Initial packet, whole.
#[test]
fn keys_are_those_of_the_standard() {
    let server = hex!(
        "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
        "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
        "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
        "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc4"
        "2158407dd074ee"
    );
    let trace = trace(&[client(0, &[0; 20]), (false, server.to_vec())]);
    assert_eq!(trace[2], "server Initial 1 [] [f0, 67, a5, 50, 2a, 42, 62, b5]");
    assert!(trace[4].starts_with("server says \\x02\\x00\\x00V\\x03\\x03\\xee\\xfc\\xe7"), "{trace:#?}");
    assert_eq!(trace.len(), 5);
}

/// RFC 9369 A.3.
#[test]
fn version_2_has_other_keys_and_other_numbers() {
    let server = hex!(
        "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698"
        "baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
        "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2"
        "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca8"
        "4bed8521e2e140"
    );
    let header = Header { version: version::V2, ..CLIENT };
    let trace = trace(&[(true, initial(&header, true, ID, 0, &[0; 20])), (false, server.to_vec())]);
    assert!(trace[0].starts_with("client Initial quicv2"));
    assert!(trace[4].starts_with("server says \\x02\\x00\\x00V\\x03\\x03\\xee\\xfc\\xe7"), "{trace:#?}");
}

#[test]
fn every_version_that_has_a_name_is_read() {
    for (number, name) in version::names() {
        let header = Header { version: number, ..CLIENT };
        let trace = trace(&[(true, initial(&header, true, ID, 0, &crypto(0, HELLO)))]);
        assert_eq!(trace.len(), 3, "{trace:?}");
        assert!(
            trace[0].starts_with(&format!("client Initial {name} ")) && trace[2].starts_with("client says")
        );
    }
}

#[test]
fn the_handshake_is_put_together_however_it_is_cut() {
    let expected = without_packets(trace(&[client(0, &crypto(0, HELLO))]));
    assert_eq!(expected, ["client says \\x01\\x00\\x00\\x06hello!"]);
    for at in 1..HELLO.len() {
        let (front, back) = HELLO.split_at(at);
        let [front, back] = [crypto(0, front), crypto(at as u16, back)];
        for (first, second) in [(&front, &back), (&back, &front)] {
            let both = [&[1][..], first, &[0, 0], second].concat();
            assert_eq!(without_packets(trace(&[client(0, &both)])), expected, "cut at {at}");
            let apart = [client(0, first), client(1, second), client(2, first)];
            assert_eq!(without_packets(trace(&apart)), expected, "cut at {at}, in two packets");
        }
    }
    let bytes = HELLO.iter().zip(0..).map(|(byte, at)| client(at.into(), &crypto(at, &[*byte])));
    let mut bytes: Vec<_> = bytes.collect();
    bytes.reverse();
    assert_eq!(without_packets(trace(&bytes)), expected);
}

#[test]
fn one_datagram_holds_several_packets() {
    let handshake = hex!("e3 00000001 01 07 02 0909 05 0102030405");
    let early = hex!("d3 00000001 01 07 02 0909 01 ff");
    let server = initial(&SERVER, false, ID, 0, &crypto(0, b"\x02\0\0\x05world"));
    let datagram = [&server[..], &handshake, &early, &[0x41; 30]].concat();
    let trace = trace(&[client(0, &crypto(0, HELLO)), (false, datagram)]);
    assert_eq!(
        trace[3..],
        [
            "server Initial 1 [07] [09, 09]",
            "sure",
            "server says \\x02\\x00\\x00\\x05world",
            "server Handshake 1 [07] [09, 09]",
            "server ZeroRtt 1 [07] [09, 09]",
        ]
    );
}

#[test]
fn after_a_retry_keys_follow_from_what_the_client_says_next() {
    let retry = [&hex!("f0 00000001 01 07 02 0909")[..], &[1; 5], &[2; 16]].concat();
    let again = Header { dcid: &[9, 9], ..CLIENT };
    let trace = trace(&[
        client(0, &crypto(0, HELLO)),
        (false, retry),
        (true, initial(&again, true, &[9, 9], 1, &crypto(0, HELLO))),
    ]);
    assert_eq!(trace[3], "server Retry 5 16 1 [07] [09, 09]");
    assert_eq!(
        trace[4..],
        ["client Initial 1 [09, 09] [07]", "sure", "client says \\x01\\x00\\x00\\x06hello!"]
    );
}

#[test]
fn one_side_alone_is_read_where_it_can_be() {
    let server = (false, initial(&SERVER, false, ID, 0, &crypto(0, HELLO)));
    assert_eq!(trace(std::slice::from_ref(&server)), ["server Initial 1 [07] [09, 09]"]);
    assert_eq!(trace(&[client(0, &[0; 20])]).len(), 2);
    assert_eq!(
        without_packets(trace(&[client(0, &[1, 0]), server])),
        ["server says \\x01\\x00\\x00\\x06hello!"]
    );
    // From the middle on there are short headers, of which nothing is read.
    assert_eq!(trace(&[(true, vec![0x41; 40]), (false, vec![0x52; 40])]), [""; 0]);
}

#[test]
fn what_is_no_quic_is_told() {
    let last = |datagram: &[u8]| trace(&[(true, datagram.to_vec())]).pop().unwrap_or_default();
    assert_eq!(last(&hex!("c3 00000002 00 00 1234")), "unhandled QUIC version 0x2");
    assert_eq!(last(&hex!("c3 00000000 00 00 00000001")), "unhandled QUIC version 0x0");
    assert_eq!(last(&hex!("c3 00000001 05 00")), "truncated dest_conn_id");
    assert_eq!(
        last(&hex!("c3 00000001 00 00 00 05 0000000000")),
        "&requires failed: self.length.result_ >= 20"
    );
    assert_eq!(last(&hex!("c3 00000001 00 00 00 4400 00")), "truncated payload");
    assert_eq!(last(&hex!("83 00000001 00 00 00")), "", "without the fixed bit");
    let (_, mut damaged) = client(0, &crypto(0, HELLO));
    *damaged.last_mut().unwrap() ^= 1;
    assert_eq!(last(&damaged), "decryption failed");
    assert_eq!(trace(&[client(0, &[8, 0, 0, 0])]).pop().unwrap(), "unhandled frame type 8");
    assert_eq!(trace(&[client(0, &[6, 0, 4, 1, 2, 0])]).pop().unwrap(), "truncated cryptodata");
}

#[test]
fn messages_have_a_ceiling() {
    let last = |frames: &[u8]| trace(&[client(0, frames)]).pop().unwrap();
    assert_eq!(last(&crypto(0, &[1, 0, 0x41, 0])), "&requires failed: self.length <= 2**14 + 256");
    assert_eq!(last(&[6, 0x80, 0, 0x41, 0x05, 1, 1]), "&requires failed: self.length <= 2**14 + 256");
    assert_eq!(last(&crypto(0, &[1, 0, 0, 1, 7, 8])), "too much crypto data received 6 > 5");
    let mut session = Session::new(Limits::default());
    let mut trace = Recorder::default();
    for at in 0..300 {
        session.datagram(true, &client(at, &crypto(at as u16 * 2, &[1])).1, &mut trace);
    }
    assert_eq!(trace.0.iter().filter(|line| *line == "crypto data in more than 256 pieces").count(), 44);
    assert_eq!(session.buffered(), 300);
}

#[test]
fn a_close_is_told() {
    let trace = trace(&[client(0, b"\x1c\x41\x28\x06\x03bad")]);
    assert_eq!(trace[2], "client closes 296 bad");
}

#[test]
fn acknowledgements_are_passed_over() {
    let frames = [&[2, 9, 0, 1, 0, 1, 1][..], &[3, 9, 0, 0, 0, 1, 2, 3], &crypto(0, HELLO)].concat();
    assert_eq!(without_packets(trace(&[client(0, &frames)])), ["client says \\x01\\x00\\x00\\x06hello!"]);
}

#[test]
fn a_datagram_shows_itself() {
    for (bytes, probe) in [
        (&hex!("c300000001 08")[..], Probe::Match),
        (&hex!("d36b3343cf 08"), Probe::Match),
        (&hex!("c3000000"), Probe::NeedMore),
        (&hex!("c36b3343cf"), Probe::NoMatch),
        (&hex!("e300000001"), Probe::NoMatch),
        (b"GET /", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(bytes), probe, "{bytes:02x?}");
    }
}

#[test]
fn a_row_has_what_was_said() {
    let mut info = Info::new(&CLIENT);
    info.packet(true, &CLIENT, &Packet::Initial, 4);
    info.packet(false, &SERVER, &Packet::Initial, 4);
    info.packet(true, &Header { dcid: &[9, 9], ..CLIENT }, &Packet::Handshake, 4);
    assert_eq!(info.client_initial_dcid.as_deref(), Some(ID));
    assert_eq!(info.server_scid.as_deref(), Some(&[9, 9][..]));
    assert_eq!(info.close(false, 4), Some(super::info::Full));
    assert_eq!(info.close(false, 4), None);
    assert_eq!(info.history, b"IiHc");
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("quic", fuzz::check);
}
