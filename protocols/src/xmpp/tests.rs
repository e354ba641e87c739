use super::*;

fn trace(turns: &[(bool, &str)]) -> Vec<String> {
    starttls::trace::<Session>(turns)
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
    assert_eq!(trace(&turns), ["yes", "TLS"]);
    assert_eq!(trace(&[(false, "<proceed/>")]), ["! XMPP: proceed without starttls"]);
}

#[test]
fn behind_a_login_nothing_is_read() {
    assert_eq!(trace(&[(false, "<success/>"), (true, "<starttls/>"), (false, "<proceed/>")]), [""; 0]);
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
