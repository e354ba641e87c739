//! SOCKS end to end: socks.log, tunnel.log, its events, and what is tunnelled.

use crate::build::{Capture, Client, Server, printed, rows, rows_with};
use crate::replay::golden;

/// A client logs in, asks for a name, and speaks HTTP through the proxy.
fn through_a_proxy(port: u16) -> Capture {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, port);
    talk.send(Client, b"\x05\x02\x00\x02").send(Server, b"\x05\x02");
    talk.send(Client, b"\x01\x03bob\x04dawn").send(Server, b"\x01\x00");
    talk.send(Client, b"\x05\x01\x00\x03\x08nest.org\x00\x50");
    talk.send(Server, b"\x05\x00\x00\x01\x0a\x00\x00\x02\x04\x38");
    talk.send(Client, b"GET /x HTTP/1.1\r\nHost: nest.org\r\n\r\n");
    talk.send(Server, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").close();
    capture
}

#[test]
fn socks_gives_its_golden_logs() {
    golden::check("socks", &through_a_proxy(1080));
}

#[test]
fn what_is_tunnelled_is_analysed() {
    let rows = rows(&through_a_proxy(1080));
    assert_eq!(rows.only("http")["uri"], "/x");
    assert_eq!(rows.only("conn")["service"], "socks,http");
    let socks = rows.only("socks");
    assert_eq!(
        (&socks["request.name"], &socks["status"], &socks["user"]),
        (&"nest.org".into(), &"succeeded".into(), &"bob".into())
    );
    assert!(socks["password"].is_null());
    assert_eq!(rows.only("tunnel")["tunnel_type"], "Tunnel::SOCKS");
}

#[test]
fn passwords_are_logged_where_that_is_asked_for() {
    let rows = rows_with(&through_a_proxy(1080), &["SOCKS::default_capture_password=T"]);
    assert_eq!(rows.only("socks")["password"], "dawn");
}

#[test]
fn scripts_see_what_is_asked_for() {
    let script = "
        event socks_login_userpass_request(c: connection, user: string, password: string) { print user, password; }
        event socks_login_userpass_reply(c: connection, code: count) { print code, SOCKS::v5_status[code]; }
        event socks_request(c: connection, version: count, request_type: count, sa: SOCKS::Address, p: port, user: string)
            { print version, request_type, sa?$host, sa$name, p, c$socks$user; }
        event socks_reply(c: connection, version: count, reply: count, sa: SOCKS::Address, p: port)
            { print version, reply, sa$host, p, c$socks$request_p; }";
    let want = "bob, dawn\n0, succeeded\n5, 1, F, nest.org, 80/tcp, bob\n5, 0, 10.0.0.2, 1080/tcp, 80/tcp\n";
    assert_eq!(printed(&through_a_proxy(1080), &[], script)[0], want);
}

#[test]
fn version_4_is_found_at_any_port() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 4000);
    talk.send(Client, b"\x04\x01\x00\x50\x0a\x00\x00\x02heron\x00")
        .send(Server, b"\x00\x5b\x00\x50\x0a\x00\x00\x02")
        .close();
    let rows = rows(&capture);
    let socks = rows.only("socks");
    assert_eq!((&socks["version"], &socks["request.host"]), (&4.into(), &"10.0.0.2".into()));
    assert_eq!(socks["status"], "general SOCKS server failure");
}
