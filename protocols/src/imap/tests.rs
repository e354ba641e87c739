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
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("imap", fuzz::check);
}
