//! Gaps, resets, missing halves, and random bytes.

use proptest::prelude::*;

use super::fixtures::*;
use crate::http::{Limits, invariants};

const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

#[test]
fn a_gap_within_a_body_is_stepped_over() {
    let seen = events(&[
        orig(GET),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        Step::Gap(false, 4),
        resp(b"hijHTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert!(seen.has_text("gap false"));
    assert_eq!(seen.contents(false), [b"abchij"]);
    assert_eq!(seen.rows()[0].response_body_len, 10);
    assert_eq!(seen.rows().len(), 2);
}

#[test]
fn a_gap_to_the_end_of_a_body_ends_it() {
    let seen = events(&[
        orig(GET),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
        Step::Gap(false, 7),
        resp(b"HTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen.rows().len(), 2);
}

#[test]
fn a_gap_within_a_chunk_is_stepped_over() {
    let seen = events(&[
        orig(GET),
        resp(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\nabc"),
        Step::Gap(false, 5),
        resp(b"\r\n2\r\nij\r\n0\r\n\r\n"),
    ]);
    assert_eq!(seen.contents(false), [b"abcij"]);
    assert_eq!(seen.rows()[0].response_body_len, 10);
}

#[test]
fn a_gap_beyond_the_body_ends_reading() {
    let seen = events(&[
        orig(GET),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"),
        Step::Gap(false, 9),
        resp(b"HTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen.summary(), "1 GET / 200 0 3");
}

#[test]
fn a_gap_in_a_request_ends_its_reply_too() {
    let seen = events(&[
        orig(b"GET / HTTP/1.1\r\nHo"),
        Step::Gap(true, 9),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert!(seen.has_text("message interrupted by a content gap"));
    assert_eq!(seen.summary(), "1 GET / 200 0 0");
}

#[test]
fn a_reset_writes_what_there_is() {
    let seen = events(&[orig(GET), resp(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), Step::Reset]);
    assert!(seen.has_text("message interrupted by RST"));
    assert_eq!(seen.summary(), "1 GET / 200 0 3");
}

#[test]
fn a_reply_without_request() {
    let seen =
        events(&[resp(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 204 x\r\n\r\n"), orig(GET)]);
    assert!(!seen.has_text("confirmed") || seen.weird_names().contains(&"HTTP_response_before_request"));
    assert_eq!(seen.summary(), "1 - - 200 0 2\n2 - - 204 0 0\n3 GET / - 0 0");
}

#[test]
fn requests_without_replies() {
    let seen = events(&[orig(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"), Step::End(true)]);
    assert_eq!(seen.summary(), "1 GET /1 - 0 0\n2 GET /2 - 0 0");
}

#[test]
fn a_message_cut_off_by_the_next() {
    let seen = events(&[
        orig(b"GET / HTTP/1.1\r\nHost: a\r\n"),
        Step::End(true),
        orig(b"GET /2 HTTP/1.1\r\n\r\n"),
        resp(b"HTTP/1.1 204 x\r\n\r\n"),
    ]);
    assert_eq!(seen.summary(), "1 GET / 204 0 0\n2 GET /2 - 0 0");
}

/// Every stream here with a gap of every kind at every place.
#[test]
fn gaps_anywhere_never_panic() {
    let request =
        b"POST /%41 HTTP/1.1\r\nContent-Type: multipart/mixed; boundary=X\r\nContent-Length: 40\r\n\r\n\
        --X\r\nA: b\r\n\r\ntext\r\n--X--\r\nGET /2 HTTP/1.1\r\n\r\n";
    let reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
    for len in [1, 3, 10, 100] {
        for at in 0..request.len() {
            let (before, after) = request.split_at(at);
            let after = after.get(len..).unwrap_or_default();
            run([orig(before), Step::Gap(true, len as u64), orig(after), resp(reply)], 5, Limits::default());
        }
        for at in 0..reply.len() {
            let (before, after) = reply.split_at(at);
            let after = after.get(len..).unwrap_or_default();
            let steps =
                [orig(request), resp(before), Step::Gap(false, len as u64), resp(after), Step::End(false)];
            run(steps, usize::MAX, Limits::default());
        }
    }
}

#[test]
fn seeds_hold_the_invariants() {
    for (folder, check) in [("http", invariants::http as fn(&[u8])), ("mime", invariants::mime)] {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(folder);
        let mut seeds = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            check(&std::fs::read(entry.unwrap().path()).unwrap());
            seeds += 1;
        }
        assert!(seeds > 0, "no seeds in {}", folder.display());
    }
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::sample::select(vec![
            "GET / HTTP/1.1\r\n", "HEAD /x HTTP/1.1\r\n", "POST /p HTTP/1.1\n", "CONNECT a:1 HTTP/1.1\r\n", "GET /09\r\n",
            "HTTP/1.1 200 OK\r\n", "HTTP/1.1 101 Up\r\n", "HTTP/1.0 206 P\r\n", "HTTP/1.1 100 C\r\n", "\r\n", "\r", "\n",
            "Host: a\r\n", "Host:  b \t\r\n", " folded\r\n", "X:\r\n", ": x\r\n", "Bad Name: v\r\n", "Obs: \u{e9}\r\n",
            "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Transfer-Encoding: chunked\r\n", "Connection: upgrade\r\n",
            "Upgrade: h2c\r\n", "Content-Type: multipart/mixed; boundary=B\r\n", "Content-Type: message/rfc822\r\n",
            "Content-Range: bytes 1-5/9\r\n", "Content-Transfer-Encoding: base64\r\n", "--B\r\n", "--B--\r\n", "5\r\nhello\r\n",
            "0\r\n\r\n", "hello", "\0", "\u{ff}\u{fe}",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..12),
        1 => prop::sample::select(vec![">", "<", "O", "R", "X", "(\u{5}", ")\u{3}"])
            .prop_map(|step| [invariants::STEP, step.as_bytes()].concat()),
        2 => prop::sample::select(vec![">", "<"]).prop_map(|step| [invariants::STEP, step.as_bytes()].concat()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cuts_do_not_change_the_meaning(pieces in prop::collection::vec(piece(), 0..40)) {
        invariants::http(&pieces.concat());
    }

    #[test]
    fn bytes_hold_the_mime_invariants(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        invariants::mime(&bytes);
    }
}
