use super::*;
use crate::mime::mail;
use crate::probe::Probe;

/// What a session told, as texts; content that follows content is joined.
#[derive(Default)]
struct Recorder(Vec<String>);

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

impl mail::Handler for Recorder {
    fn begin_entity(&mut self) {
        self.0.push("{".to_owned());
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.0.push(format!("{}={}", text(name), text(value)));
    }

    fn content(&mut self, data: &[u8]) {
        match self.0.last_mut().filter(|last| last.starts_with('\'')) {
            Some(last) => last.push_str(&text(data)),
            None => self.0.push(format!("'{}", text(data))),
        }
    }

    fn end_entity(&mut self) {
        self.0.push("}".to_owned());
    }
}

impl Handler for Recorder {
    fn request(&mut self, command: &'static str, arg: &[u8]) {
        self.0.push(format!(">{command} {}", text(arg)).trim().to_owned());
    }

    fn reply(&mut self, status: &'static str, msg: &[u8]) {
        self.0.push(format!("<{status} {}", text(msg)).trim().to_owned());
    }

    fn data(&mut self, line: &[u8]) {
        self.0.push(format!("<< {}", text(line)));
    }

    fn unexpected(&mut self, _: bool, msg: &'static str, detail: &[u8]) {
        self.0.push(format!("? {msg}: {}", String::from_utf8_lossy(detail)));
    }

    fn login(&mut self, success: bool, user: &[u8], password: &[u8]) {
        self.0.push(format!("{success} {}:{}", text(user), text(password)));
    }

    fn starttls(&mut self) {
        self.0.push("TLS".to_owned());
    }

    fn weird(&mut self, name: &'static str, addl: &[u8], _: &'static str) {
        self.0.push(format!("! {name} {}", text(addl)).trim().to_owned());
    }

    fn violation(&mut self, reason: &str, _: &[u8]) {
        self.0.push(format!("!! {reason}"));
    }
}

type Turns<'a> = &'a [(bool, &'a str)];
const C: bool = true;
const S: bool = false;

/// What is told of a conversation, however its bytes are cut.
fn trace(turns: Turns<'_>) -> Vec<String> {
    let in_pieces = |len: usize| {
        let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
        for (is_orig, bytes) in turns {
            bytes.as_bytes().chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut trace));
        }
        session.end(true, &mut trace);
        session.end(false, &mut trace);
        session.close(&mut trace);
        trace.0
    };
    let whole = in_pieces(usize::MAX);
    for len in 1..40 {
        assert_eq!(in_pieces(len), whole, "in pieces of {len} bytes");
    }
    whole
}

const LOGIN: Turns<'_> =
    &[(S, "+OK hi\r\n"), (C, "USER ann\r\n"), (S, "+OK\r\n"), (C, "PASS x  y\r\n"), (S, "+OK in\r\n")];

#[test]
fn a_mail_is_fetched() {
    let turns = [
        LOGIN,
        &[
            (C, "LIST\r\n"),
            (S, "+OK 1\r\n1 10\r\n.\r\n"),
            (C, "RETR 1\r\n"),
            (S, "+OK 10\r\nA: b\r\n\r\nx\r\n.\r\n"),
            (C, "QUIT\r\n"),
            (S, "+OK bye\r\n"),
        ],
    ]
    .concat();
    let want = [
        "<OK hi",
        ">USER ann",
        "<OK",
        ">PASS x y",
        "true ann:x y",
        "<OK in",
        ">LIST",
        "<OK 1",
        "<< 1 10",
        ">RETR 1",
        "{",
        "<OK 10",
        "<< A: b",
        "A=b",
        "<< ",
        "'x\\r\\n",
        "<< x",
        "}",
        ">QUIT",
        "<OK bye",
    ];
    assert_eq!(trace(&turns), want);
}

#[test]
fn logins_fail_and_are_tried_in_several_ways() {
    let fails = [&LOGIN[..4], &[(S, "-ERR no\r\n")]].concat();
    assert_eq!(trace(&fails)[4..], ["false ann:x y", "<ERR no"]);
    let by = |method: &str, lines: &[&str]| {
        let (command, mut turns) = (format!("AUTH {method}\r\n"), vec![(S, "+OK hi\r\n")]);
        turns.push((C, &command));
        for line in lines {
            turns.extend([(S, "+ \r\n"), (C, *line)]);
        }
        turns.push((S, "+OK\r\n"));
        trace(&turns)[2..].to_vec()
    };
    assert_eq!(by("PLAIN", &["AGFubgBzZWNyZXQ=\r\n"]), ["true ann:secret", "<OK"]);
    assert_eq!(by("LOGIN", &["YW5u\r\n", "c2VjcmV0\r\n"]), ["true ann:secret", "<OK"]);
    assert_eq!(by("CRAM-MD5", &["YW5uIGFiYw==\r\n"]), ["true ann:", "<OK"]);
    assert_eq!(by("PLAIN", &["YW5u\r\n"]), ["! pop3_malformed_auth_plain", "<OK"]);
}

#[test]
fn commands_are_sent_ahead() {
    let client = "USER ann\r\nPASS x\r\nSTAT\r\n";
    let want = ["<OK hi", ">USER ann", "<OK 1", ">PASS x", "true ann:x", "<OK 2", ">STAT", "<OK 3"];
    assert_eq!(trace(&[(S, "+OK hi\r\n"), (C, client), (S, "+OK 1\r\n+OK 2\r\n+OK 3\r\n")])[..2], want[..2]);
    let all = trace(&[(S, "+OK hi\r\n"), (C, client), (S, "+OK 1\r\n+OK 2\r\n+OK 3\r\n")]);
    let of = |mark: char| all.iter().filter(|line| line.starts_with(mark)).count();
    assert_eq!((of('>'), of('<'), of('t')), (3, 4, 1), "{all:?}");
}

#[test]
fn a_connection_goes_on_under_tls() {
    assert_eq!(trace(&[(S, "+OK\r\n"), (C, "STLS\r\n"), (S, "+OK go\r\n")]), ["<OK", ">STLS", "TLS"]);
}

#[test]
fn what_does_not_fit_is_told() {
    assert_eq!(trace(&[(S, "+OK\r\n"), (C, "PING\r\n")])[1..], ["! pop3_client_command_unknown PING"]);
    assert_eq!(trace(&[(S, "+\r\n")]), ["!! unknown server command (+)", "! pop3_server_command_unknown +"]);
    assert_eq!(trace(&[(S, "\r\n")])[0], "!! unknown server command (???)");
    let retr = trace(&[(S, "+OK\r\n"), (C, "RETR 1\r\n"), (S, "+OK\r\n\r\nx\r\n.\r\n")]);
    assert_eq!(
        retr[1..3],
        [
            "? RETR: not allowed in other state than 'transaction'",
            "? OK: no auth required -> state changed to 'transaction'"
        ]
    );
    assert!(retr.contains(&"'x\\r\\n".to_owned()), "{retr:?}");
    let many = "NOOP\r\n".repeat(12);
    assert!(trace(&[(C, &many)]).contains(&"! pop3_client_too_many_pending_commands".to_owned()));
}

#[test]
fn a_beginning_decides() {
    for (bytes, client, server) in [
        (&b"USER x"[..], Probe::Match, Probe::NoMatch),
        (b"user", Probe::NeedMore, Probe::NoMatch),
        (b"USERS", Probe::NeedMore, Probe::NoMatch),
        (b"x\r\nCAPA", Probe::Match, Probe::NoMatch),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Probe::NoMatch, Probe::NoMatch),
        (b"+OK", Probe::NeedMore, Probe::Match),
        (b"+O", Probe::NeedMore, Probe::NeedMore),
    ] {
        assert_eq!((probe_client(bytes), probe_server(bytes)), (client, server), "{}", text(bytes));
    }
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("pop3", fuzz::check);
}
