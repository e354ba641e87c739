//! Lengths, chunks, codings, parts and ranges.

use super::fixtures::*;

const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

fn body_of(reply: &[u8]) -> Recorder {
    events(&[orig(GET), resp(reply), Step::End(false), Step::End(true)])
}

#[test]
fn chunks_extensions_and_trailers() {
    let seen = body_of(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;ext=1\r\nWiki\r\n5\r\npedia\r\n0\r\nVia: t\r\n\r\nHTTP/1.1 204 x\r\n\r\n",
    );
    assert_eq!(seen.contents(false), [b"Wikipedia"]);
    assert_eq!(seen.rows()[0].response_body_len, 9);
    assert_eq!(seen.rows().len(), 2, "the trailer ended the message");
    assert!(seen.has_text("Via: t"), "trailer fields are told");
}

#[test]
fn chunked_is_of_11_only() {
    let seen = events(&[
        orig(b"GET / HTTP/1.0\r\n\r\n"),
        resp(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n"),
        Step::End(false),
    ]);
    assert_eq!(seen.contents(false), [b"2\r\nab\r\n0\r\n\r\n"]);
}

#[test]
fn bad_chunk_sizes() {
    let seen = body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n");
    assert_eq!(seen.weird_names(), ["HTTP_bad_chunk_size"]);
    let seen = body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n");
    assert_eq!(seen.weird_names(), ["HTTP_bad_chunk_size"]);
    let seen = body_of(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n");
    assert!(seen.has_text("note illegal format inaccurate chunk size"));
}

#[test]
fn odd_content_lengths() {
    for (length, body) in [("5", 5), ("05", 5), ("5, 5", 5), ("18446744073709551615", 0), ("x", 0)] {
        let seen = body_of(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nhello").as_bytes());
        assert_eq!(seen.rows()[0].response_body_len, body, "{length}");
    }
    let seen = body_of(
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 x\r\n\r\n",
    );
    assert_eq!(seen.rows()[0].response_body_len, 5, "the last one counts");
    let seen = body_of(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\nConnection: close\r\n\r\nhello");
    assert_eq!(seen.rows()[0].response_body_len, 5, "a negative one is none");
}

#[test]
fn body_until_close() {
    let seen = body_of(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nline\r\nrest");
    assert_eq!(seen.contents(false), [b"line\r\nrest"]);
    // Without the announcement Zeek reads it by lines and ends the last one.
    let seen = body_of(b"HTTP/1.1 200 OK\r\n\r\nline\r\nrest");
    assert_eq!(seen.contents(false), [b"line\r\nrest\r\n"]);
}

#[test]
fn no_body_for_head_and_not_modified() {
    let seen = events(&[
        orig(b"HEAD / HTTP/1.1\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
        resp(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nHTTP/1.1 304 x\r\nContent-Length: 10\r\n\r\n"),
    ]);
    assert_eq!(seen.summary(), "1 HEAD / 200 0 0\n2 GET / 304 0 0");
}

#[test]
fn continue_is_not_the_reply() {
    let seen = events(&[
        orig(b"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
        resp(b"HTTP/1.1 100 Continue\r\n\r\n"),
        orig(b"ab"),
        resp(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
    ]);
    assert_eq!(seen.summary(), "1 PUT / 201 2 0");
    let row = seen.rows()[0];
    assert_eq!((row.info_code, row.get(row.info_msg)), (Some(100), Some(b"Continue".as_slice())));
}

#[test]
fn codings() {
    let text = b"one text, and one text, and one text more".repeat(500);
    for (coding, coded) in [
        ("gzip", gzip(&text)),
        ("x-gzip", gzip(&text)),
        ("deflate", zlib(&text)),
        ("deflate", raw_deflate(&text)),
        ("GZIP", gzip(&text)),
    ] {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n",
            coded.len()
        );
        let seen = body_of(&with_body(&head, &coded));
        assert_eq!(seen.contents(false), [text.as_slice()], "{coding}");
        assert_eq!(seen.rows()[0].response_body_len, text.len() as u64);
        assert!(
            !seen.events.iter().any(|e| matches!(e, Event::Content { total: Some(_), .. })),
            "no size is told"
        );
    }
}

#[test]
fn corrupt_coding() {
    let mut coded = gzip(&b"some text to be broken ".repeat(300));
    coded[20] ^= 0xff;
    coded[21] ^= 0xff;
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", coded.len());
    let seen = body_of(&with_body(&head, &coded));
    assert_eq!(seen.weird_names(), ["inflate_failed"]);
    assert_eq!(seen.sources(), [crate::http::Source::Zip]);
    assert_eq!(seen.rows().len(), 1, "the message goes on to its end");
}

#[test]
fn a_decompression_bomb_is_cut_off() {
    let coded = gzip(&vec![0; 8 << 20]);
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", coded.len());
    let stream = with_body(&head, &coded);
    let limits = crate::http::Limits { inflate_allowance: 1 << 20, ..Default::default() };
    let seen = run([orig(GET), resp(&stream)], usize::MAX, limits);
    assert_eq!(seen.weird_names(), ["http_inflate_limit_exceeded"]);
    let out = seen.contents(false)[0].len();
    assert!(out <= (1 << 20) + 100 * coded.len(), "{out}");
}

#[test]
fn many_small_bombs_share_one_budget() {
    let coded = gzip(&vec![0; 1 << 20]);
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", coded.len());
    let reply = with_body(&head, &coded);
    let stream = reply.repeat(20);
    let limits = crate::http::Limits { inflate_allowance: 4 << 20, inflate_ratio: 10, ..Default::default() };
    let seen = run([orig(&GET.repeat(20)), resp(&stream)], usize::MAX, limits);
    let out: usize = seen.contents(false).iter().map(Vec::len).sum();
    assert!(out <= (4 << 20) + 10 * 20 * coded.len(), "{out}");
    assert!(out >= 4 << 20, "{out}");
    assert!(seen.weird_names().iter().all(|name| *name == "http_inflate_limit_exceeded"));
    assert_eq!(seen.rows().len(), 20, "all messages are read to their end");
}

const FORM: &[u8] = b"preamble\r\n--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n\
    --XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.bin\"\r\nContent-Type: application/octet-stream\r\n\r\n\
    b\ri\nn\r\n\r\n--XX--\r\n";

fn post(body: &[u8], content_type: &str) -> Vec<u8> {
    let head =
        format!("POST / HTTP/1.1\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n", body.len());
    with_body(&head, body)
}

#[test]
fn multipart_form() {
    let seen =
        events(&[orig(&post(FORM, "multipart/form-data; boundary=XX")), orig(b"GET /next HTTP/1.1\r\n\r\n")]);
    assert_eq!(seen.contents(true), [b"one".as_slice(), b"b\ri\nn\r\n"]);
    assert_eq!(seen.summary(), format!("1 POST / - {} 0\n2 GET /next - 0 0", FORM.len()));
    assert!(seen.weirds().is_empty(), "{:?}", seen.weirds());
}

#[test]
fn a_last_line_without_end_is_ended_where_its_segment_ends_the_body() {
    let body = FORM.strip_suffix(b"\r\n").unwrap();
    let post = post(body, "multipart/form-data; boundary=\"XX\"");
    let (head, body) = post.split_at(post.len() - body.len());
    let next = b"GET /next HTTP/1.1\r\n\r\n";
    let seen = run([orig(head), orig(body), orig(next)], usize::MAX, Default::default());
    assert_eq!(seen.contents(true), [b"one".as_slice(), b"b\ri\nn\r\n"]);
    assert_eq!(seen.weird_names(), ["line_terminated_without_CRLF"]);
    assert_eq!(seen.rows().len(), 2);
    // As in Zeek it goes on into what follows if not, which is odd then.
    let seen = run([orig(&post), orig(next)], usize::MAX, Default::default());
    assert_eq!(seen.weird_names(), ["bad_HTTP_request", "empty_http_request"]);
    assert_eq!(seen.rows().len(), 1);
}

#[test]
fn a_line_of_a_mail_without_end_goes_on_into_the_next_reply() {
    let mail = b"HTTP/1.1 200 OK\r\nContent-Type: message/rfc822\r\nContent-Length: 3\r\n\r\nabc";
    let steps = [orig(GET), resp(mail), orig(GET), resp(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")];
    let seen = run(steps, usize::MAX, Default::default());
    assert_eq!(seen.contents(false), [b"ok"]);
    let lengths: Vec<u64> = seen.rows().iter().map(|row| row.response_body_len).collect();
    assert_eq!(lengths, [43, 0], "as Zeek 7.0 counts them");
    assert!(seen.weirds().is_empty(), "{:?}", seen.weirds());
}

#[test]
fn a_boundary_never_closed() {
    let body = b"--XX\r\n\r\none\r\n";
    let seen = events(&[orig(&post(body, "multipart/mixed; boundary=XX")), Step::End(true)]);
    assert_eq!(seen.contents(true), [b"one"]);
}

#[test]
fn multipart_without_boundary_is_a_plain_body() {
    let seen = events(&[orig(&post(b"--XX\r\n", "multipart/form-data"))]);
    assert_eq!(seen.contents(true), [b"--XX\r\n"]);
}

#[test]
fn transfer_encodings_of_parts() {
    let body = b"--XX\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--XX\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n--XX--\r\n";
    let seen = events(&[orig(&post(body, "multipart/mixed; boundary=XX"))]);
    assert_eq!(seen.contents(true), [b"hello".as_slice(), b"a=bc\r\n"]);
}

#[test]
fn nested_parts_have_a_depth() {
    let mut body = Vec::new();
    for depth in 0..200 {
        let next = depth + 1;
        body.extend_from_slice(
            format!("--B{depth}X\r\nContent-Type: multipart/mixed; boundary=B{next}X\r\n\r\n").as_bytes(),
        );
    }
    let seen = run([orig(&post(&body, "multipart/mixed; boundary=B0X"))], usize::MAX, Default::default());
    let begun = seen.events.iter().filter(|e| matches!(e, Event::Text(text) if text.starts_with("begin")));
    assert_eq!(begun.count(), 101);
    assert_eq!(seen.weirds().first(), Some(&("exceeded_mime_max_depth", "100".to_owned())));
}

#[test]
fn message_types_hold_an_entity() {
    let body = b"Content-Type: text/html\r\nHost: inner\r\n\r\nhello\r\n";
    let seen = events(&[orig(&post(body, "message/rfc822")), Step::End(true)]);
    assert_eq!(seen.contents(true), [b"hello\r\n"]);
}

#[test]
fn chunked_multipart_is_odd() {
    let seen = events(&[orig(
        b"POST / HTTP/1.1\r\nContent-Type: multipart/mixed; boundary=XX\r\nTransfer-Encoding: chunked\r\n\r\n--XX--\r\n",
    )]);
    assert_eq!(seen.weird_names(), ["HTTP_chunked_transfer_for_multipart_message"]);
}

#[test]
fn ranges() {
    let seen =
        body_of(b"HTTP/1.1 206 Partial\r\nContent-Range: bytes 10-14/50\r\nContent-Length: 5\r\n\r\nhello");
    let Some(Event::Content { offset, total, .. }) =
        seen.events.iter().find(|e| matches!(e, Event::Content { .. }))
    else {
        panic!("no content")
    };
    assert_eq!((*offset, *total), (Some(10), Some(50)));
    assert!(!seen.has_text("file false"), "the file may go on elsewhere");
}

#[test]
fn odd_ranges() {
    for (range, weird) in [
        ("bytes 0-4/33", "HTTP_range_not_matching_len"),
        ("lines 0-4/33", "HTTP_content_range_unknown_byte_unit"),
        ("bytes 0-4", "HTTP_content_range_cannot_parse"),
        ("bytes a-b/c", "HTTP_content_range_cannot_parse"),
        ("bytes 4-0/33", "HTTP_non_positive_content_range"),
        ("bytes 0-9223372036854775807/1", "HTTP_non_positive_content_range"),
    ] {
        let head =
            format!("HTTP/1.1 206 Partial\r\nContent-Length: 8\r\nContent-Range: {range}\r\n\r\nabcdefgh");
        assert_eq!(body_of(head.as_bytes()).weird_names(), [weird], "{range}");
    }
}
