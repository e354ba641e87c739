//! mysql.log and events of MySQL, end to end.

use crate::build::{Capture, Client, Server, Talk, printed, rows};
use crate::replay::golden;

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
    [&[a, b, c, sequence][..], payload].concat()
}

fn greeting() -> Vec<u8> {
    let rest = [
        &[1, 0, 0, 0][..],
        b"saltsalt",
        &[0],
        &[0xff, 0xff, 8, 2, 0, 0x08, 0, 21],
        &[0; 10],
        b"saltsaltsalt\0",
    ];
    packet(0, &[&b"\x0a5.7.1\0"[..], &rest.concat(), b"native\0"].concat())
}

fn login(flags: u32, rest: &[u8]) -> Vec<u8> {
    packet(1, &[&flags.to_le_bytes()[..], &[0; 4], &[8], &[0; 23], rest].concat())
}

fn column(name: &[u8]) -> Vec<u8> {
    let texts = [b"def", &b"db"[..], b"t", b"t", name, name];
    let texts: Vec<u8> = texts.iter().flat_map(|text| [&[text.len() as u8][..], text].concat()).collect();
    [&texts[..], &[12], &[0; 12]].concat()
}

const OK: &[u8] = b"\x00\x00\x00\x02\x00\x00\x00";
const EOF: &[u8] = b"\xfe\x00\x00\x02\x00";

/// A session, in segments of this length.
fn talk(talk: &mut Talk<'_>, len: usize) {
    talk.send_in(Server, len, &greeting()).send_in(Client, len, &login(1 << 19, b"root\0\0native\0"));
    talk.send_in(Server, len, &packet(2, OK)).send_in(Client, len, &packet(0, b"\x03select a from t"));
    let result =
        [packet(1, b"\x01"), packet(2, &column(b"a")), packet(3, EOF), packet(4, b"\x02hi"), packet(5, EOF)]
            .concat();
    talk.send_in(Server, len, &result).send_in(Client, len, &packet(0, b"\x03delete from t"));
    talk.send_in(Server, len, &packet(1, b"\x00\x03\x00\x02\x00\x00\x00")).send_in(
        Client,
        len,
        &packet(0, b"\x02no\0"),
    );
    talk.send_in(Server, len, &packet(1, b"\xff\x19\x04#42000Unknown database 'no'"));
    talk.send_in(Client, len, &packet(0, b"\x63")).send_in(Client, len, &packet(0, b"\x01")).close();
}

/// A session, one that is refused, and one that ends before its query is answered.
fn capture(len: usize) -> Capture {
    let mut capture = Capture::new();
    talk(&mut capture.talk(40_000, 3306), len);
    let refused = packet(2, b"\xff\x15\x04#28000Access denied for user 'eve'");
    let mut eve = capture.talk(40_001, 3306);
    eve.send_in(Server, len, &greeting())
        .send_in(Client, len, &login(0, b"eve\0\0"))
        .send_in(Server, len, &refused)
        .close();
    let mut cut = capture.talk(40_002, 3306);
    cut.send_in(Server, len, &greeting()).send_in(Client, len, &login(0, b"bob\0\0")).send_in(
        Server,
        len,
        &packet(2, OK),
    );
    cut.send_in(Client, len, &packet(0, b"\x03select sleep(9)"));
    capture
}

#[test]
fn mysql_gives_its_golden_logs() {
    golden::check("mysql", &capture(1400));
}

#[test]
fn mysql_is_the_same_however_its_bytes_are_cut() {
    let columns = ["cmd", "arg", "success", "rows", "response"];
    let whole = rows(&capture(1400)).fields("mysql", columns);
    assert_eq!(whole.len(), 9);
    for len in [1, 2, 3, 5, 11] {
        assert_eq!(rows(&capture(len)).fields("mysql", columns), whole, "{len}");
    }
}

#[test]
fn mysql_events_show_the_row() {
    let script = "event mysql_server_version(c: connection, ver: string) { print ver, c?$mysql; }
        event mysql_handshake(c: connection, username: string) { print username, c$mysql$cmd; }
        event mysql_auth_plugin(c: connection, is_orig: bool, name: string, data: string) { print is_orig, name, data; }
        event mysql_result_row(c: connection, row: string_vec) { print row, c$mysql$arg; }
        event mysql_eof(c: connection, is_intermediate: bool) { print is_intermediate, c$mysql?$success; }
        event mysql_ok(c: connection, affected_rows: count) { print affected_rows, c$mysql$success; }
        event mysql_error(c: connection, code: count, msg: string) { print code, msg, c$mysql$response; }
        event mysql_command_request(c: connection, command: count, arg: string)
            { print MySQL::commands[command], arg; }
        event zeek_init() { Log::add_filter(mysql::LOG, [$name=\"more\", $path=\"more\"]); }";
    let mut capture = Capture::new();
    talk(&mut capture.talk(40_000, 3306), 1400);
    let want = "5.7.1, F\nF, native, saltsaltsaltsaltsalt\\x00\nroot, login\nT, native, \n0, T\n\
                query, select a from t\nT, F\n[hi], select a from t\nF, F\nquery, delete from t\n3, T\n\
                init_db, no\\x00\n1049, Unknown database 'no', Unknown database 'no'\nunknown-99, \nquit, \n";
    assert_eq!(printed(&capture, &[], script)[0], want);
}

#[test]
fn what_follows_a_request_for_tls_is_analysed_as_tls() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 3306);
    talk.send(Server, &greeting())
        .send(Client, &login(1 << 11, b""))
        .send(Client, b"\x16\x03\x01\x00\x01\x00");
    talk.send(Server, b"\x15\x03\x01\x00\x02\x02\x28").close();
    let script = "event mysql_ssl_request(c: connection) { print \"tls\"; }
        event ssl_alert(c: connection, is_client: bool, level: count, desc: count) { print is_client, level, desc; }";
    assert_eq!(printed(&capture, &[], script)[0], "tls\nF, 2, 40\n");
}

#[test]
fn nothing_is_read_behind_a_gap_and_of_the_middle_of_a_connection() {
    let mut capture = Capture::new();
    let mut lost = capture.talk(40_000, 3306);
    lost.send(Server, &greeting()).lose(Client, 10).send(Client, &login(0, b"a\0\0")).close();
    let mut middle = capture.middle(40_001, 3306);
    middle.send(Client, &packet(0, b"\x03select 1")).send(Server, &packet(1, OK)).close();
    let rows = rows(&capture);
    assert!(rows.of("mysql").is_empty() && rows.of("analyzer").is_empty());
}
