//! POP3, IMAP and XMPP: their events, mails as files, and TLS inside of them.

use serde_json::json;

use crate::build::{Capture, Client, Server, Side, Talk, printed, rows};

fn one(port: u16, tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, port));
    capture
}

/// What a side sends.
type Turn<'a> = (Side, &'a [u8]);

/// A ClientHello that names its server.
const HELLO: &[u8] =
    b"\x16\x03\x01\x00\x3f\x01\x00\x00\x3b\x03\x03aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\x00\x00\x02\xc0\x2f\x01\x00\
    \x00\x10\x00\x00\x00\x0c\x00\x0a\x00\x00\x07mail.ex";

/// A login that fails, one that does not, and a mail with two parts.
fn fetched(port: u16, len: usize) -> Capture {
    one(port, |talk| {
        let mut say = |from, text: &[u8]| {
            talk.send_in(from, len, text);
        };
        say(Server, b"+OK hi\r\n");
        for (command, reply) in [
            (&b"USER ann\r\n"[..], &b"+OK\r\n"[..]),
            (b"PASS wrong\r\n", b"-ERR no\r\n"),
            (b"USER ann\r\n", b"+OK\r\n"),
            (b"PASS right\r\n", b"+OK in\r\n"),
            (
                b"RETR 1\r\n",
                b"+OK 1\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello, this is text\r\n--b\r\n\
                Content-Transfer-Encoding: base64\r\n\r\nPGh0bWw+PGJvZHk+aGk8L2JvZHk+\r\n--b--\r\n.\r\n",
            ),
            (b"QUIT\r\n", b"+OK bye\r\n"),
        ] {
            say(Client, command);
            say(Server, reply);
        }
        talk.close();
    })
}

#[test]
fn mails_that_are_fetched_are_files() {
    for (port, len) in [(110, 1400), (110, 1), (4110, 1400)] {
        let rows = rows(&fetched(port, len));
        assert_eq!(rows.only("conn")["service"], "pop3", "{port} {len}");
        let of = ["source", "depth", "is_orig", "mime_type", "seen_bytes"];
        let file = |kind: &str, len: u64| [json!("POP3"), json!(0), json!(false), json!(kind), json!(len)];
        assert_eq!(rows.fields("files", of), [file("text/plain", 19), file("text/html", 21)], "{port} {len}");
    }
}

#[test]
fn logins_and_mails_are_events() {
    let script = "event pop3_request(c: connection, is_orig: bool, command: string, arg: string) { print command, arg; }
        event pop3_reply(c: connection, is_orig: bool, cmd: string, msg: string) { print cmd, msg; }
        event pop3_login_success(c: connection, is_orig: bool, user: string, password: string) { print T, user, password; }
        event pop3_login_failure(c: connection, is_orig: bool, user: string, password: string) { print F, user, password; }
        event mime_entity_data(c: connection, length: count, data: string) { print length; }";
    let want = "OK, hi\nUSER, ann\nOK, \nPASS, wrong\nF, ann, wrong\nERR, no\nUSER, ann\nOK, \nPASS, right\n\
        T, ann, right\nOK, in\nRETR, 1\nOK, 1\n19\n21\n0\nQUIT, \nOK, bye\n";
    assert_eq!(printed(&fetched(110, 1400), &[], script)[0], want);
}

#[test]
fn tls_inside_is_read() {
    let turns: [(u16, &str, Vec<Turn<'_>>); 3] = [
        (110, "pop3,ssl", vec![(Server, b"+OK\r\n"), (Client, b"STLS\r\n"), (Server, b"+OK go\r\n")]),
        (
            143,
            "imap,ssl",
            vec![(Server, b"* OK hi\r\n"), (Client, b"a STARTTLS\r\n"), (Server, b"a OK go\r\n")],
        ),
        (
            5222,
            "xmpp,ssl",
            vec![
                (Client, b"<stream:stream xmlns='jabber:client'>"),
                (Server, b"<stream:stream>"),
                (Client, b"<starttls/>"),
                (Server, b"<proceed/>"),
            ],
        ),
    ];
    for (port, service, turns) in turns {
        let capture = one(port, |talk| {
            turns.iter().for_each(|(from, text)| _ = talk.send(*from, text));
            talk.send(Client, HELLO).close();
        });
        let rows = rows(&capture);
        assert_eq!(rows.only("ssl")["server_name"], "mail.ex", "{port}");
        let protocol = service.split(',').next().unwrap();
        assert!(rows.only("conn")["service"].as_str().unwrap().contains(protocol), "{port}");
    }
}

#[test]
fn what_servers_can_do_is_an_event() {
    let capture = one(143, |talk| {
        talk.send(Server, b"* OK hi\r\n* CAPABILITY IMAP4rev1 STARTTLS\r\n").close();
    });
    let script = "event imap_capabilities(c: connection, capabilities: string_vec) { print capabilities; }";
    assert_eq!(printed(&capture, &[], script)[0], "[IMAP4rev1, STARTTLS]\n");
}
