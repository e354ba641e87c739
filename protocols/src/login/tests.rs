use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn say(&mut self, what: &str, texts: &[&[u8]]) {
        let texts: Vec<String> = texts.iter().map(|text| text.escape_ascii().to_string()).collect();
        self.0.push(format!("{what} {}", texts.join("|")).trim_end().to_owned());
    }
}

impl Handler for Told {
    fn find(&self, texts: Texts, line: &[u8]) -> Option<usize> {
        let text: &[u8] = match texts {
            Texts::SkipAuthentication => b"PUBLIC LIBRARY",
            Texts::DirectLoginPrompts => b"TERMINAL?",
            Texts::LoginPrompts => b"login:",
            Texts::NonFailures => b"failures since",
            Texts::Failures => b"incorrect",
            Texts::Successes => b"Last login",
            Texts::Timeouts => b"timed out",
        };
        line.windows(text.len()).position(|part| part == text).map(|at| at + text.len())
    }

    fn input_line(&mut self, line: &[u8]) {
        self.say(">", &[line]);
    }

    fn output_line(&mut self, line: &[u8]) {
        self.say("<", &[line]);
    }

    fn login(&mut self, success: bool, login: &Login<'_>) {
        let Login { user, client_user, password, line } = *login;
        self.say(if success { "success" } else { "failure" }, &[user, client_user, password, line]);
    }

    fn confused(&mut self, why: &'static str, line: &[u8]) {
        self.say("confused", &[why.as_bytes(), line]);
    }

    fn confused_text(&mut self, line: &[u8]) {
        self.say("text", &[line]);
    }

    fn terminal(&mut self, terminal: &[u8]) {
        self.say("terminal", &[terminal]);
    }

    fn display(&mut self, display: &[u8]) {
        self.say("display", &[display]);
    }

    fn prompt(&mut self, prompt: &[u8]) {
        self.say("prompt", &[prompt]);
    }

    fn authenticated(&mut self, accepted: bool, name: &[u8]) {
        self.say(if accepted { "accepted" } else { "rejected" }, &[name]);
    }

    fn skipped(&mut self) {
        self.say("skipped", &[]);
    }

    fn encrypting(&mut self) {
        self.say("encrypting", &[]);
    }

    fn option(&mut self, wrong: Wrong) {
        self.0.push(format!("{wrong:?}"));
    }

    fn rsh(&mut self, is_first: Option<bool>, users: [&[u8]; 2], line: &[u8]) {
        let [client, server] = users;
        self.say(&format!("rsh {is_first:?}"), &[client, server, line]);
    }

    fn weird(&mut self, name: &'static str) {
        self.say("weird", &[name.as_bytes()]);
    }
}

fn told(kind: Kind, pieces: &[(bool, &[u8])]) -> Vec<String> {
    let (mut session, mut told) = (Session::new(kind, Limits::default(), false), Told::default());
    pieces.iter().for_each(|(is_orig, bytes)| session.data(*is_orig, bytes, &mut told));
    session.end(&mut told);
    told.0
}

const DIALOG: &[(bool, &[u8])] = &[
    (false, b"\xff\xfd\x18\xff\xfd\x27Debian\r\n"),
    (true, b"\xff\xfb\x18\xff\xfb\x27\xff\xfa\x18\0xterm\xff\xf0\xff\xfa\x27\0\0DISPLAY\x01owl:0\xff\xf0"),
    (false, b"nest login: "),
    (true, b"heron\r\0"),
    (false, b"heron\r\nPassword: "),
    (true, b"dusk\r\0"),
    (false, b"\r\nLogin incorrect\r\nnest login: "),
    (true, b"heron\r\0"),
    (false, b"heron\r\nPassword: "),
    (true, b"dawn\r\0"),
    (false, b"\r\nLast login: today\r\n$ "),
];

#[test]
fn a_login_that_fails_and_one_that_does_not_are_told() {
    let told = told(Kind::Telnet, DIALOG);
    let of = |what: &str| told.iter().filter(|line| line.starts_with(what)).cloned().collect::<Vec<_>>();
    assert_eq!(of("terminal"), ["terminal xterm"]);
    assert_eq!(of("display"), ["display owl:0"]);
    assert_eq!(of("failure"), ["failure heron||dusk|Login incorrect"]);
    assert_eq!(of("success"), ["success heron||dawn|Last login: today"]);
    assert!(of("confused").is_empty(), "{told:?}");
    assert_eq!(of(">"), ["> heron", "> dusk", "> heron", "> dawn"]);
}

#[test]
fn it_is_the_same_however_the_bytes_are_cut() {
    let whole = told(Kind::Telnet, DIALOG);
    let bytes: Vec<(bool, &[u8])> =
        DIALOG.iter().flat_map(|(is_orig, text)| text.chunks(1).map(|byte| (*is_orig, byte))).collect();
    assert_eq!(told(Kind::Telnet, &bytes), whole);
}

#[test]
fn who_says_what_servers_say_is_not_followed() {
    let told = told(Kind::Telnet, &[(false, b"login: "), (true, b"Last login: yesterday\r\n")]);
    assert!(told.contains(&"confused possible_login_ploy|Last login: yesterday".to_owned()), "{told:?}");
}

#[test]
fn rlogin_begins_with_names_and_says_its_windows_size_between() {
    let told = told(
        Kind::Rlogin,
        &[
            (true, b"\0owl\0heron\0xterm/38400\0"),
            (false, b"\0Password: \r\n"),
            (true, b"dawn\xff\xffss\0\x18\0\x50\0\0\0\0\r"),
            (false, b"\r\nLast login: today\r\n"),
        ],
    );
    assert!(told.contains(&"terminal xterm/38400".to_owned()), "{told:?}");
    assert!(told.contains(&"> dawn".to_owned()), "{told:?}");
    assert!(told.contains(&"success heron|owl|dawn|Last login: today".to_owned()), "{told:?}");
}

#[test]
fn rsh_tells_what_is_to_be_done_and_as_whom() {
    let told = told(Kind::Rsh, &[(true, b"1022\0owl\0heron\0id -u\0"), (false, b"\x000\n")]);
    assert!(told.contains(&"rsh Some(true) owl|heron|id -u".to_owned()), "{told:?}");
    assert!(told.contains(&"rsh None owl|heron|0".to_owned()), "{told:?}");
}

#[test]
fn authentication_and_encryption_of_telnet_are_told() {
    let told = told(
        Kind::Telnet,
        &[
            (false, b"\xff\xfd\x25\xff\xfd\x26\xff\xfa\x25\x01\x02\x00\xff\xf0"),
            (true, b"\xff\xfb\x25\xff\xfb\x26\xff\xfa\x25\x03heron\xff\xf0\xff\xfa\x25\x00\x02\x00\xff\xf0"),
            (false, b"\xff\xfb\x26\xff\xfa\x25\x02\x02\xff\xf0"),
            (true, b"\xff\xfd\x26\xff\xfa\x26\x05\xff\xf0"),
            (false, b"\xff\xfa\x26\x03\xff\xf0never shown\r\n"),
        ],
    );
    assert!(told.contains(&"accepted heron".to_owned()), "{told:?}");
    assert!(told.contains(&"encrypting".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("never")), "{told:?}");
}

#[test]
fn lines_that_never_end_are_told_in_pieces() {
    let mut session = Session::new(Kind::Telnet, Limits { line: 100 }, false);
    let mut told = Told::default();
    session.data(false, &[b'a'; 1000], &mut told);
    assert_eq!((told.0.len(), session.buffered(), session.take_long()), (10, 0, 10));
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("login", fuzz::check);
}
