//! Signatures of users, end to end: files of them, what matches, and what follows.

use crate::build::{self, CLIENT, Capture, Client, SERVER, Server, host, nightjar, one};

/// Prints each match.
const TELL: &str = "event signature_match(state: signature_state, msg: string, data: string)
	{ print state$sig_id, state$is_orig, msg, data; }\n";

/// What a script prints with these signatures.
fn matched(capture: &Capture, signatures: &str, script: &str) -> Vec<String> {
    matched_with(capture, signatures, script, &["-s", "some"])
}

fn matched_with(capture: &Capture, signatures: &str, script: &str, args: &[&str]) -> Vec<String> {
    let [out, _] = build::printed_with(capture, args, script, &[("some.sig", signatures)]);
    let mut lines: Vec<String> = out.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// A request and its answer, in pieces.
fn request(pieces: &[&[u8]], answer: &[u8]) -> Capture {
    one(|talk| {
        pieces.iter().for_each(|piece| _ = talk.send(Client, piece));
        talk.send(Server, answer);
        talk.close();
    })
}

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: mill\r\n\r\nhello";

#[test]
fn patterns_begin_with_the_stream_and_go_on_over_segments() {
    let capture = request(&[b"GET /ind", b"ex.html HTTP/1.1\r\nHost: a\r\n\r\n"], ANSWER);
    let signatures = "
        signature cut { ip-proto == tcp payload /GET \\/index/ event \"cut\" }
        signature inside { payload /html/ event \"no\" }
        signature anywhere { payload /.*[hH]ost/ event \"anywhere\" }
        signature any-case { payload /get/i event \"case\" }
        signature port { dst-port == 80 payload /GET/ event \"port\" }
        signature other-port { dst-port == 81-90, 8080 payload /GET/ event \"no\" }
        signature not-udp { ip-proto == udp payload /GET/ event \"no\" }
        signature back { src-port == 80 payload /HTTP/ tcp-state established,responder event \"back\" }
        signature long { payload /.*GET/ payload-size > 8 event \"no\" }
        signature short { payload /.*GET/ payload-size == 8 event \"short\" }";
    let rest = "ex.html HTTP/1.1\\x0d\\x0aHost: a\\x0d\\x0a\\x0d\\x0a";
    let answer = "HTTP/1.1 200 OK\\x0d\\x0aContent-Length: 5\\x0d\\x0aServer: mill\\x0d\\x0a\\x0d\\x0ahello";
    let mut expected = [
        format!("cut, T, cut, {rest}"),
        format!("anywhere, T, anywhere, {rest}"),
        "any-case, T, case, GET /ind".to_owned(),
        "port, T, port, GET /ind".to_owned(),
        format!("back, F, back, {answer}"),
        "short, T, short, GET /ind".to_owned(),
    ];
    expected.sort();
    let found = matched(&capture, signatures, TELL);
    // Of `any-case` letters are in either case.
    assert_eq!(found, expected);
}

#[test]
fn what_http_carries_is_matched_by_its_parts() {
    let capture =
        request(&[b"POST /a%62c HTTP/1.1\r\nContent-Length: 4\r\nHost: b\r\n\r\nAB", b"CD"], ANSWER);
    let signatures = "
        signature uri { http-request /^\\/abc$/ event \"uri\" }
        signature header { http-request-header /^[hH]ost: b$/ event \"header\" }
        signature reply { http-reply-header /Server: mill/ event \"reply\" }
        signature body { http-request-body /^ABCD$/ event \"body\" }
        signature part { http-request-body /CD/ event \"no\" }
        signature answer { http-reply-body /.*llo/ event \"answer\" }";
    assert_eq!(
        matched(&capture, signatures, TELL),
        [
            "answer, F, answer, hello",
            "body, T, body, ",
            "header, T, header, Host: b",
            "reply, F, reply, Server: mill",
            "uri, T, uri, /abc"
        ]
    );
}

#[test]
fn datagrams_are_each_by_themselves() {
    let (client, server) = (host(1, 5000), host(2, 5001));
    let mut capture = Capture::new();
    for (at, text) in [(0, &b"one"[..]), (1, b"two"), (2, b"two"), (3, b"end")] {
        capture.udp(at, client, server, text);
    }
    let signatures = "
        signature two { ip-proto = udp payload /^two/ event \"two\" }
        signature both { payload /one/ payload /end/ event \"no\" }
        signature same { same-ip event \"no\" }
        signature hosts { src-ip == 10.0.0.0/24 dst-ip != 10.0.0.1 udp-state originator event \"hosts\" }
        signature byte { header udp[6:2] & 0x00ff == 0 header ip[9:1] == 17 event \"byte\" }";
    let found = matched(&capture, signatures, TELL);
    assert_eq!(found, ["byte, T, byte, ", "hosts, T, hosts, ", "two, T, two, two"]);
}

#[test]
fn signatures_require_each_other() {
    let capture = request(&[b"GET / HTTP/1.1\r\nHost: b\r\n\r\n"], ANSWER);
    let signatures = "
        signature get { payload /GET/ }
        signature answered { payload /HTTP/ requires-reverse-signature get event \"answered\" }
        signature twice { requires-signature answered event \"twice\" }
        signature never { payload /never/ }
        signature without { payload /GET/ requires-signature !never event \"without\" }
        signature with { payload /GET/ requires-signature !get event \"no\" }";
    let found = matched(&capture, signatures, TELL);
    let names: Vec<&str> = found.iter().filter_map(|line| line.split(',').next()).collect();
    assert_eq!(names, ["answered", "twice", "without"]);
}

#[test]
fn functions_decide_and_signatures_name_events() {
    let capture = request(&[b"GET / HTTP/1.1\r\nHost: b\r\n\r\n"], ANSWER);
    let signatures = "
        signature yes { payload /GET/ eval Mine::from_client event \"yes\" }
        signature no { payload /HTTP/ eval Mine::from_client event \"no\" }
        signature after-yes { requires-signature yes event \"after yes\" }
        signature after-no { requires-signature no event \"after no\" }
        signature own { dst-ip == nets payload /GET/ event Mine::found }
        signature worded { payload /GET/ event Mine::worded \"words\" }";
    let script = "
        const nets = { 10.0.0.0/8 };
        module Mine;
        export {
            global found: event(state: signature_state, data: string);
            global worded: event(state: signature_state, msg: string, data: string, end_of_match: count);
        }
        function from_client(state: signature_state, data: string): bool
            { print \"asked\", state$sig_id; return state$is_orig; }
        event signature_match(state: signature_state, msg: string, data: string) { print msg; }
        event found(state: signature_state, data: string) { print \"found\", |data|; }
        event worded(state: signature_state, msg: string, data: string, end_of_match: count)
            { print msg, |data|, end_of_match; }";
    assert_eq!(
        matched(&capture, signatures, script),
        ["after yes", "asked, no", "asked, yes", "found, 27", "words, 27, 3", "yes"]
    );
}

#[test]
fn a_signature_sets_an_analyzer_on_a_connection() {
    let mut capture = Capture::new();
    let mut talk = capture.talk(40_000, 4321);
    talk.send(Client, b"?");
    talk.send(Client, b"USER anna\r\n");
    talk.send(Server, b"331 well?\r\n");
    talk.close();
    let signatures = "signature strange-ftp { dst-port == 4321 payload /.*USER / enable \"ftp\" }";
    let script = "event ftp_request(c: connection, command: string, arg: string) { print command, arg; }";
    let found = matched(&capture, signatures, script);
    assert!(found.contains(&"?USER, anna".to_owned()), "all of the stream is read: {found:?}");
}

#[test]
fn matches_are_logged_and_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let signatures = folder.path().join("some.sig");
    std::fs::write(&signatures, "signature found { payload /GET/ event \"Found it\" }").unwrap();
    let signatures = signatures.to_string_lossy().into_owned();
    let capture = request(&[b"GET / HTTP/1.1\r\nHost: b\r\n\r\n"], ANSWER);
    let rows = build::rows_with(&capture, &["-s", &signatures]);
    let row = rows.only("signatures");
    assert_eq!(
        (&row["sig_id"], &row["event_msg"], &row["src_addr"], &row["dst_port"]),
        (&"found".into(), &"10.0.0.1: Found it".into(), &"10.0.0.1".into(), &80.into())
    );
    assert_eq!(rows.only("notice")["note"], "Signatures::Sensitive_Signature");
    let silent = "Signatures::actions += { [\"found\"] = Signatures::SIG_IGNORE }";
    let quiet = build::rows_with(&capture, &["-s", &signatures, "-e", &format!("redef {silent};")]);
    assert!(quiet.of("signatures").is_empty() && quiet.of("notice").is_empty());
}

#[test]
fn files_are_named_by_scripts_and_options_too() {
    let capture = request(&[b"GET / HTTP/1.1\r\nHost: b\r\n\r\n"], ANSWER);
    let signatures = "signature get { payload /GET/ event \"get\" }";
    for (script, args) in [
        ("@load-sigs ./some.sig\n", &[][..]),
        ("@load-sigs some\n", &[]),
        ("redef signature_files += \"some.sig\";\n", &[]),
        ("", &["--rulefile", "some.sig"]),
        ("@load-sigs some\n", &["-s", "some.sig"]),
    ] {
        let found = matched_with(&capture, signatures, &format!("{script}{TELL}"), args);
        assert_eq!(found.len(), 1, "{script}{args:?}: {found:?}");
    }
}

#[test]
fn mistakes_end_the_run_with_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |text: &str, args: &[&str]| {
        std::fs::write(folder.path().join("bad.sig"), text).unwrap();
        let output = nightjar(folder.path()).args(args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    let bad = &["-s", "bad", "-e", "function f(s: string): bool { return T; }"];
    for (text, told) in [
        ("signature a {\n payload /x/\n frob\n}", "Error in signature (./bad.sig:4): syntax error"),
        ("signature a {\n eval f\n}", "(./bad.sig:2): eval function parameters must be a 'signature_state'"),
        ("signature a {\n eval g\n}", "(./bad.sig:2): unknown identifier (g)"),
        ("signature a { requires-signature b }", "signature a (./bad.sig:1): unknown rule referenced"),
        ("signature a { event nobody }", "identifier is not an event (nobody)"),
    ] {
        let said = refused(text, bad);
        assert!(said.contains(told), "{said}");
    }
    assert!(
        refused("", &["-s", "nowhere"]).contains("failed to find file associated with @load-sigs nowhere")
    );
    let plugin = refused("", &["-e", "@load-plugin Some::Thing"]);
    assert!(plugin.contains("plugins are machine code for Zeek"), "{plugin}");
}

/// One byte at a time, and patterns that may begin anywhere: no byte is looked at twice.
#[test]
fn streams_cost_what_they_are_long() {
    let mut capture = Capture::new();
    capture.handshake(0, CLIENT, SERVER);
    let stream = b"ab".repeat(30_000);
    for (seq, piece) in (1..).zip(stream.chunks(1)) {
        capture.tcp(1, CLIENT, SERVER, build::Tcp { seq, ack: 1, flags: build::ACK }, piece);
    }
    let many =
        (0..300).map(|n| format!("signature s{n} {{ payload /.*(ab)*{n}b+a{{1,9}}c/ event \"no\" }}\n"));
    let signatures: String = many.collect();
    let script = "redef dpd_match_only_beginning = F;\n";
    let before = std::time::Instant::now();
    assert!(matched(&capture, &signatures, &format!("{script}{TELL}")).is_empty());
    assert!(before.elapsed().as_secs() < 120, "{:?}", before.elapsed());
}
