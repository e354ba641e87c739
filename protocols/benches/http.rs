//! `cargo bench -p nightjar-protocols --bench http`: time per kept-alive exchange, with and without
//! the rows of http.log, and per byte of body. A plain harness: the fastest of many rounds.

use std::hint::black_box;
use std::time::Instant;

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

fn best(name: &str, unit: &str, per_round: u64, mut round: impl FnMut()) {
    let mut fastest = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        round();
        fastest = fastest.min(start.elapsed().as_nanos() as f64 / per_round as f64);
    }
    println!("{name:<44} {fastest:>9.2} ns/{unit}");
}

fn main() {
    const ROUNDS: u64 = 20_000;
    best("kept-alive exchange, 8 + 8 headers", "exchange", ROUNDS, || {
        let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
        for _ in 0..ROUNDS {
            session.data(true, 0, black_box(REQUEST), &mut count);
            session.data(false, 0, black_box(REPLY), &mut count);
        }
        black_box(count.0);
    });
    best("the same with rows for http.log", "exchange", ROUNDS, || {
        let mut session = Session::new(Limits::default());
        let mut logged = Logged(Rows::new(RowLimits::default()), Sink(0));
        for _ in 0..ROUNDS {
            session.data(true, 0, black_box(REQUEST), &mut logged);
            session.data(false, 0, black_box(REPLY), &mut logged);
        }
        black_box(logged.1.0);
    });
    best("one exchange per connection, with rows", "exchange", ROUNDS, || {
        for _ in 0..ROUNDS {
            let mut session = Session::new(Limits::default());
            let mut logged = Logged(Rows::new(RowLimits::default()), Sink(0));
            session.data(true, 0, black_box(REQUEST), &mut logged);
            session.data(false, 0, black_box(REPLY), &mut logged);
            black_box(logged.1.0);
        }
    });
    best("the same in segments of 100 bytes", "exchange", ROUNDS, || {
        let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
        for _ in 0..ROUNDS {
            for piece in black_box(REQUEST).chunks(100) {
                session.data(true, 0, piece, &mut count);
            }
            for piece in black_box(REPLY).chunks(100) {
                session.data(false, 0, piece, &mut count);
            }
        }
        black_box(count.0);
    });

    let body = vec![b'x'; 1460];
    const LEN: u64 = 1460 * 10_000;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LEN}\r\n\r\n");
    best("body of known length, 1460 byte segments", "segment", LEN / 1460, || {
        let (mut session, mut count) = (Session::new(Limits::default()), Count::default());
        session.data(true, 0, REQUEST, &mut count);
        session.data(false, 0, head.as_bytes(), &mut count);
        for _ in 0..LEN / 1460 {
            session.data(false, 0, black_box(&body), &mut count);
        }
        assert_eq!(black_box(count.0) / LEN, 1);
    });
}
