use super::*;
use crate::probe::Probe;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Handler for Recorder {
    fn request(&mut self, method: &[u8], uri: &[u8], version: &[u8]) {
        self.0.push(format!("{} {} {}", method.escape_ascii(), uri.escape_ascii(), version.escape_ascii()));
    }

    fn reply(&mut self, version: &[u8], code: u16, reason: &[u8]) {
        self.0.push(format!("{} {code} {}", version.escape_ascii(), reason.escape_ascii()));
    }

    fn header(&mut self, is_request: bool, name: &[u8], value: &[u8]) {
        self.0.push(format!("{is_request} {}={}", name.escape_ascii(), value.escape_ascii()));
    }

    fn headers_done(&mut self, is_request: bool) {
        self.0.push(format!("{is_request} headers"));
    }

    fn done(&mut self, is_request: bool) {
        self.0.push(format!("{is_request} done"));
    }

    fn junk(&mut self, junk: &[u8]) {
        self.0.push(format!("junk {}", junk.escape_ascii()));
    }

    fn violation(&mut self, reason: &str) {
        self.0.push(reason.lines().next_back().unwrap_or_default().to_owned());
    }
}

const REQUEST: &[u8] = b"INVITE sip:b@x SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=1\r\nL : 4\r\n\r\nbody";
const REPLY: &[u8] = b"SIP/2.0 200 OK then\r\nTo:b\r\n\r\n";
const WANT: [&str; 9] = [
    "INVITE sip:b@x 2.0",
    "true Via=SIP/2.0/UDP a;branch=1",
    "true L=4",
    "true headers",
    "true done",
    "2.0 200 OK then",
    "false To=b",
    "false headers",
    "false done",
];

#[test]
fn datagrams_are_read() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    [REQUEST, b"\r\n", REPLY].iter().for_each(|datagram| session.datagram(datagram, &mut trace));
    assert_eq!(trace.0, WANT);
}

#[test]
fn streams_are_read_however_they_are_cut_and_either_side_may_ask() {
    for is_orig in [true, false] {
        for at in 0..REQUEST.len() {
            let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
            let (front, back) = REQUEST.split_at(at);
            [front, back].iter().for_each(|piece| session.data(is_orig, piece, &mut trace));
            REPLY.chunks(at + 1).for_each(|piece| session.data(!is_orig, piece, &mut trace));
            assert_eq!(trace.0, WANT, "cut at {at}");
        }
    }
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, &[REQUEST, b"\r\n\r\n", REPLY].concat(), &mut trace);
    assert_eq!(trace.0, WANT);
    session.gap();
    session.data(true, REPLY, &mut trace);
    assert_eq!((trace.0.len(), session.buffered()), (WANT.len(), 0));
}

#[test]
fn what_a_datagram_leaves_open_goes_on_in_the_next() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.datagram(b"\x00\x00\x01", &mut trace);
    session.datagram(b"REGISTER sip:x SIP/2.0\r\nExpires: 1\r\n\r\n", &mut trace);
    let want = ["junk \\x00\\x00\\x01", "REGISTER sip:x 2.0", "true Expires=1", "true headers", "true done"];
    assert_eq!(trace.0, want);
}

#[test]
fn what_is_not_sip_is_a_violation_and_the_next_datagram_begins_anew() {
    for (datagram, shown) in [
        (&b"HELLO\r\n"[..], "actual data: \"\""),
        (b"GET / HTTP/1.1\r\n", "actual data: \"HTTP/1.1\""),
        (b"SIP/2.x 200\r\n", "actual data: \"2.x 200\""),
        (b"SIP/2.0 2 OK\r\n", "actual data: \"2 OK\""),
        (b"BYE sip:x SIP/2.0\r\nnot a header\r\n", "actual data: \"a header\""),
    ] {
        let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
        session.datagram(datagram, &mut trace);
        assert_eq!(trace.0.last().map(String::as_str), Some(shown));
        session.datagram(b"BYE sip:x SIP/2.0\r\n\r\n", &mut trace);
        assert_eq!(trace.0.last().map(String::as_str), Some("true done"));
    }
}

#[test]
fn lines_that_never_end_are_given_up() {
    let (mut session, mut trace) = (Session::new(Limits { line: 100 }), Recorder::default());
    (0..300).for_each(|_| session.data(true, b"x", &mut trace));
    assert!(session.buffered() <= 101 && trace.0.len() == 2);
}

#[test]
fn a_row_is_of_a_request_and_its_replies() {
    let mut dialog = Dialog::default();
    dialog.request(b"INVITE", b"sip:b");
    dialog.header(true, b"VIA", b"SIP/2.0/UDP a; branch=z");
    dialog.header(true, b"FROM", b"\"A\" <sip:a>;tag=3;x");
    dialog.reply(180, b"Ringing");
    dialog.header(false, b"VIA", b"one;branch=2");
    dialog.replied();
    dialog.reply(200, b"OK");
    dialog.header(false, b"VIA", b"one;branch=2");
    let of = dialog.current.as_deref().unwrap();
    assert_eq!(
        (of.status_code, of.response_path.len(), &of.request_path[0][..]),
        (Some(200), 2, &b"SIP/2.0/UDP a"[..])
    );
    assert_eq!(of.request_from.as_deref(), Some(&b"\"A\" <sip:a>"[..]));
    dialog.replied();
    assert!(dialog.current.is_none());
    dialog.reply(180, b"Ringing");
    dialog.replied();
    assert!(dialog.current.is_none(), "to no request");
}

#[test]
fn a_row_holds_no_more_than_so_much() {
    let mut dialog = Dialog::default();
    (0..10_000).for_each(|_| dialog.header(true, b"VIA", &[b'x'; 100]));
    assert!(dialog.current().request_path.len() < 600 && dialog.left_out > 9_000);
}

#[test]
fn a_reply_decides() {
    for (datagram, probe) in [
        (&b"SIP/2.0 200 OK"[..], Probe::Match),
        (b" SIP/2.0\r\n", Probe::Match),
        (b"SIP/2.0 2", Probe::NeedMore),
        (b"S", Probe::NeedMore),
        (b"SIP/2.0 OK  ", Probe::NoMatch),
        (b"INVITE sip:x SIP/2.0\r\n", Probe::NoMatch),
    ] {
        assert_eq!(super::probe(datagram), probe, "{}", datagram.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("sip", fuzz::check);
}
