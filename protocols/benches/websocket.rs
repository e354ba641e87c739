//! What a masked frame of a kilobyte costs: `cargo bench -p nightjar-protocols -- websocket::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::websocket::{Frame, Handler, Limits, Session};

struct Count(usize);

impl Handler for Count {
    fn frame(&mut self, _: bool, _: &Frame) {}

    fn data(&mut self, _: bool, _: u8, data: &[u8]) {
        self.0 += data.len();
    }

    fn close(&mut self, _: bool, _: u16, _: &[u8]) {}
    fn message(&mut self, _: bool, _: u8) {}
    fn violation(&mut self, _: &str, _: &[u8]) {}
}

#[divan::bench]
fn masked(bencher: Bencher) {
    let frame = [&b"\x82\xfe\x04\x00\x01\x02\x03\x04"[..], &[7; 1024]].concat();
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.data(true, black_box(&frame), &mut count);
        count.0
    });
}
