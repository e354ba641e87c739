use std::net::IpAddr;

use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn confirmed(&mut self) {
        self.0.push("confirmed".to_owned());
    }

    fn request(&mut self, command: &[u8], arg: &[u8]) {
        self.0.push(format!("> {} {}", command.escape_ascii(), arg.escape_ascii()));
    }

    fn reply(&mut self, code: u16, text: &[u8], continues: bool) {
        self.0.push(format!("< {code} {}{}", text.escape_ascii(), if continues { " ..." } else { "" }));
    }

    fn start_tls(&mut self) -> bool {
        self.0.push("TLS".to_owned());
        true
    }

    fn start_gssapi(&mut self) -> bool {
        self.0.push("GSSAPI".to_owned());
        true
    }

    fn secured(&mut self, is_orig: bool, bytes: &[u8]) {
        let side = if is_orig { '>' } else { '<' };
        // However it comes.
        match self.0.last_mut().filter(|last| last.starts_with(&format!("{side} secured"))) {
            Some(last) => last.push_str(&bytes.escape_ascii().to_string()),
            None => self.0.push(format!("{side} secured {}", bytes.escape_ascii())),
        }
    }

    fn end_gssapi(&mut self, accepted: bool) {
        self.0.push(format!("GSSAPI over {accepted}"));
    }

    fn weird(&mut self, weird: Weird) {
        self.0.push(format!("{weird:?}"));
    }

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        self.0.push(format!("{reason}: {}", line.escape_ascii()));
    }
}

fn trace(pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

/// What each side says in turn.
const LOGIN: &[(bool, &[u8])] = &[
    (false, b"220-Welcome\r\n220 to it\r\n"),
    (true, b"user  ftp \r\nPASS\r\n"),
    (false, b"331 Password\r\n230-Hello,\r\n here is\r\n230-more\r\n230 Done\r\n"),
    (true, b"AUTH TLS\r\n"),
    (false, b"234 Go on\r\n\x16\x03"),
    (true, b"\x16\x03\x01\n"),
];

const LOGIN_TOLD: [&str; 14] = [
    "< 220 Welcome ...",
    "< 220 to it",
    "confirmed",
    "> USER ftp ",
    "> PASS ",
    "< 331 Password",
    "< 230 Hello, ...",
    "< 0  here is ...",
    "< 0 230-more ...",
    "< 230 Done",
    "> AUTH TLS",
    "TLS",
    "< 234 Go on",
    "< secured \\x16\\x03",
];

#[test]
fn commands_and_replies_are_told() {
    let trace = trace(LOGIN);
    assert_eq!(trace[..14], LOGIN_TOLD);
    assert_eq!(trace[14..], ["> secured \\x16\\x03\\x01\\n"]);
}

#[test]
fn pieces_are_the_same_as_the_whole() {
    let whole = trace(LOGIN);
    for (nth, (is_orig, bytes)) in LOGIN.iter().enumerate() {
        for at in 0..bytes.len() {
            let (front, back) = bytes.split_at(at);
            let mut cut = LOGIN.to_vec();
            cut.splice(nth..=nth, [(*is_orig, front), (*is_orig, back)]);
            assert_eq!(trace(&cut), whole, "piece {nth} cut at {at}");
        }
    }
    let bytes: Vec<(bool, &[u8])> =
        LOGIN.iter().flat_map(|(is_orig, bytes)| bytes.chunks(1).map(|byte| (*is_orig, byte))).collect();
    assert_eq!(trace(&bytes), whole);
}

#[test]
fn what_is_no_command_is_stepped_over() {
    let long = [&b"A".repeat(101)[..], b" x\n"].concat();
    let trace = trace(&[
        (true, b"\x01\x02\x03\nNO\n"),
        (true, b"NOOP\n\x01\x02\x03\n"),
        (true, &long),
        (true, b"QUIT\n"),
    ]);
    let weird = ["InvalidCommand", "LongCommand { len: 101 }"];
    assert_eq!(trace, ["confirmed", "> NOOP ", weird[0], weird[1], "> QUIT "]);
}

#[test]
fn what_is_no_reply_breaks_the_rules() {
    let trace = trace(&[(false, b"hello\n099 x\n220_x\n220\n12\n")]);
    let want = [
        "non-numeric reply code: hello",
        "invalid reply code: 099 x",
        "invalid reply line: 220_x",
        "< 220 ",
        "non-numeric reply code: 12",
    ];
    assert_eq!(trace, want);
}

#[test]
fn one_side_is_enough() {
    assert_eq!(trace(&[(true, b"USER x\r\n")]), ["confirmed", "> USER x"]);
    assert_eq!(trace(&[(false, b"220 x\r\n")]), ["< 220 x"]);
}

#[test]
fn a_line_without_its_end_counts_when_its_sender_closes() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, b"QUIT", &mut trace);
    assert!(session.is_in_command());
    session.end(true, &mut trace);
    assert_eq!(trace.0, ["confirmed", "> QUIT "]);
    assert!(!session.is_in_command());
}

#[test]
fn security_data_is_told_until_it_is_accepted() {
    let hello = b"ADAT FgMBAAEB\r\n";
    let trace = self::trace(&[
        (true, b"AUTH GSSAPI\r\n"),
        (false, b"334 go\r\n"),
        (true, hello),
        (false, b"335 ADAT=AQI=\r\n"),
        (false, b"235 ADAT=Aw==\r\n"),
        (true, b"ENC FgMB\r\n"),
    ]);
    let want = [
        "confirmed",
        "> AUTH GSSAPI",
        "GSSAPI",
        "< 334 go",
        "> ADAT FgMBAAEB",
        "> secured \\x16\\x03\\x01\\x00\\x01\\x01",
        "< 335 ADAT=AQI=",
        "< secured \\x01\\x02",
        "< 235 ADAT=Aw==",
        "< secured \\x03",
        "GSSAPI over true",
        "> ENC FgMB",
    ];
    assert_eq!(trace, want);
}

#[test]
fn security_data_that_is_no_tls_is_left() {
    let begun = [(true, &b"AUTH GSSAPI\r\n"[..]), (false, b"334 go\r\n")];
    let of = |line: &'static [u8]| self::trace(&[&begun[..], &[(true, line)]].concat())[5..].to_vec();
    assert_eq!(of(b"ADAT YII=\r\n"), ["GSSAPI over false"]);
    let flaw = "Base64(Ignored(32))";
    assert_eq!(
        of(b"ADAT FgMB AAEB\r\n"),
        [flaw, "Adat(\"ftp_adat_bad_first_token_encoding\")", "GSSAPI over false"]
    );
}

fn end(host: Option<&str>, port: u16) -> Option<address::DataEnd> {
    Some(address::DataEnd { host: host.map(|host| host.parse::<IpAddr>().unwrap()), port })
}

#[test]
fn ends_of_data_connections_are_read() {
    assert_eq!(address::port(b"10,0,0,1,4,31"), end(Some("10.0.0.1"), 1055));
    assert_eq!(address::port(b" 10, 0,0,1,4,31 more"), end(Some("10.0.0.1"), 1055));
    for wrong in [&b"10,0,0,256,4,31"[..], b"10,0,0,1,4", b"114,115", b"10,0,0,1,4,x", b""] {
        assert_eq!(address::port(wrong), None, "{}", wrong.escape_ascii());
    }
    assert_eq!(address::extended_port(b"|1|10.0.0.1|1055|"), end(Some("10.0.0.1"), 1055));
    assert_eq!(address::extended_port(b"|2|fe80::12|1055|"), end(Some("fe80::12"), 1055));
    assert_eq!(address::extended_port(b"!2!::1!99999!"), None);
    assert_eq!(address::extended_port(b"|2|nobody|7|"), None);
    assert_eq!(address::passive(b"Entering (10,0,0,1,4,31)."), end(Some("10.0.0.1"), 1055));
    assert_eq!(address::passive(b"Entering PORT 10,0,0,1,4,31"), end(Some("10.0.0.1"), 1055));
    assert_eq!(address::passive(b"Entering 10,0,0,1,4,31"), end(Some("10.0.0.1"), 1055));
    assert_eq!(address::passive(b",,,,,,"), None);
    assert_eq!(address::passive(b""), None);
    assert_eq!(address::extended_passive(b"Entering (|||38141|)"), end(None, 38141));
    assert_eq!(address::extended_passive(b"Entering |||38141|"), None);
}

#[test]
fn both_sides_show_what_it_is() {
    for (bytes, probe) in [
        (&b"USER ftp\r\n"[..], Probe::Match),
        (b"AUTH TLS\r\nuser x", Probe::Match),
        (b"AUTH TLS\r\n", Probe::NeedMore),
        (b"US", Probe::NeedMore),
        (b"USERX y", Probe::NoMatch),
        (b"GET / HTTP/1.1\r\nUSER x", Probe::NoMatch),
        (b"\x16\x03", Probe::NoMatch),
    ] {
        assert_eq!(probe_client(bytes), probe, "{}", bytes.escape_ascii());
    }
    for (bytes, probe) in [
        (&b"220 x\r\n331 y"[..], Probe::Match),
        (b"220-x\r\n220 y\r\n230 z", Probe::Match),
        (b"220 x\r\n3311", Probe::NeedMore),
        (b"22", Probe::NeedMore),
        (b"2200", Probe::NoMatch),
        (b"HTTP/1.1", Probe::NoMatch),
    ] {
        assert_eq!(probe_server(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("ftp", fuzz::check);
}
