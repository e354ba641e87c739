use std::net::IpAddr;

use super::*;
use crate::mime::mail;
use crate::probe::Probe;

/// What a session told, as texts; content that follows content is joined.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Recorder {
    fn say(&mut self, text: String) {
        self.0.push(text);
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}

impl mail::Handler for Recorder {
    fn begin_entity(&mut self) {
        self.say("{".to_owned());
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        self.say(format!("{}={}", text(name), text(value)));
    }

    fn content(&mut self, data: &[u8]) {
        match self.0.last_mut().filter(|last| last.starts_with('\'')) {
            Some(last) => last.push_str(&text(data)),
            None => self.0.push(format!("'{}", text(data))),
        }
    }

    fn end_entity(&mut self) {
        self.say("}".to_owned());
    }
}

impl Handler for Recorder {
    fn request(&mut self, is_orig: bool, _: Option<Command>, word: &[u8], arg: &[u8]) {
        self.say(format!("{}{} {}", if is_orig { ">" } else { "<>" }, text(word), text(arg)));
    }

    fn reply(&mut self, _: bool, reply: &Reply<'_>) {
        let (word, more) = (Command::word_in_reply(reply.command), if reply.continues { "-" } else { "" });
        self.say(format!("<{word} {}{more} {}", reply.code, text(reply.msg)));
    }

    fn unexpected(&mut self, _: bool, msg: &'static str, detail: &Detail<'_>) {
        self.say(format!("? {msg}: {}", text(&detail.text())));
    }

    fn starttls(&mut self) {
        self.say("TLS".to_owned());
    }

    fn passed_on(&mut self, is_orig: bool, data: &[u8]) {
        self.say(format!("{} {}", if is_orig { "tls>" } else { "tls<" }, text(data)));
    }

    fn mail_gap(&mut self, len: u64) {
        self.say(format!("gap {len}"));
    }

    fn weird(&mut self, name: &'static str, addl: &str, _: &'static str) {
        self.say(format!("! {name} {addl}").trim().to_owned());
    }

    fn violation(&mut self, reason: &'static str, line: &[u8]) {
        self.say(format!("!! {reason} [{}]", text(line)));
    }
}

type Turns<'a> = &'a [(bool, &'a str)];
const C: bool = true;
const S: bool = false;

fn trace_in(turns: Turns<'_>, len: usize) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    for (is_orig, bytes) in turns {
        bytes.as_bytes().chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut trace));
    }
    session.end(true, &mut trace);
    session.end(false, &mut trace);
    session.close(&mut trace);
    trace.0
}

/// What is told of a conversation, however its bytes are cut.
fn trace(turns: Turns<'_>) -> Vec<String> {
    let whole = trace_in(turns, usize::MAX);
    for len in 1..60 {
        assert_eq!(trace_in(turns, len), whole, "in pieces of {len} bytes");
    }
    whole
}

const HELLO: Turns<'_> = &[(S, "220 x\r\n"), (C, "EHLO me\r\n"), (S, "250-x\r\n250 PIPELINING\r\n")];

#[test]
fn a_mail_is_sent() {
    let turns = [
        HELLO,
        &[
            (C, "MAIL FROM:<a@b>\r\n"),
            (S, "250 ok\r\n"),
            (C, "RCPT TO:<c@d>\r\n"),
            (S, "250 ok\r\n"),
            (C, "DATA\r\n"),
            (S, "354 go\r\n"),
            (C, "Subject: x\r\n\r\nHello\r\n..dot\r\n.\r\n"),
            (S, "250 sent\r\n"),
            (C, "QUIT\r\n"),
            (S, "221 bye\r\n"),
        ],
    ]
    .concat();
    let want = [
        "<> 220 x",
        ">EHLO me",
        "<EHLO 250- x",
        "<EHLO 250 PIPELINING",
        ">MAIL FROM:<a@b>",
        "<MAIL 250 ok",
        ">RCPT TO:<c@d>",
        "<RCPT 250 ok",
        ">DATA ",
        "{",
        "<DATA 354 go",
        "Subject=x",
        "'Hello\\r\\n.dot\\r\\n",
        "}",
        ">. ",
        "<. 250 sent",
        ">QUIT ",
        "<QUIT 221 bye",
    ];
    assert_eq!(trace(&turns), want);
}

#[test]
fn commands_are_sent_ahead_and_one_direction_is_enough() {
    let client = "EHLO me\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nA: b\r\n\r\nx\r\n.\r\nQUIT\r\n";
    let want = [
        ">EHLO me",
        ">MAIL FROM:<a@b>",
        ">RCPT TO:<c@d>",
        ">DATA ",
        "{",
        "A=b",
        "'x\\r\\n",
        "}",
        ">. ",
        ">QUIT ",
    ];
    assert_eq!(trace(&[(C, client)]), want);
    let both = trace(&[(C, client), (S, "220 x\r\n250 a\r\n250 b\r\n250 c\r\n354 d\r\n250 e\r\n221 f\r\n")]);
    assert_eq!(
        both[10..],
        ["<> 220 x", "<EHLO 250 a", "<MAIL 250 b", "<RCPT 250 c", "<DATA 354 d", "<. 250 e", "<QUIT 221 f"]
    );
}

#[test]
fn chunks_are_a_mail() {
    let turns = [
        HELLO,
        &[
            (C, "MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nBDAT 8\r\nA: b\r\n\r\nBDAT 5 LAST\r\nx\r\n.\rQUIT\r\n"),
            (S, "250 1\r\n250 2\r\n250 3\r\n250 4\r\n221 5\r\n"),
        ],
    ]
    .concat();
    let want = [
        ">MAIL FROM:<a@b>",
        ">RCPT TO:<c@d>",
        ">BDAT 8",
        "{",
        "A=b",
        "? unexpected command: BDAT reply = 0 state = 13",
        ">BDAT 5 LAST",
        "'x\\r\\n.\\r",
        "}",
        ">QUIT ",
        "<MAIL 250 1",
        "<RCPT 250 2",
        "<BDAT 250 3",
        "<BDAT 250 4",
        "<QUIT 221 5",
    ];
    let got = trace(&turns);
    let got: Vec<&String> = got[4..].iter().filter(|line| !line.starts_with('?')).collect();
    let want: Vec<&str> = want.into_iter().filter(|line| !line.starts_with('?')).collect();
    assert_eq!(got, want);
}

#[test]
fn chunks_that_are_none_are_told() {
    let bdat = |arg: &str| trace(&[HELLO, &[(C, &format!("BDAT {arg}\r\n")[..])]].concat())[5..].join(" ");
    assert_eq!(bdat("-1 LAST"), "! smtp_invalid_bdat_command BDAT not followed by a valid chunk-size");
    assert_eq!(bdat("1LAST"), "! smtp_invalid_bdat_command BDAT chunk-size not valid");
    assert_eq!(bdat("1 LOST"), "! smtp_invalid_bdat_command BDAT chunk-size followed by junk");
    assert_eq!(bdat("184467440737095516150"), "! smtp_invalid_bdat_command BDAT chunk-size too large");
    assert_eq!(bdat("184467440737095516150 LAST"), "! smtp_invalid_bdat_command BDAT argument bad length");
    assert_eq!(bdat("15555555557777777777"), "! smtp_huge_bdat_chunk 15555555557777777777");
}

#[test]
fn lines_of_chunks_end_as_they_may() {
    let lines = |data: &str| {
        let command = format!("BDAT {} LAST\r\n", data.len());
        trace(&[HELLO, &[(C, &command[..]), (C, data)]].concat())
    };
    let got = lines("A: b\r\n\r\none\ntwo\rthree");
    assert_eq!(got[got.len() - 3..], ["! smtp_bdat_line_lf_only", "'one\\ntwo\\rthree", "}"]);
    let limits = Limits { max_bdat_line: 4, ..Limits::default() };
    for len in 1..12 {
        let (mut session, mut trace) = (Session::new(limits), Recorder::default());
        for piece in b"BDAT 16 LAST\r\n\r\n1234\r\n12345\r\n9".chunks(len) {
            session.data(true, piece, &mut trace);
        }
        let weirds = trace.0.iter().filter(|line| line.starts_with("! smtp_bdat_line_too_long")).count();
        let text: String = trace.0.iter().filter_map(|line| line.strip_prefix('\'')).collect();
        assert_eq!((weirds, &text[..]), (1, "1234\\r\\n12345\\r\\n9"), "{len}: {:?}", trace.0);
    }
}

#[test]
fn a_connection_goes_on_under_tls() {
    let turns = [HELLO, &[(C, "STARTTLS\r\n"), (S, "220 go\r\n")]].concat();
    assert_eq!(trace(&turns)[4..], [">STARTTLS ", "TLS", "<STARTTLS 220 go"]);
    let (mut session, mut seen) = (Session::new(Limits::default()), Recorder::default());
    turns.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes.as_bytes(), &mut seen));
    session.data(true, b"\x16\x03\x01", &mut seen);
    assert!(session.is_tls());
    assert_eq!(seen.0.last().unwrap(), "tls> \\x16\\x03\\x01");
}

#[test]
fn who_the_client_is_may_take_several_lines() {
    let turns = [
        HELLO,
        &[
            (C, "AUTH LOGIN\r\n"),
            (S, "334 VXNlcg\r\n"),
            (C, "dXNlcg==\r\n"),
            (S, "535 no\r\n"),
            (C, "QUIT\r\n"),
        ],
    ]
    .concat();
    let want = [">AUTH LOGIN", "<AUTH 334 VXNlcg", ">** dXNlcg==", "<AUTH_ANSWER 535 no", ">QUIT "];
    assert_eq!(trace(&turns)[4..], want);
}

#[test]
fn behind_a_gap_replies_tell_where_the_session_is() {
    let (mut session, mut seen) = (Session::new(Limits::default()), Recorder::default());
    session.data(true, b"EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nA: b\r\n\r\nx\r\n", &mut seen);
    session.gap(true, 10, &mut seen);
    session.data(true, b"y\r\n", &mut seen);
    session.data(false, b"354 go\r\n", &mut seen);
    session.data(true, b"\r\nz\r\n", &mut seen);
    let want = [
        "? content gap: seq = 58, len = 10",
        "gap 10",
        "}",
        ">(UNKNOWN) ",
        "{",
        "<(UNKNOWN) 354 go",
        "'z\\r\\n",
    ];
    assert_eq!(seen.0[seen.0.len() - 7..], want);
}

#[test]
fn what_does_not_fit_is_told() {
    assert_eq!(
        trace(&[(S, "hello\r\n")]),
        ["? reply code out of range: hello", "!! reply code -1 out of range [hello]"]
    );
    assert_eq!(trace(&[(C, "GET / HTTP/1.1\r\n")]), ["? unknown command: GET"]);
    assert_eq!(trace(&[(C, "MAIL x\r\n")]), [">MAIL x", "? unexpected command: MAIL reply = 0 state = 1"]);
    assert_eq!(
        trace(&[(S, "220 x\r\n"), (C, "HELO x\r\n"), (S, "299 y\r\n")])[2..],
        ["? unexpected reply: 299 state = 3, last command = HELO", "<HELO 299 y"]
    );
}

#[test]
fn a_beginning_decides() {
    for (bytes, client, server) in [
        (&b"EHLO x"[..], Probe::Match, Probe::NoMatch),
        (b"x\r\n helo", Probe::Match, Probe::NoMatch),
        (b"EH", Probe::NeedMore, Probe::NoMatch),
        (b"GET / HTTP/1.1\r\nHost: x\r\n", Probe::NoMatch, Probe::NoMatch),
        (b"220 x", Probe::NeedMore, Probe::Match),
        (b"\r\n220-", Probe::NeedMore, Probe::Match),
        (b"220", Probe::NeedMore, Probe::NeedMore),
        (b"2201", Probe::NeedMore, Probe::NoMatch),
    ] {
        assert_eq!((probe_client(bytes), probe_server(bytes)), (client, server), "{}", text(bytes));
    }
}

/// Rows and weirds.
#[derive(Default)]
struct Rows(Vec<Message>, Vec<&'static str>);

impl Sink for Rows {
    fn message(&mut self, message: &Message) {
        self.0.push(message.clone());
    }

    fn weird(&mut self, name: &'static str, _: &str, _: &'static str) {
        self.1.push(name);
    }

    fn is_followed(&mut self, host: IpAddr) -> bool {
        host.to_string().starts_with("10.")
    }

    fn left_out(&mut self) {
        self.1.push("left out");
    }
}

fn messages(limits: MessageLimits) -> Messages {
    Messages::new(limits, ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()])
}

#[test]
fn a_row_has_what_headers_and_commands_say() {
    let (mut rows, mut of) = (Rows::default(), messages(MessageLimits::default()));
    for (command, arg) in [
        (Command::Ehlo, "me"),
        (Command::Mail, "FROM:<a@b>"),
        (Command::Rcpt, "to:<c@d>"),
        (Command::Rcpt, "TO:<c@d>"),
        (Command::Data, ""),
    ] {
        of.request(1, Some(command), arg.as_bytes(), &mut rows);
    }
    of.begin_entity();
    for (name, value) in [
        ("Received", "from x ([10.1.1.1])"),
        ("received", "from y (9.9.9.9)"),
        ("Received", "from z (8.8.8.8)"),
        ("To", "a, b, a"),
        ("Subject", "one"),
        ("X-Originating-IP", "[1.2.3.4]"),
        ("X-Mailer", "m"),
    ] {
        of.header(name.as_bytes(), value.as_bytes(), &mut rows);
    }
    of.begin_entity();
    of.header(b"Subject", b"of a part", &mut rows);
    of.header(b"Content-Disposition", b"attachment; filename=\"x.txt\"", &mut rows);
    assert_eq!(of.current().unwrap().filename.as_deref(), Some(&b"x.txt"[..]));
    let reply = Reply { code: 250, command: Some(Command::EndOfData), msg: b"ok", continues: false };
    of.reply(2, &reply, &mut rows);
    of.replied(2, &reply, &mut rows);
    let [row] = &rows.0[..] else { panic!("{:?}", rows.0) };
    assert_eq!((row.ts_ns, row.trans_depth, row.helo.as_deref()), (1, 1, Some(&b"me"[..])));
    assert_eq!((row.mailfrom.as_deref(), row.subject.as_deref()), (Some(&b"a@b"[..]), Some(&b"one"[..])));
    assert_eq!(row.rcptto.as_ref().unwrap().items().len(), 1);
    assert_eq!(row.to.as_ref().unwrap().items().len(), 2);
    assert_eq!(row.last_reply.as_deref(), Some(&b"250 ok"[..]));
    assert_eq!(row.first_received.as_deref(), Some(&b"from z (8.8.8.8)"[..]));
    assert_eq!(row.second_received.as_deref(), Some(&b"from y (9.9.9.9)"[..]));
    let path: Vec<String> = row.path.iter().map(IpAddr::to_string).collect();
    assert_eq!(path, ["10.0.0.2", "10.0.0.1", "10.1.1.1", "9.9.9.9"], "it ends where it is not followed");
    assert_eq!(row.x_originating_ip, Some("1.2.3.4".parse().unwrap()));
    let next = of.current().unwrap();
    assert_eq!((next.trans_depth, next.ts_ns, next.helo.as_deref()), (2, 2, Some(&b"me"[..])));
    of.finish(&mut rows);
    assert_eq!((rows.0.len(), rows.1.len()), (1, 0), "nothing came of the next");
}

#[test]
fn rows_hold_so_much_and_no_more() {
    let limits = MessageLimits { max_rcptto: 2, max_text: 40, max_invalid: 2, ..MessageLimits::default() };
    let (mut rows, mut of) = (Rows::default(), messages(limits));
    let rcpt = |of: &mut Messages, rows: &mut Rows, arg: &str| {
        of.request(0, Some(Command::Rcpt), arg.as_bytes(), rows)
    };
    of.request(0, Some(Command::Mail), b"FROM:<a@b>", &mut rows);
    rcpt(&mut of, &mut rows, "TO:<a@b>,<c@d>,<e@f>");
    assert_eq!(rows.1, ["smtp_too_many_rcptto_addresses"]);
    of.header(b"Subject", &[b'x'; 50], &mut rows);
    assert_eq!(rows.1[1..], ["left out"]);
    of.request(0, Some(Command::EndOfData), b"", &mut rows);
    for want in [Received::GoesOn, Received::GoesOn, Received::GivenUp] {
        assert_eq!(rcpt(&mut of, &mut rows, "TO:<x@y>"), want);
    }
    assert!(rows.1.contains(&"smtp_excessive_invalid_mail_transactions"));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("smtp", fuzz::check);
}
