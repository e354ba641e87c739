//! FTP end to end: ftp.log, its events, and what data connections are taken for. `ftp.pcap` has its golden logs.

use serde_json::Value;

use crate::build::{Capture, Client, Rows, Server, Talk, host, printed, rows, rows_with};

const CONTROL: u16 = 21;

/// Columns of a log's rows as texts; empty where there is nothing.
fn fields<const N: usize>(rows: &Rows, log: &str, names: [&str; N]) -> Vec<[String; N]> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    rows.fields(log, names).into_iter().map(|row| row.map(text)).collect()
}

/// A control connection that lasts, within which others are made.
fn session(tell: impl FnOnce(&mut Talk<'_>)) -> Capture {
    let mut capture = Capture::new();
    tell(&mut capture.talk(40_000, CONTROL));
    capture
}

/// A file is asked for, and comes over a connection to port 1055.
fn transfer() -> Capture {
    let mut capture = Capture::new();
    capture
        .talk(40_000, CONTROL)
        .send(Server, b"220 hello\r\n")
        .send(Client, b"USER ftp\r\nPASS me@\r\nPASV\r\n")
        .send(Server, b"331 who\r\n230 in\r\n227 Entering (10,0,0,2,4,31)\r\n");
    capture.talk(40_001, 1055).send(Server, b"%PDF-1.4 and so on").close();
    capture.talk(40_002, 1055).send(Server, b"%PDF-1.4 once more").close();
    capture
}

#[test]
fn one_connection_is_the_data_that_was_announced() {
    let rows = rows(&transfer());
    let services = fields(&rows, "conn", ["id.resp_p", "service"]);
    assert!(services.contains(&["1055".to_owned(), "ftp-data".to_owned()]), "{services:?}");
    assert_eq!(fields(&rows, "files", ["source", "mime_type"])[0], ["FTP_DATA", "application/pdf"]);
    assert_eq!(
        fields(&rows, "ftp", ["command", "data_channel.resp_p", "user", "password"]),
        [["PASV", "1055", "ftp", "me@"]]
    );
}

#[test]
fn passwords_are_hidden_but_those_of_guests() {
    let capture = session(|talk| {
        talk.send(Client, b"USER heron\r\n").send(Server, b"331 who\r\n").send(Client, b"PASS dawn\r\n");
        talk.send(Server, b"230 in\r\n").send(Client, b"DELE x\r\n").send(Server, b"250 gone\r\n").close();
    });
    let wanted = |args: &[&str]| fields(&rows_with(&capture, args), "ftp", ["user", "password", "arg"]);
    assert_eq!(wanted(&[]), [["heron", "<hidden>", "ftp://10.0.0.2/./x"]]);
    assert_eq!(wanted(&["FTP::default_capture_password=T"])[0][1], "dawn");
    assert_eq!(wanted(&["FTP::logged_commands={\"PASS\"}"]), [["heron", "<hidden>", "<hidden>"]]);
}

#[test]
fn the_directory_is_followed() {
    let capture = session(|talk| {
        for (command, reply) in [
            ("PWD", "257 \"/pub/a b\" is it"),
            ("CWD c", "250 done"),
            ("CWD ../d", "250 done"),
            ("CWD nowhere", "550 no"),
            ("RETR x", "226 done"),
        ] {
            talk.send(Client, format!("{command}\r\n").as_bytes());
            talk.send(Server, format!("{reply}\r\n").as_bytes());
        }
        talk.close();
    });
    assert_eq!(
        fields(&rows(&capture), "ftp", ["arg", "reply_code"]),
        [["ftp://10.0.0.2/pub/a b/d/x", "226"]]
    );
}

#[test]
fn scripts_see_commands_and_replies_with_the_session() {
    let capture = session(|talk| {
        talk.send(Server, b"220-a\r\n220 b\r\n")
            .send(Client, b"user heron\r\n")
            .send(Server, b"331 who\r\n")
            .close();
    });
    let script = "
        event ftp_request(c: connection, command: string, arg: string) { print command, arg, c$ftp$user; }
        event ftp_reply(c: connection, code: count, msg: string, cont_resp: bool)
            { print code, msg, cont_resp, c$ftp$cmdarg$cmd, FTP::parse_ftp_reply_code(code)$x; }
        hook FTP::finalize_ftp(c: connection) { print \"over\"; }";
    let want = "220, a, T, <init>, 2\n220, b, F, <init>, 2\nUSER, heron, heron\n331, who, F, USER, 3\nover\n";
    assert_eq!(printed(&capture, &[], script)[0], want);
}

#[test]
fn files_of_data_connections_know_their_session() {
    let script = "event file_state_remove(f: fa_file) { print f$source, f?$ftp, f$ftp$user; }
        hook FTP::finalize_ftp_data(c: connection) { print c$id$resp_p; }";
    assert_eq!(printed(&transfer(), &[], script)[0], "FTP_DATA, T, ftp\n1055/tcp\n".repeat(2));
}

#[test]
fn commands_that_no_reply_comes_to_are_logged_all_the_same() {
    let capture = session(|talk| {
        talk.send(Client, b"RETR a\r\nRETR b\r\n").close();
    });
    assert_eq!(fields(&rows(&capture), "ftp", ["arg"]), [["ftp://10.0.0.2/./a"], ["ftp://10.0.0.2/./b"]]);
}

#[test]
fn it_is_found_at_any_port_by_both_sides() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 2222);
    talk.send(Server, b"220 hello\r\n").send(Client, b"USER x\r\n").send(Server, b"331 who\r\n").close();
    assert_eq!(rows(&capture).only("conn")["service"], "ftp");
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 2222);
    talk.send(Server, b"220 hello\r\n").send(Client, b"EHLO x\r\n").send(Server, b"250 who\r\n").close();
    assert_eq!(rows(&capture).only("conn")["service"], "smtp");
}

#[test]
fn however_its_bytes_are_cut_the_rows_are_the_same() {
    let of = |len: usize| {
        let capture = session(|talk| {
            talk.send_in(Server, len, b"220 hello\r\n");
            talk.send_in(Client, len, b"USER heron\r\nRETR a\r\n");
            talk.send_in(Server, len, b"331 who\r\n150-x (12 bytes)\r\n150 (12 bytes)\r\n226 done\r\n")
                .close();
        });
        fields(&rows(&capture), "ftp", ["command", "arg", "file_size", "reply_code", "reply_msg"])
    };
    let whole = of(1000);
    assert_eq!(whole, [["RETR", "ftp://10.0.0.2/./a", "12", "226", "done"]]);
    (1..12).for_each(|len| assert_eq!(of(len), whole, "{len}"));
}

#[test]
fn oddities_are_told_in_zeeks_words() {
    let capture = session(|talk| {
        talk.send(Client, b"USER x\r\n").send(Client, &[&b"RETR "[..], &b"a".repeat(5000), b"\r\n"].concat());
        talk.send(Client, &[&b"A".repeat(200)[..], b"\r\n\x01\x02\x03\r\n"].concat());
        talk.send(Client, &b"NOOP\r\n".repeat(20)).close();
    });
    let mut weirds = fields(&rows(&capture), "weird", ["name", "addl"]);
    weirds.sort();
    weirds.dedup();
    let want = [
        ["FTP_arg_too_long", "5017"],
        ["FTP_invalid_command", ""],
        ["FTP_max_command_length_exceeded", "200"],
        ["FTP_too_many_pending_commands", "20"],
    ];
    assert_eq!(weirds, want);
}

#[test]
fn who_connects_from_elsewhere_is_not_the_one_expected() {
    let mut capture = Capture::new();
    capture.talk(40_000, CONTROL).send(Client, b"PORT 10,0,0,1,4,31\r\n").send(Server, b"200 ok\r\n");
    capture.handshake(1000, host(2, 20), host(1, 1055)).handshake(1001, host(3, 20), host(1, 1055));
    let services = fields(&rows(&capture), "conn", ["id.orig_h", "id.resp_p", "service"]);
    assert!(services.iter().any(|row| row == &["10.0.0.2", "1055", "ftp-data"]), "{services:?}");
    assert!(services.iter().all(|row| row[0] != "10.0.0.3" || row[2] != "ftp-data"), "{services:?}");
}

#[test]
fn guessed_passwords_programs_and_clients_are_noticed() {
    let mut capture = Capture::new();
    for nth in 0..3 {
        let mut talk = capture.talk(40_000 + nth, CONTROL);
        talk.send(Client, b"USER x\r\n").send(Server, b"331 who\r\n").send(Client, b"PASS y\r\n");
        talk.send(Server, b"530 no\r\n").close();
    }
    let mut talk = capture.talk(41_000, CONTROL);
    talk.send(Client, b"SITE EXEC id\r\n")
        .send(Server, b"200 root\r\n")
        .send(Client, b"CLNT heron/1.2\r\n")
        .close();
    let script = "
        @load protocols/ftp/detect-bruteforcing
        @load protocols/ftp/detect
        @load protocols/ftp/software
        redef FTP::bruteforce_threshold = 3.0;
        redef Software::asset_tracking = ALL_HOSTS;
        hook Notice::policy(n: Notice::Info) { print n$note, n$msg; }
        event Software::log_software(rec: Software::Info) { print rec$name, rec$software_type; }";
    let want = "FTP::Bruteforcing, 10.0.0.1 had 3 failed logins on 1 FTP server in 0m0s\n\
                FTP::Site_Exec_Success, FTP command: SITE EXEC id\nheron, FTP::CLIENT\n";
    assert_eq!(printed(&capture, &[], script)[0], want);
}
