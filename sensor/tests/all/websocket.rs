//! websocket.log, events of WebSocket, and what is inside, end to end.

use crate::build::{Capture, Client, Server, printed, rows};
use crate::replay::golden;

const REQUEST: &[u8] =
    b"GET /chat HTTP/1.1\r\nHost: example.net\r\nUser-Agent: test\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
    Sec-WebSocket-Protocol: chat , superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// The answer, with this at the end of what the server made of the key.
fn reply(wrong: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo={wrong}\r\nSec-WebSocket-Protocol: chat\r\n\r\n"
    )
    .into_bytes()
}

/// A frame that is all of a message, with a mask where the client sends it.
fn message(opcode: u8, mask: Option<[u8; 4]>, data: &[u8]) -> Vec<u8> {
    let len = data.len() as u8;
    match mask {
        None => [&[0x80 | opcode, len][..], data].concat(),
        Some(mask) => {
            let masked: Vec<u8> =
                data.iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            [&[0x80 | opcode, 0x80 | len][..], &mask, &masked].concat()
        }
    }
}

const MASK: Option<[u8; 4]> = Some([7, 77, 177, 250]);

/// SSH inside of it, and a close, in segments of this length.
fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 80);
    talk.send_in(Client, len, REQUEST).send_in(Server, len, &reply(""));
    talk.send_in(Client, len, &message(2, MASK, b"SSH-2.0-client\r\n"));
    talk.send_in(Server, len, &message(2, None, b"SSH-2.0-server\r\n"));
    talk.send_in(Client, len, &message(9, MASK, b"ping"))
        .send_in(Client, len, &message(8, MASK, b"\x03\xe8bye"))
        .close();
    capture
}

#[test]
fn websocket_gives_its_golden_logs() {
    golden::check("websocket", &capture(1400));
}

#[test]
fn websocket_is_the_same_however_its_bytes_are_cut() {
    for len in [1, 2, 3, 7] {
        let rows = rows(&capture(len));
        let columns = ["host", "uri", "user_agent", "subprotocol", "client_protocols"];
        let want = ["example.net", "/chat", "test", "chat", "chat,superchat"];
        let row = rows.only("websocket");
        let told = columns.map(|column| match &row[column] {
            serde_json::Value::Array(texts) => {
                texts.iter().filter_map(|text| text.as_str()).collect::<Vec<_>>().join(",")
            }
            text => text.as_str().unwrap_or_default().to_owned(),
        });
        assert_eq!(told, want, "{len}");
        assert!(rows.of("weird").is_empty() && rows.of("analyzer").is_empty(), "{len}");
    }
}

#[test]
fn websocket_events_tell_frames_and_messages() {
    let script = "event websocket_established(c: connection, aid: count) { print c$websocket$uri; }
        event websocket_frame(c: connection, is_orig: bool, fin: bool, rsv: count, opcode: count, payload_len: count)
            { print is_orig, fin, rsv, WebSocket::opcodes[opcode], payload_len; }
        event websocket_frame_data(c: connection, is_orig: bool, data: string) { print data; }
        event websocket_message(c: connection, is_orig: bool, opcode: count) { print is_orig, opcode; }
        event websocket_close(c: connection, is_orig: bool, status: count, reason: string) { print status, reason; }
        event ssh_client_version(c: connection, version: string) { print version; }";
    let want = "/chat\nT, T, 0, binary, 16\nSSH-2.0-client\\x0d\\x0a\nT, 2\n\
                F, T, 0, binary, 16\nSSH-2.0-server\\x0d\\x0a\nSSH-2.0-client\nF, 2\nT, T, 0, ping, 4\nping\nT, 9\n\
                T, T, 0, close, 5\n\\x03\\xe8bye\n1000, bye\nT, 8\n";
    assert_eq!(printed(&capture(1400), &[], script)[0], want);
    let off = printed(&capture(1400), &["WebSocket::use_dpd_default=F"], script);
    assert_eq!(off[0], want.replace("SSH-2.0-client\nF", "F"));
    let short = printed(&capture(1400), &["WebSocket::payload_chunk_size=10"], script);
    assert!(short[0].contains("SSH-2.0-cl\nient\\x0d\\x0a\n"), "{}", short[0]);
}

#[test]
fn a_server_that_answers_wrongly_is_weird() {
    let mut capture = Capture::new();
    capture.talk(40_000, 80).send(Client, REQUEST).send(Server, &reply("x")).close();
    let rows = rows(&capture);
    let weird = rows.only("weird");
    assert_eq!(
        (&weird["name"], &weird["source"]),
        (&"websocket_wrong_accept_header".into(), &"WebSocket".into())
    );
    let addl = "expected=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=, found=s3pPLMBiTxaQ9kYGzzhZRbK+xOo=x";
    assert_eq!(weird["addl"], addl);
}

#[test]
fn a_frame_that_breaks_the_rules_is_a_violation() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 80);
    talk.send(Client, REQUEST).send(Server, &reply("")).send(Server, b"\x80\x00").close();
    let rows = rows(&capture);
    let row = rows.only("analyzer");
    assert_eq!(row["failure_reason"], "binpac exception: &enforce violation : WebSocket_FrameHeader:first2");
    assert_eq!((&row["analyzer_name"], &row["failure_data"]), (&"WEBSOCKET".into(), &"\\x80\\x00".into()));
}
