//! The rows of http.log.

use super::fixtures::*;
use crate::http::log::{Row, RowLimits, RowSink, Rows};
use crate::http::{Header, HeaderName, MessageStat, ReplyLine, RequestLine, Version};

#[derive(Default)]
struct Sink(Vec<(u64, Option<Vec<u8>>)>, Vec<&'static str>);

impl RowSink for Sink {
    fn row(&mut self, row: &Row) {
        self.0.push((row.trans_depth, row.get(row.uri).map(<[u8]>::to_vec)));
    }

    fn weird(&mut self, name: &'static str, _addl: &[u8]) {
        self.1.push(name);
    }
}

fn request<'a>(uri: &'a [u8]) -> RequestLine<'a> {
    RequestLine { method: b"GET", uri, unescaped_uri: uri, version: Version::HTTP_11 }
}

const REPLY: ReplyLine<'static> = ReplyLine { version: Version::HTTP_11, code: 200, reason: Some(b"OK") };
const DONE: MessageStat = MessageStat {
    start_ns: 0,
    interrupted: false,
    reason: "",
    body_length: 1,
    gap_length: 0,
    header_length: 0,
};

fn header<'a>(name: &'a [u8], value: &'a [u8]) -> Header<'a> {
    Header { id: HeaderName::of(name), name, value }
}

#[test]
fn fields_of_the_request_head() {
    let seen = events(&[
        orig(
            b"GET / HTTP/1.1\r\nHOST: h\r\nreferer: r\r\nUser-agent: u\r\nOrigin: o\r\nVia: v\r\nX-Forwarded-For: 1.2.3.4\r\nvia: v\r\n\
            Authorization: Basic dXNlcjpwYTpzcw==\r\n\r\n",
        ),
        resp(b"HTTP/1.1 204 x\r\nHost: not this\r\n\r\n"),
    ]);
    let row = seen.rows()[0];
    let get = |span| row.get(span).unwrap();
    assert_eq!((get(row.host), get(row.referrer), get(row.user_agent)), (&b"h"[..], &b"r"[..], &b"u"[..]));
    assert_eq!(
        (get(row.origin), get(row.username), get(row.password)),
        (&b"o"[..], &b"user"[..], &b"pa:ss"[..])
    );
    let proxied: Vec<_> = row.texts(&row.proxied).collect();
    assert_eq!(proxied, [b"VIA -> v".as_slice(), b"X-FORWARDED-FOR -> 1.2.3.4"]);
}

#[test]
fn the_last_of_a_repeated_header_counts() {
    for (first, second) in [("short", "much longer"), ("much longer", "short")] {
        let head = format!("GET / HTTP/1.1\r\nHost: {first}\r\nHost: {second}\r\n\r\n");
        let seen = events(&[orig(head.as_bytes())]);
        let row = seen.rows()[0];
        assert_eq!(row.get(row.host), Some(second.as_bytes()));
    }
}

#[test]
fn authorization_that_is_not_base64() {
    let seen = events(&[orig(b"GET / HTTP/1.1\r\nAuthorization: bAsIc   a!b\r\n\r\n")]);
    let row = seen.rows()[0];
    assert_eq!(row.get(row.username), Some(b"<problem-decoding> (bAsIc   a!b)".as_slice()));
    assert_eq!(
        seen.weirds(),
        [
            ("base64_illegal_encoding", "character 33 ignored by Base64 decoding".to_owned()),
            ("base64_illegal_encoding", "incomplete base64 group, padding with 12 bits of 0".to_owned()),
        ]
    );
}

#[test]
fn passwords_are_kept_only_on_request() {
    let mut rows = Rows::new(RowLimits::default());
    let mut sink = Sink::default();
    rows.request(0, &request(b"/"), &mut sink);
    rows.header(0, true, &header(b"Authorization", b"Basic dTpw"), &mut sink);
    let row = rows.current().unwrap();
    assert_eq!((row.get(row.username), row.get(row.password)), (Some(b"u".as_slice()), None));
}

#[test]
fn too_many_pending_requests_are_written() {
    let mut rows = Rows::new(RowLimits { max_pending: 3, ..RowLimits::default() });
    let mut sink = Sink::default();
    for uri in [b"/1", b"/2", b"/3", b"/4", b"/5"] {
        rows.request(0, &request(uri), &mut sink);
    }
    assert_eq!(sink.1, ["HTTP_excessive_pipelining"]);
    let depths: Vec<_> = sink.0.iter().map(|(depth, _)| *depth).collect();
    assert_eq!(depths, [1, 2, 3], "all but the last");
    rows.finish(&mut sink);
    assert_eq!(sink.0.len(), 5);
}

#[test]
fn files_and_their_limits() {
    let mut rows = Rows::new(RowLimits { max_files_resp: 2, ..RowLimits::default() });
    let mut sink = Sink::default();
    assert_eq!(rows.file_new(true, b"F0"), None, "no row yet");
    rows.request(0, &request(b"/"), &mut sink);
    rows.reply(0, &REPLY);
    rows.begin_entity(0, false);
    rows.header(0, false, &header(b"Content-Disposition", b"attachment; filename=\"a%20b\""), &mut sink);
    let file = rows.file_new(false, b"F1").unwrap();
    assert_eq!((file.trans_depth, file.filename.as_deref()), (1, Some(b"a b".as_slice())));
    rows.file_type(1, false, b"text/plain");
    rows.end_entity();
    assert_eq!(rows.file_new(false, b"F2").unwrap().filename, None);
    rows.file_new(false, b"F3");
    for _ in 0..3 {
        rows.file_type(1, false, b"text/html");
    }
    rows.file_type(9, false, b"text/html");
    let row = rows.current().unwrap();
    let texts =
        |spans: &[_]| row.texts(spans).map(|t| String::from_utf8_lossy(t).into_owned()).collect::<Vec<_>>();
    assert_eq!(texts(&row.resp.fuids), ["F1", "F2"]);
    assert_eq!(texts(&row.resp.filenames), ["a b"]);
    assert_eq!(texts(&row.resp.mime_types), ["text/plain", "text/html"]);
    assert!(row.orig.fuids.is_empty());
}

#[test]
fn the_written_row_stays_current() {
    let mut rows = Rows::new(RowLimits::default());
    let mut sink = Sink::default();
    rows.request(0, &request(b"/one"), &mut sink);
    rows.reply(0, &REPLY);
    rows.message_done(0, false, &DONE, &mut sink);
    assert_eq!(sink.0, [(1, Some(b"/one".to_vec()))]);
    assert_eq!(rows.current().map(|row| row.trans_depth), Some(1), "as c$http after Log::write");
    rows.message_done(7, true, &DONE, &mut sink);
    let row = rows.current().unwrap();
    assert_eq!(
        (row.trans_depth, row.ts_ns, row.request_body_len),
        (2, 7, 1),
        "a late request end is its own row"
    );
}

#[test]
fn texts_beyond_the_ceiling_are_counted() {
    let mut rows = Rows::new(RowLimits { max_text: 40, max_proxied: 1, ..RowLimits::default() });
    let mut sink = Sink::default();
    rows.request(0, &request(&[b'a'; 100]), &mut sink);
    rows.header(0, true, &header(b"Via", b"1"), &mut sink);
    rows.header(0, true, &header(b"Via", b"2"), &mut sink);
    let row = rows.current().unwrap();
    assert_eq!((row.uri, row.proxied.len(), rows.left_out), (None, 1, 2));
}
