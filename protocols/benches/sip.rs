//! What a request costs: `cargo bench -p nightjar-protocols -- sip::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::sip::{Handler, Limits, Session};

struct Count(usize);

impl Handler for Count {
    fn request(&mut self, _: &[u8], uri: &[u8], _: &[u8]) {
        self.0 += uri.len();
    }

    fn reply(&mut self, _: &[u8], _: u16, _: &[u8]) {}

    fn header(&mut self, _: bool, name: &[u8], value: &[u8]) {
        self.0 += name.len() + value.len();
    }

    fn headers_done(&mut self, _: bool) {}
    fn done(&mut self, _: bool) {}
    fn junk(&mut self, _: &[u8]) {}
    fn violation(&mut self, _: &str) {}
}

const REQUEST: &[u8] =
    b"REGISTER sip:example.net SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK1\r\n\
    From: <sip:a@example.net>;tag=1\r\nTo: <sip:a@example.net>\r\nCall-ID: 1@10.0.0.1\r\nCSeq: 1 REGISTER\r\n\
    Content-Length: 0\r\n\r\n";

#[divan::bench]
fn request(bencher: Bencher) {
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.datagram(black_box(REQUEST), &mut count);
        count.0
    });
}
