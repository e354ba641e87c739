//! rfb.log and events of RFB, end to end.

use crate::build::{Capture, Client, Server, Talk, printed, rows};
use crate::replay::golden;

const VERSION: &[u8] = b"RFB 003.008\n";
const INIT: &[u8] = b"\x04\x00\x03\x000123456789abcdef\x00\x00\x00\x07desktop";

/// A handshake with a password, in segments of this length.
fn talk(talk: &mut Talk<'_>, len: usize, is_right: bool) {
    talk.send_in(Server, len, VERSION).send_in(Client, len, VERSION).send_in(Server, len, b"\x01\x02");
    talk.send_in(Client, len, b"\x02").send_in(Server, len, &[1; 16]).send_in(Client, len, &[2; 16]);
    if !is_right {
        talk.send_in(Server, len, b"\x00\x00\x00\x01\x00\x00\x00\x04nope").close();
        return;
    }
    talk.send_in(Server, len, &[0; 4]).send_in(Client, len, b"\x01").send_in(Server, len, INIT);
    talk.send_in(Client, len, b"\x05\x00\x00\x01\x00\x01").send_in(Server, len, &[7; 100]).close();
}

fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    talk(&mut capture.talk(40_000, 5900), len, true);
    talk(&mut capture.talk(40_001, 5901), len, false);
    capture
}

#[test]
fn rfb_gives_its_golden_logs() {
    golden::check("rfb", &capture(1400));
}

#[test]
fn rfb_is_the_same_however_its_bytes_are_cut() {
    for len in [1, 2, 3, 7] {
        let rows = rows(&capture(len));
        assert_eq!(rows.fields("rfb", ["authentication_method"]), [["VNC"], ["VNC"]], "{len}");
        let shown: Vec<_> =
            rows.of("rfb").iter().map(|row| (row["auth"].clone(), row["width"].clone())).collect();
        assert_eq!(shown, [(true.into(), 1024.into()), (false.into(), serde_json::Value::Null)], "{len}");
    }
}

#[test]
fn rfb_events_show_the_row() {
    let script = "event rfb_server_version(c: connection, major_version: string, minor_version: string)
            { print major_version, minor_version, c$rfb?$client_major_version; }
        event rfb_client_version(c: connection, major_version: string, minor_version: string) { print minor_version; }
        event rfb_authentication_type(c: connection, authtype: count) { print authtype, c$rfb$authentication_method; }
        event rfb_auth_result(c: connection, result: bool) { print result, c$rfb$auth; }
        event rfb_share_flag(c: connection, flag: bool) { print flag; }
        event rfb_server_parameters(c: connection, name: string, width: count, height: count)
            { print name, width, height; }";
    let want = "003, 008, F\n008\n2, VNC\nF, T\nT\ndesktop, 1024, 768\n003, 008, F\n008\n2, VNC\nT, F\n";
    assert_eq!(printed(&capture(1400), &[], script)[0], want);
}

#[test]
fn what_a_client_must_not_say_is_a_violation() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 5900);
    talk.send(Server, VERSION)
        .send(Client, VERSION)
        .send(Server, b"\x01\x01")
        .send(Client, b"\x01\x01\x96")
        .close();
    let rows = rows(&capture);
    let reason = "Binpac exception: binpac exception: invalid index for case: ClientMessage: 150";
    assert_eq!(rows.only("dpd")["failure_reason"], reason);
    assert_eq!(rows.only("rfb")["authentication_method"], "None");
    assert!(rows.only("conn")["service"].is_null());
}
