//! What an exchange and a segment of a body cost, with and without the rows of http.log:
//! `cargo bench -p nightjar-protocols -- http::`.

use std::hint::black_box;

use divan::Bencher;
use divan::counter::BytesCount;
use nightjar_protocols::http::log::{Row, RowLimits, RowSink, Rows};
use nightjar_protocols::http::{
    Content, EntityId, Handler, Header, Limits, MessageStat, ReplyLine, RequestLine, Session,
};

const REQUEST: &[u8] = b"GET /index.html?session=1234 HTTP/1.1\r\nHost: www.example.com\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: en-US,en;q=0.5\r\n\
Accept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\nReferer: http://www.example.com/start\r\n\
Cookie: id=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

const REPLY: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.26.0\r\nDate: Fri, 01 Nov 2024 12:00:00 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\nContent-Length: 12\r\nConnection: keep-alive\r\n\
Last-Modified: Thu, 31 Oct 2024 12:00:00 GMT\r\nETag: \"67236e00-c\"\r\nAccept-Ranges: bytes\r\n\r\nhello world\n";

/// Counts events, so that none can be optimised away.
#[derive(Default)]
struct Count(u64);

impl Handler for Count {
    fn request(&mut self, line: &RequestLine<'_>) {
        self.0 += line.uri.len() as u64;
    }
    fn header(&mut self, _: bool, header: &Header<'_>) {
        self.0 += header.value.len() as u64;
    }
    fn content(&mut self, _: bool, content: &Content<'_>) {
        self.0 += content.data.len() as u64;
    }
}

struct Sink(u64);

impl RowSink for Sink {
    fn row(&mut self, row: &Row) {
        self.0 += row.response_body_len;
    }
    fn weird(&mut self, _: &'static str, _: &[u8]) {
        self.0 += 1;
    }
}

struct Logged(Rows, Sink);

impl Handler for Logged {
    fn request(&mut self, line: &RequestLine<'_>) {
        self.0.request(0, line, &mut self.1);
    }
    fn reply(&mut self, line: &ReplyLine<'_>) {
        self.0.reply(0, line);
    }
    fn begin_entity(&mut self, is_orig: bool, _: EntityId) {
        self.0.begin_entity(0, is_orig);
    }
    fn header(&mut self, is_orig: bool, header: &Header<'_>) {
        self.0.header(0, is_orig, header, &mut self.1);
    }
    fn end_entity(&mut self, _: bool, _: EntityId) {
        self.0.end_entity();
    }
    fn message_done(&mut self, is_orig: bool, stat: &MessageStat) {
        self.0.message_done(0, is_orig, stat, &mut self.1);
    }
}

/// An exchange in pieces of this length.
fn exchange(session: &mut Session, handler: &mut impl Handler, len: usize) {
    for (is_orig, message) in [(true, REQUEST), (false, REPLY)] {
        for piece in black_box(message).chunks(len) {
            session.data(is_orig, 0, piece, handler);
        }
    }
}

#[divan::bench]
fn kept_alive_exchange(bencher: Bencher) {
    let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
    bencher.bench_local(|| exchange(&mut session, &mut count, usize::MAX));
    black_box(count.0);
}

#[divan::bench]
fn kept_alive_exchange_in_segments_of_100_bytes(bencher: Bencher) {
    let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
    bencher.bench_local(|| exchange(&mut session, &mut count, 100));
    black_box(count.0);
}

#[divan::bench]
fn kept_alive_exchange_with_rows(bencher: Bencher) {
    let mut session = Session::new(Limits::default());
    let mut logged = Logged(Rows::new(RowLimits::default()), Sink(0));
    bencher.bench_local(|| exchange(&mut session, &mut logged, usize::MAX));
    black_box(logged.1.0);
}

#[divan::bench]
fn exchange_of_its_own_connection_with_rows(bencher: Bencher) {
    bencher.bench_local(|| {
        let mut session = Session::new(Limits::default());
        let mut logged = Logged(Rows::new(RowLimits::default()), Sink(0));
        exchange(&mut session, &mut logged, usize::MAX);
        logged.1.0
    });
}

#[divan::bench]
fn segment_of_a_body_of_known_length(bencher: Bencher) {
    let body = vec![b'x'; 1460];
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", u64::MAX / 2);
    let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
    session.data(true, 0, REQUEST, &mut count);
    session.data(false, 0, head.as_bytes(), &mut count);
    bencher
        .counter(BytesCount::new(body.len()))
        .bench_local(|| session.data(false, 0, black_box(&body), &mut count));
    assert!(count.0 > 0);
}
