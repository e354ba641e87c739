use super::*;

#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn starttls(&mut self) {
        self.0.push("TLS".to_owned());
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.0.push(format!("{is_orig} {}", data.escape_ascii()));
    }

    fn weird(&mut self, name: &'static str) {
        self.0.push(format!("! {name}"));
    }

    fn confirmed(&mut self) {
        if self.0.last().is_none_or(|last| last != "yes") {
            self.0.push("yes".to_owned());
        }
    }
}

/// What is told of a conversation, however its bytes are cut.
fn told(turns: &[(bool, &str)]) -> Vec<String> {
    let in_pieces = |len: usize| {
        let (mut session, mut told) = (Session::default(), Told::default());
        for (is_orig, bytes) in turns {
            bytes.as_bytes().chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut told));
        }
        told.0
    };
    let whole = in_pieces(usize::MAX);
    for len in 1..30 {
        assert_eq!(in_pieces(len), whole, "in pieces of {len} bytes");
    }
    whole
}

const STREAM: &str = "<?xml version='1.0'?>\n<stream:stream to='x' xmlns='jabber:client'>";

#[test]
fn tls_begins_when_the_server_says_so() {
    let turns = [
        (true, STREAM),
        (false, "<stream:stream><a/>"),
        (true, "<starttls xmlns='y'/>"),
        (false, "<proceed/>"),
    ];
    assert_eq!(told(&turns), ["yes", "TLS"]);
    assert_eq!(told(&[(false, "<proceed/>")]), ["! XMPP: proceed without starttls"]);
}

#[test]
fn behind_a_login_nothing_is_read() {
    assert_eq!(told(&[(false, "<success/>"), (true, "<starttls/>"), (false, "<proceed/>")]), [""; 0]);
}

#[test]
fn a_beginning_decides() {
    for (bytes, want) in [
        (STREAM.as_bytes(), Probe::Match),
        (&STREAM.as_bytes()[..30], Probe::NeedMore),
        (b"<stream:stream a>", Probe::NoMatch),
        (b"<html>", Probe::NoMatch),
    ] {
        assert_eq!(probe(bytes), want, "{}", bytes.escape_ascii());
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("xmpp", fuzz::check);
}
