//! postgresql.log and events of PostgreSQL, end to end.

use crate::build::{Capture, Client, Rows, Server, Talk, printed, rows, rows_with};

const LOG: &str = "protocols/postgresql/log";

fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind][..], &(content.len() as u32 + 4).to_be_bytes(), content].concat()
}

fn startup(parameters: &[u8]) -> Vec<u8> {
    [&(parameters.len() as u32 + 8).to_be_bytes()[..], &[0, 3, 0, 0], parameters].concat()
}

const ASK: &[u8] = b"\0\0\0\x08\x04\xd2\x16\x2f";

/// A login, a query that has a row, one that fails, and the end, in segments of this length.
fn talk(talk: &mut Talk<'_>, len: usize) {
    talk.send_in(Client, len, ASK).send_in(Server, len, b"N");
    talk.send_in(Client, len, &startup(b"user\0eve\0database\0nest\0application_name\0psql\0\0"));
    talk.send_in(Server, len, &message(b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"));
    talk.send_in(Client, len, &message(b'p', b"answer"));
    let in_ = [message(b'R', &[0; 4]), message(b'S', b"TimeZone\0UTC\0"), message(b'Z', b"I")].concat();
    talk.send_in(Server, len, &in_).send_in(Client, len, &message(b'Q', b"select 1\0"));
    let result = [message(b'T', b"\0\x01"), message(b'D', &[0, 1, 0, 0, 0, 1, b'x']), message(b'Z', b"I")];
    talk.send_in(Server, len, &result.concat()).send_in(Client, len, &message(b'Q', b"drop table no\0"));
    let failed = [message(b'E', b"SERROR\0C42P01\0Mno such\0\0"), message(b'Z', b"I")].concat();
    talk.send_in(Server, len, &failed).send_in(Client, len, &message(b'X', b"")).close();
}

fn capture(port: u16, len: usize) -> Capture {
    let mut capture = Capture::new();
    talk(&mut capture.talk(40_000, port), len);
    capture
}

fn told(rows: &Rows) -> Vec<String> {
    let names = ["user", "frontend", "frontend_arg", "backend", "backend_arg", "success", "rows"];
    let text = |row: [serde_json::Value; 7]| row.map(|value| value.to_string().replace('"', "")).join(" ");
    rows.fields("postgresql", names).into_iter().map(text).collect()
}

#[test]
fn logins_and_queries_are_logged_however_their_bytes_are_cut() {
    let want = [
        "null ssl_request null ssl_reply N false null",
        "eve startup null auth_ok SASL true null",
        "eve simple_query select 1 null null true 1",
        "eve simple_query drop table no error SeverityLocalized=ERROR,Code=42P01,Message=no such false null",
        "eve terminate null null null null null",
    ];
    for len in [1400, 1, 2, 3, 7] {
        let rows = rows_with(&capture(5432, len), &[LOG]);
        assert_eq!(told(&rows), want, "{len}");
        assert_eq!(rows.only("conn")["service"], "postgresql");
    }
}

#[test]
fn without_being_asked_for_it_is_not_read_as_in_zeek_7_0() {
    let rows = rows(&capture(5432, 1400));
    assert!(rows.of("postgresql").is_empty() && rows.only("conn")["service"].is_null());
}

#[test]
fn events_show_the_row() {
    let script = "@load protocols/postgresql/log
        event PostgreSQL::startup_parameter(c: connection, name: string, value: string) { print name, value; }
        event PostgreSQL::authentication_request(c: connection, identifier: count, data: string)
            { print PostgreSQL::auth_ids[identifier], c$postgresql$user; }
        event PostgreSQL::parameter_status(c: connection, name: string, value: string) { print name, value; }
        event PostgreSQL::data_row(c: connection, column_values: count) { print column_values, c$postgresql$frontend_arg; }
        event PostgreSQL::error_response_identified_field(c: connection, code: string, value: string)
            { print PostgreSQL::error_ids[code], value; }
        event PostgreSQL::error_response(c: connection) { print c$postgresql$success; }
        event PostgreSQL::ready_for_query(c: connection, transaction_status: string) { print transaction_status, c?$postgresql; }
        event PostgreSQL::not_implemented(c: connection, is_orig: bool, typ: string, chunk: string) { print is_orig, typ, |chunk|; }
        event PostgreSQL::terminate(c: connection) { print \"done\"; }";
    let want = "user, eve\ndatabase, nest\napplication_name, psql\nSASL, eve\nTimeZone, UTC\nI, T\nF, T, 2\n\
        1, select 1\nI, T\nSeverityLocalized, ERROR\nCode, 42P01\nMessage, no such\nF\nI, F\ndone\n";
    assert_eq!(printed(&capture(5432, 1400), &[], script)[0], want);
}

#[test]
fn what_follows_on_agreement_is_tls() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 5432);
    talk.send(Client, ASK).send(Server, b"S").send(Client, b"\x16\x03\x01\x00\x01\x00");
    talk.send(Server, b"\x15\x03\x01\x00\x02\x02\x28").close();
    let script = "@load protocols/postgresql/log
        event PostgreSQL::ssl_reply(c: connection, data: string) { print data, c$postgresql$success; }
        event ssl_alert(c: connection, is_client: bool, level: count, desc: count) { print is_client, level, desc; }";
    assert_eq!(printed(&capture, &[], script)[0], "S, T\nF, 2, 40\n");
}

#[test]
fn another_protocol_at_its_port_is_told_of() {
    let mut capture = Capture::new();
    capture.talk(40_000, 5432).send(Client, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").close();
    let rows = rows_with(&capture, &[LOG]);
    let reason = "error while parsing PostgreSQL: unsupported PostgreSQL major version 12064";
    assert_eq!(rows.only("analyzer")["failure_reason"], reason);
}

#[test]
fn passwords_that_are_guessed_are_told_of() {
    let mut capture = Capture::new();
    for nth in 0..20_u16 {
        let mut talk = capture.talk(41_000 + nth, 5432);
        talk.send(Client, &startup(b"user\0eve\0\0")).send(Server, &message(b'R', b"\0\0\0\x05salt"));
        talk.send(Client, &message(b'p', b"md5x\0"))
            .send(Server, &message(b'E', b"SFATAL\0C28P01\0Mno\0\0"))
            .close();
    }
    let rows = rows_with(&capture, &["frameworks/auth-bruteforcing"]);
    let notice = rows.only("notice");
    assert_eq!(notice["msg"], "10.0.0.1 appears to be guessing PostgreSQL passwords (20 failed logins)");
    assert_eq!(notice["sub"], "at 10.0.0.2 as eve");
}
