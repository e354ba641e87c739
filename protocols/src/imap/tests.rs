use super::*;

#[derive(Default)]
struct Told(Vec<String>);

impl Handler for Told {
    fn capabilities(&mut self, capabilities: &[&[u8]]) {
        let all: Vec<String> = capabilities.iter().map(|one| one.escape_ascii().to_string()).collect();
        self.0.push(all.join("+"));
    }

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

#[test]
fn tls_begins_when_the_server_says_so() {
    let turns = [
        (false, "* OK hi\r\n"),
        (true, "a capability\r\n"),
        (false, "* CAPABILITY IMAP4 STARTTLS\r\na OK\r\n"),
        (true, "b STARTTLS\r\n"),
        (false, "b OK go\r\n"),
    ];
    assert_eq!(told(&turns), ["yes", "IMAP4+STARTTLS", "yes", "TLS"]);
    assert_eq!(
        told(&[(true, "b STARTTLS\r\n"), (false, "b NO\r\n")]),
        ["yes", "! IMAP: server refused StartTLS"]
    );
}

#[test]
fn behind_a_login_nothing_is_read() {
    assert_eq!(told(&[(true, "a login x y\r\n"), (true, "b STARTTLS\r\n"), (false, "b OK\r\n")]), ["yes"]);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("imap", fuzz::check);
}
