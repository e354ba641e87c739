//! Guessing passwords over each protocol, told by one framework.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::build::{Capture, Client, Host, Rows, Server, host, nightjar, rows_with};

const SECOND: u64 = 1_000_000;

fn run(capture: &Capture, more: &[&str]) -> Rows {
    rows_with(capture, &[&["frameworks/auth-bruteforcing"], more].concat())
}

/// The notices of logins: kind, text, samples.
fn notices(rows: &Rows) -> Vec<[String; 3]> {
    let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let kind = |note: &str| note.trim_start_matches("AuthBruteforcing::").to_owned();
    let all = rows.fields("notice", ["note", "msg", "sub"]).into_iter().map(|row| row.map(text));
    all.map(|[note, msg, sub]| [kind(&note), msg, sub]).collect()
}

fn kinds(rows: &Rows) -> Vec<String> {
    notices(rows).into_iter().map(|[kind, _, _]| kind).collect()
}

/// A connection every second, each from its own port.
fn connections(
    capture: &mut Capture,
    from: u8,
    port: u16,
    times: u32,
    tell: impl Fn(u32, &mut crate::build::Talk<'_>),
) {
    for nth in 0..times {
        let ends: [Host; 2] = [host(from, 20_000 + nth as u16), host(200, port)];
        let at = u64::from(nth) * SECOND + u64::from(from) * 10_000;
        let mut talk = capture.talk_at(at, ends[0], ends[1]);
        talk.handshake();
        tell(nth, &mut talk);
        talk.close();
    }
}

fn ftp(user: &str, answer: &str) -> impl Fn(u32, &mut crate::build::Talk<'_>) {
    let (asks, answer) = (format!("USER {user}\r\n"), format!("{answer}\r\n"));
    move |_, talk| {
        talk.send(Server, b"220 hello\r\n").send(Client, asks.as_bytes()).send(Server, b"331 who\r\n");
        talk.send(Client, b"PASS x\r\n").send(Server, answer.as_bytes());
    }
}

#[test]
fn who_guesses_and_gets_in_is_told_of_with_server_port_and_samples() {
    let mut capture = Capture::new();
    connections(&mut capture, 7, 21, 20, ftp("heron", "530 no"));
    let mut talk = capture.talk_at(30 * SECOND, host(7, 30_000), host(200, 21));
    talk.handshake();
    ftp("heron", "230 in")(0, &mut talk);
    talk.close();
    let rows = run(&capture.sort().clone(), &[]);
    let want = [
        [
            "Password_Guessing",
            "10.0.0.7 appears to be guessing FTP passwords (20 failed logins)",
            "at 10.0.0.200 as heron",
        ],
        [
            "Login_After_Guessing",
            "10.0.0.7 logged in to 10.0.0.200 over FTP as heron after guessing passwords",
            "heron",
        ],
    ];
    assert_eq!(notices(&rows), want);
    let first = &rows.of("notice")[0];
    assert_eq!((&first["id.resp_h"], &first["id.resp_p"]), (&"10.0.0.200".into(), &21.into()));
    assert_eq!((&first["src"], &first["n"]), (&"10.0.0.7".into(), &20.into()));
    assert!(first["uid"].is_string());
    let few = run(&capture, &["AuthBruteforcing::guesses=30.0"]);
    assert!(kinds(&few).is_empty(), "{:?}", notices(&few));
    let trusted = run(&capture, &["AuthBruteforcing::trusted_clients={10.0.0.0/24}"]);
    assert!(kinds(&trusted).is_empty());
}

#[test]
fn a_user_whom_many_guess_and_a_client_that_tries_many_are_told_of() {
    let mut many = Capture::new();
    for from in 1..=5 {
        connections(&mut many, from, 110, 1, |_, talk| {
            talk.send(Server, b"+OK\r\n").send(Client, b"USER heron\r\n").send(Server, b"+OK\r\n");
            talk.send(Client, b"PASS x\r\n").send(Server, b"-ERR no\r\n");
        });
    }
    let told = notices(&run(&many, &[]));
    assert_eq!(
        told,
        [[
            "User_Guessed_By_Many",
            "5 clients guess the POP3 password of heron at 10.0.0.200",
            "from 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5"
        ]]
    );
    let mut spray = Capture::new();
    connections(&mut spray, 9, 3306, 8, |nth, talk| {
        let packet = |sequence: u8, payload: &[u8]| {
            let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
            [&[a, b, c, sequence][..], payload].concat()
        };
        let rest = [
            &[1, 0, 0, 0][..],
            b"saltsalt",
            &[0],
            &[0xff, 0xff, 8, 2, 0, 8, 0, 21],
            &[0; 10],
            b"saltsaltsalt\0",
        ];
        let greeting = packet(0, &[&b"\x0a5.7.1\0"[..], &rest.concat(), b"native\0"].concat());
        let user = format!("user{nth}\0\0");
        let login = packet(1, &[&[0; 8][..], &[8], &[0; 23], user.as_bytes()].concat());
        talk.send(Server, &greeting).send(Client, &login);
        talk.send(Server, &packet(2, b"\xff\x15\x04#28000Access denied"));
    });
    let rows = run(&spray, &[]);
    let [kind, msg, sub] = &notices(&rows)[0];
    assert_eq!(
        (kind.as_str(), msg.as_str()),
        ("Password_Spraying", "10.0.0.9 tries MySQL passwords with 8 users")
    );
    assert!(sub.starts_with("as user"), "{sub}");
    assert_eq!(kinds(&rows).len(), 1);
}

#[test]
fn addresses_of_a_block_that_take_turns_are_told_of() {
    let mut capture = Capture::new();
    for from in 1..=4 {
        connections(&mut capture, from, 21, 10, ftp("", "530 no"));
    }
    let told = kinds(&run(capture.sort(), &["AuthBruteforcing::clients_of_user=50.0"]));
    assert_eq!(told, ["Block_Guessing"]);
    let mut one = Capture::new();
    connections(&mut one, 1, 21, 45, ftp("", "530 no"));
    assert_eq!(kinds(&run(&one, &[])), ["Password_Guessing"], "one address is no block");
}

#[test]
fn mail_is_guessed_over_as_well() {
    let mut capture = Capture::new();
    connections(&mut capture, 7, 25, 20, |_, talk| {
        talk.send(Server, b"220 x ESMTP\r\n").send(Client, b"EHLO a\r\n").send(Server, b"250 AUTH PLAIN\r\n");
        talk.send(Client, b"AUTH PLAIN AGhlcm9uAG5lc3Q=\r\n").send(Server, b"535 no\r\n");
    });
    assert_eq!(
        notices(&run(&capture, &[])),
        [[
            "Password_Guessing",
            "10.0.0.7 appears to be guessing SMTP passwords (20 failed logins)",
            "at 10.0.0.200 as heron"
        ]]
    );
}

#[test]
fn stations_that_guess_by_radius_are_told_apart() {
    let mut capture = Capture::new();
    for nth in 0..20_u8 {
        let message = |code: u8, attributes: &[u8]| {
            let len = 20 + attributes.len() as u8;
            [&[code, nth, 0, len][..], &[9; 16], attributes].concat()
        };
        let asks = [&b"\x01\x07heron"[..], b"\x1f\x1302-AB-00-00-00-09"].concat();
        let (client, server) = (host(3, 40_000 + u16::from(nth)), host(200, 1812));
        let at = u32::from(nth) * 1000;
        capture.udp(at, client, server, &message(1, &asks)).udp(at + 10, server, client, &message(3, &[]));
    }
    let told = notices(&run(&capture, &[]));
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0][1], "02:ab:00:00:00:09 appears to be guessing RADIUS passwords (20 failed logins)");
}

#[test]
fn registrations_and_desktops_are_guessed_over_as_well() {
    let mut calls = Capture::new();
    for nth in 0..20_u16 {
        let mut asks =
            String::from("REGISTER sip:example.net SIP/2.0\r\nFrom: <sip:heron@example.net>;tag=7\r\n");
        let _ = write!(asks, "To: <sip:heron@example.net>\r\nCSeq: {nth} REGISTER\r\n");
        asks.push_str("Authorization: Digest username=\"heron\", realm=\"x\", response=\"y\"\r\nContent-Length: 0\r\n\r\n");
        let reply = format!(
            "SIP/2.0 403 Forbidden\r\nFrom: <sip:heron@example.net>;tag=7\r\nTo: <sip:heron@example.net>;tag=8\r\n\
             CSeq: {nth} REGISTER\r\nContent-Length: 0\r\n\r\n"
        );
        let (client, server) = (host(3, 30_000 + nth), host(200, 5060));
        let at = u32::from(nth) * 1000;
        calls.udp(at, client, server, asks.as_bytes()).udp(at + 10, server, client, reply.as_bytes());
    }
    assert_eq!(kinds(&run(&calls, &[])), ["Password_Guessing"]);

    let mut desktops = Capture::new();
    connections(&mut desktops, 7, 3389, 20, |_, talk| {
        talk.send(Client, b"\x03\0\0\x29\x24\xe0\0\0\0\0\0Cookie: mstshash=eve\r\n\x01\0\x08\0\x03\0\0\0");
        talk.send(Server, b"\x03\0\0\x13\x0e\xd0\0\0\0\0\0\x02\0\x08\0\x02\0\0\0");
    });
    assert_eq!(
        notices(&run(&desktops, &[])),
        [[
            "Password_Guessing",
            "10.0.0.7 appears to be guessing RDP passwords (20 failed logins)",
            "at 10.0.0.200 as eve"
        ]]
    );
}

/// A login over IMAP, and its answer.
fn imap(user: &str, answer: &str) -> impl Fn(u32, &mut crate::build::Talk<'_>) {
    let (asks, answer) = (format!("a LOGIN {user} x\r\n"), format!("a {answer}\r\n"));
    move |_, talk| {
        talk.send(Server, b"* OK hi\r\n").send(Client, asks.as_bytes()).send(Server, answer.as_bytes());
    }
}

#[test]
fn guesses_over_imap_are_told_of_and_the_one_that_fits() {
    let mut capture = Capture::new();
    connections(&mut capture, 7, 143, 20, imap("heron", "NO no"));
    let mut talk = capture.talk_at(30 * SECOND, host(7, 30_000), host(200, 143));
    talk.handshake();
    talk.send(Server, b"* OK hi\r\n").send(Client, b"a AUTHENTICATE PLAIN\r\n").send(Server, b"+\r\n");
    talk.send(Client, b"AGhlcm9uAHg=\r\n").send(Server, b"a OK in\r\n").close();
    let rows = run(&capture.sort().clone(), &[]);
    assert_eq!(kinds(&rows), ["Password_Guessing", "Login_After_Guessing"]);
    let told = notices(&rows);
    assert_eq!(told[0][2], "at 10.0.0.200 as heron");
    assert_eq!(told[1][2], "heron");
    let last = &rows.of("notice")[1];
    assert_eq!((&last["id.resp_h"], &last["id.resp_p"]), (&"10.0.0.200".into(), &143.into()));
}

#[test]
fn what_straddles_windows_counts_and_what_is_spread_out_does_not() {
    let spread = |seconds: u64| {
        let mut capture = Capture::new();
        for nth in 0..24 {
            let mut talk =
                capture.talk_at(nth * seconds * SECOND, host(7, 20_000 + nth as u16), host(200, 143));
            talk.handshake();
            imap("heron", "NO no")(0, &mut talk);
            talk.close();
        }
        kinds(&run(&capture, &[]))
    };
    // The first twelve come before quarters of an hour end, and twelve behind: in no fixed quarter are twenty.
    let mut capture = Capture::new();
    let begin = 15 * 60 * SECOND - 12 * SECOND;
    let mut first = capture.talk_at(0, host(9, 9), host(200, 143));
    first.handshake();
    imap("owl", "NO no")(0, &mut first);
    for nth in 0..24 {
        let mut talk = capture.talk_at(begin + nth * SECOND, host(7, 20_000 + nth as u16), host(200, 143));
        talk.handshake();
        imap("heron", "NO no")(0, &mut talk);
        talk.close();
    }
    assert_eq!(kinds(&run(&capture, &[])), ["Password_Guessing"]);
    assert!(spread(60).is_empty(), "fifteen in a quarter of an hour are no guessing");
    assert_eq!(spread(30), ["Password_Guessing"]);
}

#[test]
fn logins_from_new_clients_and_places_are_told_of() {
    let mut capture = Capture::new();
    let login = |capture: &mut Capture, at: u64, client: Host, user: &str| {
        let mut talk = capture.talk_at(at * SECOND, client, host(200, 21));
        talk.handshake();
        ftp(user, "230 in")(0, &mut talk);
        talk.close();
    };
    login(&mut capture, 0, host(7, 4000), "heron");
    login(&mut capture, 10, host(7, 4001), "heron");
    login(&mut capture, 20, host(8, 4002), "owl");
    login(&mut capture, 30, host(8, 4003), "heron");
    login(&mut capture, 40, host(8, 4004), "heron");
    login(&mut capture, 50, ("192.0.2.7".parse().expect("an address"), 4005), "owl");
    login(&mut capture, 60, ("192.0.2.7".parse().expect("an address"), 4006), "heron");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("GeoLite2-City.mmdb"), crate::geo::city("Rennes")).expect("written");
    let places = format!("mmdb_dir={}", folder.path().display());
    let rows = run(&capture, &["frameworks/auth-bruteforcing/new-logins", &places]);
    let row = |kind: &str, user: &str, from: &str, before: &str| {
        let msg = format!("{user} logged in to 10.0.0.200 over FTP from {from}, which is new");
        [format!("Login_From_New_{kind}"), msg, format!("before from {before}")]
    };
    let want = [
        row("Client", "heron", "10.0.0.8", "10.0.0.7"),
        row("Place", "owl", "FR", ""),
        row("Client", "owl", "192.0.2.7", "10.0.0.8"),
        row("Place", "heron", "FR", ""),
        row("Client", "heron", "192.0.2.7", "10.0.0.7, 10.0.0.8"),
    ];
    assert_eq!(notices(&rows), want);
    assert!(rows.of("notice").iter().all(|row| row["id.resp_p"] == 21 && row["uid"].is_string()));
    let few = ["frameworks/auth-bruteforcing/new-logins", &places, "AuthBruteforcing::new_logins_learned=9"];
    assert!(kinds(&run(&capture, &few)).is_empty());
}

/// The notices of guesses in a capture of real programs.
fn at_real_servers(name: &str, guesses: &str) -> Vec<Value> {
    let capture = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../pcaps/{name}.pcap"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = nightjar(folder.path());
    command
        .arg("--quiet")
        .arg("-r")
        .arg(capture)
        .args(["LogAscii::use_json=T", "frameworks/auth-bruteforcing"]);
    assert!(
        command
            .arg(format!("AuthBruteforcing::guesses={guesses}"))
            .status()
            .expect("nightjar runs")
            .success()
    );
    let log = std::fs::read_to_string(folder.path().join("notice.log")).expect("notice.log");
    log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn guesses_at_real_servers_are_told_of_and_the_ones_that_fit() {
    for (name, guesses, want) in [
        ("dovecot", "1.0", &[("POP3", 110, "heron"), ("IMAP", 143, "heron")][..]),
        ("freeradius", "1.0", &[("RADIUS", 1812, "heron")]),
        ("mariadb", "2.0", &[("MySQL", 3306, "heron")]),
        ("postgresql", "2.0", &[("PostgreSQL", 5432, "heron")]),
    ] {
        let told = at_real_servers(name, guesses);
        let told: Vec<(&str, &str, u64)> = told
            .iter()
            .map(|row| {
                let text = |field: &str| row[field].as_str().unwrap_or_default();
                assert_eq!((text("id.orig_h"), text("id.resp_h")), ("10.98.0.1", "10.98.0.2"), "{row}");
                (text("note"), text("msg"), row["id.resp_p"].as_u64().unwrap_or_default())
            })
            .collect();
        assert_eq!(told.len(), 2 * want.len(), "{told:?}");
        for (pair, (protocol, port, user)) in told.chunks(2).zip(want) {
            let failed = guesses.trim_end_matches(".0");
            let guessed =
                format!("10.98.0.1 appears to be guessing {protocol} passwords ({failed} failed logins)");
            let fits = format!(
                "10.98.0.1 logged in to 10.98.0.2 over {protocol} as {user} after guessing passwords"
            );
            assert_eq!(pair[0], ("AuthBruteforcing::Password_Guessing", &*guessed, *port));
            assert_eq!(pair[1], ("AuthBruteforcing::Login_After_Guessing", &*fits, *port));
        }
    }
}
