use super::*;

/// What a session told, as texts.
#[derive(Default)]
struct Recorder(Vec<String>);

impl Recorder {
    fn say(&mut self, what: std::fmt::Arguments<'_>) {
        self.0.push(what.to_string());
    }
}

impl Handler for Recorder {
    fn server_version(&mut self, version: &[u8]) {
        self.say(format_args!("version {}", version.escape_ascii()));
    }

    fn auth_plugin(&mut self, is_orig: bool, name: &[u8], data: &[u8]) {
        self.say(format_args!("plugin {is_orig} {} {}", name.escape_ascii(), data.escape_ascii()));
    }

    fn auth_switch(&mut self, name: &[u8], data: &[u8]) {
        self.say(format_args!("switch {} {}", name.escape_ascii(), data.escape_ascii()));
    }

    fn auth_more_data(&mut self, is_orig: bool, data: &[u8]) {
        self.say(format_args!("more {is_orig} {}", data.escape_ascii()));
    }

    fn confirmed(&mut self) {
        self.say(format_args!("confirmed"));
    }

    fn login(&mut self, username: &[u8]) {
        self.say(format_args!("login {}", username.escape_ascii()));
    }

    fn tls(&mut self) {
        self.say(format_args!("tls"));
    }

    fn tls_data(&mut self, is_orig: bool, bytes: &[u8]) {
        // However it is cut.
        for byte in bytes {
            self.say(format_args!("tls {is_orig} {byte:02x}"));
        }
    }

    fn command(&mut self, code: u8, arg: &[u8]) {
        self.say(format_args!("{} {}", name(code).unwrap_or("unknown"), arg.escape_ascii()));
    }

    fn change_user(&mut self, username: &[u8]) {
        self.say(format_args!("user {}", username.escape_ascii()));
    }

    fn error(&mut self, code: u16, message: &[u8]) {
        self.say(format_args!("error {code} {}", message.escape_ascii()));
    }

    fn ok(&mut self, rows: u32) {
        self.say(format_args!("ok {rows}"));
    }

    fn eof(&mut self, is_intermediate: bool) {
        self.say(format_args!("eof {is_intermediate}"));
    }

    fn row(&mut self, row: &Row<'_>) {
        let fields: Vec<String> = row.fields().map(|field| field.escape_ascii().to_string()).collect();
        self.say(format_args!("row {}", fields.join("|")));
    }

    fn cut(&mut self) {
        self.say(format_args!("cut"));
    }

    fn violation(&mut self, reason: &str) {
        self.say(format_args!("violation {reason}"));
    }
}

fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let [a, b, c, _] = (payload.len() as u32).to_le_bytes();
    [&[a, b, c, sequence][..], payload].concat()
}

fn string(text: &[u8]) -> Vec<u8> {
    [&[text.len() as u8][..], text].concat()
}

fn greeting() -> Vec<u8> {
    // From the identifier of the connection on: CLIENT_PLUGIN_AUTH is in the upper half of the flags.
    let rest = [
        &[1, 0, 0, 0][..],
        b"saltsalt",
        &[0],
        &[0xff, 0xff],
        &[8],
        &[2, 0],
        &[0x08, 0],
        &[21],
        &[0; 10],
        b"saltsaltsalt\0",
        b"mysql_native_password\0",
    ];
    packet(0, &[&b"\x0a5.7.1\0"[..], &rest.concat()].concat())
}

fn login(flags: u32, rest: &[u8]) -> Vec<u8> {
    packet(1, &[&flags.to_le_bytes()[..], &[0; 4], &[8], &[0; 23], rest].concat())
}

fn column(name: &[u8]) -> Vec<u8> {
    [
        string(b"def"),
        string(b"db"),
        string(b"t"),
        string(b"t"),
        string(name),
        string(name),
        vec![12],
        vec![0; 12],
    ]
    .concat()
}

const EOF: &[u8] = b"\xfe\x00\x00\x02\x00";

/// A login, a query with a result, a statement, an error, and the end.
fn session(deprecate_eof: bool) -> Vec<(bool, Vec<u8>)> {
    let flags = 1 << 19 | u32::from(deprecate_eof) << 24;
    let mut talk = vec![
        (false, greeting()),
        (true, login(flags, b"root\0\x03xyzmysql_native_password\0")),
        (false, packet(2, b"\x00\x00\x00\x02\x00\x00\x00")),
        (true, packet(0, b"\x03select a, b from t")),
        (false, packet(1, b"\x02")),
        (false, packet(2, &column(b"a"))),
        (false, packet(3, &column(b"b"))),
    ];
    if !deprecate_eof {
        talk.push((false, packet(4, EOF)));
    }
    talk.extend([
        (false, packet(5, b"\x011\xfb")),
        (false, packet(6, b"\x012\x03abc")),
        (false, packet(7, if deprecate_eof { b"\xfe\x00\x00\x02\x00\x00\x00" } else { EOF })),
        (true, packet(0, b"\x03delete from t")),
        (false, packet(1, b"\x00\xfc\x02\x01\x02\x00\x00\x00")),
        (true, packet(0, b"\x02nothing")),
        (false, packet(1, b"\xff\x19\x04#42000Unknown database")),
        (true, packet(0, b"\x01")),
    ]);
    talk
}

fn trace<'a>(pieces: impl IntoIterator<Item = (bool, &'a [u8])>) -> Vec<String> {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    pieces.into_iter().for_each(|(is_orig, bytes)| session.data(is_orig, bytes, &mut trace));
    trace.0
}

fn whole(talk: &[(bool, Vec<u8>)]) -> Vec<String> {
    trace(talk.iter().map(|(is_orig, bytes)| (*is_orig, &bytes[..])))
}

#[test]
fn a_session_is_told_with_and_without_eof() {
    let begin = [
        "version 5.7.1",
        "plugin false mysql_native_password saltsaltsaltsaltsalt\\x00",
        "confirmed",
        "login root",
        "plugin true mysql_native_password xyz",
        "ok 0",
        "query select a, b from t",
    ];
    let end = ["query delete from t", "ok 258", "init_db nothing", "error 1049 Unknown database", "quit "];
    let rows = ["row 1|", "row 2|abc"];
    let with: Vec<&str> = [&begin[..], &["eof true"], &rows, &["eof false"], &end].concat();
    assert_eq!(whole(&session(false)), with);
    let without: Vec<&str> = [&begin[..], &rows, &["ok 0"], &end].concat();
    assert_eq!(whole(&session(true)), without);
}

#[test]
fn pieces_are_the_same_as_the_whole() {
    for deprecate_eof in [false, true] {
        let talk = session(deprecate_eof);
        let want = whole(&talk);
        for len in 1..7 {
            let pieces =
                talk.iter().flat_map(|(is_orig, bytes)| bytes.chunks(len).map(|piece| (*is_orig, piece)));
            assert_eq!(trace(pieces), want, "in pieces of {len}");
        }
    }
}

#[test]
fn what_follows_a_request_for_tls_is_tls() {
    let request = [login(1 << 11, b""), vec![0x16, 3]].concat();
    let want = ["confirmed", "tls", "tls true 16", "tls true 03", "tls false 16"];
    for at in 0..request.len() {
        let (front, back) = request.split_at(at);
        let trace = trace([(false, &greeting()[..]), (true, front), (true, back), (false, b"\x16")]);
        assert_eq!(trace[2..], want, "cut at {at}");
    }
}

#[test]
fn more_of_a_login_than_zeek_reads_is_a_violation_in_its_words() {
    let talk = [
        (false, greeting()),
        (true, login(1 << 19, b"root\0\x00caching_sha2_password\0")),
        (false, packet(2, b"\x01\x04")),
        (true, packet(3, b"\x02")),
    ];
    let out_of_bound = "out_of_bound: Handshake_Response_Packet_v10:pad: 32 > 1";
    let want = [
        "confirmed",
        "login root",
        "plugin true caching_sha2_password ",
        "more false \\x04",
        "more true \\x02",
        &format!("violation Binpac exception: binpac exception: {out_of_bound}"),
    ];
    assert_eq!(whole(&talk)[2..], want);
    let one_sided =
        "violation Binpac exception: binpac exception: invalid index for case: Handshake_Response_Packet: 0";
    assert_eq!(whole(&talk[1..2]), [one_sided]);
}

#[test]
fn another_user_and_another_method_are_told() {
    let mut talk = session(false);
    talk.truncate(3);
    talk.push((true, packet(0, b"\x11guest\0\x02xydb\0\x08\0sha\0")));
    talk.push((false, packet(1, b"\xfenative\0salt")));
    let want = [
        "change_user guest\\x00\\x02xydb\\x00\\x08\\x00sha\\x00",
        "user guest",
        "plugin true sha xy",
        "switch native salt",
    ];
    assert_eq!(whole(&talk)[6..], want);
}

#[test]
fn a_packet_that_is_too_long_is_cut_and_what_follows_is_read() {
    let (mut session, mut trace) = (Session::new(Limits { packet: 64 }), Recorder::default());
    session.phase_for_test();
    let long = packet(0, &[&b"\x03"[..], &[b'x'; 1000]].concat());
    for piece in long.chunks(100).chain([&packet(0, b"\x0e")[..]]) {
        session.data(true, piece, &mut trace);
        assert!(session.buffered() <= 68);
    }
    assert_eq!(trace.0, ["cut".to_owned(), format!("query {}", "x".repeat(63)), "ping ".to_owned()]);
}

#[test]
fn behind_a_gap_nothing_is_read() {
    let (mut session, mut trace) = (Session::new(Limits::default()), Recorder::default());
    session.data(false, &greeting()[..20], &mut trace);
    session.gap();
    session.data(false, &greeting()[20..], &mut trace);
    assert!(trace.0.is_empty() && session.buffered() == 0);
}

#[test]
fn invariants_hold_over_the_fuzz_corpus() {
    crate::tests::over_seeds("mysql", fuzz::check);
}
