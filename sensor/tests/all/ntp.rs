//! ntp.log and its event, end to end.

use crate::build::{Capture, host, printed, rows};
use crate::replay::golden;

/// A message of time.
fn message(mode: u8, stratum: u8) -> Vec<u8> {
    let mut bytes = vec![0x20 | mode, stratum, 6, 0xe9, 0, 0, 0x0b, 0xd9, 0, 0, 0x07, 0x3a];
    bytes.extend(if stratum == 1 { *b"GPS\0" } else { [192, 0, 2, 1] });
    for seconds in [0xe09a_5430_u32, 0xe09a_5434, 0xe09a_5435, 0xe09a_5436] {
        bytes.extend(seconds.to_be_bytes());
        bytes.extend([0x80, 0, 0, 0]);
    }
    bytes
}

#[test]
fn ntp_gives_its_golden_logs() {
    let mut capture = Capture::new();
    capture
        .udp(0, host(1, 40_000), host(2, 123), &message(3, 0))
        .udp(20, host(2, 123), host(1, 40_000), &message(4, 1))
        .udp(40, host(3, 123), host(2, 123), &message(1, 2))
        // The answer came first: it turns the connection round.
        .udp(60, host(2, 123), host(4, 123), &message(4, 2))
        .udp(80, host(4, 123), host(2, 123), &message(3, 2))
        // Mode 7 has no row, and mode 0 hardly any.
        .udp(100, host(5, 123), host(2, 123), &[0x17, 0, 3, 42, 0, 0, 0, 0])
        .udp(120, host(6, 123), host(2, 123), &[0x20; 48])
        .udp(140, host(7, 123), host(2, 123), &[0x23; 9]);
    golden::check("ntp", &capture);
}

#[test]
fn scripts_see_messages_of_all_modes() {
    let mut capture = Capture::new();
    capture
        .udp(0, host(1, 40_000), host(2, 123), &message(3, 0))
        .udp(20, host(1, 40_000), host(2, 123), &[0x16, 2, 0, 1, 0, 0, 0, 9, 0, 0, 0, 2, b'h', b'i'])
        .udp(40, host(1, 40_000), host(2, 123), &[0x17, 0, 3, 42, 0, 0, 0, 0]);
    let script = "event ntp_message(c: connection, is_orig: bool, msg: NTP::Message) {
        print is_orig, NTP::modes[msg$mode], msg?$std_msg ? msg$std_msg$poll : 0secs, c$ntp$mode;
        if ( msg?$control_msg ) print msg$control_msg$op_code, msg$control_msg$association_id, msg$control_msg$data;
        if ( msg?$mode7_msg ) print msg$mode7_msg$req_code, msg$mode7_msg$implementation; }";
    let expected = "T, client, 1.0 min 4.0 secs, 3\nT, broadcast client, 0 secs, 6\n2, 9, hi\n\
                    T, reserved, 0 secs, 7\n42, 3\n";
    assert_eq!(printed(&capture, &[], script)[0], expected);
}

#[test]
fn who_answers_is_the_responder() {
    let mut capture = Capture::new();
    capture.udp(0, host(2, 123), host(4, 123), &message(4, 2));
    let rows = rows(&capture);
    assert_eq!(rows.fields("ntp", ["id.orig_h", "id.resp_h"]), [["10.0.0.4", "10.0.0.2"]]);
    assert_eq!(rows.only("conn")["service"], "ntp");
}
