//! radius.log and its events, end to end.

use crate::build::{Capture, host, printed};
use crate::replay::golden;

fn message(code: u8, attributes: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![code, 7, 0, 20];
    bytes.extend([9; 16]);
    for (code, value) in attributes {
        bytes.extend([*code, value.len() as u8 + 2]);
        bytes.extend(*value);
    }
    bytes
}

/// A login that is granted, and one that is not.
fn logins() -> Capture {
    let mut capture = Capture::new();
    let (client, server) = (host(1, 40_000), host(2, 1812));
    let asked: &[(u8, &[u8])] = &[(1, b"bob"), (31, b"02-AB-00-00-00-09"), (77, b"CONNECT 54Mbps")];
    capture
        .udp(0, client, server, &message(1, asked))
        .udp(20, server, client, &message(11, &[(18, b"Code?"), (8, &[10, 0, 0, 7])]))
        .udp(40, client, server, &message(1, asked))
        .udp(60, server, client, &message(2, &[]))
        .udp(80, client, server, &message(1, &[(1, b"eve"), (66, b"192.0.2.1"), (31, b"phone")]))
        .udp(90, server, client, &message(3, &[]));
    capture
}

#[test]
fn radius_gives_its_golden_logs() {
    let mut capture = logins();
    capture.udp(100, host(3, 40_000), host(2, 1812), &message(1, &[(1, b"nobody answers")])).udp(
        120,
        host(4, 40_000),
        host(2, 1812),
        &[message(1, &[]), vec![1, 99, 0]].concat(),
    );
    golden::check("radius", &capture);
}

#[test]
fn scripts_see_messages_and_their_attributes() {
    let script = "event radius_message(c: connection, result: RADIUS::Message) {
        print RADIUS::msg_types[result$code], result$trans_id,
            result?$attributes ? |result$attributes| : 0, c$radius?$username ? c$radius$username : \"-\"; }
    event radius_attribute(c: connection, attr_type: count, value: string) {
        if ( attr_type == 18 ) print RADIUS::attr_types[attr_type], value, c$radius$username; }
    event RADIUS::log_radius(rec: RADIUS::Info) { print rec$result; }";
    let expected = "Access-Request, 7, 3, bob\nReply-Message, Code?, bob\nAccess-Challenge, 7, 2, bob\n\
                    Access-Request, 7, 3, bob\nAccess-Accept, 7, 0, bob\nsuccess\nAccess-Request, 7, 3, eve\n\
                    Access-Reject, 7, 0, eve\nfailed\n";
    assert_eq!(printed(&logins(), &[], script)[0], expected);
}
