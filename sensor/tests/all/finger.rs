//! Finger's and Ident's events, end to end. There are no logs of them.

use crate::build::{Capture, Client, Server, printed, rows};

#[test]
fn finger_tells_who_is_asked_for_and_what_is_said() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 79);
    talk.send_in(Client, 5, b"/W heron@nest.test\r\n")
        .send_in(Server, 7, b"Login: heron\r\nNo plan\r\n")
        .close();
    let script = "event finger_request(c: connection, full: bool, username: string, hostname: string)
            { print full, username, hostname; }
        event finger_reply(c: connection, reply_line: string) { print reply_line; }";
    assert_eq!(printed(&capture, &[], script)[0], "T, heron, nest.test\nLogin: heron\nNo plan\n");
    assert_eq!(rows(&capture).only("conn")["service"], "finger");
}

#[test]
fn ident_tells_whose_a_connection_is_where_a_script_registers_a_port() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 113);
    talk.send_in(Client, 3, b"6191, 23\r\n").send_in(Server, 9, b"6191, 23 : USERID : UNIX : heron\r\n");
    talk.send(Client, b"1,2\r\n").send(Server, b"1,2:ERROR:NO-USER\r\n").send(Client, b"what\r\n").close();
    let script = "event zeek_init() { Analyzer::register_for_port(Analyzer::ANALYZER_IDENT, 113/tcp); }
        event ident_request(c: connection, lport: port, rport: port) { print lport, rport; }
        event ident_reply(c: connection, lport: port, rport: port, user_id: string, system: string)
            { print lport, rport, user_id, system; }
        event ident_error(c: connection, lport: port, rport: port, line: string) { print line; }
        event conn_weird(name: string, c: connection, addl: string) { print name, addl; }";
    let want =
        "23/tcp, 6191/tcp\n23/tcp, 6191/tcp, heron, UNIX\n2/tcp, 1/tcp\nNO-USER\nbad_ident_request, what\n";
    assert_eq!(printed(&capture, &[], script)[0], want);
    assert!(rows(&capture).only("conn")["service"].is_null());
}
