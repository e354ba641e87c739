//! Request lines, status lines and headers.

use super::fixtures::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn ordinary_exchange() {
    let seen = events(&[
        orig(b"GET /a%20b?q=1 HTTP/1.1\r\nHost: example.com\r\nUser-Agent: curl/8\r\n\r\n"),
        resp(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
    ]);
    assert_eq!(seen.summary(), "1 GET /a b?q=1 200 0 5");
    assert_eq!(seen.contents(false), [b"hello"]);
    assert!(seen.weirds().is_empty());
    assert!(seen.has_text("headers false TEXT/PLAIN"));
    let row = seen.rows()[0];
    assert_eq!(row.get(row.host), Some(b"example.com".as_slice()));
    assert_eq!(row.get(row.status_msg), Some(b"OK".as_slice()));
    assert_eq!(row.version, Some(*b"1.1"));
}

#[test]
fn keep_alive_and_pipelining() {
    let seen = events(&[
        orig(b"GET /1 HTTP/1.1\r\n\r\nPOST /2 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET /3 HTTP/1.1\r\n\r\n"),
        resp(OK),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nxyHTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(seen.summary(), "1 GET /1 200 0 0\n2 POST /2 200 3 2\n3 GET /3 404 0 0");
}

#[test]
fn line_ends_of_every_kind() {
    let seen =
        events(&[orig(b"GET /lf HTTP/1.1\nHost: a\n\nGET /cr HTTP/1.1\rHost: b\r\r"), resp(OK), resp(OK)]);
    assert_eq!(seen.summary(), "1 GET /lf 200 0 0\n2 GET /cr 200 0 0");
    assert_eq!(seen.weird_names(), ["line_terminated_with_single_CR"]);
    assert_eq!(seen.sources(), [crate::http::Source::ContentLine]);
}

#[test]
fn folded_headers_are_joined() {
    let seen =
        events(&[orig(b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: one\r\n two\r\n\tthree\r\n\r\n"), resp(OK)]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.user_agent), Some(b"one two\tthree".as_slice()));
    assert_eq!(row.get(row.host), Some(b"a".as_slice()));
}

#[test]
fn endless_folding_is_cut_off() {
    let mut head = b"GET / HTTP/1.1\r\nX: ".to_vec();
    for _ in 0..9 {
        head.extend_from_slice(b" ");
        head.extend(std::iter::repeat_n(b'x', 8192));
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    let seen = run([orig(&head)], usize::MAX, crate::http::Limits::default());
    assert_eq!(seen.weird_names(), ["exceeded_mime_max_header_bytes"]);
}

#[test]
fn values_keep_trailing_blanks_and_lose_leading_ones() {
    let seen =
        events(&[orig(b"GET / HTTP/1.1\r\nHost: \t a \t \r\nUser-Agent:   \r\nOrigin:o\r\n\r\n"), resp(OK)]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.host), Some(b"a \t ".as_slice()));
    assert_eq!(row.get(row.user_agent), Some(b"".as_slice()));
    assert_eq!(row.get(row.origin), Some(b"o".as_slice()));
}

#[test]
fn blanks_and_comments_around_a_header_name() {
    let seen = events(&[orig(b"GET / HTTP/1.1\r\n(note)Host : a\r\nno colon here\r\n\r\n"), resp(OK)]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.host), Some(b"a".as_slice()));
}

#[test]
fn a_nul_ends_the_head() {
    let seen = events(&[
        orig(b"GET / HTTP/1.1\r\nHost: a\r\n\0junk\r\nGET /2 HTTP/1.1\r\n\r\n"),
        resp(OK),
        resp(OK),
    ]);
    assert_eq!(seen.summary(), "1 GET / 200 0 0\n2 GET /2 200 0 0");
}

#[test]
fn more_headers_than_the_fast_path_takes() {
    let mut head = b"GET / HTTP/1.1\r\n".to_vec();
    for number in 0..200 {
        head.extend_from_slice(format!("X-{number}: v\r\n").as_bytes());
    }
    head.extend_from_slice(b"Host: last\r\n\r\n");
    let seen = events(&[orig(&head), resp(OK)]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.host), Some(b"last".as_slice()));
}

#[test]
fn http_09() {
    let seen = events(&[
        orig(b"GET /old\r\n"),
        resp(b"<html>\r\n"),
        resp(b"body"),
        Step::End(false),
        Step::End(true),
    ]);
    // The request's head never ended: Zeek counts its end as another transaction.
    assert_eq!(seen.summary(), "1 GET /old 0 0 12\n2 - - - 0 0");
    let row = seen.rows()[0];
    assert_eq!(row.version, Some(*b"0.9"));
    assert_eq!(row.get(row.status_msg), Some(b"<empty>".as_slice()));
}

#[test]
fn http_09_is_get_only() {
    let seen = events(&[orig(b"POST /old\r\n"), resp(b"body"), Step::End(false)]);
    assert_eq!(seen.weirds(), [("invalid_http_09_request_method", "POST".to_owned())]);
}

#[test]
fn no_uri() {
    let seen = events(&[orig(b"GET HTTP/1.1\r\n\r\n"), resp(OK)]);
    assert_eq!(seen.summary(), "1 GET  200 0 0");
    assert_eq!(seen.weird_names(), ["missing_HTTP_uri"]);
}

#[test]
fn blanks_and_quotes_in_the_uri() {
    let seen = events(&[orig(b"GET /a b\"c|d HTTP/1.1\r\n\r\n"), resp(OK)]);
    assert_eq!(seen.summary(), "1 GET /a b\\\"c|d 200 0 0");
    assert!(seen.weirds().is_empty());
}

#[test]
fn odd_percent_escapes() {
    for (uri, decoded, weird) in [
        ("/%41%zz", "/A%zz", "unescaped_%_in_URI"),
        ("/%%41", "/A", "double_%_in_URI"),
        ("/a%", "/a%", "illegal_%_at_end_of_URI"),
        ("/a%4", "/a%4", "partial_escape_at_end_of_URI"),
    ] {
        let head = format!("GET {uri} HTTP/1.1\r\n\r\n");
        let seen = events(&[orig(head.as_bytes()), resp(OK)]);
        assert_eq!(seen.summary(), format!("1 GET {decoded} 200 0 0"));
        assert_eq!(seen.weird_names(), [weird]);
    }
    let seen = events(&[orig(b"GET /%u0041%u0142 HTTP/1.1\r\n\r\n"), resp(OK)]);
    assert_eq!(seen.summary(), "1 GET /A\\x01B 200 0 0");
}

#[test]
fn not_http_at_all() {
    let seen = events(&[orig(b"\x16\x03\x01 nonsense\r\nGET / HTTP/1.1\r\n\r\n"), resp(b"SSH-2.0-x\r\n")]);
    assert_eq!(seen.weird_names(), ["bad_HTTP_request"]);
    assert!(seen.has_text("violation not a http request line"));
    assert!(seen.has_text("violation not a http reply line SSH-2.0-x"));
    assert!(seen.rows().is_empty());
}

#[test]
fn a_version_behind_garbage() {
    let seen = events(&[orig(b"\x01\x02 HTTP/1.1\r\n\r\n")]);
    // The line is refused, the direction given up: the empty line behind it means nothing.
    assert_eq!(seen.weird_names(), ["bad_HTTP_request_with_version"]);
}

#[test]
fn empty_lines_before_a_request() {
    let seen = events(&[orig(b"\r\nGET / HTTP/1.1\r\n\r\n"), resp(OK)]);
    assert_eq!(seen.weird_names(), ["bad_HTTP_request", "empty_http_request"]);
    assert_eq!(seen.summary(), "1 GET / 200 0 0");
}

#[test]
fn version_changes_within_a_connection() {
    let seen = events(&[
        orig(b"GET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
        resp(b"HTTP/1.1 204 x\r\n\r\nHTTP/1.0 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen.weird_names(), ["HTTP_version_mismatch", "HTTP_version_mismatch"]);
}

#[test]
fn a_second_request_without_keep_alive() {
    let seen = events(&[orig(b"GET /1 HTTP/1.0\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")]);
    assert_eq!(seen.weird_names(), ["unexpected_multiple_HTTP_requests"]);
    let seen = events(&[orig(b"GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n")]);
    assert!(seen.weirds().is_empty());
}

#[test]
fn unreadable_versions_and_codes() {
    let seen =
        events(&[orig(b"GET / HTTP/x.y\r\n\r\n"), resp(b"HTTP/1.1 2x0 Odd\r\nContent-Length: 0\r\n\r\n")]);
    assert_eq!(seen.summary(), "1 GET / 0 0 0");
    assert!(seen.has_text("note bad_HTTP_version x.y"));
    let seen = events(&[orig(b"GET / HTTP/1.1\r\n\r\n"), resp(b"HTTP/1.1\r\n\r\n")]);
    assert!(seen.has_text("note HTTP_reply_code_missing"));
    assert!(seen.has_text("violation not a http reply line"));
}

#[test]
fn no_reason_phrase() {
    let seen = events(&[orig(b"GET / HTTP/1.1\r\n\r\n"), resp(b"HTTP/1.1 204\r\n\r\n")]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.status_msg), Some(b"<empty>".as_slice()));
    let seen = events(&[orig(b"GET / HTTP/1.1\r\n\r\n"), resp(b"HTTP/1.1 204 \r\n\r\n")]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.status_msg), Some(b"".as_slice()));
}

#[test]
fn unknown_methods() {
    let seen = events(&[orig(b"BREW /pot HTTP/1.1\r\n\r\n"), resp(OK)]);
    assert_eq!(seen.weirds(), [("unknown_HTTP_method", "BREW".to_owned())]);
}

#[test]
fn connect_hands_the_stream_on() {
    let seen = events(&[
        orig(b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"),
        resp(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\n"),
        orig(b"\x16\x03\x01"),
        resp(b"\x16\x03\x03"),
    ]);
    assert!(seen.has_text("handover to anything"));
    assert_eq!(
        (seen.passed_on(true), seen.passed_on(false)),
        (b"\x16\x03\x01".to_vec(), b"\x16\x03\x03".to_vec())
    );
    assert_eq!(seen.summary(), "1 CONNECT a:443 200 0 0");
}

#[test]
fn a_refused_connect_stays_http() {
    let seen = events(&[
        orig(b"CONNECT a:443 HTTP/1.1\r\n\r\nGET /after HTTP/1.1\r\n\r\n"),
        resp(b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"),
        resp(OK),
    ]);
    assert_eq!(seen.summary(), "1 CONNECT a:443 407 0 0\n2 GET /after 200 0 0");
}

#[test]
fn upgrade_hands_the_stream_on() {
    let seen = events(&[
        orig(b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        resp(
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x00",
        ),
        orig(b"\x81\x80"),
    ]);
    assert!(seen.has_text("handover to websocket"));
    assert_eq!((seen.passed_on(true), seen.passed_on(false)), (b"\x81\x80".to_vec(), b"\x81\x00".to_vec()));
    let row = seen.rows()[0];
    assert_eq!((row.status_code, row.info_code), (Some(101), Some(101)));
}

#[test]
fn too_long_a_line_of_a_head_loses_its_middle() {
    let limits = crate::http::Limits { max_line: 128, ..Default::default() };
    let long = "a".repeat(1000);
    let head =
        format!("GET /{long} HTTP/1.1\r\nX: {long}\r\nContent-Length: {}3\r\n\r\nxyz", " ".repeat(1000));
    let steps = || [orig(head.as_bytes()), resp(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), orig(GET)];
    for piece in [usize::MAX, 1, 7, 100] {
        let seen = run(steps(), piece, limits);
        assert_eq!(seen.weird_names(), ["contentline_size_exceeded"; 3], "cut into {piece}");
        assert_eq!(seen.contents(true), [b"xyz"], "the length stood at the end of its line");
        let rows = seen.rows();
        assert_eq!((rows.len(), rows[0].status_code, rows[0].version), (2, Some(200), Some(*b"1.1")));
        assert!(rows[0].get(rows[0].uri).unwrap().starts_with(b"/aaaa"));
        assert!(rows[0].get(rows[0].uri).unwrap().len() < 200);
    }
}

#[test]
fn too_long_a_line_of_a_body_is_content_all_the_same() {
    let limits = crate::http::Limits { max_line: 64, ..Default::default() };
    let (long, odd) = ("a".repeat(1000), "b\r".repeat(500));
    let body = format!("--XX\r\n\r\nshort\r\n{long}\r\n{odd}\r\n--XX\r\n\r\nnext\r\n--XX--\r\n");
    let post = format!(
        "POST / HTTP/1.1\r\nContent-Type: multipart/mixed; boundary=XX\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    for piece in [usize::MAX, 1, 2, 7, 100] {
        let seen = run([orig(post.as_bytes()), orig(GET)], piece, limits);
        let content = [format!("short\r\n{long}\r\n{odd}").into_bytes(), b"next".to_vec()];
        assert_eq!(seen.contents(true), content, "cut into {piece}");
        let rows = seen.rows();
        assert_eq!((rows.len(), rows[0].request_body_len), (2, body.len() as u64), "cut into {piece}");
    }
}

#[test]
fn replies_find_their_requests_beyond_the_ceiling() {
    let limits = crate::http::Limits { max_unanswered: 2, ..Default::default() };
    let requests = [GET, b"HEAD / HTTP/1.1\r\n\r\n", GET, GET].concat();
    let with_body = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".as_slice();
    let to_head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n".as_slice();
    let replies = [with_body, to_head, with_body, with_body].concat();
    let seen = run([orig(&requests), resp(&replies)], usize::MAX, limits);
    let lengths: Vec<u64> = seen.rows().iter().map(|row| row.response_body_len).collect();
    assert_eq!(lengths, [2, 0, 2, 2]);
}

#[test]
fn nothing_is_read_without_the_connection_s_start() {
    let mut session = crate::http::Session::default();
    session.set_partial(true);
    let mut seen = run([], 1, Default::default());
    session.data(true, 0, b"middle\rof /x HTTP/1.1\r\n\r\n", &mut seen);
    session.data(false, 0, b"HTTP/1.1 200 OK\r\n\r\n", &mut seen);
    assert_eq!(seen.weird_names(), ["line_terminated_with_single_CR"]);
    assert!(!seen.has_text("request"));
}
