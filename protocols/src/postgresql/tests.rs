use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}

impl Handler for Told {
    fn confirmed(&mut self) {}

    fn ssl_request(&mut self) {
        self.add("tls?");
    }

    fn ssl_reply(&mut self, answer: u8) {
        self.add(format!("tls {}", char::from(answer)));
    }

    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]) {
        let prefix = format!("inside {is_orig} ");
        match self.0.last_mut().filter(|last| last.starts_with(&prefix)) {
            Some(last) => last.push_str(&bytes.escape_ascii().to_string()),
            None => self.add(format!("{prefix}{}", bytes.escape_ascii())),
        }
    }

    fn startup_parameter(&mut self, name: &[u8], value: &[u8]) {
        self.add(format!("{}={}", name.escape_ascii(), value.escape_ascii()));
    }

    fn startup(&mut self, major: u16, minor: u16) {
        self.add(format!("startup {major}.{minor}"));
    }

    fn authentication_request(&mut self, identifier: u32, data: &[u8]) {
        self.add(format!("auth {identifier} {}", data.escape_ascii()));
    }

    fn authentication_ok(&mut self) {
        self.add("auth ok");
    }

    fn authentication_response(&mut self, data: &[u8]) {
        self.add(format!("response {}", data.escape_ascii()));
    }

    fn simple_query(&mut self, query: &[u8]) {
        self.add(format!("query {}", query.escape_ascii()));
    }

    fn terminate(&mut self) {
        self.add("terminate");
    }

    fn field(&mut self, is_error: bool, code: u8, value: &[u8]) {
        self.add(format!("{is_error} {}={}", char::from(code), value.escape_ascii()));
    }

    fn report(&mut self, is_error: bool) {
        self.add(if is_error { "error" } else { "notice" });
    }

    fn data_row(&mut self, columns: u16) {
        self.add(format!("row {columns}"));
    }

    fn ready(&mut self, status: u8) {
        self.add(format!("ready {}", char::from(status)));
    }

    fn parameter_status(&mut self, name: &[u8], value: &[u8]) {
        self.add(format!("set {}={}", name.escape_ascii(), value.escape_ascii()));
    }

    fn backend_key(&mut self, process: u32, secret: u32) {
        self.add(format!("key {process} {secret}"));
    }

    fn other(&mut self, is_orig: bool, kind: u8, content: &[u8]) {
        self.add(format!("{is_orig} {}: {}", char::from(kind), content.escape_ascii()));
    }

    fn cut(&mut self) {
        self.add("cut");
    }

    fn violation(&mut self, reason: &str) {
        self.add(reason);
    }
}

fn message(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind][..], &(content.len() as u32 + 4).to_be_bytes(), content].concat()
}

fn startup(parameters: &[u8]) -> Vec<u8> {
    [&(parameters.len() as u32 + 8).to_be_bytes()[..], &[0, 3, 0, 0], parameters].concat()
}

fn ask(magic: u32) -> Vec<u8> {
    [&[0, 0, 0, 8][..], &magic.to_be_bytes()].concat()
}

/// What is told of these, each in pieces of this length.
fn told(limits: Limits, len: usize, said: &[(bool, Vec<u8>)]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(limits), Told::default());
    for (is_orig, bytes) in said {
        bytes.chunks(len).for_each(|piece| session.data(*is_orig, piece, &mut told));
    }
    told.0
}

#[test]
fn a_login_and_a_query_are_read_however_they_are_cut() {
    let answers = [
        message(b'R', &[0, 0, 0, 0]),
        message(b'S', b"TimeZone\0UTC\0"),
        message(b'K', &[0, 0, 0, 7, 0, 0, 0, 9]),
        message(b'Z', b"I"),
    ];
    let rows = [
        message(b'T', b"\0\0"),
        message(b'D', &[0, 2, 0, 0, 0, 1, b'x']),
        message(b'N', b"SWARNING\0\0"),
        message(b'E', b"C42P01\0Mno\0\0"),
        message(b'Z', b"E"),
    ];
    let said = [
        (true, ask(80_877_104)),
        (false, b"N".to_vec()),
        (true, ask(80_877_103)),
        (false, b"N".to_vec()),
        (true, startup(b"user\0eve\0database\0nest\0\0")),
        (false, message(b'R', b"\0\0\0\x05salt")),
        (true, message(b'p', b"md5x\0")),
        (false, answers.concat()),
        (true, message(b'Q', b"select 1\0")),
        (false, rows.concat()),
        (true, message(b'X', b"")),
    ];
    let want = [
        "tls?",
        "tls N",
        "user=eve",
        "database=nest",
        "startup 3.0",
        "auth 5 salt",
        "response md5x\\x00",
        "auth ok",
        "set TimeZone=UTC",
        "key 7 9",
        "ready I",
        "query select 1",
        "false T: \\x00\\x00",
        "row 2",
        "false S=WARNING",
        "notice",
        "true C=42P01",
        "true M=no",
        "error",
        "ready E",
        "terminate",
    ];
    for len in 1..50 {
        assert_eq!(told(Limits::default(), len, &said), want, "{len}");
    }
}

#[test]
fn what_is_said_before_the_other_side_was_heard_waits_for_it() {
    let tls = [(true, [ask(80_877_103), b"\x16\x03".to_vec()].concat()), (false, b"S\x15".to_vec())];
    for len in 1..12 {
        let told = told(Limits::default(), len, &tls);
        assert!(told.starts_with(&["tls?".to_owned(), "tls S".to_owned()]), "{told:?}");
        assert!(told.contains(&"inside true \\x16\\x03".to_owned()), "{told:?}");
    }
    let early = [(false, message(b'R', &[0, 0, 0, 0])), (true, startup(b"\0"))];
    assert_eq!(told(Limits::default(), 100, &early), ["startup 3.0", "auth ok"]);
    let answers = [b"N".to_vec(), message(b'R', &[0, 0, 0, 0])].concat();
    let both = [(false, answers), (true, [ask(80_877_103), startup(b"\0")].concat())];
    assert_eq!(told(Limits::default(), 100, &both), ["tls?", "tls N", "startup 3.0", "auth ok"]);
    let limits = Limits { waiting: 20, ..Limits::default() };
    let much = [(false, vec![b'x'; 30]), (true, startup(b"\0"))];
    assert_eq!(told(limits, 100, &much), ["error while parsing PostgreSQL: too many messages buffered"]);
}

#[test]
fn what_is_no_postgresql_is_told() {
    let why = |reason: &str| vec![format!("error while parsing PostgreSQL: {reason}")];
    for (said, want) in [
        (b"GET / HTTP/1.1\r\n".to_vec(), why("unsupported PostgreSQL major version 12064")),
        (startup(b""), why("length of the startup message")),
        (startup(b"us er\0eve\0\0"), why("parameters of the startup message")),
        ([&[0, 0, 0, 16][..], &80_877_102_u32.to_be_bytes(), &[0; 8]].concat(), vec![]),
    ] {
        assert_eq!(told(Limits::default(), 100, &[(true, said)]), want);
    }
    let begin = (true, startup(b"\0"));
    let short = [begin.clone(), (false, vec![b'Z', 0, 0, 0, 3])];
    assert_eq!(told(Limits::default(), 100, &short)[1..], why("length of a message"));
    let broken = [begin, (false, message(b'E', b"Mno"))];
    assert_eq!(told(Limits::default(), 100, &broken)[1..], why("message of type E"));
}

#[test]
fn long_messages_are_cut_and_rows_are_skipped() {
    let limits = Limits { message: 10, waiting: 100 };
    let rows = [message(b'D', &[0; 90]), message(b'Z', b"I")].concat();
    let said = [(true, startup(b"\0")), (true, message(b'Q', &[b'x'; 50])), (false, rows)];
    assert_eq!(told(limits, 7, &said), ["startup 3.0", "cut", "query xxxxxxxxxx", "row 0", "ready I"]);
}

#[test]
fn nothing_is_read_behind_a_gap() {
    let (mut session, mut told) = (Session::new(Limits::default()), Told::default());
    session.data(true, b"\0\0", &mut told);
    session.gap();
    session.data(true, &startup(b"\0"), &mut told);
    assert!(told.0.is_empty() && session.buffered() == 0);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("postgresql", fuzz::check);
}
