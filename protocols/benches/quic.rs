//! What a client's Initial packet costs, keys and decryption too: `cargo bench -p nightjar-protocols -- quic::`.

use std::hint::black_box;

use divan::Bencher;
use nightjar_protocols::quic::{Handler, Header, Limits, Packet, Session, fuzz, version};

struct Count(usize);

impl Handler for Count {
    fn packet(&mut self, _: bool, _: &Header<'_>, _: &Packet<'_>) {
        self.0 += 1;
    }

    fn close(&mut self, _: bool, _: &Header<'_>, _: u64, _: &[u8]) {}

    fn hello(&mut self, _: bool, message: &[u8]) {
        self.0 += message.len();
    }

    fn confirmed(&mut self) {}

    fn violation(&mut self, _: &str) {}
}

#[divan::bench]
fn initial(bencher: Bencher) {
    let header = Header { version: version::V1, dcid: &[8; 8], scid: &[7] };
    let mut frames = b"\x06\x00\x41\x00\x01\x00\x00\xfc".to_vec();
    frames.resize(1180, 0);
    let datagram = fuzz::initial(&header, true, &[8; 8], 0, &frames);
    bencher.bench_local(|| {
        let (mut session, mut count) = (Session::new(Limits::default()), Count(0));
        session.datagram(true, black_box(&datagram), &mut count);
        assert!(count.0 > 1);
        count.0
    });
}
