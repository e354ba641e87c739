use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Recorder {
    fn address(address: Address<'_>) -> String {
        let host = address.host.map(|host| host.to_string());
        let name = address.name.map(|name| name.escape_ascii().to_string());
        host.into_iter().chain(name).collect::<Vec<_>>().join("/")
    }
}

impl Handler for Recorder {
    fn request(&mut self, version: u8, command: u8, to: Address<'_>, port: u16, user: &[u8]) {
        let (to, user) = (Recorder::address(to), user.escape_ascii());
        self.0.push(format!("v{version} asks {command} {to} {port} {user}"));
    }

    fn reply(&mut self, version: u8, status: u8, bound: Address<'_>, port: u16) {
        self.0.push(format!("v{version} says {status} {} {port}", Recorder::address(bound)));
    }

    fn login(&mut self, user: &[u8], password: &[u8]) {
        self.0.push(format!("login {} {}", user.escape_ascii(), password.escape_ascii()));
    }

    fn login_reply(&mut self, status: u8) {
        self.0.push(format!("login {status}"));
    }

    fn tunnelled(&mut self, is_orig: bool, bytes: &[u8]) {
        let side = format!("{} ", if is_orig { '>' } else { '<' });
        // However it comes.
        match self.0.last_mut().filter(|last| last.starts_with(&side)) {
            Some(last) => last.push_str(&bytes.escape_ascii().to_string()),
            None => self.0.push(format!("{side}{}", bytes.escape_ascii())),
        }
    }

    fn weird(&mut self, weird: Weird) {
        self.0.push(format!("{weird:?}"));
    }

    fn violation(&mut self, violation: Violation) {
        self.0.push(violation.to_string());
    }
}

type Pieces<'a> = [(bool, &'a [u8])];

fn trace(pieces: &Pieces<'_>) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut trace));
    trace.0
}

const LOGIN: &Pieces<'_> = &[
    (true, b"\x05\x02\x00\x02"),
    (false, b"\x05\x02"),
    (true, b"\x01\x03bob\x04dawn"),
    (false, b"\x01\x00"),
    (true, b"\x05\x01\x00\x03\x08nest.org\x00\x50"),
    (false, b"\x05\x00\x00\x01\x0a\x00\x00\x02\x04\x38HTTP"),
    (true, b"GET /"),
];

const LOGIN_TOLD: [&str; 6] =
    ["login bob dawn", "login 0", "v5 asks 1 nest.org 80 ", "v5 says 0 10.0.0.2 1080", "< HTTP", "> GET /"];

#[test]
fn version_5_is_read() {
    assert_eq!(trace(LOGIN), LOGIN_TOLD);
    let v6 = [&b"\x05\x01\x00\x04"[..], &[0; 15], b"\x01\x00\x16"].concat();
    let pieces = [(true, &b"\x05\x01\x00"[..]), (false, b"\x05\x00"), (true, &v6)];
    assert_eq!(trace(&pieces), ["v5 asks 1 ::1 22 "]);
}

#[test]
fn version_4_is_read() {
    let pieces = [
        (true, &b"\x04\x01\x00\x50\x0a\x00\x00\x02heron\x00"[..]),
        (false, b"\x00\x5a\x00\x50\x0a\x00\x00\x02"),
        (true, b"GET"),
    ];
    assert_eq!(trace(&pieces), ["v4 asks 1 10.0.0.2 80 heron", "v4 says 90 10.0.0.2 80", "> GET"]);
    let named = [(true, &b"\x04\x01\x00\x50\x00\x00\x00\x01\x00nest.org\x00"[..])];
    assert_eq!(trace(&named), ["v4 asks 1 0.0.0.1/nest.org 80 "]);
}

#[test]
fn pieces_are_the_same_as_the_whole() {
    for (nth, (is_orig, bytes)) in LOGIN.iter().enumerate() {
        for at in 0..bytes.len() {
            let (front, back) = bytes.split_at(at);
            let mut cut = LOGIN.to_vec();
            cut.splice(nth..=nth, [(*is_orig, front), (*is_orig, back)]);
            assert_eq!(trace(&cut), LOGIN_TOLD, "piece {nth} cut at {at}");
        }
    }
}

#[test]
fn what_breaks_the_rules_is_told_in_zeeks_words() {
    let chosen = [(true, &b"\x05\x01\x00"[..]), (false, b"\x05\x00")];
    let of = |request: &'static [u8]| trace(&[&chosen[..], &[(true, request)]].concat());
    assert_eq!(of(b"\x05\x01\x07\x01\x0a\x00\x00\x02\x00\x50"), ["invalid value in reserved field: 7"]);
    assert_eq!(of(b"\x05\x09\x00\x01\x0a\x00\x00\x02\x00\x50"), ["undefined value in command field: 9"]);
    assert_eq!(of(b"\x05\x01\x00\x02\x0a\x00\x00\x02"), ["invalid SOCKSv5 addr type: 2"]);
    assert_eq!(trace(&[(true, b"GET / HTTP/1.1")]), ["unsupported/unknown SOCKS version 71"]);
    assert_eq!(
        trace(&[(true, b"\x04\x01\x00\x50\x0a\x00\x00\x02"), (true, &[b'x'; 2000])]),
        ["user or name does not end"]
    );
}

#[test]
fn what_is_sent_early_waits_for_the_answer_up_to_a_limit() {
    let chosen =
        [(true, &b"\x05\x01\x00"[..]), (false, b"\x05\x00"), (true, b"\x05\x01\x00\x03\x01a\x00\x50")];
    let with = |early: &'static [u8]| {
        let answer = (false, &b"\x05\x00\x00\x01\x0a\x00\x00\x02\x00\x50"[..]);
        trace(&[&chosen[..], &[(true, early), answer]].concat())
    };
    assert!(with(b"early").last().is_some_and(|trace| trace.contains("early")), "{:?}", with(b"early"));
    let much = with(&[5; 5000]);
    assert_eq!(much.last().map(String::as_str), Some("data before the other side has answered"), "{much:?}");
}

#[test]
fn logins_that_are_not_read_are_odd() {
    let pieces = [(true, &b"\x05\x01\x01"[..]), (false, b"\x05\x01"), (true, b"token"), (false, b"token")];
    assert_eq!(trace(&pieces), ["Method(1)", "Method(1)"]);
    let pieces = [(true, &b"\x05\x01\x02"[..]), (false, b"\x05\x02"), (true, b"\x02xx")];
    assert_eq!(trace(&pieces), ["MethodVersion { method: 2, version: 2 }"]);
}

#[test]
fn behind_a_gap_nothing_is_read_but_what_is_tunnelled() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, b"\x05\x01\x00", &mut trace);
    session.gap();
    session.data(false, b"\x05\x00", &mut trace);
    assert!(trace.0.is_empty() && session.buffered() == 0);
}

#[test]
fn both_sides_show_what_it_is() {
    for (bytes, probe) in [
        (&b"\x05\x01\x00"[..], Probe::Match),
        (b"\x05\x01\x09", Probe::NoMatch),
        (b"\x05", Probe::NeedMore),
        (b"\x04\x01\x00\x50", Probe::Match),
        (b"\x04\x01\x01\x50", Probe::NeedMore),
        (b"GET", Probe::NoMatch),
    ] {
        assert_eq!(probe_client(bytes), probe, "{}", bytes.escape_ascii());
    }
    for (bytes, probe) in [
        (&b"\x05\x00"[..], Probe::Match),
        (b"\x05\x01", Probe::NeedMore),
        (b"\x05\x02", Probe::NoMatch),
        (b"\x00\x5a", Probe::Match),
        (b"HTTP", Probe::NoMatch),
    ] {
        assert_eq!(probe_server(bytes), probe, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("socks", fuzz::check);
}
