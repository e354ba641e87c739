use super::*;

fn trace(turns: &[(bool, &str)]) -> Vec<String> {
    starttls::trace::<Session>(turns)
}

#[test]
fn tls_begins_when_the_server_says_so() {
    let turns = [
        (false, "* OK hi\r\n"),
        (true, "a capability\r\n"),
        (false, "* CAPABILITY IMAP4 STARTTLS\r\na OK\r\n"),
        (true, "b STARTTLS\r\n"),
        (false, "b OK go\r\n"),
    ];
    assert_eq!(trace(&turns), ["yes", "IMAP4+STARTTLS", "yes", "TLS"]);
    assert_eq!(
        trace(&[(true, "b STARTTLS\r\n"), (false, "b NO\r\n")]),
        ["yes", "! IMAP: server refused StartTLS"]
    );
}

#[test]
fn behind_a_login_nothing_is_read() {
    assert_eq!(trace(&[(true, "a login x y\r\n"), (true, "b STARTTLS\r\n"), (false, "b OK\r\n")]), ["yes"]);
}

#[test]
fn behind_a_login_what_zeek_reads_is_read_still() {
    let turns = [
        (true, "a LOGIN heron x\r\n"),
        (false, "a OK in\r\n* CAPABILITY IDLE\r\n"),
        (true, "b LOGIN owl x\r\n"),
        (false, "b OK in\r\n"),
    ];
    assert_eq!(trace(&turns), ["login  heron true", "IDLE"]);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("imap", fuzz::check);
}

#[test]
fn what_comes_of_logins_is_told_until_one_is_let_in() {
    let turns = [
        (true, "a LOGIN heron \"wrong\"\r\n"),
        (false, "a NO no\r\n"),
        (true, "b login \"heron\" x\r\n"),
        (false, "* BYE\r\nb BAD what\r\n"),
        (true, "c LOGIN {5+}\r\nheron {1}\r\n"),
        (false, "+ go on\r\n"),
        (true, "x\r\n"),
        (false, "c NO no\r\n"),
        (true, "d AUTHENTICATE PLAIN\r\n"),
        (false, "+\r\n"),
        (true, "AGhlcm9uAHg=\r\n"),
        (false, "d NO no\r\n"),
        (true, "e AUTHENTICATE PLAIN AGhlcm9uAHg=\r\n"),
        (false, "e OK in\r\n"),
        (true, "f LOGIN owl x\r\n"),
        (false, "f OK in\r\n"),
    ];
    let want = [
        "login  heron false",
        "yes",
        "login  heron false",
        "login  heron false",
        "login PLAIN AGhlcm9uAHg= false",
        "login PLAIN AGhlcm9uAHg= true",
    ];
    assert_eq!(trace(&turns), want);
}
