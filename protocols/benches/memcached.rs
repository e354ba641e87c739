//! What a request and its answer cost: `cargo bench -p nightjar-protocols -- memcached::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::memcached::{Handler, Limits, Request, Response, Session};

struct Count(u64);

impl Handler for Count {
    fn request(&mut self, request: &Request<'_>) {
        self.0 += request.keys;
    }

    fn response(&mut self, response: &Response<'_>) {
        self.0 += response.bytes;
    }

    fn violation(&mut self, _: &'static str) {}
}

#[divan::bench]
fn get(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(true, black_box(b"get a\r\n"), &mut count);
        session.data(false, black_box(b"VALUE a 0 5\r\nhello\r\nEND\r\n"), &mut count);
        count.0
    });
}
